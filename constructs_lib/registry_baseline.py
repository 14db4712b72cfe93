"""The registry settings of many accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from .registry import Registry
from .rules.faults import RuleError, raise_if_any, under
from .rules.registry.baseline import (
    EVERYWHERE,
    FAILURE_TOLERANCE_PERCENTAGE,
    MAX_CONCURRENT_PERCENTAGE,
    RegistryBaselineSpec,
    stack_set_name_faults,
    template_size_faults,
)
from .rules.registry.creation_templates import CreationTemplate
from .rules.registry.pull_through import PullThroughCache
from .rules.registry.registry import NO_POLICY, ON_PUSH, RegistrySpec
from .rules.registry.registry_policy import RegistryPolicy
from .rules.registry.scanning import RegistryScanning
from .rules.registry.signing import SigningRule
from .stack_facts import facts_of, stack_of

_DESCRIPTION = "Settings of the private registry of this account and region"


class RegistryBaseline(Construct):
    """Define the registry settings of all accounts in organizational units, as a stack set.

    CloudFormation deploys the stack of a ``Registry`` to each account and region, and to accounts
    that join later. By default it stops at the first account in which a deployment fails, and the
    settings stay in an account that leaves. The template has no assets and no Lambda function. A
    change of ``stack_set_name`` replaces the stack set and all its stacks, of which scanning and
    keys are kept.

    The organization must trust CloudFormation StackSets, and the stack must be in its management
    account or in that of a delegated administrator.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param stack_set_name: up to 128 letters, digits and ``-``; unique in the account and region.
    :param organizational_units: IDs such as ``ou-ab12-11111111``, or the root's; at least one. All
        accounts in and under them are targets.
    :param regions: the regions in which each account gets the settings; at least one.
    :param scanning: as for ``Registry``, by default a basic scan of every image that is pushed.
    :param caches: pull-through caches of upstreams without a secret; by default none.
    :param templates: settings of repositories that ECR creates; by default those of ``caches``.
    :param signing: rules that sign pushed images, with a new profile in each account and region;
        by default none.
    :param policy: the registry policy, without ``statements``; by default none.
    :param max_concurrent_percentage: of the accounts of a region, 1 to 100; 10 by default. The
        failure tolerance limits it too: without one, accounts follow each other.
    :param failure_tolerance_percentage: the accounts of a region, in percent, in which a deployment
        may fail before it stops, 0 (the default) to 100.
    :param auto_deployment: whether accounts that join or leave the organizational units get or
        lose the stacks; ``True`` by default.
    :param retain_on_account_removal: whether the resources stay in an account that leaves;
        ``True`` by default. Requires ``auto_deployment``.
    :param delegated_administrator: whether the account is a delegated administrator for
        CloudFormation; ``False`` by default.
    :raises ValueError: before anything is created, with every rule that is broken, such as a
        template of more than 51,200 bytes.

    Attributes: ``template`` is the template of each account; ``stack_set`` the resource.

    Sources: AWS CloudFormation, "AWS::CloudFormation::StackSet" and "StackSets with service-managed
    permissions".

    >>> stack = cdk.Stack(cdk.App(), "Baseline")
    >>> baseline = RegistryBaseline(
    ...     stack,
    ...     "Registry",
    ...     stack_set_name="registry",
    ...     organizational_units=["ou-ab12-11111111"],
    ...     regions=["us-west-2"],
    ... )
    >>> [resource["Type"] for resource in baseline.template["Resources"].values()]
    ['AWS::ECR::RegistryScanningConfiguration']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_set_name: str,
        organizational_units: Sequence[str],
        regions: Sequence[str],
        scanning: RegistryScanning | None = ON_PUSH,
        caches: Sequence[PullThroughCache] = (),
        templates: Sequence[CreationTemplate] = (),
        signing: Sequence[SigningRule] = (),
        policy: RegistryPolicy = NO_POLICY,
        max_concurrent_percentage: int = MAX_CONCURRENT_PERCENTAGE,
        failure_tolerance_percentage: int = FAILURE_TOLERANCE_PERCENTAGE,
        auto_deployment: bool = True,
        retain_on_account_removal: bool | None = None,
        delegated_administrator: bool = False,
    ) -> None:
        who = f"RegistryBaseline '{construct_id}'"
        with _reported_by(who):
            raise_if_any(who, under("stack_set_name", stack_set_name_faults(stack_set_name)))
            spec = RegistryBaselineSpec(
                place=facts_of(stack_of(scope)),
                organizational_units=tuple(organizational_units),
                regions=tuple(regions),
                registry=RegistrySpec(
                    place=EVERYWHERE,
                    scanning=scanning,
                    caches=tuple(caches),
                    templates=tuple(templates),
                    signing=tuple(signing),
                    policy=policy,
                ),
                max_concurrent_percentage=max_concurrent_percentage,
                failure_tolerance_percentage=failure_tolerance_percentage,
                auto_deployment=auto_deployment,
                retain_on_account_removal=retain_on_account_removal,
                delegated_administrator=delegated_administrator,
            )
        self.template = _template(spec.registry, scope.node.root.node.get_all_context())
        text = json.dumps(self.template, separators=(",", ":"))
        raise_if_any(who, template_size_faults(len(text.encode())))
        super().__init__(scope, construct_id)
        self.stack_set = self._stack_set(spec, stack_set_name, text)

    def _stack_set(self, spec: RegistryBaselineSpec, name: str, template: str) -> cdk.CfnStackSet:
        types = {one["Type"] for one in self.template["Resources"].values()}
        return cdk.CfnStackSet(
            self,
            "StackSet",
            stack_set_name=name,
            description=_DESCRIPTION,
            permission_model="SERVICE_MANAGED",
            call_as="DELEGATED_ADMIN" if spec.delegated_administrator else "SELF",
            auto_deployment={
                "enabled": spec.auto_deployment,
                # CloudFormation refuses the property without auto-deployment.
                **({"retainStacksOnAccountRemoval": spec.retains} if spec.auto_deployment else {}),
            },
            # Roles, whose names CloudFormation chooses.
            capabilities=["CAPABILITY_IAM"] if "AWS::IAM::Role" in types else None,
            managed_execution={"Active": True},
            operation_preferences={
                "maxConcurrentPercentage": spec.max_concurrent_percentage,
                "failureTolerancePercentage": spec.failure_tolerance_percentage,
            },
            stack_instances_group=[
                {
                    "deploymentTargets": {"organizationalUnitIds": list(spec.organizational_units)},
                    "regions": list(spec.regions),
                }
            ],
            template_body=template,
        )


@contextmanager
def _reported_by(who: str) -> Iterator[None]:
    """Raise faults under the construct's name, and those of the registry by its own arguments."""
    try:
        yield
    except RuleError as error:
        faults = [replace(one, path=one.path.removeprefix("registry.")) for one in error.faults]
        raise RuleError(who, faults) from None


def _template(spec: RegistrySpec, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template of a registry's stack, which any account and region can deploy.

    It is synthesised in an app of its own: a second stack in the app would be deployed itself.
    """
    with TemporaryDirectory() as folder:
        app = cdk.App(
            analytics_reporting=False,
            auto_synth=False,
            context=dict(context),
            outdir=folder,
            tree_metadata=False,
        )
        stack = cdk.Stack(
            app,
            "Registry",
            description=_DESCRIPTION,
            synthesizer=cdk.BootstraplessSynthesizer(),
        )
        Registry(
            stack,
            "Registry",
            scanning=spec.scanning,
            caches=spec.caches,
            templates=spec.templates,
            signing=spec.signing,
            policy=spec.policy,
        )
        template: dict[str, Any] = app.synth().get_stack_by_name(stack.stack_name).template
        return template
