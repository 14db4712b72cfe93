"""Malformed templates: a review reports what it can read, and never fails."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.policies.permissions import Permission
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.rules.table import findings_of
from tests.ecrctl.review.pairs import write_assembly

# Values that the library of the CDK CLI refuses, such as a number instead of a statement, are not
# among these: its own message is shown.
MALFORMED: tuple[Any, ...] = (
    "text",
    [],
    {},
    {"Ref": "Parameter"},
    {"Fn::GetAtt": ["A", "B", "C"]},
    {"Fn::Join": [1]},
    {"Fn::Select": ["x", {"Fn::Split": [1]}]},
    {"Fn::Sub": []},
)
RESOURCES: dict[str, Any] = {
    "Api": {
        "Type": "AWS::ECR::Repository",
        "Properties": {
            "RepositoryPolicyText": {"Statement": []},
            "LifecyclePolicy": {},
            "ImageTagMutabilityExclusionFilters": [],
        },
    },
    "Scanning": {
        "Type": "AWS::ECR::RegistryScanningConfiguration",
        "Properties": {"Rules": [{"RepositoryFilters": []}]},
    },
    "Replication": {
        "Type": "AWS::ECR::ReplicationConfiguration",
        "Properties": {"ReplicationConfiguration": {"Rules": [{"Destinations": []}]}},
    },
    "Task": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "ContainerDefinitions": [{"DockerLabels": {}, "LinuxParameters": {"Capabilities": {}}}]
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": []}, "Policies": []},
    },
}


@pytest.mark.parametrize("given", MALFORMED, ids=str)
def test_a_malformed_value_is_reviewed_without_an_error(given: Any, tmp_path: Path) -> None:
    variants = [RESOURCES, *_with(RESOURCES, given)]
    stacks = {f"dev/R{index}": {"Resources": one} for index, one in enumerate(variants)}
    unlike = {name: {"Resources": RESOURCES} for name in stacks}
    base, head = (
        stacks_of(write_assembly(tmp_path / side, one))
        for side, one in (("base", unlike), ("head", stacks))
    )
    assert findings_of(compare(base, head))


def _with(value: Any, given: Any) -> list[Any]:
    """Return the value once for each of its parts, with another value in place of that part."""
    if isinstance(value, dict):
        return [
            {**value, key: other}
            for key, item in value.items()
            if key not in {"Type", "Properties"} or isinstance(item, dict)
            for other in [*([given] if key != "Properties" else []), *_with(item, given)]
        ]
    if isinstance(value, list):
        return [[other] for item in value for other in [given, *_with(item, given)]]
    return []


def test_a_policy_of_ten_thousand_permissions_is_compared(tmp_path: Path) -> None:
    def side(name: str, condition: dict[str, Any]) -> Path:
        statement = {
            "Effect": "Allow",
            "Action": [f"s3:Action{number}" for number in range(125)],
            "Resource": [f"arn:aws:s3:::bucket-{number}" for number in range(80)],
            **condition,
        }
        document = {
            "PolicyName": "all",
            "Roles": ["ci"],
            "PolicyDocument": {"Statement": statement},
        }
        policy = {"Type": "AWS::IAM::Policy", "Properties": document}
        return write_assembly(tmp_path / name, {"dev/Access": {"Policy": policy}})

    strict = {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    sides = [stacks_of(one) for one in (side("base", {}), side("head", strict))]
    (finding,) = findings_of(compare(*sides))
    assert finding.rule == "access-lost"
    assert finding.message.endswith("from now on only if `Bool aws:SecureTransport true`")


@pytest.mark.parametrize(
    ("count", "before", "after"),
    [
        (12_000, {"Resource": "bucket-{}/*"}, {"Resource": "bucket-{}-new/*"}),
        (
            3000,
            {"Resource": "*-{}-*"},
            {"Resource": "*-{}-*", "Condition": {"Bool": {"a": "true"}}},
        ),
        (3000, {"Action": "s3:Get{}*"}, {"Action": "s3:Get{}??"}),
        (
            3000,
            {"Condition": {"NumericLessThan": {"s3:max-keys": "{}0"}}},
            {"Condition": {"NumericLessThan": {"s3:max-keys": "{}1"}}},
        ),
    ],
)
def test_thousands_of_statements_with_wildcards_are_compared_by_few_candidates(
    count: int,
    before: dict[str, Any],
    after: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def side(name: str, part: dict[str, Any]) -> list[Stack]:
        given = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", **part}
        statements = [json.loads(json.dumps(given).replace("{}", str(one))) for one in range(count)]
        policy = {"PolicyName": "all", "Roles": ["ci"], "PolicyDocument": {"Statement": statements}}
        resources = {"Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}
        return stacks_of(write_assembly(tmp_path / name, {"dev/Access": resources}))

    compared = itertools.count()
    within = Permission.within

    def counted(one: Permission, wide: Permission) -> bool:
        next(compared)
        return within(one, wide)

    monkeypatch.setattr(Permission, "within", counted)
    assert findings_of(compare(side("base", before), side("head", after)))
    # Each with each other would be 144 million, or 9 million.
    assert next(compared) < 80 * count
