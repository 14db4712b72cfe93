"""The named lifecycle policies."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.presets import (
    PRESETS,
    archive_cold,
    ephemeral,
    expire_untagged,
    keep_last,
    keep_releases,
    standard,
)

SHIELD = ("tagged", ("live-*",), "imageCountMoreThan", 1_000_000, "standard", "expire")
UNTAGGED = ("untagged", (), "sinceImagePushed", 7, "standard", "expire")
LAST = ("any", (), "imageCountMoreThan", 30, "standard", "expire")


def outline(policy: LifecyclePolicy) -> list[tuple[Any, ...]]:
    """Return what each rule of a policy selects, counts and does."""
    return [
        (
            rule.tag_status,
            rule.tag_patterns,
            rule.count_type,
            rule.count_number,
            rule.selects_from,
            rule.action,
        )
        for rule in policy.rules
    ]


def test_the_names_are_those_that_environment_files_use() -> None:
    assert dict(PRESETS) == {
        "standard": standard,
        "keep_releases": keep_releases,
        "archive_cold": archive_cold,
        "ephemeral": ephemeral,
    }


@pytest.mark.parametrize(
    ("preset", "rules"),
    [
        ("standard", [SHIELD, UNTAGGED, LAST]),
        (
            "keep_releases",
            [
                SHIELD,
                ("tagged", ("v*",), *SHIELD[2:]),
                ("tagged", ("release-*",), *SHIELD[2:]),
                UNTAGGED,
                LAST,
            ],
        ),
        (
            "archive_cold",
            [
                SHIELD,
                UNTAGGED,
                ("tagged", ("live-*",), "sinceImageTransitioned", 36_500, "archive", "expire"),
                ("any", (), "sinceImagePulled", 90, "standard", "transition"),
                ("any", (), "sinceImageTransitioned", 365, "archive", "expire"),
            ],
        ),
        (
            "ephemeral",
            [
                SHIELD,
                ("untagged", (), "sinceImagePushed", 1, "standard", "expire"),
                ("any", (), "sinceImagePushed", 14, "standard", "expire"),
            ],
        ),
    ],
)
def test_a_preset_keeps_what_its_description_promises(
    preset: str, rules: list[tuple[Any, ...]]
) -> None:
    assert outline(PRESETS[preset]()) == rules


def test_every_number_of_a_preset_can_be_chosen() -> None:
    assert expire_untagged(3).count_number == 3
    assert keep_last(4).count_number == 4
    assert [rule.count_number for rule in archive_cold(91, 92).rules[3:]] == [91, 92]
    assert ephemeral(5).rules[2].count_number == 5
    assert [rule.tag_patterns for rule in keep_releases(("r*",)).rules[1:3]] == [("r*",), ()]
