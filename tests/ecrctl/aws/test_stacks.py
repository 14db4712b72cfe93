"""The repositories that the stacks of an account deploy."""

from __future__ import annotations

from typing import Any

from ecrctl.aws.stacks import repositories_of_stack, stacks_of_repositories
from tests.ecrctl.aws.stubs import StubClient, stub_aws


def resource(name: str, kind: str = "AWS::ECR::Repository", status: str = "CREATE_COMPLETE") -> Any:
    """Return a resource as CloudFormation lists it."""
    return {"PhysicalResourceId": name, "ResourceType": kind, "ResourceStatus": status}


STACKS = {
    "dev-Repositories-main": [
        [resource("team/api"), resource("topic", "AWS::SNS::Topic")],
        [resource("team/web", status="UPDATE_COMPLETE")],
    ],
    "dev-Repositories-web": [
        [
            resource("gone", status="DELETE_COMPLETE"),
            resource("queue", "AWS::SQS::Queue", "DELETE_COMPLETE"),
            resource("site"),
        ]
    ],
    "dev-Encryption": [[]],
}


def cloudformation() -> StubClient:
    """Return a client of an account with three stacks on two pages."""
    first, *others = [{"StackName": name} for name in STACKS]
    return StubClient(
        describe_stacks=lambda **_: [{"Stacks": [first]}, {"Stacks": others}],
        list_stack_resources=lambda StackName: [  # noqa: N803 - AWS spells it so
            {"StackResourceSummaries": page} for page in STACKS[StackName]
        ],
    )


def test_the_repositories_of_a_stack_are_those_that_it_has_now() -> None:
    client = stub_aws(cloudformation=cloudformation()).cloudformation
    assert repositories_of_stack(client, "dev-Repositories-main") == ["team/api", "team/web"]
    assert repositories_of_stack(client, "dev-Repositories-web") == ["site"]


def test_each_repository_has_the_stack_that_deploys_it() -> None:
    assert stacks_of_repositories(stub_aws(cloudformation=cloudformation())) == {
        "team/api": "dev-Repositories-main",
        "team/web": "dev-Repositories-main",
        "site": "dev-Repositories-web",
    }
