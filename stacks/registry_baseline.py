"""The stack of the registry settings of many accounts."""

import aws_cdk as cdk
from constructs import Construct

from constructs_lib import RegistryBaseline, RegistryBaselineSpec


class RegistryBaselineStack(cdk.Stack):
    """Define the stack of a stack set with the settings of many accounts' registries."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_set_name: str,
        settings: RegistryBaselineSpec,
    ) -> None:
        super().__init__(
            scope, construct_id, description="Settings of the private registries of many accounts"
        )
        registry = settings.registry
        RegistryBaseline(
            self,
            "Baseline",
            stack_set_name=stack_set_name,
            organizational_units=settings.organizational_units,
            regions=settings.regions,
            scanning=registry.scanning,
            caches=registry.caches,
            templates=registry.templates,
            signing=registry.signing,
            policy=registry.policy,
            max_concurrent_percentage=settings.max_concurrent_percentage,
            failure_tolerance_percentage=settings.failure_tolerance_percentage,
            auto_deployment=settings.auto_deployment,
            retain_on_account_removal=settings.retain_on_account_removal,
            delegated_administrator=settings.delegated_administrator,
        )
