"""Faults between the parts of an environment, looked for even where single parts have faults.

These functions take what YAML gave, of any shape: a part that does not have its form is passed
over here, because the model has already named it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checked_files.fault_text import one_of
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY, public_repository_faults
from constructs_lib.rules.faults import Fault

WORKLOADS = ("ecs_tasks", "eks_jobs")


def duplicate_faults(environment: Any) -> list[Fault]:
    """Check that no two repositories, tasks or Jobs have one name."""
    faults: list[Fault] = []
    for part in ("repositories", *WORKLOADS, "ecs_services"):
        faults += _twice(environment, part, "name")
    return faults + _families_twice(environment)


def _families_twice(environment: Any) -> list[Fault]:
    """Check the families of tasks; the name of a task is its family when it gives none."""
    faults: list[Fault] = []
    taken: dict[str, int] = {}
    for index, task in _items(environment, "ecs_tasks"):
        family = task.get("family") or task.get("name")
        if not isinstance(family, str):
            continue
        if family in taken and "family" in task:
            faults.append(
                Fault(
                    f"ecs_tasks[{index}].family",
                    f"the family '{family}' is taken by ecs_tasks[{taken[family]}]. "
                    "Choose another one.",
                )
            )
        taken.setdefault(family, index)
    return faults


def organization_faults(environment: Any) -> list[Fault]:
    """Check that an access for the whole organisation says which one."""
    if isinstance(environment, Mapping) and environment.get("organization_id") is not None:
        return []
    return [
        Fault(
            f"repositories[{index}].{verb}.organization",
            "this needs the environment's organization_id, which is missing. "
            "Write it at the top of the file, such as 'organization_id: o-a1b2c3d4e5'.",
        )
        for index, repository in _items(environment, "repositories")
        for verb in ("pull", "push")
        if isinstance(repository.get(verb), Mapping)
        and repository[verb].get("organization") is True
    ]


def makes_github_provider(environment: Any) -> bool:
    """Say whether an environment makes GitHub's identity provider."""
    return isinstance(environment, Mapping) and environment.get("github_provider") == "create"


def github_provider_faults(environment: Any, others: Mapping[str, Any]) -> list[Fault]:
    """Check that nobody else makes GitHub's identity provider in this environment's account.

    :param others: by name, what YAML gave for all other environments.
    """
    return [
        Fault(
            "github_provider",
            f"an account has GitHub's identity provider once, and the environment '{name}' makes "
            f"it in account {_account(environment)} too. Write 'existing' in one of the two.",
        )
        for name, other in others.items()
        if makes_github_provider(other) and _account(other) == _account(environment)
    ]


def missing_pin_faults(environment: Any, pins: Any, name: str) -> list[Fault]:
    """Check that every workload has a pin, or says that it awaits its image."""
    faults: list[Fault] = []
    for part in WORKLOADS:
        for index, workload in _items(environment, part):
            if workload.get("awaiting_image") is True:
                continue
            for path, image in _images_of(workload):
                if not isinstance(pins, Mapping) or image not in pins:
                    where = f"{part}[{index}].{path}"
                    faults.append(_missing_pin(where, image, name, environment))
    return faults


def _images_of(workload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(workload.get("image"), str):
        yield "image", workload["image"]
    for index, sidecar in _items(workload, "sidecars"):
        if isinstance(sidecar.get("image"), str):
            yield f"sidecars[{index}].image", sidecar["image"]


def _twice(environment: Any, part: str, key: str) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for index, item in _items(environment, part):
        value = item.get(key)
        if not isinstance(value, str):
            continue
        if value in seen:
            yield Fault(
                f"{part}[{index}].{key}",
                f"the {key} '{value}' is taken by {part}[{seen[value]}]. Choose another one.",
            )
        seen.setdefault(value, index)


def _missing_pin(path: str, image: str, name: str, environment: Any) -> Fault:
    repositories = [item.get("name") for _, item in _items(environment, "repositories")]
    names = [item for item in repositories if isinstance(item, str)]
    repository = image if image in names else "REPOSITORY"
    return Fault(
        path,
        f"the image '{image}' has no pin, so nothing says which image to run. Pin it with "
        f"`ecrctl pin {name} {image} --repository {repository} --tag TAG`, or say "
        "`awaiting_image: true` to leave the workload out until then.",
    )


def pin_faults(
    pins: Any, own_name: str, environments: Mapping[str, Any], known: Sequence[str]
) -> list[Fault]:
    """Check that the registry and repository of every pin exist and let this account pull.

    :param environments: by name, what YAML gave for this environment and those that pins name.
    :param known: the names of all environments.
    """
    faults: list[Fault] = []
    for image, pin in pins.items() if isinstance(pins, Mapping) else ():
        if isinstance(pin, Mapping):
            faults += _faults_of_pin(image, pin, own_name, environments, known)
    return faults


def _faults_of_pin(
    image: str,
    pin: Mapping[str, Any],
    own_name: str,
    environments: Mapping[str, Any],
    known: Sequence[str],
) -> Iterator[Fault]:
    registry, repository = pin.get("registry") or own_name, pin.get("repository")
    if not isinstance(registry, str) or not isinstance(repository, str):
        return
    if registry == PUBLIC_REGISTRY:
        for fault in public_repository_faults(f"{registry}/{repository}"):
            yield fault.under(image)
        return
    if registry not in environments:
        yield Fault(
            f"{image}.registry",
            f"'{registry}' is not an environment; {one_of(registry, known)}",
        )
        return
    declared = {
        item["name"]: item
        for _, item in _items(environments[registry], "repositories")
        if isinstance(item.get("name"), str)
    }
    if repository not in declared:
        yield Fault(
            f"{image}.repository",
            f"the environment '{registry}' declares no repository '{repository}'; "
            f"{one_of(repository, list(declared))}",
        )
        return
    account = _account(environments[own_name])
    if account != _account(environments[registry]) and not (
        account in _pullers(declared[repository])
        or _organization_pulls(declared[repository], environments[registry], environments[own_name])
    ):
        yield Fault(
            f"{image}.registry",
            f"the environment '{registry}' does not let account {account} pull '{repository}'. "
            f"Add the account to that repository's pull.accounts in {registry}.yaml.",
        )


def _account(environment: Any) -> Any:
    return environment.get("account") if isinstance(environment, Mapping) else None


def _pullers(repository: Mapping[str, Any]) -> Sequence[Any]:
    pull = repository.get("pull")
    accounts = pull.get("accounts") if isinstance(pull, Mapping) else None
    return accounts if isinstance(accounts, list) else []


def _organization_pulls(repository: Mapping[str, Any], owner: Any, puller: Any) -> bool:
    """Say whether a repository lets in the organisation of both environments, or a part of it.

    Which part an account is in, no file says: that is for the owner of the organisation to know.
    """
    pull, ours = repository.get("pull"), _organization(puller)
    if ours is None or not isinstance(pull, Mapping):
        return False
    paths = pull.get("organization_paths")
    named = [str(path).partition("/")[0] for path in paths] if isinstance(paths, list) else []
    if pull.get("organization") is True:
        named.append(str(_organization(owner)))
    return ours in named


def _organization(environment: Any) -> Any:
    return environment.get("organization_id") if isinstance(environment, Mapping) else None


def _items(environment: Any, part: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    items = environment.get(part) if isinstance(environment, Mapping) else None
    if isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                yield index, item
