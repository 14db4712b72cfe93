"""Previews of lifecycle policies, first of AWS's own worked examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.presets import PRESETS, archive_cold, keep_releases, standard
from constructs_lib.rules.lifecycle.preview import ImageRecord, preview

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
Contents = dict[str, tuple[list[str], float]]


def image(digest: str, *tags: str, age: float, **fields: Any) -> ImageRecord:
    """Return an image that was pushed some days ago."""
    return ImageRecord(digest=digest, tags=tags, pushed_at=NOW - timedelta(days=age), **fields)


def rule(priority: int, count: int, tags: list[str] | str, **fields: Any) -> dict[str, Any]:
    """Return a rule of the examples' form: a count of images, or of days."""
    selection: dict[str, Any] = {"countType": "imageCountMoreThan", "countNumber": count}
    if isinstance(tags, str):
        selection["tagStatus"] = tags
    else:
        selection |= {"tagStatus": "tagged", "tagPatternList": tags}
    action = fields.pop("action", {"type": "expire"})
    selection |= fields
    if selection["countType"] != "imageCountMoreThan":
        selection["countUnit"] = "days"
    description = f"Rule {priority} of an example that is long enough for ECR's lower limit"
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": action,
    }


def removed(rules: list[dict[str, Any]], contents: Contents) -> str:
    """Return the names of the images that are archived or expired."""
    policy = policy_from_document({"rules": rules})
    images = [image(name, *tags, age=age) for name, (tags, age) in contents.items()]
    verdicts = preview(policy, images, NOW)
    return "".join(item.image.digest for item in verdicts if item.outcome != "kept")


PROD_AND_BETA: Contents = {
    "A": (["beta-1", "prod-1"], 10),
    "B": (["beta-2", "prod-2"], 9),
    "C": (["beta-3"], 8),
}
ALPHA_AND_BETA: Contents = {
    "A": (["alpha-1"], 12),
    "B": (["beta-1"], 11),
    "C": (["alpha-2", "beta-2"], 10),
    "D": (["alpha-3"], 4),
    "E": (["beta-3"], 3),
    "F": (["alpha-4", "beta-4"], 2),
}
DAYS = {"countType": "sinceImagePushed"}


@pytest.mark.parametrize(
    ("rules", "contents", "expected"),
    [
        pytest.param(
            [rule(1, 14, ["prod*"], **DAYS)],
            {"A": (["prod-1"], 15), "B": (["prod-2"], 13), "C": (["dev-1"], 15)},
            "A",
            id="filtering on image age",
        ),
        pytest.param(
            [rule(1, 1, "untagged")],
            {"A": ([], 3), "B": ([], 2), "C": (["v1"], 4)},
            "A",
            id="filtering on image count",
        ),
        pytest.param(
            [rule(1, 1, ["prod*"]), rule(2, 1, ["beta*"])],
            PROD_AND_BETA,
            "A",
            id="filtering on multiple rules, example A",
        ),
        pytest.param(
            [rule(1, 1, ["beta*"]), rule(2, 1, ["prod*"])],
            PROD_AND_BETA,
            "AB",
            id="filtering on multiple rules, example B",
        ),
        pytest.param(
            [rule(1, 5, ["alpha*", "beta*"], **DAYS)],
            ALPHA_AND_BETA,
            "C",
            id="filtering on multiple tags, example A",
        ),
        pytest.param(
            [rule(1, 1, ["alpha*", "beta*"])],
            {
                "A": (["alpha-1", "beta-1", "gamma-1"], 10),
                "B": (["alpha-2", "beta-2"], 9),
                "C": (["alpha-3", "beta-3", "gamma-2"], 8),
            },
            "AB",
            id="filtering on multiple tags, example B",
        ),
        pytest.param(
            [rule(1, 1, "any")],
            {"A": (["alpha-1"], 4), "B": (["beta-1"], 3), "C": ([], 2), "D": (["alpha-2"], 1)},
            "ABC",
            id="filtering on all images, example A",
        ),
        pytest.param(
            [rule(1, 1, ["alpha*"]), rule(2, 1, "untagged", **DAYS), rule(3, 1, "any")],
            {
                "A": (["alpha-1", "beta-1"], 4),
                "B": ([], 3),
                "C": (["alpha-2"], 2),
                "D": (["git hash"], 1),
                "E": ([], 1),
            },
            "ABD",
            id="filtering on all images, example B",
        ),
    ],
)
def test_the_worked_examples_of_aws(
    rules: list[dict[str, Any]], contents: Contents, expected: str
) -> None:
    assert removed(rules, contents) == expected


TO_ARCHIVE = {"action": {"type": "transition", "targetStorageClass": "archive"}}
ARCHIVE_30 = rule(1, 30, ["prod*"], **DAYS, **TO_ARCHIVE)
UNPULLED_90 = rule(1, 90, "any", countType="sinceImagePulled", **TO_ARCHIVE)
ANY_30 = rule(1, 30, "any", **DAYS, **TO_ARCHIVE)
EXPIRE_365 = rule(2, 365, "any", countType="sinceImageTransitioned", storageClass="archive")


@pytest.mark.parametrize(
    ("rules", "record", "outcome"),
    [
        ([ARCHIVE_30], image("A", "prod-1", age=31), "archived"),
        ([ARCHIVE_30], image("A", "prod-1", age=29), "kept"),
        ([UNPULLED_90], image("A", age=91), "archived"),
        ([UNPULLED_90], image("A", age=91, last_pulled_at=NOW - timedelta(days=1)), "kept"),
        ([UNPULLED_90], image("A", age=200, activated_at=NOW - timedelta(days=1)), "kept"),
        ([ANY_30, EXPIRE_365], image("A", age=31), "archived"),
        (
            [ANY_30, EXPIRE_365],
            image("A", age=999, storage_class="archive", archived_at=NOW - timedelta(days=366)),
            "expired",
        ),
        (
            [ANY_30, EXPIRE_365],
            image("A", age=999, storage_class="archive", archived_at=NOW - timedelta(days=364)),
            "kept",
        ),
    ],
)
def test_the_archive_examples_of_aws(
    rules: list[dict[str, Any]], record: ImageRecord, outcome: str
) -> None:
    (verdict,) = preview(policy_from_document({"rules": rules}), [record], NOW)
    assert verdict.outcome == outcome


def test_a_live_image_is_one_of_the_last_thirty_and_never_expires() -> None:
    live = image("live", "live-prod-20260101T000000Z", age=300)
    newer = [image(f"{number:02}", f"v{number}", age=number + 1) for number in range(30)]
    verdicts = {item.image.digest: item for item in preview(standard(), [live, *newer], NOW)}
    assert verdicts["live"].outcome == "kept"
    assert verdicts["live"].reason == "shielded"
    assert all(verdict.outcome == "kept" for verdict in verdicts.values())
    newest_live = image("live", "live-prod-20261123T000000Z", age=0)
    verdicts = {item.image.digest: item for item in preview(standard(), [newest_live, *newer], NOW)}
    assert [name for name, item in verdicts.items() if item.outcome == "expired"] == ["29"]


def test_an_image_of_an_index_that_stays_is_kept() -> None:
    index = image("index", "live-prod-1", age=30, children=("child",))
    child = image("child", age=30)
    orphan = image("orphan", age=30)
    verdicts = {
        item.image.digest: item for item in preview(standard(), [index, child, orphan], NOW)
    }
    assert verdicts["child"].outcome == "kept"
    assert verdicts["child"].reason == "part of the index index"
    assert verdicts["orphan"].outcome == "expired"


def test_an_image_of_an_index_expires_with_the_index() -> None:
    policy = policy_from_document({"rules": [rule(1, 1, "any", **DAYS)]})
    index = image("index", "v1", age=9, children=("inner",))
    inner = image("inner", age=9, children=("leaf",))
    verdicts = preview(policy, [index, inner, image("leaf", age=9)], NOW)
    assert {item.outcome for item in verdicts} == {"expired"}


def test_an_image_of_an_inner_index_is_kept_with_the_outer_index() -> None:
    index = image("index", "live-prod-1", age=9, children=("inner",))
    inner = image("inner", age=9, children=("leaf",))
    verdicts = preview(standard(), [image("leaf", age=9), inner, index], NOW)
    assert {item.outcome for item in verdicts} == {"kept"}


def test_releases_are_kept_by_either_pattern() -> None:
    images = [image("a", "v1", age=400), image("b", "release-1", age=400)]
    newer = [image(f"{number}", f"build-{number}", age=1) for number in range(40)]
    verdicts = preview(keep_releases(), [*images, *newer], NOW)
    assert [item.outcome for item in verdicts[:2]] == ["kept", "kept"]
    assert sum(item.outcome == "expired" for item in verdicts) == 10


def test_an_archived_live_image_is_never_expired_from_the_archive() -> None:
    long_ago = NOW - timedelta(days=3_000)
    images = [
        image("live", "live-prod-1", age=3_000, storage_class="archive", archived_at=long_ago),
        image("old", "v1", age=3_000, storage_class="archive", archived_at=long_ago),
    ]
    assert [item.outcome for item in preview(archive_cold(), images, NOW)] == ["kept", "expired"]


def test_an_image_that_is_being_restored_counts_as_restored_now() -> None:
    images = [
        image("restored", "v1", age=400, activating=True, archived_at=NOW - timedelta(days=200)),
        image("cold", "v2", age=400),
        image("archived", "v3", age=400, storage_class="archive", archived_at=NOW),
    ]
    assert [item.outcome for item in preview(archive_cold(), images, NOW)] == [
        *("kept", "archived", "kept")
    ]
    assert [item.status for item in images] == ["activating", "active", "archived"]


def test_a_reason_has_the_unit_of_its_rule() -> None:
    by_age = policy_from_document({"rules": [rule(1, 7, "any", **DAYS)]})
    by_count = policy_from_document({"rules": [rule(1, 1, "any")]})
    images = [image("new", "v2", age=1), image("old", "v1", age=9)]
    reasons = [preview(policy, images, NOW)[-1].reason for policy in (by_age, by_count)]
    assert reasons == ["sinceImagePushed 7 days", "imageCountMoreThan 1 images"]


def test_an_image_that_no_rule_matches_is_kept() -> None:
    policy = policy_from_document({"rules": [rule(1, 1, "untagged")]})
    (verdict,) = preview(policy, [image("A", "v1", age=999)], NOW)
    assert (verdict.outcome, verdict.rule, verdict.reason) == (
        "kept",
        None,
        "no rule matches it",
    )


@pytest.mark.parametrize(
    ("selection", "age", "reason"),
    [
        ({}, 1, "imageCountMoreThan 1 images"),
        (DAYS, 2, "sinceImagePushed 1 days"),
        ({"countType": "sinceImagePulled", **TO_ARCHIVE}, 2, "sinceImagePulled 1 days"),
        (DAYS, 1, "within the rule's limit"),
    ],
)
def test_the_reason_of_a_verdict_is_the_limit_of_its_rule(
    selection: dict[str, Any], age: float, reason: str
) -> None:
    policy = policy_from_document({"rules": [rule(1, 1, "any", **selection)]})
    old, _ = preview(policy, [image("old", age=age), image("new", age=0)], NOW)
    assert old.reason == reason
    assert old.rule == policy.rules[0]


TAGS = st.sampled_from(["v1", "v2", "live-dev-1", "release-3", "dev-4"])
IMAGES = st.lists(
    st.builds(
        lambda number, tags, age, archived: image(
            f"sha256:{number:04}",
            *tags,
            age=age,
            storage_class="archive" if archived else "standard",
            archived_at=NOW - timedelta(days=age) if archived else None,
        ),
        st.integers(0, 999),
        st.lists(TAGS, max_size=3, unique=True),
        st.integers(0, 1_000),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda item: item.digest,
)


@given(IMAGES, st.sampled_from(sorted(PRESETS)))
def test_no_preset_ever_touches_a_live_image(images: list[ImageRecord], preset: str) -> None:
    for verdict in preview(PRESETS[preset](), images, NOW):
        if any(tag.startswith("live-") for tag in verdict.image.tags):
            assert verdict.outcome == "kept"
