"""Faults of pins: images that have none, registries that do not exist, tags that can be moved."""

from collections.abc import Iterator, Mapping
from typing import Any

from checked_files.known_names import KnownNames
from constructs_lib.rules.ecr.images import (
    PUBLIC_REGISTRY,
    moving_tag_faults,
    public_repository_faults,
    reference_faults,
)
from constructs_lib.rules.faults import Fault
from environments.model.environment import EnvironmentModel
from environments.model.repository import PinModel, RepositoryModel
from environments.reading import EnvironmentFile, PinsFile
from environments.resolving import image_of


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
    pin: PinModel,
    environment: EnvironmentFile,
    registries: Mapping[str, EnvironmentFile],
    known: KnownNames,
) -> Iterator[Fault]:
    """Yield the faults of a pin of an environment.

    :param registries: by name, this environment and those that pins name as their registry.
    :param known: the names of all environments.
    """
    yield from reference_faults(tag=pin.tag, digest=pin.digest)
    name = pin.registry or environment.name
    if name == PUBLIC_REGISTRY:
        yield from public_repository_faults(f"{name}/{pin.repository}")
        yield from _moving_tag_faults(pin, None)
        return
    if name not in registries:
        yield Fault("registry", f"'{name}' is not an environment{known.hint(name)}")
        return
    registry = registries[name]
    if registry.file.data is None:
        return  # The file cannot be read, which is a fault already, and may declare the repository.
    repository = registry.repository(pin.repository)
    if pin.repository not in registry.declared:
        yield Fault(
            "repository",
            f"the environment '{name}' declares no repository '{pin.repository}'"
            f"{registry.declared.hint(pin.repository)}",
        )
    if repository is None:
        return
    yield from _moving_tag_faults(pin, registry)
    puller, owner = environment.head, registry.head
    if puller and owner and not _may_pull(puller, repository, owner):
        yield Fault(
            "registry",
            f"the environment '{name}' does not let account {puller.account} pull "
            f"'{pin.repository}'. Add the account to that repository's pull.accounts in "
            f"{name}.yaml.",
        )


def _moving_tag_faults(pin: PinModel, registry: EnvironmentFile | None) -> list[Fault]:
    if pin.digest or not pin.tag or pin.tag_may_move:
        return []
    found = image_of(pin, registry)
    return moving_tag_faults(pin.tag, found.repository, found.tag_immutability)


def _may_pull(
    puller: EnvironmentModel, repository: RepositoryModel, owner: EnvironmentModel
) -> bool:
    """Return whether a repository lets an environment's account pull, as far as files show.

    No file contains an account's place in its organization, so any part of the right organization
    counts.
    """
    if puller.account == owner.account or puller.account in repository.pull.accounts:
        return True
    organizations = {path.partition("/")[0] for path in repository.pull.organization_paths}
    if repository.pull.organization and owner.organization_id:
        organizations.add(owner.organization_id)
    return puller.organization_id in organizations
