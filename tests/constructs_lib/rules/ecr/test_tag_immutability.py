"""Tag immutability."""

from __future__ import annotations

import pytest

from constructs_lib.rules.ecr.tag_immutability import Mode, TagImmutability
from constructs_lib.rules.faults import RuleError


def test_by_default_no_tag_can_move() -> None:
    assert TagImmutability().mode == "IMMUTABLE"


def test_signatures_can_be_attached_to_immutable_images() -> None:
    value = TagImmutability.immutable_except_signatures()
    assert value.mode == "IMMUTABLE_WITH_EXCLUSION"
    assert "sha256-*.sig" in value.exclusion_filters


def test_seven_filters_are_refused_with_a_remedy() -> None:
    with pytest.raises(RuleError) as refusal:
        TagImmutability(
            mode="IMMUTABLE_WITH_EXCLUSION",
            exclusion_filters=tuple(f"dev-{number}" for number in range(7)),
        )
    assert str(refusal.value) == (
        "TagImmutability: exclusion_filters: tag immutability takes at most 5 exclusion filters, "
        'got 7. Merge some with a wildcard, such as "dev-*".'
    )


@pytest.mark.parametrize(
    ("mode", "filters", "sentence"),
    [
        (
            "IMMUTABLE",
            ("dev-*",),
            "TagImmutability: exclusion_filters: IMMUTABLE takes no exclusion filters, got 1. "
            "Use IMMUTABLE_WITH_EXCLUSION, or remove them.",
        ),
        (
            "MUTABLE_WITH_EXCLUSION",
            (),
            "TagImmutability: exclusion_filters: MUTABLE_WITH_EXCLUSION requires at least one "
            "exclusion filter, got none. Add one such as 'dev-*', or use MUTABLE.",
        ),
        (
            "IMMUTABLE_WITH_EXCLUSION",
            ("a/b",),
            "TagImmutability: exclusion_filters[0]: an exclusion filter can have only letters, "
            "digits, '.', '_', '-' and '*', got 'a/b'. Remove the other characters.",
        ),
        (
            "IMMUTABLE_WITH_EXCLUSION",
            ("*a*b*",),
            "TagImmutability: exclusion_filters[0]: an exclusion filter can have at most 2 '*', "
            "got 3 in '*a*b*'. Use fewer wildcards.",
        ),
        (
            "IMMUTABLE_WITH_EXCLUSION",
            ("a" * 129,),
            "TagImmutability: exclusion_filters[0]: an exclusion filter can have at most 128 "
            "characters, got 129. Shorten it with a wildcard.",
        ),
        (
            "IMMUTABLE_WITH_EXCLUSION",
            ("a", "a"),
            "TagImmutability: exclusion_filters[1]: an exclusion filter must be unique, got 'a' "
            "twice. Remove one.",
        ),
        (
            "FROZEN",
            (),
            "TagImmutability: mode: tag immutability must be one of IMMUTABLE, MUTABLE, "
            "IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION, got 'FROZEN'.",
        ),
    ],
)
def test_modes_and_filters_that_ecr_refuses_are_refused(
    mode: Mode, filters: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(RuleError) as refusal:
        TagImmutability(mode=mode, exclusion_filters=filters)
    assert str(refusal.value) == sentence
