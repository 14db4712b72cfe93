"""The registry settings of many accounts, compared with AWS."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.registry.baseline import RegistryBaselineSpec
from constructs_lib.rules.registry.registry import RegistrySpec
from ecrctl.verify.check import MISSING, NONE, Check, on_or_off
from ecrctl.verify.readers import stack_sets as reader
from ecrctl.verify.reading import UnansweredError
from environments.names import registry_stack_set

from .lookup import Lookup
from .text import listed, pairs

_CURRENT = "CURRENT"
_SHOWN = 10


def check_registry_baseline(lookup: Lookup) -> Iterator[Check]:
    """Yield what an environment's file declares for the registries of many accounts."""
    spec = lookup.settings.registry_baseline
    if spec is None:
        return
    name = registry_stack_set(lookup.settings.name)
    subject = f"stack set {name}"
    delegated = spec.delegated_administrator
    try:
        found = reader.stack_set_of(lookup.reading, name, delegated=delegated)
        if found is None:
            yield Check(subject, "exists", "yes", MISSING)
            return
        instances = reader.instances_of(lookup.reading, name, delegated=delegated)
    except UnansweredError as error:
        yield Check.not_compared(subject, "every setting", str(error))
        return
    yield from (Check(subject, what, *values) for what, values in _rows(spec, found).items())
    yield Check(subject, "stacks", _CURRENT, _states(instances))


def _rows(spec: RegistryBaselineSpec, found: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
    (targets,) = found["StackInstancesGroup"]
    deployment = found["AutoDeployment"] or {}
    units = targets["DeploymentTargets"]["OrganizationalUnitIds"]
    declared, live = _settings(spec.registry), _live_settings(found["TemplateBody"])
    return {
        "permissions": ("SERVICE_MANAGED", found["PermissionModel"] or MISSING),
        "organizational units": (listed(spec.organizational_units), listed(units)),
        "regions": (listed(spec.regions), listed(targets["Regions"])),
        "auto-deployment": (
            on_or_off(spec.auto_deployment),
            on_or_off(deployment.get("Enabled")),
        ),
        "resources of accounts that leave": (
            _kept(spec.retains),
            _kept(deployment.get("RetainStacksOnAccountRemoval")),
        ),
        **{what: (declared[what], live[what]) for what in declared},
    }


def _settings(registry: RegistrySpec) -> Mapping[str, str]:
    scanning = registry.scanning
    return {
        "scan type": scanning.scan_type if scanning else NONE,
        "caches": pairs((one.prefix, one.upstream) for one in registry.caches),
        "creation templates": pairs(
            (one.prefix, one.tag_immutability.mode) for one in registry.all_templates
        ),
        "signing": listed(one for rule in registry.signing for one in rule.filters),
    }


def _live_settings(template: str | None) -> Mapping[str, str]:
    resources = json.loads(template)["Resources"].values() if template else ()

    def of(kind: str) -> list[Mapping[str, Any]]:
        return [one["Properties"] for one in resources if one["Type"] == f"AWS::ECR::{kind}"]

    return {
        "scan type": listed(one["ScanType"] for one in of("RegistryScanningConfiguration")),
        "caches": pairs(
            (one["EcrRepositoryPrefix"], one["UpstreamRegistry"])
            for one in of("PullThroughCacheRule")
        ),
        "creation templates": pairs(
            (one["Prefix"], one["ImageTagMutability"]) for one in of("RepositoryCreationTemplate")
        ),
        "signing": listed(
            one["Filter"]
            for signing in of("SigningConfiguration")
            for rule in signing["Rules"]
            for one in rule["RepositoryFilters"]
        ),
    }


def _kept(value: object) -> str:
    return "kept" if value else "deleted"


def _states(instances: Sequence[Mapping[str, Any]]) -> str:
    """Return the stacks that are not as the stack set declares them, or that all are."""
    others = sorted(
        f"{one['Account']} {one['Region']}: {one['Status']}"
        for one in instances
        if one["Status"] != _CURRENT
    )
    more = [f"and {len(others) - _SHOWN} more"] if len(others) > _SHOWN else []
    return "\n".join([*others[:_SHOWN], *more]) or _CURRENT
