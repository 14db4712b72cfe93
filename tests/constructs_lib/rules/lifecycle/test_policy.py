"""ECR's lifecycle grammar."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecr.tag_patterns import pattern_covers, tag_matches
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.policy import (
    LifecyclePolicy,
    shield_archived_live_images,
    shield_live_images,
    wildcard_prefix_faults,
)
from constructs_lib.rules.lifecycle.presets import PRESETS, expire_untagged, keep_last, standard
from constructs_lib.rules.lifecycle.rule import MAXIMUM_IMAGES, SHIELD_COUNT, LifecycleRule


def rule(**changes: Any) -> LifecycleRule:
    """Return a valid rule with some changes."""
    fields: dict[str, Any] = {"count_type": "imageCountMoreThan", "count_number": 5} | changes
    return LifecycleRule(**fields)


def test_the_standard_policy_shields_live_images_first() -> None:
    assert standard().document() == {
        "rules": [
            {
                "rulePriority": 1,
                "description": "Keep images that are or were live (live-*)",
                "selection": {
                    "tagStatus": "tagged",
                    "tagPatternList": ["live-*"],
                    "countType": "imageCountMoreThan",
                    "countNumber": 1_000_000,
                },
                "action": {"type": "expire"},
            },
            {
                "rulePriority": 2,
                "description": "Expire untagged images after 7 days",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 7,
                },
                "action": {"type": "expire"},
            },
            {
                "rulePriority": 3,
                "description": "Keep the last 30 images",
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": 30,
                },
                "action": {"type": "expire"},
            },
        ]
    }


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_begins_with_the_shield(preset: str) -> None:
    first = PRESETS[preset]().rules[0]
    assert first.is_shield
    assert first.tag_patterns == ("live-*",)


def test_rules_without_priorities_are_numbered_in_order_and_any_comes_last() -> None:
    policy = LifecyclePolicy((shield_live_images(), keep_last(), expire_untagged()))
    assert [(item.priority, item.tag_status) for item in policy.rules] == [
        (1, "tagged"),
        (2, "untagged"),
        (3, "any"),
    ]


def test_an_archived_image_can_be_expired_beside_an_archiving_rule() -> None:
    policy = LifecyclePolicy(
        (
            shield_live_images(),
            rule(count_type="sinceImagePulled", count_number=60, action="transition"),
            shield_archived_live_images(),
            rule(count_type="sinceImageTransitioned", count_number=365, storage_class="archive"),
        )
    )
    assert policy.document()["rules"][2]["action"] == {
        "type": "transition",
        "targetStorageClass": "archive",
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"count_number": 0},
            "LifecycleRule '': count_number: count_number must be at least 1, got 0. Write the "
            "number of images, or of days, to keep.",
        ),
        (
            {"priority": 0},
            "LifecycleRule '': priority: priority must be at least 1, got 0. Number the rules "
            "from 1.",
        ),
        (
            {"count_type": "never"},
            "LifecycleRule '': count_type: count_type must be one of imageCountMoreThan, "
            "sinceImagePushed, sinceImagePulled, sinceImageTransitioned, got 'never'.",
        ),
        (
            {"tag_status": "tagged"},
            "LifecycleRule '': tag_status: a rule for tagged images requires tag_patterns or "
            "tag_prefixes, got neither. Add a pattern, such as '*' for every tag.",
        ),
        (
            {"tag_patterns": ("v*",)},
            "LifecycleRule '': tag_status: a rule for 'any' images cannot have tags, got ['v*']. "
            "Set tag_status to 'tagged', or remove the tags.",
        ),
        (
            {"tag_status": "tagged", "tag_patterns": ("v*",), "tag_prefixes": ("v",)},
            "LifecycleRule '': tag_patterns: a rule can have only one of tag_patterns and "
            "tag_prefixes, got both. Write the prefixes as patterns, such as 'prod*'.",
        ),
        (
            {"tag_status": "tagged", "tag_patterns": ("*a*b*c*d*",)},
            "LifecycleRule '': tag_patterns[0]: a tag pattern can have at most 4 '*', got 5 in "
            "'*a*b*c*d*'. Use fewer wildcards.",
        ),
        (
            {"tag_status": "tagged", "tag_patterns": ("",)},
            "LifecycleRule '': tag_patterns: a tag pattern or prefix cannot be empty. Remove it.",
        ),
        (
            {"count_type": "sinceImagePulled"},
            "LifecycleRule '': action: sinceImagePulled requires the action 'transition', "
            "got 'expire'. Write 'transition', or count sinceImagePushed.",
        ),
        (
            {"count_type": "sinceImageTransitioned", "count_number": 90},
            "LifecycleRule '': storage_class: sinceImageTransitioned requires storage_class "
            "'archive', got 'standard'. Write 'archive'.",
        ),
        (
            {
                "count_type": "sinceImageTransitioned",
                "count_number": 89,
                "storage_class": "archive",
            },
            "LifecycleRule '': count_number: images must stay in the archive for at least 90 days, "
            "got 89. Write 90 or more.",
        ),
        (
            {
                "count_type": "sinceImageTransitioned",
                "count_number": 90,
                "storage_class": "archive",
                "action": "transition",
            },
            "LifecycleRule '': action: sinceImageTransitioned requires the action 'expire', "
            "got 'transition'. Write 'expire'.",
        ),
        (
            {"storage_class": "archive"},
            "LifecycleRule '': storage_class: imageCountMoreThan requires storage_class "
            "'standard', got 'archive'. For archived images, count sinceImageTransitioned.",
        ),
    ],
)
def test_a_rule_outside_the_grammar_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        rule(**changes)
    assert str(refusal.value) == sentence


def test_all_faults_of_a_rule_are_named_at_once() -> None:
    with pytest.raises(RuleError) as refusal:
        rule(count_number=0, tag_status="tagged", priority=0)
    assert len(refusal.value.faults) == 3


UNTAGGED = rule(tag_status="untagged")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            (),
            "LifecyclePolicy: a lifecycle policy must have 1 to 50 rules, got 0. Add one, or "
            "remove the policy.",
        ),
        (
            (shield_live_images(), UNTAGGED, UNTAGGED),
            "LifecyclePolicy: storage class 'standard' can have one rule for 'untagged' images, "
            "got 2. Merge them.",
        ),
        (
            (shield_live_images(), rule(), rule()),
            "LifecyclePolicy: storage class 'standard' can have one rule for 'any' images, "
            "got 2. Merge them.",
        ),
        (
            (rule(priority=1, tag_status="untagged"), rule(priority=1, tag_status="untagged")),
            "LifecyclePolicy: 2 faults:\n  "
            "- priorities must be unique, got 1 more than once. Renumber the rules.\n  "
            "- storage class 'standard' can have one rule for 'untagged' images, got 2. "
            "Merge them.",
        ),
        (
            (shield_live_images(), rule(priority=2)),
            "LifecyclePolicy: either all rules or none must have a priority, got some of each. "
            "Number all rules, or remove all priorities.",
        ),
        (
            (
                rule(priority=1),
                rule(priority=2, tag_status="tagged", tag_patterns=("v*",)),
            ),
            "LifecyclePolicy: 2 faults:\n  "
            "- the rule for 'any' images must have the highest priority number of its storage "
            "class ('standard'), got 1. Put it last.\n  "
            "- rule 1 (imageCountMoreThan) could touch an image that runs, because no rule before "
            "it keeps 'live-*'. Begin with a rule of tag_patterns ['live-*'], imageCountMoreThan "
            "1000000, as presets do, or set `allow_touching_live_images: true`.",
        ),
        (
            (
                shield_live_images(),
                rule(tag_status="tagged", tag_prefixes=("v",)),
                rule(tag_status="tagged", tag_prefixes=("v", "w")),
            ),
            "LifecyclePolicy: a tag prefix can be in only one rule of a storage class "
            "('standard'), got 'v' more than once. Merge the rules.",
        ),
    ],
)
def test_rules_that_contradict_each_other_are_refused(
    rules: tuple[LifecycleRule, ...], sentence: str
) -> None:
    with pytest.raises(RuleError) as refusal:
        LifecyclePolicy(rules)
    assert str(refusal.value) == sentence


def test_more_than_fifty_rules_are_refused() -> None:
    rules = tuple(rule(tag_status="tagged", tag_patterns=(f"v{n}-*",)) for n in range(50))
    LifecyclePolicy((shield_live_images(), *rules[:49]))
    with pytest.raises(RuleError) as refusal:
        LifecyclePolicy((shield_live_images(), *rules))
    assert str(refusal.value) == (
        "LifecyclePolicy: a lifecycle policy must have 1 to 50 rules, got 51. Merge rules."
    )


def test_a_policy_longer_than_ecr_accepts_is_refused_with_its_length() -> None:
    rules = tuple(
        rule(tag_status="tagged", tag_patterns=(f"v{n}-*",), description="d" * 600)
        for n in range(49)
    )
    with pytest.raises(RuleError) as refusal:
        LifecyclePolicy((shield_live_images(), *rules))
    assert str(refusal.value) == (
        "LifecyclePolicy: a lifecycle policy's text must have 100 to 30,720 characters, "
        "got 38,191. Add descriptions, or merge rules."
    )


@pytest.mark.parametrize(
    "rules",
    [
        (rule(),),
        (rule(tag_status="tagged", tag_patterns=("*",)),),
        (rule(tag_status="tagged", tag_patterns=("v*",)), shield_live_images()),
        # A shield acts in its own storage class only.
        (
            shield_live_images(),
            rule(count_type="sinceImageTransitioned", count_number=365, storage_class="archive"),
        ),
        # A repository can have as many images as that, and one more.
        (
            rule(tag_status="tagged", tag_patterns=("live-*",), count_number=MAXIMUM_IMAGES - 1),
            rule(),
        ),
        # A shield with two patterns matches only images whose tags match both.
        (
            rule(tag_status="tagged", tag_patterns=("live-*", "v*"), count_number=1_000_000),
            rule(),
        ),
    ],
)
def test_a_policy_that_could_touch_a_live_image_is_refused(
    rules: tuple[LifecycleRule, ...],
) -> None:
    with pytest.raises(RuleError) as refusal:
        LifecyclePolicy(rules)
    assert "could touch an image that runs, because no rule before it keeps 'live-*'" in str(
        refusal.value
    )


def test_a_policy_may_touch_live_images_if_it_allows_that() -> None:
    policy = LifecyclePolicy((rule(),), allow_touching_live_images=True)
    assert len(policy.rules) == 1


def test_rules_for_untagged_images_require_no_shield() -> None:
    LifecyclePolicy((expire_untagged(),))


@pytest.mark.parametrize(
    ("pattern", "tag", "matches"),
    [
        ("live-*", "live-prod-1", True),
        ("live-*", "alive-prod", False),
        ("*.sig", "sha256-1.sig", True),
        ("v1.2", "v1x2", False),
        ("*", "", True),
        ("a*b*c", "a-b-b-c", True),
    ],
)
def test_a_star_matches_any_characters_or_none(pattern: str, tag: str, matches: bool) -> None:
    assert tag_matches(pattern, tag) is matches


@pytest.mark.parametrize(
    ("wider", "narrower", "covers"),
    [
        ("live-*", "live-*", True),
        ("*", "live-*", True),
        ("l*", "live-*", True),
        ("live-a*", "live-*", False),
    ],
)
def test_a_pattern_covers_another_only_if_all_tags_of_the_other_match(
    wider: str,
    narrower: str,
    covers: bool,
) -> None:
    assert pattern_covers(wider, narrower) is covers


@pytest.mark.parametrize("count", [MAXIMUM_IMAGES, 999_999, SHIELD_COUNT])
def test_a_shield_may_have_any_count_that_no_repository_exceeds(count: int) -> None:
    keeps = rule(tag_status="tagged", tag_patterns=("live-*",), count_number=count)
    policy = LifecyclePolicy((keeps, rule()))
    assert policy.rules[0].is_shield
    # The count stays as it is written, so that an import changes nothing.
    assert policy.document()["rules"][0]["selection"]["countNumber"] == count


def test_a_prefix_with_a_wildcard_is_no_shield_and_matches_no_tag() -> None:
    never = rule(tag_status="tagged", tag_prefixes=("live-*",), count_number=SHIELD_COUNT)
    expires = rule(tag_status="any", count_number=1)
    with pytest.raises(RuleError, match="could touch an image that runs"):
        LifecyclePolicy((never, expires))
    policy = LifecyclePolicy((never, expires), allow_touching_live_images=True)
    assert never.wildcard_prefixes == ("live-*",)
    assert [str(fault) for fault in wildcard_prefix_faults(policy)] == [
        "a tag prefix has no wildcards, got 'live-*' in rule 1, which matches no tag. Write it in "
        "tag_patterns."
    ]
    assert not list(wildcard_prefix_faults(None))
