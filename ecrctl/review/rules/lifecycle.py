"""Which images a change of a lifecycle policy would let go, or keep."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy, policy_faults
from constructs_lib.rules.lifecycle.preview import ImageRecord, Outcome, preview
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, Resource, ResourceChange, value_at
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import REPOSITORY, TEMPLATE

from .rule import Look, Rule, about
from .sample_images import NOW, assumed_images

_HOW_FAR: Mapping[Outcome, int] = {"kept": 0, "archived": 1, "expired": 2}
_MOST_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Define what two policies do differently with the same images.

    :param assumed: whether the images are assumed, and not given.
    :param further: how many of what kind would go that stayed, or go further than before.
    :param nearer: how many of what kind would stay that went.
    """

    assumed: bool
    count: int
    further: Mapping[str, int]
    nearer: Mapping[str, int]


def _policies(
    change: ResourceChange,
) -> tuple[LifecyclePolicy | None, LifecyclePolicy | None] | None:
    """Give the policies of both sides; ``None`` where one cannot be read."""
    texts = [_text(side) for side in (change.base, change.head)]
    try:
        base, head = (_policy(text) if text else None for text in texts)
    except (RuleError, ValueError):
        return None
    return base, head


@cache
def _policy(text: str) -> LifecyclePolicy:
    return policy_from_document(json.loads(text))


def _text(resource: Resource | None) -> str | None:
    text = value_at(resource, "LifecyclePolicy", "LifecyclePolicyText")
    if text is None:
        text = value_at(resource, "LifecyclePolicy")  # a creation template has the text itself
    if isinstance(text, Mapping) and not text:
        return None
    return text if isinstance(text, str) or text is None else json.dumps(text)


def _changes(comparison: Comparison) -> Iterator[ResourceChange]:
    for change in comparison.of_type(REPOSITORY, TEMPLATE):
        if change.is_update and "LifecyclePolicy" in change.changed:
            yield change


def _each_difference(says: Callable[[Difference], str | None]) -> Look:
    def look(comparison: Comparison) -> Iterator[Saying]:
        for change in _changes(comparison):
            policies = _policies(change)
            if policies is None:
                continue
            given = comparison.image_sets.get(change.name)
            given = comparison.image_sets.get("") if given is None else given
            difference = _assumed(*policies) if given is None else _given(*policies, given)
            message = says(difference)
            if message:
                yield about(change, message)

    return look


@cache
def _assumed(base: LifecyclePolicy | None, head: LifecyclePolicy | None) -> Difference:
    """Compare two policies by images that are assumed; a fleet has few pairs of policies."""
    images = assumed_images([policy for policy in (base, head) if policy])
    return _difference(base, head, images, is_assumed=True)


def _given(
    base: LifecyclePolicy | None, head: LifecyclePolicy | None, images: Sequence[ImageRecord]
) -> Difference:
    named = [
        (f"`{image.digest[:19]}`" + (f" ({', '.join(image.tags)})" if image.tags else ""), image)
        for image in images
    ]
    return _difference(base, head, named, is_assumed=False)


def _difference(
    base: LifecyclePolicy | None,
    head: LifecyclePolicy | None,
    images: Sequence[tuple[str, ImageRecord]],
    *,
    is_assumed: bool,
) -> Difference:
    before, after = (_outcomes(policy, [image for _, image in images]) for policy in (base, head))
    further: Counter[str] = Counter()
    nearer: Counter[str] = Counter()
    for (kind, _), was, now in zip(images, before, after, strict=True):
        further[kind] += _HOW_FAR[now] > _HOW_FAR[was]
        nearer[kind] += _HOW_FAR[now] < _HOW_FAR[was]
    return Difference(assumed=is_assumed, count=len(images), further=+further, nearer=+nearer)


def _outcomes(policy: LifecyclePolicy | None, images: Sequence[ImageRecord]) -> list[Outcome]:
    if policy is None:
        return ["kept" for _ in images]
    # Of given images none is younger than the newest, so they are looked at from there.
    now = max([NOW, *(image.pushed_at for image in images)])
    return [verdict.outcome for verdict in preview(policy, images, now)]


def _removes_more(difference: Difference) -> str | None:
    if not difference.further:
        return None
    return f"lets more images go: {_told(difference, difference.further)} that stayed"


def _keeps_more(difference: Difference) -> str | None:
    if not difference.nearer:
        return None
    return f"keeps more images: {_told(difference, difference.nearer)} that went"


def _no_difference(difference: Difference) -> str | None:
    if difference.further or difference.nearer:
        return None
    images = "assumed" if difference.assumed else "given"
    return f"is written otherwise, and does the same with all {difference.count} {images} images"


def _told(difference: Difference, kinds: Mapping[str, int]) -> str:
    images = "assumed" if difference.assumed else "given"
    names = [
        kind if count == 1 and not difference.assumed else f"{count} {kind}"
        for kind, count in kinds.items()
    ]
    more = len(names) - _MOST_SHOWN
    if more > 0:
        names = [*names[:_MOST_SHOWN], f"{more} more"]
    return f"of {difference.count} {images} ones {sum(kinds.values())} ({listed(names)})"


def _shield_removed(comparison: Comparison) -> Iterator[Saying]:
    for change in _changes(comparison):
        policies = _policies(change)
        if policies is None:
            continue
        base, head = policies
        if _shields(base) and not _shields(head):
            yield about(
                change,
                "no longer keeps live images first: what runs, and what one would roll back to, "
                "can be expired (no rule shields `live-*`)",
            )


def _shields(policy: LifecyclePolicy | None) -> bool:
    return policy is None or not policy_faults(policy.rules, allow_touching_live_images=False)


def _unreadable(comparison: Comparison) -> Iterator[Saying]:
    for change in _changes(comparison):
        if _policies(change) is None and not (
            _is_refused(change.head) and change.type == REPOSITORY
        ):
            yield about(
                change,
                "changes its lifecycle policy, which only the deployment knows: what it lets go "
                "cannot be told here",
                is_undecided=True,
            )


def _is_refused(resource: Resource | None) -> bool:
    """Say whether another rule tells that a policy is refused, which has no effect then."""
    text = value_at(resource, "LifecyclePolicy", "LifecyclePolicyText")
    if not isinstance(text, str):
        return False
    try:
        _policy(text)
    except (RuleError, ValueError):
        return True
    return False


RULES = (
    Rule(
        id="live-shield-removed",
        category=Category.PROTECTION_LOST,
        finds="A lifecycle policy no longer keeps live images first",
        look=_shield_removed,
    ),
    Rule(
        id="lifecycle-removes-more",
        category=Category.LIFECYCLE,
        finds="More images are expired or archived",
        look=_each_difference(_removes_more),
    ),
    Rule(
        id="lifecycle-keeps-more",
        category=Category.LIFECYCLE,
        finds="Images are kept that were expired or archived",
        look=_each_difference(_keeps_more),
    ),
    Rule(
        id="lifecycle-no-difference",
        category=Category.LIFECYCLE,
        finds="A lifecycle policy is written otherwise and does the same",
        look=_each_difference(_no_difference),
    ),
    Rule(
        id="lifecycle-undecided",
        category=Category.LIFECYCLE,
        finds="A lifecycle policy depends on what only the deployment knows",
        look=_unreadable,
    ),
)
