"""Two spellings of one meaning: the review finds nothing, and decides access as IAM does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.access.changes import access_changes
from ecrctl.review.diff.comparison import Comparison, pairs_of
from ecrctl.review.resolution.templates import resolved
from ecrctl.review.rules.table import findings_of
from tests.ecrctl.review.access.test_meaning import allowed, policies
from tests.ecrctl.review.resolution.spellings import spelled

ACCOUNT, REGION = "111111111111", "us-west-2"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api@sha256:{'a' * 64}"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": ["222222222222", "arn:aws:iam::333333333333:role/app"]},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {"StringLike": {"aws:PrincipalTag/team": "${aws:PrincipalTag/unit}-*"}},
        }
    ],
}
RESOURCES: dict[str, Any] = {
    "Api": {
        "Type": "AWS::ECR::Repository",
        "DeletionPolicy": "Retain",
        "Properties": {
            "RepositoryName": "team/api",
            "ImageTagMutability": "IMMUTABLE",
            "ImageScanningConfiguration": {"ScanOnPush": "true"},
            "EmptyOnDelete": "false",
            "LifecyclePolicy": {"LifecyclePolicyText": '{"rules":[]}'},
            "RepositoryPolicyText": POLICY,
        },
    },
    "Task": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "web",
            "ContainerDefinitions": [{"Name": "web", "Image": IMAGE, "Command": ["run", "${!x}"]}],
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "app",
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ]
            },
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        },
    },
    "Manifest": {
        "Type": "Custom::AWSCDK-EKS-KubernetesResource",
        "Properties": {"Manifest": '[{"kind":"Pod","spec":{"containers":[{"image":"a:1"}]}}]'},
    },
}


def stack_of(template: dict[str, Any]) -> Stack:
    """Return a stack with a template."""
    return Stack(
        name="dev/Web",
        account=ACCOUNT,
        region=REGION,
        stage="dev",
        stack_name="dev-Web",
        template=template,
    )


def compared(base: dict[str, Any], head: dict[str, Any]) -> Comparison:
    """Return two templates compared, without what the library of the CDK CLI adds."""
    sides = [resolved([stack_of(one)]) for one in (base, head)]
    return Comparison(base=sides[0], head=sides[1], pairs=pairs_of(*sides), changes=[])


@settings(max_examples=200)
@given(spelled(RESOURCES))
def test_another_spelling_of_the_same_meaning_is_no_finding(template: dict[str, Any]) -> None:
    comparison = compared({"Resources": RESOURCES}, template)
    # Without a difference in a resource the library reports none either.
    assert comparison.head[0].template["Resources"] == RESOURCES
    assert findings_of(comparison) == []


@st.composite
def _changes_of_policies(draw: st.DrawFn) -> tuple[list[Any], list[Any], Any, Any]:
    base, head = draw(policies), draw(policies)
    return base, head, draw(spelled(_repository(base))), draw(spelled(_repository(head)))


def _repository(policy: list[Any]) -> dict[str, Any]:
    given = {"RepositoryName": "team/api", "RepositoryPolicyText": {"Statement": policy}}
    return {"Api": {"Type": "AWS::ECR::Repository", "Properties": given}}


@settings(max_examples=150)
@given(_changes_of_policies())
def test_no_change_of_access_hides_behind_functions(
    change: tuple[list[Any], list[Any], Any, Any],
) -> None:
    base, head, *templates = change
    directions = {one.direction for one in access_changes(compared(*templates))}
    before, after = allowed(base), allowed(head)
    if after - before:
        assert directions & {"gained", "undecided"}
    if before - after:
        assert directions & {"lost", "undecided"}
    if base == head:
        assert not directions
