"""Rules about lifecycle policies: the images that a changed one expires, archives or keeps."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, policy_faults
from constructs_lib.rules.lifecycle.preview import ImageRecord, Outcome, preview
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, Resource, ResourceChange, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import REPOSITORY, TEMPLATE

from .rule import OfComparison, about, rule
from .sample_images import NOW, sample_images

_LIFECYCLE = Category.LIFECYCLE
_SEVERITY: Mapping[Outcome, int] = {"kept": 0, "archived": 1, "expired": 2}
_MOST_SHOWN = 8
_Policies = tuple[LifecyclePolicy | None, LifecyclePolicy | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewDifference:
    """The difference between two policies applied to the same images.

    :param is_sample: whether the images are samples, and not a repository's own.
    :param removed: how many images of each kind are archived or expired, or expired instead of
        archived, by the new policy alone.
    :param kept: how many images of each kind are treated less severely by the new policy.
    """

    is_sample: bool
    count: int
    removed: Mapping[str, int]
    kept: Mapping[str, int]

    @property
    def images(self) -> str:
        """Return the name of the images."""
        return "sample images" if self.is_sample else "images"

    def counted(self, kinds: Mapping[str, int]) -> tuple[str, str]:
        """Return the count of some of the images, and their kinds."""
        names = [
            kind if count == 1 and not self.is_sample else f"{count} {kind}"
            for kind, count in kinds.items()
        ]
        count = f"{sum(kinds.values())} of {self.count} {self.images}"
        return count, listed(first_few(names, _MOST_SHOWN))


def each_preview(message_of: Callable[[PreviewDifference], str | None]) -> OfComparison:
    """Make a function of a preview's difference one of a whole comparison."""

    def find(comparison: Comparison) -> Iterator[Finding]:
        for change in _policy_changes(comparison):
            policies = _policies(change)
            if policies is not None:
                message = message_of(_difference_of(policies, comparison, change.name))
                if message:
                    yield about(change, message)

    return find


@rule(
    "live-shield-removed",
    Category.PROTECTION_LOST,
    finds="A lifecycle policy no longer keeps live images first",
)
def live_shield_removed(comparison: Comparison) -> Iterator[Finding]:
    """Yield the policies that may expire images in use."""
    for change in _policy_changes(comparison):
        policies = _policies(change)
        if policies is not None and _shields(policies[0]) and not _shields(policies[1]):
            yield about(
                change,
                "no longer keeps live images first: images that run, or that a rollback needs, "
                "can expire (no rule protects `live-*`)",
            )


@rule("lifecycle-removes-more", _LIFECYCLE, finds="More images are expired or archived")
@each_preview
def lifecycle_removes_more(difference: PreviewDifference) -> str | None:
    """Return the images that only the new policy removes."""
    if not difference.removed:
        return None
    count, kinds = difference.counted(difference.removed)
    return f"would expire or archive {count} that are kept today ({kinds})"


@rule("lifecycle-keeps-more", _LIFECYCLE, finds="Images are kept that were expired or archived")
@each_preview
def lifecycle_keeps_more(difference: PreviewDifference) -> str | None:
    """Return the images that only the deployed policy removes."""
    if not difference.kept:
        return None
    count, kinds = difference.counted(difference.kept)
    return f"would keep {count} that are expired or archived today ({kinds})"


@rule(
    "lifecycle-no-difference", _LIFECYCLE, finds="A lifecycle policy is reworded without an effect"
)
@each_preview
def lifecycle_no_difference(difference: PreviewDifference) -> str | None:
    """Return that the new policy treats the same images in the same way."""
    if difference.removed or difference.kept:
        return None
    return (
        f"has a reworded lifecycle policy; all {difference.count} {difference.images} are treated "
        "as before"
    )


@rule(
    "lifecycle-undecided",
    _LIFECYCLE,
    finds="A lifecycle policy depends on values that are known only at deployment",
)
def lifecycle_undecided(comparison: Comparison) -> Iterator[Finding]:
    """Yield the policies that cannot be previewed."""
    for change in _policy_changes(comparison):
        is_refused = change.type == REPOSITORY and _is_refused(change.head)
        if _policies(change) is None and not is_refused:
            yield about(
                change,
                "has a changed lifecycle policy with values that are known only at deployment: "
                "its effect cannot be determined before deployment",
                is_undecided=True,
            )


def _policy_changes(comparison: Comparison) -> Iterator[ResourceChange]:
    for change in comparison.of_type(REPOSITORY, TEMPLATE):
        if change.is_update and "LifecyclePolicy" in change.changed:
            yield change


def _policies(change: ResourceChange) -> _Policies | None:
    """Return the policies of both sides; ``None`` if one of them cannot be read."""
    try:
        return change.both(_policy_of)
    except (RuleError, ValueError):
        return None


def _policy_of(resource: Resource | None) -> LifecyclePolicy | None:
    text = value_at(resource, "LifecyclePolicy", "LifecyclePolicyText")
    if text is None:
        # A repository creation template has the text itself in this property.
        text = value_at(resource, "LifecyclePolicy")
    if text is None or text == {}:
        return None
    return _policy(text if isinstance(text, str) else json.dumps(text))


@cache
def _policy(text: str) -> LifecyclePolicy | None:
    return policy_from_document(json.loads(text), is_deployed=True) if text else None


def _difference_of(
    policies: _Policies, comparison: Comparison, repository: str
) -> PreviewDifference:
    images = comparison.image_sets.get(repository, comparison.image_sets.get(""))
    if images is None:
        return _sample_difference(*policies)
    named = [(_image_name(image), image) for image in images]
    return _difference(policies, named, is_sample=False)


@cache
def _sample_difference(
    base: LifecyclePolicy | None, head: LifecyclePolicy | None
) -> PreviewDifference:
    """Compare two policies by sample images; many repositories share a few pairs of policies."""
    images = sample_images([policy for policy in (base, head) if policy])
    return _difference((base, head), images, is_sample=True)


def _image_name(image: ImageRecord) -> str:
    tags = f" ({', '.join(image.tags)})" if image.tags else ""
    return f"`{image.digest[:19]}`{tags}"


def _difference(
    policies: _Policies, named: Sequence[tuple[str, ImageRecord]], *, is_sample: bool
) -> PreviewDifference:
    images = [image for _, image in named]
    before, after = (_outcomes(policy, images) for policy in policies)
    removed: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for (kind, _), was, now in zip(named, before, after, strict=True):
        removed[kind] += _SEVERITY[now] > _SEVERITY[was]
        kept[kind] += _SEVERITY[now] < _SEVERITY[was]
    return PreviewDifference(is_sample=is_sample, count=len(named), removed=+removed, kept=+kept)


def _outcomes(policy: LifecyclePolicy | None, images: Sequence[ImageRecord]) -> list[Outcome]:
    if policy is None:
        return ["kept" for _ in images]
    # Ages count from the newest image, because none may be younger than the present.
    now = max([NOW, *(image.pushed_at for image in images)])
    return [verdict.outcome for verdict in preview(policy, images, now)]


def _shields(policy: LifecyclePolicy | None) -> bool:
    return policy is None or not policy_faults(policy.rules, allow_touching_live_images=False)


def _is_refused(resource: Resource | None) -> bool:
    """Return whether ``lifecycle-refused`` reports the policy, which then has no effect."""
    text = value_at(resource, "LifecyclePolicy", "LifecyclePolicyText")
    if not isinstance(text, str):
        return False
    try:
        _policy(text)
    except (RuleError, ValueError):
        return True
    return False
