"""Filters with ``*``, by which scanning and signing rules select repositories.

Sources: Amazon ECR user guide, "Using filters" of image scanning; Amazon ECR API reference,
"ScanningRepositoryFilter" and "SigningRepositoryFilter".
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from constructs_lib.rules.ecr.tag_patterns import tag_matches
from constructs_lib.rules.faults import Fault, each_under, faults_unless, repeated

MAXIMUM_FILTERS = 100
MAXIMUM_WILDCARDS = 4
EVERYTHING = "*"

_LONGEST = {"scanning": 255, "signing": 256}
_FORMS = {
    "scanning": re.compile(r"[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*"),
    "signing": re.compile(r"(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*"),
}


def filters_faults(kind: str, filters: Sequence[str]) -> Iterator[Fault]:
    """Yield the faults of a rule's filters.

    :param kind: ``scanning`` or ``signing``.
    """
    if not filters:
        yield Fault(
            "filters",
            f"a {kind} rule requires at least one filter, got none. Write '*' for all "
            "repositories, or remove the rule.",
        )
    yield from faults_unless(
        len(filters) <= MAXIMUM_FILTERS,
        f"a {kind} rule can have at most {MAXIMUM_FILTERS} filters, got {len(filters)}. Merge some "
        "with a wildcard, such as 'team/*'.",
        path="filters",
    )
    yield from each_under("filters", filters, lambda one: _filter_faults(kind, one))
    for index, given, _ in repeated(enumerate(filters)):
        message = f"a filter must be unique in its rule, got '{given[:80]}' twice. Remove one."
        yield Fault(f"filters[{index}]", message)


def _filter_faults(kind: str, given: str) -> list[Fault]:
    longest = _LONGEST[kind]
    if not 1 <= len(given) <= longest or not _FORMS[kind].fullmatch(given):
        return [
            Fault(
                "",
                f"a {kind} filter must have 1 to {longest} lower-case letters, digits and '*', "
                f"joined by '/', '-', '_' or '.', got '{given[:80]}'. Write it like 'team/*'.",
            )
        ]
    return faults_unless(
        kind != "scanning" or given.count("*") <= MAXIMUM_WILDCARDS,
        f"a scanning filter can have at most {MAXIMUM_WILDCARDS} '*', got {given.count('*')} in "
        f"'{given[:80]}'. Use fewer wildcards.",
    )


def scanning_pattern(given: str) -> str:
    """Return the pattern that a scanning filter means: without ``*``, a part of the name.

    >>> scanning_pattern("prod"), scanning_pattern("prod*")
    ('*prod*', 'prod*')
    """
    return given if "*" in given else f"*{given}*"


def matches_any(patterns: Iterable[str], name: str) -> bool:
    """Return whether a repository's name matches one of several patterns."""
    return any(tag_matches(pattern, name) for pattern in patterns)


def may_match_under(pattern: str, prefix: str) -> bool:
    """Return whether a pattern may match a name under a prefix that ends with a slash.

    >>> may_match_under("docker-hub/library/*", "docker-hub/"), may_match_under("a*", "b/")
    (True, False)
    """
    head = pattern.partition("*")[0]
    return head.startswith(prefix) or ("*" in pattern and prefix.startswith(head))
