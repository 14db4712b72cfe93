"""Every row of an environment's notifications, with scripted answers of AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.notifications import check_notifications
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import (
    ACCOUNT,
    REGION,
    always,
    load,
    lookup,
    missing,
    stacks_with,
)

NAMES = ("Pushes", "BasicScans", "InspectorFindings", "PullThroughFailures", "FailedPulls")
TOPIC = "arn:aws:sns:us-west-2:111111111111:alerts"
BUS = "arn:aws:events:us-west-2:222222222222:event-bus/central"
OWN_TOPIC = "arn:aws:sns:us-west-2:111111111111:dev-Notifications-Topic"
NO_RULE = missing("DescribeRule", "ResourceNotFoundException")


def checks(
    folder: Path, destination: str, found: dict[str, dict[str, Any]], target: str = TOPIC
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the declared and the deployed value of each row.

    :param destination: where the file declares that the rules send to.
    :param found: what differs at some of the deployed rules, by their names.
    """
    settings = load(folder, f"notifications: {{pushes: true{destination}}}\n")
    assert settings.notifications is not None
    patterns = settings.notifications.events.patterns(registry_host(ACCOUNT, REGION))
    assert tuple(patterns) == NAMES

    def describe_rule(Name: str) -> Any:  # noqa: N803 - AWS spells it so
        name = Name.removeprefix("dev-")
        # EventBridge returns a pattern as text; the order of its lists has no meaning.
        rule = {"Name": Name, "Arn": "arn", "State": "ENABLED"}
        return {**rule, "EventPattern": json.dumps(_turned(patterns[name])), **found.get(name, {})}

    def list_targets_by_rule(Rule: str) -> Any:  # noqa: N803 - AWS spells it so
        targets = found.get(Rule.removeprefix("dev-"), {}).get("Targets", [target])
        return [{"Targets": []}, {"Targets": [{"Arn": arn} for arn in targets]}]

    events = StubClient(
        describe_rule=describe_rule,
        list_targets_by_rule=list_targets_by_rule,
        list_tags_for_resource=always({"Tags": []}),
    )
    ids: dict[Any, str] = {("Images", name): f"dev-{name}" for name in NAMES}
    stacks = stacks_with(Notifications={**ids, ("Images", "Topic", "Resource"): OWN_TOPIC})
    listed = list(check_notifications(lookup(settings, events=events, cloudformation=stacks)))
    assert [(check.subject, check.what) for check in listed] == [
        (f"notifications, {name}", what) for name in NAMES for what in ("target", "pattern")
    ]
    return {
        (check.subject.removeprefix("notifications, "), check.what): (check.declared, check.found)
        for check in listed
    }


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in value.items()}
    return [_turned(item) for item in reversed(value)] if isinstance(value, list) else value


def differing(found: dict[tuple[str, str], tuple[str, str]]) -> dict[Any, tuple[str, str]]:
    """Return the rows that differ."""
    return {row: values for row, values in found.items() if values[0] != values[1]}


@pytest.mark.parametrize(
    ("destination", "target"),
    [("", OWN_TOPIC), (f", topic_arn: '{TOPIC}'", TOPIC), (f", event_bus_arn: '{BUS}'", BUS)],
)
def test_notifications_as_declared_have_every_row(
    tmp_path: Path, destination: str, target: str
) -> None:
    found = checks(tmp_path, destination, {}, target)
    for name in NAMES:
        assert found[(name, "target")] == (target, target)
        assert found[(name, "pattern")] == ("as declared", "as declared")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("changes", "what", "row"),
    [
        ({"State": "DISABLED"}, "target", (TOPIC, f"{TOPIC}, but disabled")),
        ({"Targets": []}, "target", (TOPIC, "none")),
        ({"Targets": [TOPIC, BUS]}, "target", (TOPIC, f"{BUS}, {TOPIC}")),
        ({"EventPattern": '{"source": ["x"]}'}, "pattern", ("as declared", "{'source': ['x']}")),
        ({"EventPattern": None}, "pattern", ("as declared", "{}")),
    ],
)
def test_a_changed_rule_has_both_values_in_its_row(
    tmp_path: Path, name: str, changes: Any, what: str, row: tuple[str, str]
) -> None:
    found = checks(tmp_path, f", topic_arn: '{TOPIC}'", {name: changes})
    assert differing(found) == {(name, what): row}


@pytest.mark.parametrize("deployed", [True, False])
def test_a_missing_rule_has_one_row(tmp_path: Path, *, deployed: bool) -> None:
    settings = load(tmp_path, "notifications: {pushes: true}\n")
    # Deleted past CloudFormation, or never deployed.
    ids: dict[Any, str] = {("Images", name): f"dev-{name}" for name in NAMES}
    stacks = stacks_with(Notifications=ids) if deployed else stacks_with()
    events = StubClient(describe_rule=NO_RULE)
    found = list(check_notifications(lookup(settings, events=events, cloudformation=stacks)))
    assert found == [Check(f"notifications, {name}", "exists", "yes", MISSING) for name in NAMES]
    assert len(events.requests) == (len(NAMES) if deployed else 0)


def test_a_rule_of_another_bus_is_asked_for_there(tmp_path: Path) -> None:
    settings = load(tmp_path, "notifications: {pushes: true}\n")
    stacks = stacks_with(Notifications={("Images", "Pushes"): "central|dev-Pushes"})
    events = StubClient(describe_rule=NO_RULE)
    assert list(check_notifications(lookup(settings, events=events, cloudformation=stacks)))
    assert events.requests == [("describe_rule", {"Name": "dev-Pushes", "EventBusName": "central"})]


def test_an_environment_without_notifications_has_no_row_for_them(tmp_path: Path) -> None:
    assert list(check_notifications(lookup(load(tmp_path, "")))) == []
