"""The rules and targets of an environment's notifications, compared with AWS."""

import json
from collections.abc import Iterator

from constructs_lib.rules.ecr.images import registry_host
from constructs_lib.rules.policy.statements import canonical
from ecrctl.verify.check import MISSING, Check
from environments.names import NOTIFICATIONS

from .lookup import Lookup, logical_id
from .text import listed

# The path of the construct in its stack.
_CONSTRUCT = "Images"
_RULE = "AWS::Events::Rule"


def check_notifications(lookup: Lookup) -> Iterator[Check]:
    """Yield the target and the pattern of every rule that an environment declares."""
    notifications = lookup.settings.notifications
    if notifications is None:
        return
    target = (
        notifications.topic_arn
        or notifications.event_bus_arn
        or lookup.id_of(NOTIFICATIONS, _CONSTRUCT, "Topic", "Resource")
        or "the topic of its stack"
    )
    host = registry_host(lookup.settings.account, lookup.settings.region)
    patterns = notifications.events.patterns(host)
    for name, pattern in patterns.items():
        subject = f"notifications, {name}"
        live = lookup.live(_RULE, lookup.id_of(NOTIFICATIONS, _CONSTRUCT, name))
        if live is None:
            yield Check(subject, "exists", "yes", MISSING)
            continue
        found = live.properties
        targets = listed(one["Arn"] for one in found["Targets"])
        is_enabled = found["State"] == "ENABLED"
        yield Check(
            subject, "target", target, targets if is_enabled else f"{targets}, but disabled"
        )
        found_pattern = json.loads(found["EventPattern"] or "{}")
        matches = canonical(found_pattern) == canonical(pattern)
        shown = "as declared" if matches else str(found_pattern)
        yield Check(subject, "pattern", "as declared", shown)
    declared = {logical_id(_CONSTRUCT, name) for name in patterns}
    for other in sorted(lookup.ids_of_type(NOTIFICATIONS, _RULE).keys() - declared):
        yield Check(f"notifications, {other}", "exists", MISSING, "yes")
