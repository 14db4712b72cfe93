"""Rules about changes that weaken the protection of images."""

from collections.abc import Iterator, Sequence
from typing import Any

from constructs_lib.rules.ecr.tag_patterns import pattern_covers
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import (
    Comparison,
    Resource,
    ResourceChange,
    is_known,
    is_true,
    mappings,
    value_at,
)
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import KEY, REPOSITORY, SCANNING, SIGNING, TEMPLATE

from .data_loss import DEFAULT_PENDING_WINDOW
from .rule import about_stack, rule

_LOST = Category.PROTECTION_LOST
_UNKNOWN = "unknown"


@rule("tags-mutable", _LOST, on=(REPOSITORY, TEMPLATE), finds="Immutable tags become mutable")
def tags_mutable(change: ResourceChange) -> str | None:
    """Return the consequence of mutable tags."""
    before, after = change.both(_mode)
    if not change.is_update or not before.startswith("IMMUTABLE"):
        return None
    if after == _UNKNOWN:
        return "may get mutable tags: tag mutability is known only at deployment"
    if after.startswith("MUTABLE"):
        return "gets mutable tags: a tag that was pulled may refer to another image tomorrow"
    return None


@rule(
    "exclusions-wider",
    _LOST,
    on=(REPOSITORY, TEMPLATE),
    finds="More tags are excluded from immutability",
)
def exclusions_wider(change: ResourceChange) -> str | None:
    """Return the tags that become mutable."""
    if not change.is_update:
        return None
    before, after = change.both(_mode)
    old, new = change.both(_filters)
    if before.startswith("IMMUTABLE") and after == "IMMUTABLE_WITH_EXCLUSION":
        added = _uncovered(new, old if before == "IMMUTABLE_WITH_EXCLUSION" else ())
        if "`*`" in added:
            return "makes every tag mutable: its exclusions leave no tag immutable"
        return f"makes tags like {listed(added)} mutable" if added else None
    if before == "MUTABLE_WITH_EXCLUSION" and after.startswith("MUTABLE"):
        removed = _uncovered(old, new if after == "MUTABLE_WITH_EXCLUSION" else ())
        return f"makes tags like {listed(removed)} mutable" if removed else None
    return None


def _mode(resource: Resource | None) -> str:
    mutability = value_at(resource, "ImageTagMutability") or "MUTABLE"
    return str(mutability) if is_known(mutability) else _UNKNOWN


def _filters(resource: Resource | None) -> tuple[str, ...]:
    return tuple(
        str(one.get("ImageTagMutabilityExclusionFilterValue"))
        for one in mappings(value_at(resource, "ImageTagMutabilityExclusionFilters"))
    )


def _uncovered(patterns: Sequence[str], covering: Sequence[str]) -> list[str]:
    return [
        f"`{one}`" for one in patterns if not any(pattern_covers(other, one) for other in covering)
    ]


@rule("scan-off", _LOST, on=REPOSITORY, finds="A repository no longer scans pushed images")
def scan_off(change: ResourceChange) -> str | None:
    """Return the consequence of switching scan on push off."""
    before, after = change.values("ImageScanningConfiguration", "ScanOnPush")
    if change.is_update and is_true(before) and not is_true(after):
        return "no longer scans pushed images, unless the registry's settings do"
    return None


@rule(
    "registry-scanning-narrowed",
    _LOST,
    on=SCANNING,
    finds="The registry scans fewer repositories, or less often",
)
def registry_scanning_narrowed(change: ResourceChange) -> str | None:
    """Return the scans that a registry no longer makes."""
    if change.head is None:
        if change.impact == "WILL_ORPHAN" or change.pair.head is None:
            return None
        return "is removed: Inspector no longer scans, and the repositories' own settings apply"
    if change.base is None:
        return None
    lost = []
    before, after = change.values("ScanType")
    if before == "ENHANCED" and after != "ENHANCED":
        lost.append("no longer scans with Inspector (BASIC)")
    old, new = change.both(_scan_frequencies)
    lost += [
        f"no longer scans repositories like `{name}` with the frequency {frequency}"
        for name, frequency in old
        if not any(
            pattern_covers(other, name) and found in {frequency, "CONTINUOUS_SCAN"}
            for other, found in new
        )
    ]
    return "; ".join(lost) or None


def _scan_frequencies(resource: Resource | None) -> list[tuple[str, str]]:
    return [
        (str(one.get("Filter")), str(entry.get("ScanFrequency")))
        for entry in mappings(value_at(resource, "Rules"))
        for one in mappings(entry.get("RepositoryFilters"))
    ]


@rule(
    "encryption-weakened", _LOST, on=(REPOSITORY, TEMPLATE), finds="Images get a weaker encryption"
)
def encryption_weakened(change: ResourceChange) -> str | None:
    """Return the weaker encryption."""
    (before, old), (after, new) = change.both(_encryption)
    if not change.is_update or after >= before:
        return None
    return f"is encrypted with {new} instead of {old}"


def _encryption(resource: Resource | None) -> tuple[int, str]:
    """Return the strength and the name of an encryption."""
    kind = value_at(resource, "EncryptionConfiguration", "EncryptionType")
    has_key = value_at(resource, "EncryptionConfiguration", "KmsKey") is not None
    if kind == "KMS_DSSE":
        return 3, "dual-layer KMS encryption"
    if kind == "KMS":
        return (2, "a customer managed key") if has_key else (1, "the AWS managed key of ECR")
    return 0, "AES-256 without a KMS key"


@rule("signing-removed", _LOST, on=SIGNING, finds="Pushed images are no longer signed")
def signing_removed(change: ResourceChange) -> str | None:
    """Return the repositories whose images are no longer signed."""
    is_removed = change.head is None and change.pair.head is not None
    if is_removed and change.impact != "WILL_ORPHAN":
        return "is removed: pushed images are no longer signed"
    if not change.is_update:
        return None
    before, after = change.both(_signed_repositories)
    lost = [
        f"`{name}`"
        for profile, name in before
        if not any(pattern_covers(other, name) for same, other in after if same == profile)
    ]
    return f"no longer signs all repositories like {listed(lost)}" if lost else None


def _signed_repositories(resource: Resource | None) -> list[tuple[str, str]]:
    """Return the signing profiles, each with a filter of repositories."""
    return [
        (str(entry.get("SigningProfileArn")), str(one.get("Filter")))
        for entry in mappings(value_at(resource, "Rules"))
        for one in mappings(entry.get("RepositoryFilters")) or [{"Filter": "*"}]
    ]


@rule(
    "key-protection-weakened",
    _LOST,
    on=KEY,
    finds="A key no longer rotates, or has a shorter waiting period for its deletion",
)
def key_protection_weakened(change: ResourceChange) -> str | None:
    """Return the protection that a key loses."""
    before, after = change.values("EnableKeyRotation")
    if change.is_update and is_true(before) and not is_true(after):
        return "no longer rotates"
    old, new = map(_pending_days, change.values("PendingWindowInDays"))
    if change.is_update and new < old:
        return f"has a waiting period of {new} days before its deletion instead of {old}"
    return None


def _pending_days(value: Any) -> int:
    return value if isinstance(value, int) else DEFAULT_PENDING_WINDOW


@rule(
    "termination-protection-off", _LOST, finds="A stack is no longer protected from being deleted"
)
def termination_protection_off(comparison: Comparison) -> Iterator[Finding]:
    """Yield the stacks that lose their termination protection."""
    for pair in comparison.pairs:
        if pair.base and pair.head and pair.base.is_protected and not pair.head.is_protected:
            yield about_stack(
                pair,
                "can be deleted: its termination protection is off",
                evidence=["termination protection", True, False],
            )


@rule(
    "new-and-unprotected",
    _LOST,
    on=(REPOSITORY, TEMPLATE),
    finds="A new repository is less protected than by default",
)
def new_and_unprotected(change: ResourceChange) -> str | None:
    """Return the protection that a new repository lacks."""
    if change.base is not None or change.head is None:
        return None
    missing = []
    if _mode(change.head).startswith("MUTABLE"):
        missing.append("its tags are mutable")
    is_scanned = is_true(value_at(change.head, "ImageScanningConfiguration", "ScanOnPush"))
    if change.type == REPOSITORY and not is_scanned:
        missing.append("it does not scan pushed images")
    if is_true(value_at(change.head, "EmptyOnDelete")):
        missing.append("it is deleted together with its images")
    return f"is new and less protected than by default: {listed(missing)}" if missing else None
