"""Sample images for the preview of lifecycle policies.

The samples are generated from the policies: for every kind of image that a rule selects, some are
just within and some just beyond each limit of the rule. Live and untagged images are added.
No clock is read: ages count from one fixed moment.
"""

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
# The tag patterns that a kind of image matches.
_Kind = tuple[str, ...]
_USUAL_KINDS: tuple[_Kind, ...] = ((), ("v1.*",), ("main-*",))


def sample_images(policies: Iterable[LifecyclePolicy]) -> list[tuple[str, ImageRecord]]:
    """Return sample images with the name of their kind, such as ``v1.*``."""
    rules = [rule for policy in policies for rule in policy.rules]
    kinds = dict.fromkeys([*_USUAL_KINDS, (LIVE_TAG_PATTERN,), *map(_kind, rules)])
    has_archive = any(rule.selects_from == "archive" for rule in rules)
    classes: list[StorageClass] = ["standard", "archive"] if has_archive else ["standard"]
    ages = _ages(rules)
    return [
        (_kind_name(kind), _image(kind, number, age, storage_class))
        for storage_class in classes
        for kind in kinds
        for number, age in enumerate(ages)
    ]


def _kind_name(kind: _Kind) -> str:
    return " and ".join(f"`{pattern}`" for pattern in kind) or "untagged"


def _kind(rule: LifecycleRule) -> _Kind:
    return tuple(rule.tag_patterns) or tuple(f"{prefix}*" for prefix in rule.tag_prefixes[:1])


def _ages(rules: Sequence[LifecycleRule]) -> list[int]:
    ages = set(_AGES)
    for rule in rules:
        if rule.is_shield:
            continue
        if rule.count_type == "imageCountMoreThan":
            # A few more images of a kind than the rule keeps.
            ages |= set(range(min(rule.count_number + 3, _MOST_OF_A_KIND)))
        elif rule.count_number < _LONGEST_AGE:
            ages |= {max(rule.count_number - 1, 0), rule.count_number + 2}
    return sorted(ages)


def _image(kind: _Kind, number: int, age: int, storage_class: StorageClass) -> ImageRecord:
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
