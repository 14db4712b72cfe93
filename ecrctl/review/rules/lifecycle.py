"""Rules about lifecycle policies: the images that a changed one expires, archives or keeps."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps

from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, policy_faults
from constructs_lib.rules.lifecycle.preview import ImageRecord, Outcome, preview
from ecrctl.files import json_value
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import Resource, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.lifecycle.rule_changes import rule_changes
from ecrctl.review.lifecycle.sample_images import NOW, sample_images
from ecrctl.review.type_names import REPOSITORY, TEMPLATE

from .rule import Rule, about, rule

_LIFECYCLE = Category.LIFECYCLE
_SEVERITY: Mapping[Outcome, int] = {"kept": 0, "archived": 1, "expired": 2}
_VERBS: Mapping[Outcome, str] = {"kept": "keep", "archived": "archive"}
_MOST_SHOWN = 8
_MOST_RULES = 4
_Policies = tuple[LifecyclePolicy | None, LifecyclePolicy | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewDifference:
    """The difference between two policies applied to the same images.

    :param is_sample: whether the images are samples, and not a repository's own.
    :param removed: how many images of each kind are archived or expired, or expired instead of
        archived, by the new policy alone.
    :param kept: how many images of each kind are treated less severely by the new policy.
    :param today: what becomes of the ``removed`` ones today.
    :param then: what would become of the ``kept`` ones.
    :param rules: the changed rules, in words with their values.
    """

    is_sample: bool
    count: int
    removed: Mapping[str, int]
    kept: Mapping[str, int]
    today: frozenset[Outcome]
    then: frozenset[Outcome]
    rules: Sequence[str]

    @property
    def values(self) -> str:
        """Return the end of a sentence, with the changed rules and their values."""
        return "".join(f"; {one}" for one in first_few(self.rules, _MOST_RULES))

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


def _preview_rule(messages: Callable[[PreviewDifference], Iterable[str]]) -> Rule:
    """Make a rule of a function that takes the difference of one preview at a time."""

    @wraps(messages)
    def find(comparison: Comparison) -> Iterator[Finding]:
        for change, policies in _policy_changes(comparison):
            if policies is not None:
                for message in messages(_difference_of(policies, comparison, change.name)):
                    yield about(change, message)

    return rule(_LIFECYCLE)(find)


@rule(Category.PROTECTION_LOST)
def live_shield_removed(comparison: Comparison) -> Iterator[Finding]:
    """A lifecycle policy no longer keeps live images first."""
    for change, policies in _policy_changes(comparison):
        if policies is not None and _shields(policies[0]) and not _shields(policies[1]):
            yield about(
                change,
                "no longer keeps live images first: images that run, or that a rollback needs, "
                "can expire (no rule protects `live-*`)",
            )


@_preview_rule
def lifecycle_removes_more(difference: PreviewDifference) -> Iterator[str]:
    """More images are expired or archived."""
    if difference.removed:
        count, kinds = difference.counted(difference.removed)
        today = " or ".join(one for one in _SEVERITY if one in difference.today)
        yield f"would expire or archive {count} that are {today} today ({kinds}){difference.values}"


@_preview_rule
def lifecycle_keeps_more(difference: PreviewDifference) -> Iterator[str]:
    """Images are kept that were expired or archived."""
    if difference.kept:
        count, kinds = difference.counted(difference.kept)
        verb = " or ".join(verb for one, verb in _VERBS.items() if one in difference.then)
        yield (
            f"would {verb} {count} that are expired or archived today ({kinds}){difference.values}"
        )


@_preview_rule
def lifecycle_no_difference(difference: PreviewDifference) -> Iterator[str]:
    """A lifecycle policy is reworded without an effect."""
    if not difference.removed and not difference.kept:
        images = f"{difference.count} {difference.images}"
        yield (
            f"has a reworded lifecycle policy; all {images} are treated as before"
            f"{difference.values}"
        )


@rule(_LIFECYCLE)
def lifecycle_undecided(comparison: Comparison) -> Iterator[Finding]:
    """A lifecycle policy depends on values that are known only at deployment."""
    for change, policies in _policy_changes(comparison):
        is_refused = change.type == REPOSITORY and _is_refused(change.head)
        if policies is None and not is_refused:
            yield about(
                change,
                "has a changed lifecycle policy with values that are known only at deployment: "
                "its effect cannot be determined before deployment",
                is_undecided=True,
            )


def _policy_changes(comparison: Comparison) -> Iterator[tuple[ResourceChange, _Policies | None]]:
    """Yield changes with the policies of both sides; ``None`` if one of them cannot be read."""
    for change in comparison.of_type(REPOSITORY, TEMPLATE):
        if change.is_update and "LifecyclePolicy" in change.changed:
            try:
                yield change, change.both(_policy_of)
            except ValueError:
                yield change, None


def _policy_of(resource: Resource | None) -> LifecyclePolicy | None:
    text = value_at(resource, "LifecyclePolicy", "LifecyclePolicyText")
    # A repository creation template has the text itself in the first property.
    text = value_at(resource, "LifecyclePolicy") if text is None else text
    if text is None or text == {}:
        return None
    return _policy(text if isinstance(text, str) else json.dumps(text))


@cache
def _policy(text: str) -> LifecyclePolicy | None:
    return policy_from_document(json_value(text), is_deployed=True) if text else None


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
    outcomes = [*zip(before, after, strict=True)]
    removed: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for (kind, _), (was, now) in zip(named, outcomes, strict=True):
        removed[kind] += _SEVERITY[now] > _SEVERITY[was]
        kept[kind] += _SEVERITY[now] < _SEVERITY[was]
    return PreviewDifference(
        is_sample=is_sample,
        count=len(named),
        removed=+removed,
        kept=+kept,
        today=frozenset(was for was, now in outcomes if _SEVERITY[now] > _SEVERITY[was]),
        then=frozenset(now for was, now in outcomes if _SEVERITY[now] < _SEVERITY[was]),
        rules=rule_changes(*policies),
    )


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
    try:
        _policy(text if isinstance(text, str) else "")
    except ValueError:
        return True
    return False
