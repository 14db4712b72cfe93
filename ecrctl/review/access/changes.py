"""Access gained and lost: the policies of both sides, compared by their meaning."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ecrctl.policies.conditions import unordered_part
from ecrctl.policies.documents import canonical_text, grouped
from ecrctl.policies.permission_index import PermissionIndex
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import PrincipalSet
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import Finding, Place
from ecrctl.review.resolution.texts import is_unknown
from ecrctl.review.resource_types import resource_type
from ecrctl.review.type_names import CERTIFICATE_PROFILE, MANAGED_POLICY, REPOSITORY

from .policy_sets import Holder, PolicySet, Subject
from .sentences import Direction, sentences_of
from .sources import policy_sets

_IDENTITY_KINDS = ("identity", "trust", "boundary")
# A few seconds. Policies of thousands of statements need a small part of it, because the index
# finds the few that are comparable; thousands with NotResource or NotAction have no such feature.
_MOST_COMPARISONS = 500_000
_FEWEST_COMPARISONS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Access that was gained or lost, or a change whose direction cannot be determined."""

    direction: Direction
    finding: Finding


def access_changes(comparison: Comparison) -> list[AccessChange]:
    """Return every change of access between both sides."""
    skipped = _same_repositories(comparison)
    pairs = comparison.pairs
    before = policy_sets([pair.base for pair in pairs if pair.base], comparison.base, skipped)
    after = policy_sets([pair.head for pair in pairs if pair.head], comparison.head, skipped)
    on_both_sides = _resources_on_both_sides(comparison)
    kept = {change.place for change in comparison.changes if change.impact == "WILL_ORPHAN"}
    # A stack that leaves the app is not deleted with it, and still grants what it granted.
    left_behind = {pair.id for pair in pairs if pair.head is None}
    found: list[AccessChange] = []
    limit = _ComparisonLimit()
    for holder in sorted({*before, *after}, key=_order):
        base, head = before.get(holder), after.get(holder)
        stays = base is not None and (base.stacks.keys() <= left_behind or base.sources <= kept)
        is_same = (base or head or PolicySet()).sources <= on_both_sides
        found += _holder_changes(
            _Sides(holder=holder, base=base, head=head, stays=stays, has_same_sources=is_same),
            limit,
        )
    return found


class _TooManyError(Exception):
    """Raised when the permissions of one holder cannot be compared in reasonable time."""


@dataclass(slots=True)
class _ComparisonLimit:
    """The comparisons of two permissions that a review can still make in reasonable time."""

    left: int = _MOST_COMPARISONS
    _of_holder: int = 0

    def begin_holder(self) -> None:
        """Leave every holder some comparisons, however many others need."""
        self._of_holder = max(self.left, _FEWEST_COMPARISONS)

    def candidates(self, index: PermissionIndex, one: Permission) -> list[Permission]:
        """Return the permissions of an index to compare with one.

        :raises _TooManyError: at the limit.
        """
        found = list(index.candidates(one))
        # All of them count, so that the order of a set does not decide where the limit is.
        self.left = max(0, self.left - len(found))
        self._of_holder -= len(found)
        if self._of_holder < 0:
            self.left = 0
            raise _TooManyError
        return found


def _order(holder: Holder) -> tuple[str, str, str, str]:
    return (holder.environment, holder.subject.text, holder.kind, holder.where)


def _same_repositories(comparison: Comparison) -> frozenset[Place]:
    """Return the repositories that do not change: in a fleet, nearly all."""
    return frozenset(
        (pair.id, logical_id)
        for pair in comparison.pairs
        if pair.base
        and pair.head
        and (pair.base.account, pair.base.region) == (pair.head.account, pair.head.region)
        for logical_id, base, head in pair.on_both_sides()
        if isinstance(head, dict) and head.get("Type") == REPOSITORY and base == head
    )


def _resources_on_both_sides(comparison: Comparison) -> set[Place]:
    return {
        (pair.id, logical_id)
        for pair in comparison.pairs
        for logical_id, _, _ in pair.on_both_sides()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """One holder's policies on both sides; ``None`` where the holder has none.

    :param stays: whether the holder's resources remain deployed although the app removes them.
    :param has_same_sources: whether the resources of the policies are on both sides.
    """

    holder: Holder
    base: PolicySet | None
    head: PolicySet | None
    stays: bool
    has_same_sources: bool

    @property
    def is_unattached_managed_policy(self) -> bool:
        """Return whether a managed policy is on both sides, and unattached on one of them only."""
        is_one_sided = self.base is None or self.head is None
        is_managed = self.holder.subject.type == MANAGED_POLICY
        return is_managed and self.has_same_sources and is_one_sided

    @property
    def outlives_its_policies(self) -> bool:
        """Return whether the holder remains when none of its policies does."""
        is_separate = resource_type(self.holder.subject.type).is_separate_policy
        return self.holder.kind in _IDENTITY_KINDS or is_separate

    def change(
        self, direction: Direction, sentence: str, evidence: object, subject: Subject | None = None
    ) -> AccessChange:
        """Return a change of the holder's policies, by default with the holder as its subject."""
        base, head = self.base or PolicySet(), self.head or PolicySet()
        subject = subject or self.holder.subject
        finding = Finding(
            environment=self.holder.environment,
            stack=min((head if self.head else base).stacks.values(), default=""),
            subject=subject.text,
            message=sentence,
            places=frozenset(base.sources | head.sources),
            key=canonical_text([self.holder.kind, self.holder.where, self.holder.subject, subject]),
            evidence=canonical_text(evidence),
            is_undecided=direction == "undecided",
        )
        return AccessChange(direction=direction, finding=finding)


def _holder_changes(sides: _Sides, limit: _ComparisonLimit) -> Iterator[AccessChange]:
    if sides.is_unattached_managed_policy:
        return  # a policy without identities grants nothing; each identity has a change of its own
    if sides.head is None and (sides.stays or not sides.outlives_its_policies):
        return  # the holder still grants what it did, or is deleted, which another rule finds
    is_limit = sides.holder.kind in {"boundary", "endpoint"}
    if is_limit and (sides.base is None or sides.head is None):
        return  # a new limit grants nothing; its loss is a change of the identity
    base, head = sides.base or PolicySet(), sides.head or PolicySet()
    if sides.base is None and sides.holder.kind in {"resource", "trust"}:
        yield from _new_holder_changes(sides, head)
        return
    yield from _permission_changes(sides, base, head, limit)
    yield from _attachment_changes(sides, base, head)
    yield from _boundary_changes(sides, base, head)
    if base.unreadable != head.unreadable:
        yield sides.change(
            "undecided",
            "has a policy that changes and depends on values known only at deployment: whether it "
            "grants more or less cannot be determined",
            [base.unreadable, head.unreadable],
        )


def _new_holder_changes(sides: _Sides, head: PolicySet) -> Iterator[AccessChange]:
    """Yield one change for a new resource or role, without access of its own account."""
    account = sides.holder.account
    allowed = {one for one in head.permissions if not one.is_deny and one.principal != account}
    sentences = sentences_of(sides.holder.subject, "gained", allowed)
    texts = [sentence.text for sentence in sentences]
    if head.unreadable:
        texts.append("has a policy that depends on values known only at deployment")
    if texts:
        is_undecided = bool(head.unreadable) or any(map(_is_unknown, allowed))
        yield sides.change(
            "undecided" if is_undecided else "gained",
            f"is new, and {listed(texts)}",
            [allowed, head.unreadable],
        )


def _permission_changes(
    sides: _Sides, base: PolicySet, head: PolicySet, limit: _ComparisonLimit
) -> Iterator[AccessChange]:
    before, after = set(base.permissions), set(head.permissions)
    account = sides.holder.account
    limit.begin_holder()
    try:
        added = _not_covered_by(before, after, account, limit)
        removed = _not_covered_by(after, before, account, limit)
        if head.unreadable - base.unreadable:
            # A policy that cannot be read may still grant what is missing among the others.
            removed = {one for one in removed if one.is_deny}
        unclear = _incomparable(added, removed, limit) | set(filter(_is_unknown, added | removed))
    except _TooManyError:
        yield sides.change(
            "undecided",
            f"has policies with {len(before ^ after)} changed permissions, which are too many to "
            "compare: whether they grant more or less cannot be determined",
            [before, after],
        )
        return
    added, removed = added - unclear, removed - unclear
    # A Deny that is added takes access away, and one that is removed grants access.
    directions: tuple[tuple[Direction, set[Permission], set[Permission]], ...] = (
        ("gained", {one for one in added if not one.is_deny}, before),
        ("lost", {one for one in added if one.is_deny}, before),
        ("lost", {one for one in removed if not one.is_deny}, after),
        ("gained", {one for one in removed if one.is_deny}, after),
        ("undecided", unclear, set()),
    )
    for direction, permissions, others in directions:
        for one in sentences_of(sides.holder.subject, direction, permissions, others):
            yield sides.change(direction, one.text, one.evidence, one.subject)


def _attachment_changes(sides: _Sides, base: PolicySet, head: PolicySet) -> Iterator[AccessChange]:
    for one in sorted(head.attached - base.attached):
        yield sides.change("gained", f"gets {one.text}", [None, one])
    # A policy that cannot be read may still grant what is missing.
    removed = base.attached - head.attached if head.unreadable <= base.unreadable else set()
    for one in sorted(removed):
        yield sides.change("lost", f"loses {one.text}", [one, None])


def _boundary_changes(sides: _Sides, base: PolicySet, head: PolicySet) -> Iterator[AccessChange]:
    before, after = base.boundary, head.boundary
    if before == after or sides.base is None or sides.head is None:
        return
    direction: Direction = "gained"
    is_session = sides.holder.subject.type == CERTIFICATE_PROFILE
    word = "session policy" if is_session else "permissions boundary"
    sentence = f"is no longer limited by the {word} `{before}`"
    if after is not None:
        direction = "lost"
        sentence = f"is limited by the {word} `{after}`"
    if after is not None and before is not None:
        direction = "undecided"
        sentence += f" instead of `{before}`: whether that grants more or less cannot be determined"
    yield sides.change(direction, sentence, [before, after])


def _not_covered_by(
    covering: set[Permission],
    permissions: set[Permission],
    account: PrincipalSet,
    limit: _ComparisonLimit,
) -> set[Permission]:
    """Return the permissions that no permission of the other side contains.

    :param account: the account of the policies. A statement that names it only delegates to the
        account's identity policies; a role of the account that is named needs none of them.
    """
    index = PermissionIndex(covering)
    return {
        one
        for one in permissions - covering
        if not any(
            one.within(other)
            and (one.is_deny or other.principal != account or one.principal == account)
            for other in limit.candidates(index, one)
        )
    }


def _incomparable(
    added: set[Permission], removed: set[Permission], limit: _ComparisonLimit
) -> set[Permission]:
    """Return permissions of which only conditions changed, in a way that has no order."""
    before, after = _without_conditions(removed), _without_conditions(added)
    index = PermissionIndex(before, with_conditions=False)
    found: set[Permission] = set()
    for new in after:
        for old in limit.candidates(index, new):
            if new.within(old) and old.within(new):
                found |= _without_order(before[old], after[new])
                found |= _without_order(after[new], before[old])
    return found


def _without_conditions(permissions: set[Permission]) -> dict[Permission, list[Permission]]:
    """Return permissions by the same permission without conditions."""
    return grouped(permissions, lambda one: replace(one, conditions=frozenset()))


def _without_order(ones: list[Permission], others: list[Permission]) -> set[Permission]:
    """Return those of some permissions whose conditions cannot be ordered with another's."""
    unordered = {unordered_part(other.conditions) for other in others}
    return {one for one in ones if unordered - {unordered_part(one.conditions)}}


def _is_unknown(permission: Permission) -> bool:
    """Return whether a part of a permission is known only at deployment."""
    texts = [one.name for one in permission.principal.principals]
    texts += [*permission.action.patterns, *permission.resource.patterns]
    texts += [value for one in permission.conditions for value in one.values]
    return any(map(is_unknown, texts))
