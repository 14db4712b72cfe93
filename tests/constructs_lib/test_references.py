"""References to repositories that are declared elsewhere, and grants across accounts."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from constructs_lib import PrivateRepository
from tests.support import only, stack_in, template_of

OTHER = "222222222222"
OWNERS_HALF = (
    "ReferencedRepository 'Api': a grant across accounts needs a statement in the policy of "
    "'team/api', which a reference cannot write. Its owner must add "
    '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": '
    '["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}; '
    "then say `policy_declared_by_owner=True` here."
)


def test_a_reference_names_a_repository_of_another_account() -> None:
    reference = PrivateRepository.from_name(
        stack_in(), "Api", repository_name="team/api", account=OTHER, region="cn-north-1"
    )
    assert reference.repository_arn == f"arn:aws-cn:ecr:cn-north-1:{OTHER}:repository/team/api"
    assert isinstance(reference, ecr.RepositoryBase)


def test_half_a_grant_across_accounts_is_refused() -> None:
    stack = stack_in()
    reference = PrivateRepository.from_name(stack, "Api", repository_name="team/api", account=OTHER)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    with pytest.raises(Exception, match="which a reference cannot write") as refusal:
        reference.grant_pull(role)
    assert OWNERS_HALF in str(refusal.value)


def test_the_own_half_of_a_grant_is_made_when_the_owner_has_the_other() -> None:
    stack = stack_in()
    reference = PrivateRepository.from_name(
        stack, "Api", repository_name="team/api", account=OTHER, policy_declared_by_owner=True
    )
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    reference.grant_pull(role)
    pull, login = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert pull["Resource"] == reference.repository_arn
    assert (login["Action"], login["Resource"]) == ("ecr:GetAuthorizationToken", "*")


@pytest.mark.parametrize(
    "fault", [{"repository_name": "Api"}, {"account": "12"}, {"region": "west"}]
)
def test_a_reference_of_the_wrong_form_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ReferencedRepository 'Api': "):
        PrivateRepository.from_name(stack_in(), "Api", **{"repository_name": "team/api"} | fault)
