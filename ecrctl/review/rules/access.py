"""Who gained and who lost access, as rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from ecrctl.policies.wording import listed
from ecrctl.review.access.changes import AccessChange, access_changes
from ecrctl.review.access.sentences import Direction
from ecrctl.review.access.sources import grants_something
from ecrctl.review.diff.changed_references import changed_names, handed_down, references
from ecrctl.review.diff.comparison import Comparison, ResourceChange, mappings, path_of, value_at
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import word_of

from .rule import Look, Rule, each

_FOUND: WeakKeyDictionary[Comparison, list[AccessChange]] = WeakKeyDictionary()


def _in_direction(direction: Direction) -> Look:
    def look(comparison: Comparison) -> Iterator[Saying]:
        if comparison not in _FOUND:
            _FOUND[comparison] = access_changes(comparison)
        return (_saying(one) for one in _FOUND[comparison] if one.direction == direction)

    return look


def _saying(change: AccessChange) -> Saying:
    return Saying(
        environment=change.environment,
        stack=change.stack,
        subject=change.subject,
        message=change.sentence,
        is_undecided=change.direction == "undecided",
        places=change.places,
        evidence=change.evidence,
    )


def _depends(comparison: Comparison) -> Iterator[Saying]:
    """Tell of policies that stay as they are, and name what changes its meaning."""
    meanings = [(pair, changed_names(comparison, pair)) for pair in comparison.pairs]
    for pair, names in (*meanings, *handed_down(comparison)):
        if not names or pair.head is None or pair.base is None:
            continue
        for logical_id, resource in pair.head.template.get("Resources", {}).items():
            is_same = pair.base.template.get("Resources", {}).get(logical_id) == resource
            if not is_same or not grants_something(resource):
                continue
            for name in sorted({*references(resource)} & names.keys()):
                yield Saying(
                    environment=pair.environment,
                    stack=pair.name,
                    subject=f"{word_of(str(resource.get('Type')))} {path_of(logical_id, resource)}",
                    message=f"has a policy that names what the {names[name]} `{name}` says, which "
                    "changes: whether it gives more or less cannot be told here",
                    is_undecided=True,
                    places=frozenset({(pair.name, logical_id)}),
                )


def _replicated(change: ResourceChange) -> Iterator[str]:
    before, after = (
        {
            (str(one.get("RegistryId")), str(one.get("Region")))
            for rule in mappings(value_at(side, "ReplicationConfiguration", "Rules"))
            for one in mappings(rule.get("Destinations"))
        }
        for side in (change.base, change.head)
    )
    for account, region in sorted(after - before):
        if account != change.pair.stack.account:
            yield (
                f"copies images to account {account} in {region}, which may then do with them "
                "what it wants"
            )


def _more_audiences(change: ResourceChange) -> str | None:
    before, after = change.values("ClientIdList")
    known = before if isinstance(before, list) else []
    added = [f"`{one}`" for one in after or () if one not in known] if change.is_update else []
    return f"takes tokens that are meant for {listed(added)} as well" if added else None


RULES = (
    Rule(
        id="access-gained",
        category=Category.ACCESS_GAINED,
        finds="Somebody may do more, or under fewer conditions; a Deny is narrower or gone",
        look=_in_direction("gained"),
    ),
    Rule(
        id="access-undecided",
        category=Category.ACCESS_GAINED,
        finds="A policy changes, and whether it gives more or less cannot be told",
        look=_in_direction("undecided"),
    ),
    Rule(
        id="access-depends",
        category=Category.ACCESS_GAINED,
        finds="A policy stays as it is, and what it refers to changes",
        look=_depends,
    ),
    Rule(
        id="replicated-to-another-account",
        category=Category.ACCESS_GAINED,
        finds="Another account gets copies of images",
        look=each("AWS::ECR::ReplicationConfiguration", says=_replicated),
    ),
    Rule(
        id="more-audiences",
        category=Category.ACCESS_GAINED,
        finds="An identity provider takes tokens for more audiences",
        look=each("AWS::IAM::OIDCProvider", says=_more_audiences),
    ),
    Rule(
        id="access-lost",
        category=Category.ACCESS_LOST,
        finds="Somebody may do less, or under more conditions; a Deny is new or wider",
        look=_in_direction("lost"),
    ),
)
