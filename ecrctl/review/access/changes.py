"""Who gained and who lost what, from what the policies of both sides mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ecrctl.policies.patterns import can_be_ordered, stable
from ecrctl.policies.permissions import OWN_ACCOUNT, Named, Permission, Shelf
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.diff.intrinsics import UNKNOWN
from ecrctl.review.findings import Place, canonical_json

from .sentences import Direction, told_of
from .sources import Holder, Pool, pools_of

_IDENTITY_KINDS = ("identity", "trust", "boundary")
# Whose policy is a resource of its own, which goes without them.
_WITH_POLICIES_APART = ("registry ", "bucket policy ", "queue policy ", "secret ", "topic policy ")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Access that was gained or lost, or a change whose direction cannot be determined.

    :param subject: the resource or identity, such as ``repository team/api``.
    :param sentence: the change, as a verb phrase after its subject.
    :param places: the resources that the policies come from.
    :param key: the holder of the policies, for the id of a finding.
    :param evidence: the permissions before and after.
    """

    direction: Direction
    environment: str
    stack: str
    subject: str
    sentence: str
    places: frozenset[Place]
    key: str
    evidence: str


def access_changes(comparison: Comparison) -> list[AccessChange]:
    """Compare the policies of both sides by their meaning."""
    skipped = _same_resources(comparison)
    before, after = (
        pools_of([stack for stack in stacks if stack], side, skipped)
        for stacks, side in (
            ([pair.base for pair in comparison.pairs], comparison.base),
            ([pair.head for pair in comparison.pairs], comparison.head),
        )
    )
    both = {
        (pair.name, logical_id)
        for pair in comparison.pairs
        if pair.base and pair.head
        for logical_id in pair.base.template.get("Resources", {})
        if logical_id in pair.head.template.get("Resources", {})
    }
    kept = {
        (change.pair.name, change.logical_id)
        for change in comparison.changes
        if change.impact == "WILL_ORPHAN"
    }
    # What leaves the app with its whole stack is deleted by nobody, and grants what it granted.
    gone = {pair.name for pair in comparison.pairs if pair.head is None}
    return [
        change
        for holder in sorted(
            {*before, *after}, key=lambda one: (one.environment, one.name, one.kind, one.where)
        )
        for change in _of_holder(
            _Sides(
                holder=holder,
                base=before.get(holder),
                head=after.get(holder),
                is_known=(before.get(holder) or after[holder]).sources <= both,
                stays=holder in before
                and (before[holder].stacks <= gone or before[holder].sources <= kept),
            )
        )
    ]


def _same_resources(comparison: Comparison) -> frozenset[Place]:
    """Give the repositories that stay as they are: of a fleet, nearly all."""
    return frozenset(
        (pair.name, logical_id)
        for pair in comparison.pairs
        if pair.base and pair.head
        for logical_id, resource in pair.head.resources("AWS::ECR::Repository")
        if pair.base.template.get("Resources", {}).get(logical_id) == resource
        and (pair.base.account, pair.base.region) == (pair.head.account, pair.head.region)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    holder: Holder
    base: Pool | None
    head: Pool | None
    stays: bool
    is_known: bool

    @property
    def is_detached(self) -> bool:
        """Say whether a policy of whoever has it is told of anew, or no more, and was there."""
        is_of_whoever = self.holder.name.startswith("whoever ")
        return is_of_whoever and self.is_known and None in (self.base, self.head)

    @property
    def account(self) -> Named:
        """Give the holder's own account as a principal."""
        account = self.holder.where.partition("/")[0]
        return (False, frozenset({f"account {account if account.isdigit() else OWN_ACCOUNT}"}))

    def say(
        self, direction: Direction, subject: str, message: str, evidence: str = ""
    ) -> AccessChange:
        pool = self.head or self.base or Pool()
        places = (self.base or Pool()).sources | (self.head or Pool()).sources
        return AccessChange(
            direction=direction,
            environment=self.holder.environment,
            stack=min(pool.stacks, default=""),
            subject=subject,
            sentence=message,
            places=frozenset(places),
            key=_key(self.holder, places),
            evidence=stable([direction, evidence, _differing(self.base, self.head)]),
        )


def _key(holder: Holder, places: set[Place]) -> str:
    """Return the holder as an id names it."""
    return canonical_json([holder.kind, holder.where, holder.name, sorted(places)])


def _of_holder(sides: _Sides) -> Iterator[AccessChange]:
    if sides.is_detached:
        return  # a policy that is attached to nobody gives nothing, and is told of where it was
    if sides.head is None and (sides.stays or not _outlives_its_policies(sides.holder)):
        return  # it stays and grants what it did, or it is gone, which another rule tells
    if sides.holder.kind in {"boundary", "endpoint"} and None in (sides.base, sides.head):
        return  # what only limits gives nothing when it is new, and its role is told of its loss
    base, head = sides.base or Pool(), sides.head or Pool()
    if sides.base is None and sides.holder.kind in {"resource", "trust"}:
        yield from _of_new(sides, head)
        return
    yield from _of_permissions(sides, base, head)
    yield from _of_attached(sides, base, head)
    yield from _of_boundary(sides, base, head)
    if base.unreadable != head.unreadable:
        yield sides.say(
            "undecided",
            sides.holder.name,
            "has a policy that changes and depends on what only the deployment knows: "
            "whether it gives more or less cannot be told here",
        )


def _differing(base: Pool | None, head: Pool | None) -> list[object]:
    before, after = base or Pool(), head or Pool()
    return [
        set(before.permissions) ^ set(after.permissions),
        before.unreadable ^ after.unreadable,
        before.attached ^ after.attached,
        [before.boundary, after.boundary],
    ]


def _outlives_its_policies(holder: Holder) -> bool:
    """Say whether somebody, or something, is still there when no policy speaks of it any more."""
    return holder.kind in _IDENTITY_KINDS or holder.name.startswith(_WITH_POLICIES_APART)


def _of_new(sides: _Sides, head: Pool) -> Iterator[AccessChange]:
    """Tell in one sentence who may use what is new; its own account may anyway."""
    allowed = {
        one for one in head.permissions if not one.is_deny and one.principal != sides.account
    }
    told = [sentence for _, sentence, _ in told_of(sides.holder.name, "gained", allowed)]
    told += ["has a policy that depends on what only the deployment knows"] * bool(head.unreadable)
    if told:
        is_undecided = bool(head.unreadable) or any(map(_is_unknown, allowed))
        direction: Direction = "undecided" if is_undecided else "gained"
        yield sides.say(direction, sides.holder.name, f"is new, and {listed(told)}")


def _of_permissions(sides: _Sides, base: Pool, head: Pool) -> Iterator[AccessChange]:
    before, after = set(base.permissions), set(head.permissions)
    added, removed = (
        _beyond(these, those, sides.account) for these, those in ((after, before), (before, after))
    )
    if head.unreadable - base.unreadable:
        # What was granted may be so still, by what cannot be read any more.
        removed = {one for one in removed if one.is_deny}
    unclear = _incomparable(added, removed)
    unclear |= {one for one in added | removed if _is_unknown(one)}
    for permissions, others, is_added in (
        (added - unclear, before, True),
        (removed - unclear, after, False),
    ):
        for is_deny in (False, True):
            chosen = {one for one in permissions if one.is_deny == is_deny}
            # A Deny that is added takes away, and one that is removed gives.
            direction: Direction = "gained" if is_added != is_deny else "lost"
            told = told_of(sides.holder.name, direction, chosen, others)
            yield from (sides.say(direction, *one) for one in told)
    told = told_of(sides.holder.name, "undecided", unclear)
    yield from (sides.say("undecided", *one) for one in told)


def _of_attached(sides: _Sides, base: Pool, head: Pool) -> Iterator[AccessChange]:
    for policy in sorted(head.attached - base.attached):
        yield sides.say("gained", sides.holder.name, f"gets {policy}", policy)
    for policy in sorted(base.attached - head.attached):
        yield sides.say("lost", sides.holder.name, f"loses {policy}", policy)


def _of_boundary(sides: _Sides, base: Pool, head: Pool) -> Iterator[AccessChange]:
    if base.boundary == head.boundary or sides.base is None:
        return
    if head.boundary is None:
        message = f"is no longer limited by the permissions boundary `{base.boundary}`"
        if sides.head is not None:
            yield sides.say("gained", sides.holder.name, message)
    elif base.boundary is None:
        message = f"is limited by the permissions boundary `{head.boundary}`"
        yield sides.say("lost", sides.holder.name, message)
    else:
        message = (
            f"is limited by the permissions boundary `{head.boundary}` instead of "
            f"`{base.boundary}`, and whether that is more or less cannot be told here"
        )
        yield sides.say("undecided", sides.holder.name, message)


def _beyond(these: set[Permission], those: set[Permission], account: Named) -> set[Permission]:
    """Give the permissions that no permission of the other side contains.

    :param account: the account that the policies stand in. Naming it only delegates, to what its
        identities are allowed elsewhere; a role of it that is named needs nothing else.
    """
    shelf = Shelf(those)
    return {
        one
        for one in these - those
        if not any(
            one.within(other)
            and (one.is_deny or other.principal != account or one.principal == account)
            for other in shelf.that_may_contain(one)
        )
    }


def _incomparable(added: set[Permission], removed: set[Permission]) -> set[Permission]:
    """Give permissions whose conditions alone changed, in a way that has no order."""
    found: set[Permission] = set()
    shelf = Shelf(removed)
    for one in added:
        for other in shelf.that_may_contain(one):
            if one.concerns_same(other) and other.concerns_same(one):
                mine, theirs = one.conditions or frozenset(), other.conditions or frozenset()
                if not can_be_ordered(mine ^ theirs):
                    found |= {one, other}
    return found


def _is_unknown(permission: Permission) -> bool:
    named = (permission.principal, permission.action, permission.resource)
    texts = [text for _, ones in named for text in ones]
    for _, _, values in permission.conditions or ():
        texts += values
    return permission.conditions is None or any(UNKNOWN in text for text in texts)
