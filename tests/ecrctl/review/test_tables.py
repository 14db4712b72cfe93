"""Each row of the review's tables has the effect that it promises."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.removals import ENDS, ROUTINE
from ecrctl.review.resolution.names import NAMED_TYPES
from ecrctl.review.resolution.templates import resolved
from ecrctl.review.resource_types import RESOURCE_TYPES
from ecrctl.review.rules import workloads
from ecrctl.review.rules.removal.removed import is_known_removal
from ecrctl.review.rules.unknown import undecided
from ecrctl.review.rules.unknown.undecided import SETTINGS

ACCOUNT, REGION = "111111111111", "us-west-2"
UNKNOWN = {"Fn::Parameter": ["Mode"]}
IAM = f"arn:aws:iam::{ACCOUNT}"
REFERENCES: dict[str, tuple[Any, Any]] = {
    "AWS::CodeBuild::Project": ("n", f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/n"),
    "AWS::DynamoDB::Table": ("n", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/n"),
    "AWS::ECR::Repository": ("n", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/n"),
    "AWS::ECS::Cluster": ("n", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/n"),
    "AWS::EKS::Cluster": ("n", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/n"),
    "AWS::Events::EventBus": ("n", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/n"),
    "AWS::IAM::Group": ("n", f"{IAM}:group/n"),
    "AWS::IAM::InstanceProfile": ("n", f"{IAM}:instance-profile/n"),
    "AWS::IAM::ManagedPolicy": (f"{IAM}:policy/n", f"{IAM}:policy/n"),
    "AWS::IAM::Role": ("n", f"{IAM}:role/n"),
    "AWS::IAM::User": ("n", f"{IAM}:user/n"),
    "AWS::KMS::Alias": ("n", None),
    "AWS::Lambda::Function": ("n", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:n"),
    "AWS::Logs::LogGroup": ("n", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:n:*"),
    "AWS::S3::Bucket": ("n", "arn:aws:s3:::n"),
    "AWS::SNS::Topic": (f"arn:aws:sns:{REGION}:{ACCOUNT}:n", f"arn:aws:sns:{REGION}:{ACCOUNT}:n"),
    "AWS::SQS::Queue": ({"Ref": "It"}, f"arn:aws:sqs:{REGION}:{ACCOUNT}:n"),
    "AWS::SSM::Parameter": ("n", None),
    "AWS::StepFunctions::StateMachine": (
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:n",
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:n",
    ),
}


def stack_with(kind: str, properties: dict[str, Any], **others: Any) -> Stack:
    """Return a stack with one resource of a type, and others."""
    return Stack(
        name="dev/Web",
        account=ACCOUNT,
        region=REGION,
        stack_name="dev-Web",
        template={"Resources": {"It": {"Type": kind, "Properties": properties}, **others}},
    )


def compared(kind: str, base: dict[str, Any], head: dict[str, Any]) -> Comparison:
    """Return a comparison of one resource that changes in place."""
    sides = [stack_with(kind, one) for one in (base, head)]
    pair = StackPair(name="dev/Web", base=sides[0], head=sides[1])
    before, after = (one.template["Resources"]["It"] for one in sides)
    change = ResourceChange(
        pair=pair, logical_id="It", base=before, head=after, impact="WILL_UPDATE"
    )
    return Comparison(base=sides[:1], head=sides[1:], pairs=[pair], changes=[change])


def at(path: str, value: Any) -> dict[str, Any]:
    """Return properties with a value at a path; ``*`` is the only item of a list."""
    for step in reversed(path.split(".")):
        value = [value] if step == "*" else {step: value}
    found: dict[str, Any] = value
    return found


def test_every_named_type_has_its_reference() -> None:
    assert REFERENCES.keys() == NAMED_TYPES.keys()
    for kind, (ref, arn) in REFERENCES.items():
        values = {"A": {"Ref": "It"}, "B": {"Fn::GetAtt": ["It", "Arn"]}}
        user = {"Type": "X::Y::Z", "Properties": values}
        (stack,) = resolved([stack_with(kind, {NAMED_TYPES[kind].name: "n"}, User=user)])
        found = stack.template["Resources"]["User"]["Properties"]
        assert found["A"] == ref, kind
        assert found["B"] == (arn or values["B"]), kind


@pytest.mark.parametrize("kind", IMAGE_PROPERTIES)
def test_every_image_and_identity_of_a_type_is_compared(kind: str) -> None:
    row = IMAGE_PROPERTIES[kind]
    for path in row.images:
        comparison = compared(kind, at(path, "a/b:1"), at(path, "a/b:2"))
        (finding,) = workloads.image_changed.findings(comparison)
        assert "tag `1` → `2`" in finding.message, path
        assert finding.subject.startswith(f"{row.word} "), path
    for path in row.identities:
        comparison = compared(kind, at(path, "one"), at(path, "two"))
        (finding,) = workloads.identity_changed.findings(comparison)
        assert "`one` → `two`" in finding.message, path


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_setting_with_an_unknown_value_is_undecided(kind: str) -> None:
    rules = (
        undecided.data_undecided,
        undecided.protection_undecided,
        undecided.sharing_undecided,
        undecided.workload_undecided,
    )
    assert kind in RESOURCE_TYPES
    for name, setting in SETTINGS[kind].items():
        for base, head in ((at(name, "x"), at(name, UNKNOWN)), (at(name, UNKNOWN), at(name, "x"))):
            comparison = compared(kind, base, head)
            found = [one for rule in rules for one in rule.findings(comparison)]
            assert [one.category for one in found] == [setting.category], name
            assert found[0].is_undecided
            assert "`Mode`" in found[0].message


# Of these, only the template decides what depends on them.
UNKNOWN_REMOVALS = {
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::SAMLProvider",
    "AWS::SSM::Parameter",
    "Custom::AWSCDKOpenIdConnectProvider",
}


def test_the_removal_of_a_type_has_one_meaning() -> None:
    assert not ENDS.keys() & ROUTINE
    for kind in (*ENDS, *ROUTINE):
        row = RESOURCE_TYPES.get(kind)
        assert row is None or not (row.holds or row.protects), kind


def test_the_removal_of_every_listed_type_has_a_meaning() -> None:
    unknown = {kind for kind in RESOURCE_TYPES if not is_known_removal(kind)}
    assert unknown == UNKNOWN_REMOVALS


def test_the_removal_of_an_unknown_type_has_no_meaning() -> None:
    assert not is_known_removal("Acme::Web::Thing")
