"""Sentences for a person about a registry whose files have no faults."""

from collections.abc import Iterable, Iterator

from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.registry.account_settings import never_mounted
from constructs_lib.rules.registry.registry import RegistrySpec
from constructs_lib.rules.registry.signing import SIGN_ACTION

from .model.repository import PushModel, RepositoryModel
from .reading import EnvironmentFile
from .registries import EMBEDDED_ACCOUNT

SHOWN = 5


def registry_notices(
    environment: EnvironmentFile,
    registry: RegistrySpec | None,
    repositories: Iterable[RepositorySpec],
) -> Iterator[str]:
    """Yield the notices of an environment's registry and of its repositories."""
    head = environment.head
    if head and head.registry and head.account == EMBEDDED_ACCOUNT:
        yield (
            f"{environment.name}: the registry is left out, because the embedded AWS knows no "
            "settings of a registry."
        )
    if head and head.registry_baseline and head.account == EMBEDDED_ACCOUNT:
        yield (
            f"{environment.name}: the registry baseline is left out, because the embedded AWS "
            "knows no organization."
        )
    if registry is None:
        return
    specs = list(repositories)
    for spec in specs:
        yield from (f"{environment.name}: {text}" for text in _notices(registry, spec))
    yield from (f"{environment.name}: {text}" for text in _mounting_notices(registry, specs))
    for path, model in environment.repositories.items():
        yield from (
            f"{environment.name}: {path}: {text}" for text in _signing_notices(registry, model)
        )


def _notices(registry: RegistrySpec, spec: RepositorySpec) -> Iterator[str]:
    if registry.scanning and not registry.scanning.covers(spec.name):
        yield (
            f"no scanning rule of the registry covers '{spec.name}', so its images are not "
            "scanned when they are pushed."
        )
    rules = spec.lifecycle.rules if spec.lifecycle else ()
    if not registry.exclusions and any(one.count_type == "sinceImagePulled" for one in rules):
        yield (
            f"the lifecycle policy of '{spec.name}' archives images by their last pull, and the "
            "registry excludes no principal: a scanner that pulls keeps every image."
        )
    if spec.tag_immutability.mode != "IMMUTABLE" and any(
        rule.covers(spec.name) for rule in registry.replication
    ):
        yield (
            f"tags of '{spec.name}' can be moved, and its replicas follow only where the template "
            "of the destination lets them move too."
        )


def _mounting_notices(
    registry: RegistrySpec, repositories: Iterable[RepositorySpec]
) -> Iterator[str]:
    if not registry.blob_mounting:
        return
    alone = never_mounted(
        {one.name: one.encryption for one in repositories},
        (one.encryption for one in registry.templates),
    )
    if alone:
        more = f" and {len(alone) - SHOWN} more" if len(alone) > SHOWN else ""
        shown = ", ".join(f"'{name}'" for name in alone[:SHOWN])
        yield (
            f"blob mounting has no effect for {shown}{more}: ECR mounts no layer between "
            "repositories with different keys, and no other one has the same encryption and key."
        )


def _signing_notices(registry: RegistrySpec, model: RepositoryModel) -> Iterator[str]:
    is_signed = any(rule.covers(model.name) for rule in registry.signing)
    pushers = _named_pushers(model.push)
    if is_signed and pushers:
        yield (
            f"images of '{model.name}' are signed with the permissions of the principal that "
            f"pushes. Allow {SIGN_ACTION} on the signing profile to {', '.join(pushers)}; without "
            "it, what they push stays unsigned."
        )


def _named_pushers(push: PushModel) -> list[str]:
    """Return the principals that may push and whose own policies this app does not make."""
    organizations = ["the organization"] if push.organization else []
    return [
        *push.roles,
        *push.users,
        *push.sessions,
        *(f"account {account}" for account in push.accounts),
        *organizations,
        *push.organizations,
        *push.organization_paths,
    ]
