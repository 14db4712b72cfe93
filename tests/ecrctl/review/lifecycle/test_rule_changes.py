"""The changed rules of a lifecycle policy, in words."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, shield_live_images
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from ecrctl.review.lifecycle.rule_changes import rule_changes

UNTAGGED = {"tag_status": "untagged", "count_type": "sinceImagePushed", "count_number": 30}
RELEASES = {
    "tag_status": "tagged",
    "tag_patterns": ("v*",),
    "count_type": "imageCountMoreThan",
    "count_number": 10,
}


def policy(*rules: dict[str, Any]) -> LifecyclePolicy:
    """Return a policy with a shield before some rules."""
    made = (shield_live_images(), *(LifecycleRule(**one) for one in rules))
    return LifecyclePolicy(made, allow_touching_live_images=True)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            policy(UNTAGGED),
            policy({**UNTAGGED, "count_number": 14}),
            ["rule 2, untagged images: 30 → 14 days since push"],
        ),
        (
            policy(RELEASES),
            policy({**RELEASES, "count_number": 5}),
            ["rule 2, images tagged `v*`: 10 → 5 images"],
        ),
        (
            policy(UNTAGGED),
            policy({**UNTAGGED, "count_type": "imageCountMoreThan"}),
            ["rule 2, untagged images: expire after 30 days since push → expire beyond 30 images"],
        ),
        (
            policy(UNTAGGED),
            policy({**UNTAGGED, "tag_status": "any"}),
            ["rule 2, all images: instead of untagged images"],
        ),
        (
            policy(UNTAGGED),
            policy(UNTAGGED, RELEASES),
            ["rule 3, images tagged `v*`: new, expire beyond 10 images"],
        ),
        (
            policy(RELEASES, UNTAGGED),
            policy(UNTAGGED),
            [
                "rule 2, untagged images: was rule 3",
                "rule 2, images tagged `v*`: removed, expire beyond 10 images",
            ],
        ),
        (
            policy({**UNTAGGED, "count_number": 90, "action": "transition"}),
            policy({**UNTAGGED, "count_number": 90}),
            [
                "rule 2, untagged images: archive after 90 days since push → "
                "expire after 90 days since push"
            ],
        ),
        (
            policy({**RELEASES, "tag_patterns": (), "tag_prefixes": ("rc-",)}),
            None,
            [
                "rule 1, images tagged `live-*`: removed, keep all",
                "rule 2, images tagged `rc-*`: removed, expire beyond 10 images",
            ],
        ),
        (
            None,
            policy(
                {
                    **UNTAGGED,
                    "count_type": "sinceImageTransitioned",
                    "storage_class": "archive",
                    "count_number": 365,
                }
            ),
            [
                "rule 1, images tagged `live-*`: new, keep all",
                "rule 2, untagged archived images: new, expire after 365 days in the archive",
            ],
        ),
    ],
)
def test_a_changed_rule_is_named_with_its_values(
    before: LifecyclePolicy | None, after: LifecyclePolicy | None, expected: list[str]
) -> None:
    assert rule_changes(before, after) == expected


def test_another_description_and_order_of_patterns_change_nothing() -> None:
    rule = {**RELEASES, "tag_patterns": ("v*", "*-final")}
    other = {**rule, "tag_patterns": ("*-final", "v*"), "description": "Releases"}
    assert rule_changes(policy(rule), policy(other)) == []
