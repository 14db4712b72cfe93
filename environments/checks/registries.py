"""Faults between registries of environments, and between a registry and its repositories."""

from collections.abc import Iterable, Iterator

from constructs_lib.rules.faults import Fault
from constructs_lib.rules.registry.filters import (
    EVERYTHING,
    matches_any,
    may_match_under,
    scanning_pattern,
)
from constructs_lib.rules.registry.prefixes import ROOT
from environments.model.environment import EnvironmentModel
from environments.model.registry import RegistryModel
from environments.reading import EnvironmentFile
from environments.registries import (
    Others,
    Replication,
    declared_registry,
    replications,
    replications_into,
)


def registry_faults(environment: EnvironmentFile, others: Others) -> Iterator[Fault]:
    """Yield the faults of an environment's registry that it does not have by itself."""
    head = environment.head
    if head is None:
        return
    found = [*others.with_registry()]
    registry = declared_registry(environment)
    if head.registry_baseline:
        path = "registry_baseline.registry"
        yield from _organization_faults(head.registry_baseline.registry, head, path)
    if registry or replications_into(environment.name, found):
        yield from _shared_place_faults(environment, head, others, found)
    if registry is None:
        return
    yield from _organization_faults(registry, head, "registry")
    yield from _circle_faults(environment, [environment, *found])
    yield from _filter_faults(environment, registry, replications_into(environment.name, found))


def _shared_place_faults(
    environment: EnvironmentFile,
    head: EnvironmentModel,
    others: Others,
    found: Iterable[EnvironmentFile],
) -> Iterator[Fault]:
    """Yield a fault for every other environment of the place that has a registry."""
    files = {one.name: one for one in found}
    destinations = {
        name
        for one in replications([environment, *files.values()])
        for name in one.rule.destinations
        if name in others.known and name != environment.name
    }
    for name in sorted({*files, *destinations}):
        other = files.get(name) or others.read(name)
        has_registry = name in destinations or declared_registry(other) is not None
        place = other.head and (other.head.account, other.head.region)
        if has_registry and place == (head.account, head.region):
            yield Fault(
                "registry",
                f"account {head.account} has one registry in {head.region}, and the environment "
                f"'{name}' has it too. Write the settings of both in one of the two.",
            )


def _organization_faults(
    registry: RegistryModel, head: EnvironmentModel, at: str
) -> Iterator[Fault]:
    asking = {
        "policy.organization_pull": registry.policy.organization_pull != "repositories",
        **{
            f"caches[{index}].pull.organization": one.pull.organization
            for index, one in enumerate(registry.caches)
        },
        **{
            f"templates[{index}].{verb}.organization": getattr(one, verb).organization
            for index, one in enumerate(registry.templates)
            for verb in ("pull", "push")
        },
    }
    for path, asks in asking.items():
        if asks and head.organization_id is None:
            yield Fault(
                f"{at}.{path}",
                f"{path.rpartition('.')[2]} requires the environment's organization_id, which is "
                "missing. Write it at the top of the file, such as 'organization_id: "
                "o-a1b2c3d4e5'.",
            )


def _circle_faults(
    environment: EnvironmentFile, files: Iterable[EnvironmentFile]
) -> Iterator[Fault]:
    """Yield a fault for each rule that leads images back to the environment."""
    by_source: dict[str, list[Replication]] = {}
    for one in replications(files):
        by_source.setdefault(one.source.name, []).append(one)
    for replication in by_source.get(environment.name, []):
        for start in replication.starts:
            for name in replication.rule.destinations:
                circle = _circle([environment.name, name], start, by_source)
                if circle:
                    yield Fault(
                        replication.path,
                        "replication must not lead back to its source, so that each image is "
                        f"pushed to one registry, got {' -> '.join(circle)} for "
                        f"'{start or EVERYTHING}'. Remove one of these destinations.",
                    )


def _circle(path: list[str], start: str, by_source: dict[str, list[Replication]]) -> list[str]:
    """Return the environments through which images return to the first one, or none."""
    for replication in by_source.get(path[-1], []) if path[-1] != path[0] else []:
        for other in replication.starts:
            if not (other.startswith(start) or start.startswith(other)):
                continue
            for name in replication.rule.destinations:
                if name == path[0]:
                    return [*path, name]
                if name in path:
                    continue
                if found := _circle([*path, name], max(start, other, key=len), by_source):
                    return found
    return []


def _filter_faults(
    environment: EnvironmentFile, registry: RegistryModel, incoming: Iterable[Replication]
) -> Iterator[Fault]:
    """Yield a fault for every filter that selects no repository of the files."""
    names = [*environment.names("repositories").values()]
    prefixes = [one.prefix for one in registry.caches]
    prefixes += [one.prefix for one in registry.templates]
    starts = ["" if prefix == ROOT else f"{prefix}/" for prefix in prefixes]
    starts += [start for one in incoming for start in one.starts]
    scanning = registry.scanning.rules if registry.scanning else ()
    patterns = {
        **{
            f"scanning.rules[{index}].filters[{inner}]": (given, scanning_pattern(given))
            for index, rule in enumerate(scanning)
            for inner, given in enumerate(rule.filters)
        },
        **{
            f"signing[{index}].filters[{inner}]": (given, given)
            for index, rule in enumerate(registry.signing)
            for inner, given in enumerate(rule.filters)
        },
        **{
            f"replication[{index}].filters[{inner}]": (given, f"{given}*")
            for index, rule in enumerate(registry.replication)
            for inner, given in enumerate(rule.filters)
        },
    }
    for path, (given, pattern) in patterns.items():
        if set(given) == {EVERYTHING}:
            continue
        if any(matches_any([pattern], name) for name in names):
            continue
        if not any(may_match_under(pattern, start) for start in starts):
            yield Fault(
                f"registry.{path}",
                f"the filter '{given[:80]}' selects no repository that this environment declares"
                f"{environment.declared.hint(given)}",
            )
