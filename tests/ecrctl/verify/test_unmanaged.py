"""The repositories that no stack manages."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.errors import UserError
from ecrctl.verify.unmanaged import sentence, unmanaged_repositories
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import always, missing


def resource(name: str, kind: str = "AWS::ECR::Repository", status: str = "CREATE_COMPLETE") -> Any:
    """Return a resource of a stack."""
    return {"PhysicalResourceId": name, "ResourceType": kind, "ResourceStatus": status}


STACKS = {
    "web": [resource("team/api"), resource("team/web")],
    "other": [
        resource("legacy", "AWS::SSM::Parameter"),
        resource("gone", status="DELETE_COMPLETE"),
    ],
    "kept": [resource("retained", status="DELETE_SKIPPED")],
}
NAMES = ["legacy", "team/web", "team/api", "retained", "gone"]


def clients(names: list[str]) -> dict[str, StubClient]:
    """Return clients of an account with some repositories, and the stacks."""
    pages = [{"repositories": [{"repositoryName": one}]} for one in names]
    return {
        "ecr": StubClient(describe_repositories=always(pages)),
        "cloudformation": StubClient(
            describe_stacks=always([{"Stacks": [{"StackName": name}]} for name in STACKS]),
            list_stack_resources=lambda StackName: [  # noqa: N803 - AWS spells it so
                {"StackResourceSummaries": [one]} for one in STACKS[StackName]
            ],
        ),
    }


def test_the_repositories_of_no_stack_are_sorted_and_all_are_counted() -> None:
    found = unmanaged_repositories(stub_aws(**clients(NAMES)))
    assert found == (["gone", "legacy", "retained"], 5)


def test_a_stack_can_manage_every_repository() -> None:
    assert unmanaged_repositories(stub_aws(**clients(["team/api"]))) == ([], 1)
    assert unmanaged_repositories(stub_aws(**clients([]))) == ([], 0)


def test_a_refusal_of_aws_is_one_sentence() -> None:
    ecr = StubClient(describe_repositories=missing("DescribeRepositories", "AccessDenied", "no"))
    with pytest.raises(UserError) as refusal:
        unmanaged_repositories(stub_aws(ecr=ecr))
    assert str(refusal.value) == (
        "Listing the repositories that no stack manages failed at DescribeRepositories: "
        "AWS returned AccessDenied: no"
    )


def test_the_sentence_names_the_place_and_both_counts() -> None:
    assert sentence("1, us", ["a"] * 1_001, 2_000) == (
        "1, us: no stack manages 1,001 of 2,000 repositories."
    )
    assert sentence("1, us", [], 2_000) == "1, us: a stack manages each of the 2,000 repositories."
