"""The registry settings of many accounts in an environment's file."""

from collections.abc import Iterator

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.faults import Fault, RuleError, under
from constructs_lib.rules.registry.baseline import (
    EVERYWHERE,
    RegistryBaselineSpec,
    per_account_faults,
)
from constructs_lib.rules.registry.registry import RegistrySpec

from .model.registry import RegistryModel
from .reading import EnvironmentFile
from .registries import EMBEDDED_ACCOUNT, cache_of, made_of, template_of

_PATH = "registry_baseline"
_ALONE = (
    *("registry", "repositories", "public_repositories", "ecs_tasks", "ecs_services", "eks_jobs"),
    "notifications",
)


def registry_baseline_of(
    environment: EnvironmentFile,
) -> tuple[RegistryBaselineSpec | None, list[Fault]]:
    """Return the registry baseline of an environment, or its faults."""
    head = environment.head
    if head is None or head.registry_baseline is None:
        return None, []
    model = head.registry_baseline
    declared = model.registry
    faults = [
        *_shared_environment_faults(environment),
        *under(f"{_PATH}.registry", [*per_account_faults(declared), *_own_faults(declared)]),
    ]
    if faults or head.account == EMBEDDED_ACCOUNT:
        return None, faults
    path = f"{_PATH}.registry"
    caches = made_of(f"{path}.caches", declared.caches, lambda one: cache_of(one, head), faults)
    templates = made_of(
        f"{path}.templates", declared.templates, lambda one: template_of(one, head), faults
    )
    if faults:
        return None, faults
    try:
        registry = RegistrySpec(
            place=EVERYWHERE,
            scanning=declared.scanning,
            caches=caches,
            templates=templates,
            signing=declared.signing,
        )
    except RuleError as error:
        return None, under(path, error.faults)
    try:
        spec = RegistryBaselineSpec(
            place=Place.of(head.account, head.region),
            organizational_units=model.organizational_units,
            regions=model.regions,
            registry=registry,
            max_concurrent_percentage=model.max_concurrent_percentage,
            failure_tolerance_percentage=model.failure_tolerance_percentage,
            auto_deployment=model.auto_deployment,
            retain_on_account_removal=model.retain_on_account_removal,
            delegated_administrator=model.delegated_administrator,
        )
    except RuleError as error:
        return None, under(_PATH, error.faults)
    return spec, []


def _own_faults(declared: RegistryModel) -> Iterator[Fault]:
    if declared.policy.organization_pull != "repositories":
        yield Fault(
            "policy.organization_pull",
            "organization_pull is for the repositories of an environment, and a baseline has none, "
            f"got {declared.policy.organization_pull}. Remove it.",
        )


def _shared_environment_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    head = environment.head
    given = [one for one in _ALONE if getattr(environment, one, None) or getattr(head, one, None)]
    if given:
        yield Fault(
            _PATH,
            f"a baseline requires an environment of its own, got also {', '.join(given)}. Move "
            "registry_baseline to another file.",
        )
