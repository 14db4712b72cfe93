"""Rules about what filters requests: web firewalls, and listeners that require a login."""

from collections.abc import Iterator

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import Resource, mappings, properties, value_at
from ecrctl.review.findings import Category
from ecrctl.review.rules.rule import resource_rule

_LOST = Category.PROTECTION_LOST


@resource_rule(_LOST, "AWS::WAFv2::RuleGroup", "AWS::WAFv2::WebACL")
def request_filter_weakened(change: ResourceChange) -> Iterator[str]:
    """A web firewall blocks fewer requests."""
    before, after = change.both(_blocking)
    lost = sorted(before - after)
    if change.is_update and lost:
        yield f"no longer blocks by {listed(lost)}"


def _blocking(resource: Resource | None) -> set[str]:
    """Return what blocks requests: the default, and rules that do not only count."""
    found = {
        f"the rule `{one.get('Name')}`"
        for one in mappings(value_at(resource, "Rules"))
        if not {"Allow", "Count"}
        & {*_action(one.get("Action")), *_action(one.get("OverrideAction"))}
    }
    is_blocked = "Block" in _action(properties(resource).get("DefaultAction"))
    return found | {"its default"} if is_blocked else found


def _action(given: object) -> list[str]:
    return [str(one) for one in given] if isinstance(given, dict) else []


@resource_rule(
    _LOST,
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
)
def login_dropped(change: ResourceChange) -> Iterator[str]:
    """A listener no longer requires a login."""
    before, after = change.both(_logins)
    if change.is_update and before and not after:
        yield f"no longer requires a login ({listed(before)})"


def _logins(resource: Resource | None) -> list[str]:
    actions = [
        *mappings(value_at(resource, "DefaultActions")),
        *mappings(value_at(resource, "Actions")),
    ]
    kinds = [str(one.get("Type")) for one in actions]
    return [f"`{kind}`" for kind in kinds if kind.startswith(("authenticate-", "jwt-"))]
