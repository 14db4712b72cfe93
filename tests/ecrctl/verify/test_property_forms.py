"""Values of properties that a service returns in another form than a template declares them.

Sources: Amazon ECS API reference, "ContainerDefinition", "HealthCheck", "PortMapping" and
"DeploymentConfiguration"; Amazon EC2 API reference, "IpPermission".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.forms import are_same, plain

TASK, SERVICE = "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
GROUP = "AWS::EC2::SecurityGroup"
ARN = "arn:aws:ecs:us-west-2:111111111111:task-definition"
HEALTH = {"Command": ["CMD-SHELL", "true"]}
# What ECS does where a container declares no times.
ECS_TIMES = {"Interval": 30, "Timeout": 5, "Retries": 3, "StartPeriod": 0}
DECLARED_PORT = {"ContainerPort": 80}
PORT = {"ContainerPort": 80, "HostPort": 80, "Protocol": "tcp"}
UNPRIVILEGED = {"Capabilities": {"Drop": ["ALL", "SYS_ADMIN"]}, "InitProcessEnabled": True}


def same(resource_type: str, name: str, declared: Any, found: Any) -> bool:
    """Return whether a property has the same meaning in both forms."""
    return are_same(RESOURCE_TYPES[resource_type].properties[name].form, declared, found)


def container(**properties: Any) -> dict[str, Any]:
    """Return a container's definition as a template declares it."""
    return {"Name": "api", "Image": "api", **properties}


@pytest.mark.parametrize(
    ("resource_type", "name"),
    [
        ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
        ("AWS::ECR::Repository", "RepositoryPolicyText"),
        ("AWS::IAM::Policy", "PolicyDocument"),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ],
)
def test_a_policy_is_compared_by_its_meaning(resource_type: str, name: str) -> None:
    statement = {"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}
    returned = {**statement, "Action": ["a:C", "a:B"], "Resource": ["*"]}
    declared, found = ({"Version": "2012-10-17", "Statement": [x]} for x in (statement, returned))
    denied = {"Version": "2012-10-17", "Statement": [{**statement, "Effect": "Deny"}]}
    assert same(resource_type, name, declared, json.dumps(found))
    assert not same(resource_type, name, declared, json.dumps(denied))


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({}, {"Cpu": 0, "Essential": True}),
        ({}, {"Privileged": False, "ReadonlyRootFilesystem": False}),
        ({}, {"Interactive": False, "PseudoTerminal": False, "DisableNetworking": False}),
        ({"Essential": "true", "Cpu": "10"}, {"Essential": True, "Cpu": 10}),
        ({"HealthCheck": HEALTH}, {"HealthCheck": {**HEALTH, **ECS_TIMES}}),
        (
            {"HealthCheck": {**HEALTH, "Interval": "5"}},
            {"HealthCheck": {**HEALTH, **ECS_TIMES, "Interval": 5}},
        ),
        (
            {"Environment": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]},
            {"Environment": [{"Name": "B", "Value": "2"}, {"Name": "A", "Value": "1"}]},
        ),
        (
            {"Ulimits": [{"Name": "core", "HardLimit": 0}, {"Name": "nofile", "HardLimit": 9}]},
            {"Ulimits": [{"Name": "nofile", "HardLimit": 9}, {"Name": "core", "HardLimit": 0}]},
        ),
        ({"PortMappings": [DECLARED_PORT]}, {"PortMappings": [PORT]}),
        ({"PortMappings": [DECLARED_PORT]}, {"PortMappings": [{**PORT, "HostPort": 0}]}),
        (
            {"LinuxParameters": UNPRIVILEGED},
            {
                "LinuxParameters": {
                    "Capabilities": {"Drop": ["SYS_ADMIN", "ALL"]},
                    "InitProcessEnabled": True,
                }
            },
        ),
        ({"LinuxParameters": {}}, {"LinuxParameters": {"InitProcessEnabled": False}}),
    ],
)
def test_what_ecs_adds_to_a_container_is_no_difference(
    declared: dict[str, Any], found: dict[str, Any]
) -> None:
    forms = ([container(**declared)], [container(**found)])
    assert same(TASK, "ContainerDefinitions", *forms)


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({}, {"Cpu": 1}),
        ({}, {"Essential": False}),
        ({}, {"Privileged": True}),
        ({}, {"ReadonlyRootFilesystem": True}),
        ({}, {"Interactive": True}),
        ({}, {"PseudoTerminal": True}),
        ({}, {"DisableNetworking": True}),
        ({}, {"HealthCheck": {**HEALTH, **ECS_TIMES}}),
        *(
            ({"HealthCheck": HEALTH}, {"HealthCheck": {**HEALTH, **ECS_TIMES, name: 7}})
            for name in ECS_TIMES
        ),
        ({"Ulimits": [{"Name": "core", "HardLimit": 0}]}, {}),
        ({"PortMappings": [DECLARED_PORT]}, {"PortMappings": [{**PORT, "HostPort": 81}]}),
        (
            {"PortMappings": [DECLARED_PORT]},
            {"PortMappings": [{**PORT, "Protocol": "udp"}]},
        ),
        ({"LinuxParameters": UNPRIVILEGED}, {}),
        ({"LinuxParameters": {}}, {"LinuxParameters": {"InitProcessEnabled": True}}),
        ({"LinuxParameters": {}}, {"LinuxParameters": {"Capabilities": {"Add": ["ALL"]}}}),
    ],
)
def test_another_setting_of_a_container_is_a_difference(
    declared: dict[str, Any], found: dict[str, Any]
) -> None:
    forms = ([container(**declared)], [container(**found)])
    assert not same(TASK, "ContainerDefinitions", *forms)


def test_the_order_of_containers_has_no_meaning() -> None:
    one, other = container(), container(Name="sidecar")
    assert same(TASK, "ContainerDefinitions", [one, other], [other, one])
    assert not same(TASK, "ContainerDefinitions", [one, other], [one])


@pytest.mark.parametrize(
    ("declared", "found", "shown"),
    [
        (f"{ARN}/api:2", f"{ARN}/api:2", (f"{ARN}/api:2", f"{ARN}/api:2")),
        (f"{ARN}/api:2", f"{ARN}/api:3", ("api, revision 2", "api, revision 3")),
        (f"{ARN}/api:2", f"{ARN}/other:2", (f"{ARN}/api:2", f"{ARN}/other:2")),
        (None, None, (None, None)),
    ],
)
def test_a_revision_is_shown_by_its_number_and_another_family_by_its_arn(
    declared: Any, found: Any, shown: tuple[Any, Any]
) -> None:
    for kind, name in ((SERVICE, "TaskDefinition"), (TASK, "Revision")):
        assert RESOURCE_TYPES[kind].properties[name].form(declared, found) == shown


def test_the_addresses_of_a_service_have_no_order() -> None:
    declared = {"SecurityGroups": ["sg-2", "sg-1"], "Subnets": ["b", "a"]}
    found = {"SecurityGroups": ["sg-1", "sg-2"], "Subnets": ["a", "b"]}
    off = {"AwsvpcConfiguration": {**found, "AssignPublicIp": "DISABLED"}}
    on = {"AwsvpcConfiguration": {**found, "AssignPublicIp": "ENABLED"}}
    assert same(SERVICE, "NetworkConfiguration", {"AwsvpcConfiguration": declared}, off)
    assert not same(SERVICE, "NetworkConfiguration", {"AwsvpcConfiguration": declared}, on)
    assert not same(SERVICE, "NetworkConfiguration", None, off)


@pytest.mark.parametrize(
    "declared", [None, {}, {"MaximumPercent": "200"}, {"Alarms": {"Enable": False}}]
)
def test_how_ecs_deploys_a_service_by_itself_is_no_difference(declared: Any) -> None:
    found = {
        "MaximumPercent": 200,
        "MinimumHealthyPercent": 100,
        "Strategy": "ROLLING",
        "BakeTimeInMinutes": 0,
        "Alarms": {"AlarmNames": [], "Enable": False, "Rollback": False},
    }
    assert same(SERVICE, "DeploymentConfiguration", declared, found)
    for change in (
        {"MaximumPercent": 100},
        {"MinimumHealthyPercent": 0},
        {"Strategy": "BLUE_GREEN"},
        {"BakeTimeInMinutes": 5},
        {"Alarms": {"AlarmNames": ["a"], "Enable": True}},
    ):
        assert not same(SERVICE, "DeploymentConfiguration", declared, {**found, **change})


@pytest.mark.parametrize("given", [[1, True, ""], (1, True, "")])
def test_a_list_and_a_tuple_have_the_same_plain_form(given: object) -> None:
    assert plain(given) == ["1", "true", None]
