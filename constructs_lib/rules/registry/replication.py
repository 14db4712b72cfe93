"""Replication of images to registries of other regions and accounts.

Sources: Amazon ECR user guide, "Private image replication in Amazon ECR" and "Amazon ECR service
quotas"; Amazon ECR API reference, "PutReplicationConfiguration".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from constructs_lib.rules.aws.partitions import account_faults, region_faults
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import (
    Fault,
    each_under,
    faults_unless,
    raise_if_any,
    repeated,
    under,
)
from constructs_lib.rules.list_of import ListOf

MAXIMUM_RULES = 10
MAXIMUM_DESTINATIONS = 25
MAXIMUM_FILTERS = 100
EVERYTHING = "*"
SHORTEST_FILTER, LONGEST_FILTER = 2, 256

_FILTER = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationRule:
    """A rule that copies each image pushed from now on to other registries.

    Images that were pushed before are not copied: ``ecrctl promote --all`` copies them.

    :param destinations: the accounts and regions to copy to; at least one.
    :param filters: 1 to 100 beginnings of repository names, such as ``team/`` or ``team/api``;
        ``*`` alone for every repository.
    :raises RuleError: with every rule that is broken.
    """

    destinations: ListOf[Place]
    filters: ListOf[str]

    def __post_init__(self) -> None:
        faults = [*_destination_faults(self.destinations), *_filters_faults(self.filters)]
        raise_if_any("ReplicationRule", faults)

    @property
    def starts(self) -> tuple[str, ...]:
        """The beginnings of the names that the rule selects; the empty one for every name."""
        return tuple("" if one == EVERYTHING else one for one in self.filters)

    def covers(self, name: str) -> bool:
        """Return whether the rule selects a repository.

        >>> rule = ReplicationRule(
        ...     destinations=(Place.of("111111111111", "eu-west-1"),), filters=("team/",))
        >>> rule.covers("team/api"), rule.covers("team-b/api")
        (True, False)
        """
        return name.startswith(self.starts)


def replication_faults(rules: Sequence[ReplicationRule], source: Place) -> Iterator[Fault]:
    """Yield the faults of a registry's rules together.

    :param source: the registry's own account and region.
    """
    yield from faults_unless(
        len(rules) <= MAXIMUM_RULES,
        f"a registry can have at most {MAXIMUM_RULES} replication rules, got {len(rules)}. Write "
        "the filters of one destination in one rule.",
    )
    different = {_where(place) for rule in rules for place in rule.destinations}
    yield from faults_unless(
        len(different) <= MAXIMUM_DESTINATIONS,
        f"a registry can be replicated to at most {MAXIMUM_DESTINATIONS} destinations, got "
        f"{len(different)}. Let workloads in the others pull from a near registry.",
    )
    for path, place in _destinations(rules):
        if _where(place) == _where(source):
            yield Fault(
                path,
                f"a registry cannot be replicated onto itself, got {_text(place)}. Write another "
                "account or region.",
            )
        elif place.partition != source.partition and not is_token(source.partition):
            yield Fault(
                path,
                f"a registry of the partition {source.partition} cannot be replicated into "
                f"{place.partition}, got {_text(place)}. Copy with `ecrctl promote`.",
            )
    yield from _overlap_faults(rules)


def _overlap_faults(rules: Sequence[ReplicationRule]) -> Iterator[Fault]:
    """Yield a fault for a filter that another rule to the same destination has or contains."""
    for index, rule in enumerate(rules):
        for other_index, other in enumerate(rules[:index]):
            shared = [one for one in rule.destinations if one in other.destinations]
            for start in rule.starts if shared else ():
                for wider in other.starts:
                    if start.startswith(wider) or wider.startswith(start):
                        yield Fault(
                            f"[{index}].filters",
                            f"the filters '{start or EVERYTHING}' and '{wider or EVERYTHING}' of "
                            f"replication[{other_index}] select the same repositories for "
                            f"{_text(shared[0])}. Remove one of them.",
                        )


def _destinations(rules: Sequence[ReplicationRule]) -> Iterator[tuple[str, Place]]:
    for index, rule in enumerate(rules):
        for inner, place in enumerate(rule.destinations):
            yield f"[{index}].destinations[{inner}]", place


def _destination_faults(destinations: Sequence[Place]) -> Iterator[Fault]:
    if not destinations:
        yield Fault(
            "destinations",
            "a replication rule requires at least one destination, got none. Add one, or remove "
            "the rule.",
        )
    for index, place in enumerate(destinations):
        path = f"destinations[{index}]"
        if not is_token(place.account):
            yield from under(path, account_faults(place.account))
        if not is_token(place.region):
            yield from under(path, region_faults(place.region))
    for index, where, _ in repeated((i, _where(one)) for i, one in enumerate(destinations)):
        yield Fault(
            f"destinations[{index}]",
            f"a destination can be in a rule once, got account {where[0]} in {where[1]} twice. "
            "Remove one.",
        )


def _filters_faults(filters: Sequence[str]) -> Iterator[Fault]:
    if not filters:
        yield Fault(
            "filters",
            "a replication rule requires at least one filter, got none. Write 'team/', or '*' for "
            "every repository.",
        )
    yield from faults_unless(
        len(filters) <= MAXIMUM_FILTERS,
        f"a replication rule can have at most {MAXIMUM_FILTERS} filters, got {len(filters)}. Write "
        "a common beginning such as 'team/'.",
        path="filters",
    )
    yield from each_under("filters", filters, _filter_faults)
    for index, start in enumerate(filters):
        for other in (*filters[:index], *filters[index + 1 :]):
            if other == EVERYTHING or (start.startswith(other) and start != other):
                yield Fault(
                    f"filters[{index}]",
                    f"the filter '{other}' selects all that '{start[:80]}' selects. Remove one of "
                    "them.",
                )
    for index, start, _ in repeated(enumerate(filters)):
        message = f"a filter must be unique in its rule, got '{start[:80]}' twice. Remove one."
        yield Fault(f"filters[{index}]", message)


def _filter_faults(given: str) -> list[Fault]:
    if given == EVERYTHING:
        return []
    if given.endswith("*"):
        return [
            Fault(
                "",
                "a replication filter is the beginning of a name and has no wildcards, got "
                f"'{given[:80]}'. Write '{given[:80].rstrip('*')}'.",
            )
        ]
    return faults_unless(
        SHORTEST_FILTER <= len(given) <= LONGEST_FILTER and _FILTER.fullmatch(given),
        f"a replication filter must have {SHORTEST_FILTER} to {LONGEST_FILTER} lower-case letters "
        f"and digits, joined by '/', '-', '_' or '.', got '{given[:80]}'. Write it like "
        "'team/'.",
    )


def _where(place: Place) -> tuple[str, str]:
    return place.account, place.region


def _text(place: Place) -> str:
    return f"account {place.account} in {place.region}"
