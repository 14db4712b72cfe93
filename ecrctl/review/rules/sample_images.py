"""Images that a repository may well hold, to look at a lifecycle policy with.

They are made from the policies themselves: of every kind of image that a rule speaks of there are
some just within and just beyond each of its limits, and live and untagged ones besides. No clock is
asked: ages count from one fixed moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from constructs_lib.rules.lifecycle.policy import LIVE_TAG_PATTERN, LifecyclePolicy
from constructs_lib.rules.lifecycle.preview import ImageRecord
from constructs_lib.rules.lifecycle.rule import LifecycleRule, StorageClass

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_AGES = (0, 2, 6, 10, 20, 45, 75, 120, 200, 400, 800)
_MOST_OF_A_KIND = 120
_LONGEST_AGE = 4_000
_USUAL_KINDS = ((), ("v1.*",), ("main-*",))


def assumed_images(policies: Iterable[LifecyclePolicy]) -> list[tuple[str, ImageRecord]]:
    """Give images with what each is one of, such as ``v1.*``; the same for the same policies."""
    rules = [rule for policy in policies for rule in policy.rules]
    kinds = dict.fromkeys([*_USUAL_KINDS, (LIVE_TAG_PATTERN,), *map(_kind, rules)])
    has_archive = any(rule.selects_from == "archive" for rule in rules)
    classes: list[StorageClass] = ["standard", "archive"] if has_archive else ["standard"]
    ages = _ages(rules)
    return [
        (_called(kind), _image(kind, number, age, storage_class))
        for storage_class in classes
        for kind in kinds
        for number, age in enumerate(ages)
    ]


def _called(kind: tuple[str, ...]) -> str:
    return " and ".join(f"`{pattern}`" for pattern in kind) or "untagged"


def _kind(rule: LifecycleRule) -> tuple[str, ...]:
    return tuple(rule.tag_patterns) or tuple(f"{prefix}*" for prefix in rule.tag_prefixes[:1])


def _ages(rules: Sequence[LifecycleRule]) -> list[int]:
    ages = set(_AGES)
    for rule in rules:
        if rule.is_shield:
            continue
        if rule.count_type == "imageCountMoreThan":
            # Some more of a kind than the rule keeps.
            ages |= set(range(min(rule.count_number + 3, _MOST_OF_A_KIND)))
        elif rule.count_number < _LONGEST_AGE:
            ages |= {max(rule.count_number - 1, 0), rule.count_number + 2}
    return sorted(ages)


def _image(
    kind: tuple[str, ...], number: int, age: int, storage_class: StorageClass
) -> ImageRecord:
    tags = tuple(pattern.replace("*", str(number), 1).replace("*", "") for pattern in kind)
    pushed = NOW - timedelta(days=age, hours=1)
    name = f"{kind} {number} {storage_class}"
    return ImageRecord(
        digest=f"sha256:{sha256(name.encode()).hexdigest()}",
        tags=tags,
        pushed_at=pushed,
        last_pulled_at=pushed,
        archived_at=pushed if storage_class == "archive" else None,
        storage_class=storage_class,
    )
