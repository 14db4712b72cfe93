"""The stack of the settings of an account's registry in a region."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import Registry, RegistrySpec


class RegistryStack(cdk.Stack):
    """Define the stack of a registry's scanning, caches, replication and permissions."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: RegistrySpec,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope, construct_id, description="Settings of the private registry of this region"
        )
        self.registry = Registry(
            self,
            "Registry",
            scanning=settings.scanning,
            replication=settings.replication,
            caches=settings.caches,
            templates=settings.templates,
            signing=settings.signing,
            exclusions=settings.exclusions,
            policy=settings.policy,
            blob_mounting=settings.blob_mounting,
            key=key,
        )
