"""Faults of pins: images that have none, registries that do not exist, tags that can be moved."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from checked_files.known_names import KnownNames
from constructs_lib.rules.ecr.images import (
    PUBLIC_REGISTRY,
    moving_tag_faults,
    public_repository_faults,
    reference_faults,
    repository_name_faults,
)
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.faults import Fault, under
from environments.model.environment import EnvironmentModel
from environments.model.repository import AccessModel, PinModel
from environments.partial import decided
from environments.reading import EnvironmentFile, PinsFile
from environments.registries import Others, declared_registry, replications, replications_into


def missing_pin_faults(environment: EnvironmentFile, pins: PinsFile) -> Iterator[Fault]:
    """Yield a fault for every image without a pin, unless its workload awaits the image."""
    if pins.file.faults and pins.file.data is None:
        return  # The file cannot be read, which is a fault already, and may contain the pin.
    for part in ("ecs_tasks", "eks_jobs"):
        for path, workload in environment.given(part):
            if workload.get("awaiting_image") is True:
                continue
            for setting, image in _images_in(workload):
                if image not in pins.names:
                    yield _missing_pin(f"{path}.{setting}", image, environment)


def _images_in(workload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    sidecars = workload.get("sidecars")
    containers = {"image": workload}
    for index, sidecar in enumerate(sidecars if isinstance(sidecars, list) else ()):
        containers[f"sidecars[{index}].image"] = sidecar
    for path, container in containers.items():
        image = container.get("image") if isinstance(container, Mapping) else None
        if isinstance(image, str):
            yield path, image


def _missing_pin(path: str, image: str, environment: EnvironmentFile) -> Fault:
    repository = image if image in environment.declared else "REPOSITORY"
    return Fault(
        path,
        f"the image '{image}' has no pin, so it is unknown which image to run. Pin it with "
        f"`ecrctl pin {environment.name} {image} --repository {repository} --tag TAG`, or write "
        "`awaiting_image: true` to leave the workload out until then.",
    )


def pin_faults(
    image: str,
    pin: PinModel,
    environment: EnvironmentFile,
    registries: Mapping[str, EnvironmentFile],
    others: Others,
) -> Iterator[Fault]:
    """Yield the faults of a pin of an environment.

    :param image: the name that it pins.
    :param registries: by name, this environment and those that pins name as their registry.
    :param others: the other environments, of which some may replicate images.
    """
    yield from decided(partial(_reference_faults, pin))
    yield from decided(partial(_registry_faults, image, pin, environment, registries, others))


def _reference_faults(pin: PinModel) -> Iterator[Fault]:
    yield from reference_faults(tag=pin.tag, digest=pin.digest)


def _registry_faults(
    image: str,
    pin: PinModel,
    environment: EnvironmentFile,
    registries: Mapping[str, EnvironmentFile],
    others: Others,
) -> Iterator[Fault]:
    name = pin.registry or environment.name
    if name == PUBLIC_REGISTRY:
        if pin.cache is not None:
            yield Fault(
                "cache",
                f"a cache is in the registry of an environment, got one of {PUBLIC_REGISTRY}. "
                "Remove registry or cache.",
            )
        yield from decided(partial(_public_faults, pin))
        yield from decided(partial(_moving_tag_faults, pin, None))
        return
    if name not in registries:
        yield Fault("registry", f"'{name}' is not an environment{others.known.hint(name)}")
        return
    registry = registries[name]
    if registry.file.data is None:
        return  # The file cannot be read, which is a fault already, and may declare the repository.
    if pin.cache is not None:
        yield from decided(partial(_cache_faults, pin, pin.cache, environment, registry))
        return
    if pin.repository not in registry.declared:
        yield from _replica_faults(pin, environment, registry, others)
    elif registry is not environment:
        yield from _unreplicated_faults(pin, environment, registry)
    repository = registry.repository(pin.repository)
    if repository:
        yield from decided(partial(_moving_tag_faults, pin, registry))
        yield from decided(
            partial(_access_faults, image, pin, repository.pull, environment, registry)
        )


def _access_faults(
    image: str,
    pin: PinModel,
    pull: AccessModel,
    environment: EnvironmentFile,
    registry: EnvironmentFile,
) -> Iterator[Fault]:
    """Yield a fault if a repository lets neither the environment's account nor its nodes pull."""
    puller, owner = environment.valid_head, registry.valid_head
    if puller is None or owner is None or _may_pull(puller, pull, owner):
        return
    roles = _node_roles(image, environment)
    missing = sorted(roles - set(pull.roles))
    if roles and not missing:
        return
    nodes = f", or {' and '.join(missing)} to its pull.roles" if roles else ""
    yield Fault(
        "registry",
        f"the environment '{registry.name}' does not let account {puller.account} pull "
        f"'{pin.repository}'. Add the account to that repository's pull.accounts in "
        f"{registry.name}.yaml{nodes}.",
    )


def _cache_faults(
    pin: PinModel, prefix: str, environment: EnvironmentFile, registry: EnvironmentFile
) -> Iterator[Fault]:
    """Yield the faults of a pin through a pull-through cache."""
    owner, puller = registry.head, environment.head
    if owner is None:
        return  # The file has a fault already, and may declare the cache.
    declared = declared_registry(registry)
    cache = declared.cache(prefix) if declared else None
    if cache is None:
        known = KnownNames(one.prefix for one in (declared.caches if declared else ()))
        yield Fault(
            "cache",
            f"the registry of the environment '{registry.name}' has no cache '{prefix[:80]}'"
            f"{known.hint(prefix)}",
        )
        return
    yield from under("repository", repository_name_faults(pin.repository_name))
    yield from _moving_tag_faults(pin, registry)
    if puller and not _may_pull(puller, cache.pull, owner):
        yield Fault(
            "registry",
            f"the environment '{registry.name}' does not let account {puller.account} pull through "
            f"the cache '{prefix}'. Add the account to that cache's pull.accounts in "
            f"{registry.name}.yaml.",
        )


def _replica_faults(
    pin: PinModel, environment: EnvironmentFile, registry: EnvironmentFile, others: Others
) -> Iterator[Fault]:
    """Yield a fault if a repository is neither declared nor replicated into the registry."""
    incoming = replications_into(registry.name, [*others.with_registry(), environment])
    sources = [one for one in incoming if pin.repository in one.source.declared]
    puller, owner = environment.head, registry.head
    if any(one.covers(pin.repository) for one in sources):
        yield from _moving_tag_faults(pin, registry)
        if puller and owner and not _may_pull(puller, AccessModel(), owner):
            yield Fault(
                "registry",
                f"'{pin.repository}' is a replica in '{registry.name}', from which only the own "
                f"account {owner.account} may pull, got {puller.account}. Replicate it into "
                f"'{environment.name}'.",
            )
        return
    if sources:
        source = sources[0]
        yield Fault(
            "repository",
            f"no filter of '{source.source.name}' replicates '{pin.repository}' into "
            f"'{registry.name}'. Add '{pin.repository}' to {source.path}.filters in "
            f"{source.source.name}.yaml, and copy its present images with `ecrctl promote "
            f"{source.source.name} {registry.name} --all {pin.repository}`.",
        )
        return
    yield Fault(
        "repository",
        f"the environment '{registry.name}' declares no repository '{pin.repository}'"
        f"{registry.declared.hint(pin.repository)}",
    )


def _unreplicated_faults(
    pin: PinModel, environment: EnvironmentFile, registry: EnvironmentFile
) -> Iterator[Fault]:
    """Yield a fault for a pin of a registry that is replicated here, without this repository."""
    rules = [one for one in replications([registry]) if environment.name in one.rule.destinations]
    if rules and not any(one.covers(pin.repository) for one in rules):
        yield Fault(
            "repository",
            f"'{registry.name}' is replicated into '{environment.name}', and no filter covers "
            f"'{pin.repository}'. Add '{pin.repository}' to {rules[0].path}.filters in "
            f"{registry.name}.yaml, and copy its present images with `ecrctl promote "
            f"{registry.name} {environment.name} --all {pin.repository}`.",
        )


def _public_faults(pin: PinModel) -> Iterator[Fault]:
    yield from public_repository_faults(f"{PUBLIC_REGISTRY}/{pin.repository}")


def _moving_tag_faults(pin: PinModel, registry: EnvironmentFile | None) -> Iterator[Fault]:
    if pin.digest or not pin.tag or pin.tag_may_move:
        return
    immutability: TagImmutability | None = TagImmutability(mode="MUTABLE")
    # The tags of a cache follow its upstream, as those of ECR Public can be moved.
    if registry and pin.cache is None:
        repository, head = registry.repository(pin.repository), registry.valid_head
        if head is None:
            return
        defaults = head.repository_defaults
        # A replica has the environment's defaults.
        immutability = (
            repository.immutability(defaults) if repository else defaults.tag_immutability
        )
    yield from moving_tag_faults(pin.tag, pin.repository_name, immutability)


def _node_roles(image: str, environment: EnvironmentFile) -> set[str]:
    """Return the node roles that pull an image, or none where another role may pull it too."""
    roles = {
        getattr(workload, "node_role_arn", None)
        for workload in environment.workloads()
        if image in workload.images.values()
    }
    named = {role for role in roles if role is not None}
    return named if len(named) == len(roles) else set()


def _may_pull(puller: EnvironmentModel, pull: AccessModel, owner: EnvironmentModel) -> bool:
    """Return whether a repository or cache lets an environment's account pull, by the files.

    No file contains an account's place in its organization, so any part of the right organization
    counts.
    """
    if puller.account == owner.account or puller.account in pull.accounts:
        return True
    organizations = {path.partition("/")[0] for path in pull.organization_paths}
    organizations.update(pull.organizations)
    if pull.organization and owner.organization_id:
        organizations.add(owner.organization_id)
    return puller.organization_id in organizations
