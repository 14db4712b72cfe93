"""What a change takes away of what protects images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.rules.ecr.tag_patterns import pattern_covers
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import (
    Comparison,
    Resource,
    ResourceChange,
    is_known,
    is_true,
    mappings,
    properties,
    value_at,
)
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import KEY, REPOSITORY, SCANNING, SIGNING, TEMPLATE

from .rule import Rule, each

_LOST = Category.PROTECTION_LOST
_DEFAULT_PENDING_DAYS = 30
_UNKNOWN = "unknown"


def _tags_mutable(change: ResourceChange) -> str | None:
    before, after = (_mode(side) for side in (change.base, change.head))
    if change.is_update and before.startswith("IMMUTABLE") and after == _UNKNOWN:
        return "may let tags be moved: what only the deployment knows says whether they can be"
    if change.is_update and before.startswith("IMMUTABLE") and after.startswith("MUTABLE"):
        return "lets tags be moved: what was pulled by a tag may be another image tomorrow"
    return None


def _exclusions_wider(change: ResourceChange) -> str | None:
    if not change.is_update:
        return None
    before, after = (_mode(side) for side in (change.base, change.head))
    old, new = (_filters(side) for side in (change.base, change.head))
    if before.startswith("IMMUTABLE") and after == "IMMUTABLE_WITH_EXCLUSION":
        added = _uncovered(new, old if before == "IMMUTABLE_WITH_EXCLUSION" else ())
        if "`*`" in added:
            return "lets every tag be moved: its exclusions leave nothing immutable"
        return f"lets tags like {listed(added)} be moved" if added else None
    if before == "MUTABLE_WITH_EXCLUSION" and after.startswith("MUTABLE"):
        removed = _uncovered(old, new if after == "MUTABLE_WITH_EXCLUSION" else ())
        return f"no longer keeps tags like {listed(removed)} from being moved" if removed else None
    return None


def _mode(resource: Resource | None) -> str:
    given = value_at(resource, "ImageTagMutability") or "MUTABLE"
    return str(given) if is_known(given) else _UNKNOWN


def _filters(resource: Resource | None) -> tuple[str, ...]:
    return tuple(
        str(one.get("ImageTagMutabilityExclusionFilterValue"))
        for one in mappings(value_at(resource, "ImageTagMutabilityExclusionFilters"))
    )


def _uncovered(these: Sequence[str], those: Sequence[str]) -> list[str]:
    return [f"`{one}`" for one in these if not any(pattern_covers(other, one) for other in those)]


def _scan_off(change: ResourceChange) -> str | None:
    before, after = change.values("ImageScanningConfiguration", "ScanOnPush")
    if change.is_update and is_true(before) and not is_true(after):
        return "is no longer scanned when an image is pushed, unless the registry's settings do"
    return None


def _registry_scanning(change: ResourceChange) -> str | None:
    if change.head is None:
        if change.impact == "WILL_ORPHAN" or change.pair.head is None:
            return None
        return "is removed: images are scanned as their repositories say, and not by Inspector"
    if change.base is None:
        return None
    told = []
    before, after = change.values("ScanType")
    if before == "ENHANCED" and after != "ENHANCED":
        told.append("Inspector no longer scans (BASIC)")
    old, new = (_scanned(side) for side in (change.base, change.head))
    told += [
        f"repositories like `{name}` are no longer scanned {how}"
        for name, how in old
        if not any(pattern_covers(other, name) and _as_often(how, often) for other, often in new)
    ]
    return "; ".join(told) or None


def _as_often(wanted: str, given: str) -> bool:
    return given in {wanted, "CONTINUOUS_SCAN"}


def _scanned(resource: Resource | None) -> list[tuple[str, str]]:
    return [
        (str(one.get("Filter")), str(rule.get("ScanFrequency")))
        for rule in mappings(value_at(resource, "Rules"))
        for one in mappings(rule.get("RepositoryFilters"))
    ]


def _encryption_weakened(change: ResourceChange) -> str | None:
    before, after = (_encryption(side) for side in (change.base, change.head))
    if not change.is_update or after[0] >= before[0]:
        return None
    return f"is encrypted with {after[1]} instead of {before[1]}"


def _encryption(resource: Resource | None) -> tuple[int, str]:
    kind = value_at(resource, "EncryptionConfiguration", "EncryptionType")
    has_key = value_at(resource, "EncryptionConfiguration", "KmsKey") is not None
    if kind == "KMS_DSSE":
        return 3, "KMS in two layers"
    if kind == "KMS":
        return (2, "a key of its own") if has_key else (1, "AWS's key for ECR")
    return 0, "AES-256, without a key of KMS"


def _signing_removed(change: ResourceChange) -> str | None:
    gone = change.head is None and change.pair.head is not None
    if gone and change.impact != "WILL_ORPHAN":
        return "is removed: images that are pushed are no longer signed"
    if not change.is_update:
        return None
    before, after = (_signed(side) for side in (change.base, change.head))
    lost = [
        f"`{name}`"
        for profile, name in before
        if not any(pattern_covers(other, name) for same, other in after if same == profile)
    ]
    return f"no longer signs, as it did, repositories like {listed(lost)}" if lost else None


def _signed(resource: Resource | None) -> list[tuple[str, str]]:
    return [
        (str(rule.get("SigningProfileArn")), str(one.get("Filter")))
        for rule in mappings(value_at(resource, "Rules"))
        for one in mappings(rule.get("RepositoryFilters")) or [{"Filter": "*"}]
    ]


def _rotation_off(change: ResourceChange) -> str | None:
    before, after = change.values("EnableKeyRotation")
    if change.is_update and is_true(before) and not is_true(after):
        return "no longer rotates"
    days = change.values("PendingWindowInDays")
    old, new = (day if isinstance(day, int) else _DEFAULT_PENDING_DAYS for day in days)
    if change.is_update and new < old:
        return f"can be rescued {new} days after its deletion instead of {old}"
    return None


def _termination(comparison: Comparison) -> Iterator[Saying]:
    for pair in comparison.pairs:
        if pair.base and pair.head and pair.base.is_protected and not pair.head.is_protected:
            yield Saying(
                environment=pair.environment,
                stack=pair.name,
                subject=f"stack {pair.name}",
                message="can be deleted: its termination protection is off",
            )


def _new_and_open(change: ResourceChange) -> str | None:
    if change.base is not None or change.head is None:
        return None
    given = properties(change.head)
    told = []
    if _mode(change.head).startswith("MUTABLE"):
        told.append("its tags can be moved")
    if change.type == REPOSITORY and not is_true(
        value_at(change.head, "ImageScanningConfiguration", "ScanOnPush")
    ):
        told.append("it does not scan what is pushed")
    if is_true(given.get("EmptyOnDelete")):
        told.append("it is deleted together with its images")
    return f"is new and less protected than by default: {listed(told)}" if told else None


RULES = (
    Rule(
        id="tags-mutable",
        category=_LOST,
        finds="Tags that could not be moved can be",
        look=each(REPOSITORY, TEMPLATE, says=_tags_mutable),
    ),
    Rule(
        id="exclusions-wider",
        category=_LOST,
        finds="More tags are excluded from immutability",
        look=each(REPOSITORY, TEMPLATE, says=_exclusions_wider),
    ),
    Rule(
        id="scan-off",
        category=_LOST,
        finds="A repository no longer scans what is pushed",
        look=each(REPOSITORY, says=_scan_off),
    ),
    Rule(
        id="registry-scanning-narrowed",
        category=_LOST,
        finds="The registry scans fewer repositories, or less",
        look=each(SCANNING, says=_registry_scanning),
    ),
    Rule(
        id="encryption-weakened",
        category=_LOST,
        finds="Images are encrypted with less than before",
        look=each(REPOSITORY, TEMPLATE, says=_encryption_weakened),
    ),
    Rule(
        id="signing-removed",
        category=_LOST,
        finds="What is pushed is no longer signed",
        look=each(SIGNING, says=_signing_removed),
    ),
    Rule(
        id="key-protection-weakened",
        category=_LOST,
        finds="A key no longer rotates, or can be rescued for a shorter time",
        look=each(*KEY, says=_rotation_off),
    ),
    Rule(
        id="termination-protection-off",
        category=_LOST,
        finds="A stack is no longer protected from being deleted",
        look=_termination,
    ),
    Rule(
        id="new-and-unprotected",
        category=_LOST,
        finds="A new repository is less protected than by default",
        look=each(REPOSITORY, TEMPLATE, says=_new_and_open),
    ),
)
