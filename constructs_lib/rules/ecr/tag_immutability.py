"""Tag immutability: which tags of a repository can be moved to another image.

Source: Amazon ECR user guide, "Preventing image tags from being overwritten".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from constructs_lib.rules.faults import (
    Fault,
    faults_unless,
    raise_if_any,
    repeated,
    under,
    word_faults,
)
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

from .tag_patterns import tag_matches

Mode = Literal["IMMUTABLE", "MUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]

MODES: tuple[Mode, ...] = get_args(Mode)
MAXIMUM_FILTERS = 5
MAXIMUM_FILTER_LENGTH = 128
MAXIMUM_WILDCARDS = 2
COSIGN_FILTERS = ("sha256-*.sig", "sha256-*.att", "sha256-*.sbom")

FILTER = re.compile(r"[0-9A-Za-z._*-]+")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class TagImmutability:
    """The tag immutability of a repository: the tags that can be moved to another image.

    :param mode: ``IMMUTABLE`` (the default, no tag can move), ``MUTABLE`` (all can), or one of the
        two modes that end in ``_WITH_EXCLUSION``, where tags that match a filter behave the other
        way.
    :param exclusion_filters: at most 5 tag patterns of up to 128 characters, with at most two
        ``*`` each. Required by the two modes that end in ``_WITH_EXCLUSION``, and refused by the
        others.
    :raises RuleError: when ECR would refuse a filter, or their number.
    """

    mode: Mode = "IMMUTABLE"
    exclusion_filters: ListOf[str] = ()

    def __post_init__(self) -> None:
        raise_if_any("TagImmutability", tag_immutability_faults(self.mode, self.exclusion_filters))

    def can_move(self, tag: str) -> bool:
        """Return whether a tag can be moved to another image.

        >>> TagImmutability().can_move("v1")
        False
        """
        excluded = any(tag_matches(pattern, tag) for pattern in self.exclusion_filters)
        return excluded != self.mode.startswith("MUTABLE")

    @staticmethod
    def immutable_except_signatures() -> TagImmutability:
        """Return immutable tags, except those by which cosign attaches signatures."""
        return TagImmutability(mode="IMMUTABLE_WITH_EXCLUSION", exclusion_filters=COSIGN_FILTERS)


def tag_immutability_faults(mode: str, exclusion_filters: Sequence[str]) -> Iterator[Fault]:
    """Yield the faults of a mode and its exclusion filters."""
    yield from word_faults("mode", mode, MODES, subject="tag immutability")
    if mode in MODES:
        yield from under("exclusion_filters", _filters_faults(mode, exclusion_filters))


def _filters_faults(mode: str, filters: Sequence[str]) -> Iterator[Fault]:
    with_exclusion = mode.endswith("_WITH_EXCLUSION")
    if with_exclusion and not filters:
        yield Fault(
            "",
            f"{mode} requires at least one exclusion filter, got none. "
            f"Add one such as 'dev-*', or use {mode.removesuffix('_WITH_EXCLUSION')}.",
        )
    if filters and not with_exclusion:
        yield Fault(
            "",
            f"{mode} takes no exclusion filters, got {len(filters)}. "
            f"Use {mode}_WITH_EXCLUSION, or remove them.",
        )
    if len(filters) > MAXIMUM_FILTERS:
        yield Fault(
            "",
            f"tag immutability takes at most {MAXIMUM_FILTERS} exclusion filters, "
            f'got {len(filters)}. Merge some with a wildcard, such as "dev-*".',
        )
    for index, value in enumerate(filters):
        yield from under(f"[{index}]", _filter_faults(value))
    for index, value, _ in repeated(enumerate(filters)):
        message = f"an exclusion filter must be unique, got '{value}' twice. Remove one."
        yield Fault(f"[{index}]", message)


def _filter_faults(value: str) -> list[Fault]:
    return [
        *faults_unless(
            FILTER.fullmatch(value),
            "an exclusion filter can have only letters, digits, '.', '_', '-' and '*', "
            f"got '{value[:140]}'. Remove the other characters.",
        ),
        *faults_unless(
            len(value) <= MAXIMUM_FILTER_LENGTH,
            f"an exclusion filter can have at most {MAXIMUM_FILTER_LENGTH} characters, "
            f"got {len(value)}. Shorten it with a wildcard.",
        ),
        *faults_unless(
            value.count("*") <= MAXIMUM_WILDCARDS,
            f"an exclusion filter can have at most {MAXIMUM_WILDCARDS} '*', "
            f"got {value.count('*')} in '{value}'. Use fewer wildcards.",
        ),
    ]
