"""Rules about changes that weaken the protection of images."""

from collections.abc import Iterator, Sequence
from typing import Any

from constructs_lib.rules.ecr.tag_patterns import pattern_covers
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import Resource, is_true, mappings, number_of, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.canonical import is_decided
from ecrctl.review.rules.data_loss import DEFAULT_PENDING_WINDOW
from ecrctl.review.rules.rule import about_stack, resource_rule, rule
from ecrctl.review.type_names import KEY, REPOSITORY, SCANNING, SIGNING, TEMPLATE

_LOST = Category.PROTECTION_LOST


@resource_rule(_LOST, REPOSITORY, TEMPLATE)
def tags_mutable(change: ResourceChange) -> Iterator[str]:
    """Immutable tags become mutable."""
    before, after = change.both(tag_mode)
    if change.is_update and before.startswith("IMMUTABLE") and after.startswith("MUTABLE"):
        yield "gets mutable tags: a tag that was pulled may refer to another image tomorrow"


@resource_rule(_LOST, REPOSITORY, TEMPLATE)
def exclusions_wider(change: ResourceChange) -> Iterator[str]:
    """More tags are excluded from immutability."""
    before, after = change.both(tag_mode)
    old, new = change.both(exclusion_patterns)
    mutable: list[str] = []
    if before.startswith("IMMUTABLE") and after == "IMMUTABLE_WITH_EXCLUSION":
        mutable = _uncovered(new, old if before == "IMMUTABLE_WITH_EXCLUSION" else ())
    elif before == "MUTABLE_WITH_EXCLUSION" and after.startswith("MUTABLE"):
        mutable = _uncovered(old, new if after == "MUTABLE_WITH_EXCLUSION" else ())
    if change.is_update and after.startswith("IMMUTABLE") and "`*`" in mutable:
        yield "makes every tag mutable: its exclusions leave no tag immutable"
    elif change.is_update and mutable:
        yield f"makes tags like {listed(mutable)} mutable"


def tag_mode(resource: Resource | None) -> str:
    """Return a repository's tag mutability; an empty text where only the deployment knows."""
    mutability = value_at(resource, "ImageTagMutability") or "MUTABLE"
    return str(mutability) if is_decided(mutability) else ""


def exclusion_patterns(resource: Resource | None) -> tuple[str, ...]:
    """Return the tag patterns that are excluded from a repository's tag mutability."""
    return tuple(
        str(one.get("ImageTagMutabilityExclusionFilterValue"))
        for one in mappings(value_at(resource, "ImageTagMutabilityExclusionFilters"))
    )


def _uncovered(patterns: Sequence[str], covering: Sequence[str]) -> list[str]:
    return [
        f"`{one}`" for one in patterns if not any(pattern_covers(other, one) for other in covering)
    ]


@resource_rule(_LOST, REPOSITORY)
def scan_off(change: ResourceChange) -> Iterator[str]:
    """A repository no longer scans pushed images."""
    before, after = change.values("ImageScanningConfiguration", "ScanOnPush")
    if change.is_update and is_true(before) and is_decided(after) and not is_true(after):
        yield "no longer scans pushed images, unless the registry's settings do"


@resource_rule(_LOST, SCANNING)
def registry_scanning_narrowed(change: ResourceChange) -> Iterator[str]:
    """The registry scans fewer repositories, or less often."""
    if change.head is None and change.impact != "WILL_ORPHAN" and change.pair.head is not None:
        is_enhanced = value_at(change.base, "ScanType") == "ENHANCED"
        no_longer = ": Inspector no longer scans, and" if is_enhanced else ":"
        yield f"is removed{no_longer} the repositories' own settings of scans apply"
    if not change.is_update:
        return
    lost = []
    before, after = change.values("ScanType")
    if before == "ENHANCED" and after != "ENHANCED" and is_decided(after):
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
    if lost:
        yield "; ".join(lost)


def _scan_frequencies(resource: Resource | None) -> list[tuple[str, str]]:
    return [
        (str(one.get("Filter")), str(entry.get("ScanFrequency")))
        for entry in mappings(value_at(resource, "Rules"))
        for one in mappings(entry.get("RepositoryFilters"))
    ]


@resource_rule(_LOST, REPOSITORY, TEMPLATE)
def encryption_weakened(change: ResourceChange) -> Iterator[str]:
    """Images get a weaker encryption."""
    (before, old), (after, new) = change.both(encryption)
    if change.is_update and after < before:
        yield f"is encrypted with {new} instead of {old}"


def encryption(resource: Resource | None) -> tuple[int, str]:
    """Return the strength and the name of an encryption."""
    kind = value_at(resource, "EncryptionConfiguration", "EncryptionType")
    has_key = value_at(resource, "EncryptionConfiguration", "KmsKey") is not None
    if kind == "KMS_DSSE":
        return 3, "dual-layer KMS encryption"
    if kind == "KMS":
        return (2, "a customer managed key") if has_key else (1, "the AWS managed key of ECR")
    return 0, "AES-256 without a KMS key"


@resource_rule(_LOST, SIGNING)
def signing_removed(change: ResourceChange) -> Iterator[str]:
    """Pushed images are no longer signed."""
    if change.head is None and change.impact != "WILL_ORPHAN" and change.pair.head is not None:
        yield "is removed: pushed images are no longer signed"
    before, after = change.both(_signed_repositories)
    lost = [
        f"`{name}`"
        for profile, name in before
        if not any(pattern_covers(other, name) for same, other in after if same == profile)
    ]
    if change.is_update and lost:
        yield f"no longer signs all repositories like {listed(lost)}"


def _signed_repositories(resource: Resource | None) -> list[tuple[str, str]]:
    """Return the signing profiles, each with a filter of repositories."""
    return [
        (str(entry.get("SigningProfileArn")), str(one.get("Filter")))
        for entry in mappings(value_at(resource, "Rules"))
        for one in mappings(entry.get("RepositoryFilters")) or [{"Filter": "*"}]
    ]


@resource_rule(_LOST, *KEY)
def key_protection_weakened(change: ResourceChange) -> Iterator[str]:
    """A key no longer rotates, or has a shorter waiting period for its deletion."""
    before, after = change.values("EnableKeyRotation")
    old, new = map(_pending_days, change.values("PendingWindowInDays"))
    if change.is_update and is_true(before) and is_decided(after) and not is_true(after):
        yield "no longer rotates"
    elif change.is_update and new < old:
        yield f"has a waiting period of {new} days before its deletion instead of {old}"


def _pending_days(value: Any) -> int:
    days = number_of(value)
    return DEFAULT_PENDING_WINDOW if days is None else days


@rule(_LOST)
def termination_protection_off(comparison: Comparison) -> Iterator[Finding]:
    """A stack is no longer protected from being deleted."""
    for pair in comparison.pairs:
        if pair.base and pair.head and pair.base.is_protected and not pair.head.is_protected:
            yield about_stack(
                pair,
                "can be deleted: its termination protection is off",
                evidence=["termination protection", True, False],
            )


@resource_rule(_LOST, REPOSITORY, TEMPLATE)
def new_and_unprotected(change: ResourceChange) -> Iterator[str]:
    """A new repository is less protected than by default."""
    missing = []
    if tag_mode(change.head).startswith("MUTABLE"):
        missing.append("its tags are mutable")
    scans = value_at(change.head, "ImageScanningConfiguration", "ScanOnPush")
    if change.type == REPOSITORY and is_decided(scans) and not is_true(scans):
        missing.append("it does not scan pushed images")
    if is_true(value_at(change.head, "EmptyOnDelete")):
        missing.append("it is deleted together with its images")
    if change.base is None and missing:
        yield f"is new and less protected than by default: {listed(missing)}"
