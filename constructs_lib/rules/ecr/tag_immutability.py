"""Tag immutability: which tags of a repository can be moved to another image.

Source: Amazon ECR user guide, "Preventing image tags from being overwritten".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from constructs_lib.rules.faults import Fault, raise_if_any

from .tag_patterns import tag_matches

Mode = Literal["IMMUTABLE", "MUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]

MODES: tuple[Mode, ...] = (
    "IMMUTABLE",
    "MUTABLE",
    "IMMUTABLE_WITH_EXCLUSION",
    "MUTABLE_WITH_EXCLUSION",
)
MAXIMUM_FILTERS = 5
MAXIMUM_FILTER_LENGTH = 128
MAXIMUM_WILDCARDS = 2
COSIGN_FILTERS = ("sha256-*.sig", "sha256-*.att", "sha256-*.sbom")

_FILTER = re.compile(r"[0-9A-Za-z._*-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagImmutability:
    """Define which tags can be overwritten; by default none can.

    :param mode: ``IMMUTABLE`` (no tag moves), ``MUTABLE`` (all do), or either of the two with
        exclusions, in which tags that match a filter behave the other way.
    :param exclusion_filters: at most 5 tag patterns of up to 128 characters, with at most two
        ``*`` each. Needed with, and only with, the two modes that end in ``_WITH_EXCLUSION``.
    :raises RuleError: when a filter or their number is not what ECR takes.
    """

    mode: Mode = "IMMUTABLE"
    exclusion_filters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        raise_if_any("TagImmutability", tag_immutability_faults(self.mode, self.exclusion_filters))

    def can_move(self, tag: str) -> bool:
        """Say whether a tag can be moved to another image.

        >>> TagImmutability().can_move("v1")
        False
        """
        excluded = any(tag_matches(pattern, tag) for pattern in self.exclusion_filters)
        return excluded != self.mode.startswith("MUTABLE")

    @staticmethod
    def immutable_except_signatures() -> TagImmutability:
        """Give immutable tags that still let cosign attach signatures and attestations."""
        return TagImmutability(mode="IMMUTABLE_WITH_EXCLUSION", exclusion_filters=COSIGN_FILTERS)


def tag_immutability_faults(mode: str, exclusion_filters: tuple[str, ...]) -> list[Fault]:
    """Check a mode and its exclusion filters."""
    if mode not in MODES:
        return [Fault("mode", f"tag immutability is one of {', '.join(MODES)}, got '{mode}'.")]
    faults: list[Fault] = []
    with_exclusion = mode.endswith("_WITH_EXCLUSION")
    if with_exclusion and not exclusion_filters:
        faults.append(
            Fault(
                "exclusion_filters",
                f"{mode} needs at least one exclusion filter, got none. "
                f"Give one such as 'dev-*', or use {mode.removesuffix('_WITH_EXCLUSION')}.",
            )
        )
    if exclusion_filters and not with_exclusion:
        faults.append(
            Fault(
                "exclusion_filters",
                f"{mode} takes no exclusion filters, got {len(exclusion_filters)}. "
                f"Use {mode}_WITH_EXCLUSION, or leave them out.",
            )
        )
    if len(exclusion_filters) > MAXIMUM_FILTERS:
        faults.append(
            Fault(
                "exclusion_filters",
                f"tag immutability takes at most {MAXIMUM_FILTERS} exclusion filters, "
                f'got {len(exclusion_filters)}. Merge some with a wildcard, such as "dev-*".',
            )
        )
    for index, value in enumerate(exclusion_filters):
        faults += [fault.under(f"exclusion_filters[{index}]") for fault in _filter_faults(value)]
        if value in exclusion_filters[:index]:
            faults.append(
                Fault(
                    f"exclusion_filters[{index}]",
                    f"the exclusion filter '{value}' is given twice. Leave one out.",
                )
            )
    return faults


def _filter_faults(value: str) -> list[Fault]:
    faults: list[Fault] = []
    if not _FILTER.fullmatch(value):
        faults.append(
            Fault(
                "",
                "an exclusion filter is made of letters, digits, '.', '_', '-' and '*', "
                f"got '{value[:140]}'. Remove the other characters.",
            )
        )
    if len(value) > MAXIMUM_FILTER_LENGTH:
        faults.append(
            Fault(
                "",
                f"an exclusion filter has at most {MAXIMUM_FILTER_LENGTH} characters, "
                f"got {len(value)}. Shorten it with a wildcard.",
            )
        )
    if value.count("*") > MAXIMUM_WILDCARDS:
        faults.append(
            Fault(
                "",
                f"an exclusion filter has at most {MAXIMUM_WILDCARDS} '*', "
                f"got {value.count('*')} in '{value}'. Use fewer wildcards.",
            )
        )
    return faults
