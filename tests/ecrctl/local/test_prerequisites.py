"""What an environment expects in its account, made in the embedded AWS before a deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError
from ecrctl.local.prerequisites import make_prerequisites
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws

PROVIDER = "GitHub's OIDC provider"


def refused(code: str) -> Callable[..., Any]:
    """Return an operation that AWS refuses."""

    def call(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Create")

    return call


def client(**answers: Callable[..., Any]) -> StubClient:
    """Return IAM, which makes whatever it is asked for."""
    made: dict[str, Callable[..., Any]] = {
        name: lambda **_: {} for name in ("create_role", "create_open_id_connect_provider")
    }
    return StubClient(**{**made, **answers})


def settings(*, pushes: bool = False, creates: bool = False) -> EnvironmentSettings:
    """Return an environment, as far as it is read here."""
    facts = SimpleNamespace(name="mine", github_pushes=pushes, creates_github_provider=creates)
    return cast("EnvironmentSettings", facts)


def stack(*policies: tuple[str, Any]) -> Stack:
    """Return a stack with policies, each of a type and for some roles."""
    resources = {
        f"Policy{number}": {"Type": kind, "Properties": {"Roles": roles}}
        for number, (kind, roles) in enumerate(policies)
    }
    return Stack(name="a", account="1", region="b", template={"Resources": resources})


def test_roles_that_policies_name_are_made_once_and_in_order() -> None:
    iam = client()
    stacks = [
        stack(("AWS::IAM::Policy", ["nodes", {"Ref": "Own"}]), ("AWS::IAM::User", ["other"])),
        stack(("AWS::IAM::ManagedPolicy", ["build", "nodes"])),
        Stack(
            name="b",
            account="1",
            region="b",
            template={"Resources": {"P": {"Type": "AWS::IAM::Policy"}}},
        ),
    ]
    assert make_prerequisites(settings(), stacks, stub_aws(iam=iam)) == [
        "role build",
        "role nodes",
    ]
    (first, given), (second, _) = iam.requests
    assert (first, second, given["RoleName"]) == ("create_role", "create_role", "build")
    # No principal can assume it.
    assert json.loads(given["AssumeRolePolicyDocument"]) == {
        "Version": "2012-10-17",
        "Statement": [],
    }


@pytest.mark.parametrize(
    ("pushes", "creates", "made"),
    [(True, False, [PROVIDER]), (True, True, []), (False, False, []), (False, True, [])],
)
def test_githubs_provider_is_made_where_no_stack_makes_it(
    made: list[str], *, pushes: bool, creates: bool
) -> None:
    iam = client()
    assert make_prerequisites(settings(pushes=pushes, creates=creates), [], stub_aws(iam=iam)) == (
        made
    )
    wanted = {
        "Url": "https://token.actions.githubusercontent.com",
        "ClientIDList": ["sts.amazonaws.com"],
    }
    assert iam.requests == [("create_open_id_connect_provider", wanted)] * len(made)


def test_what_exists_already_is_kept_and_not_named() -> None:
    iam = client(create_role=refused("EntityAlreadyExists"))
    found = make_prerequisites(
        settings(pushes=True), [stack(("AWS::IAM::Policy", ["nodes"]))], stub_aws(iam=iam)
    )
    assert found == [PROVIDER]


def test_another_refusal_is_one_sentence_with_the_environment() -> None:
    iam = client(create_role=refused("LimitExceeded"))
    with pytest.raises(UserError, match=r"^Preparing the account of 'mine'.*LimitExceeded"):
        make_prerequisites(settings(), [stack(("AWS::IAM::Policy", ["nodes"]))], stub_aws(iam=iam))
