"""The repositories of an account, as ECR describes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.errors import UserError
from ecrctl.importing.account import ExistingRepository, existing_repositories
from tests.ecrctl.aws.stubs import StubClient, stub_aws

POLICY = {"Version": "2012-10-17", "Statement": []}
LIFECYCLE: dict[str, Any] = {"rules": []}
KEY = "arn:aws:kms:us-east-1:111111111111:key/1"
FULL = {
    "repositoryName": "team/web",
    "repositoryArn": "arn:team/web",
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [
        {"filterType": "WILDCARD", "filter": "dev-*"},
        {"filterType": "WILDCARD", "filter": "latest"},
    ],
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
}
PLAIN = {"repositoryName": "team/api", "repositoryArn": "arn:team/api"}


def failure(operation: str, code: str) -> ClientError:
    """Return an error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def ecr_with(*pages: list[dict[str, Any]], code: str = "") -> StubClient:
    """Return a client of an account where team/web alone has policies and tags."""

    def document(operation: str, missing: str, key: str, value: dict[str, Any]) -> Any:
        def answer(repositoryName: str) -> dict[str, str]:  # noqa: N803 - AWS spells it so
            if repositoryName != "team/web":
                raise failure(operation, code or missing)
            return {key: json.dumps(value)}

        return answer

    return StubClient(
        describe_repositories=lambda **_: [{"repositories": page} for page in pages],
        list_tags_for_resource=lambda resourceArn: {  # noqa: N803
            "tags": [{"Key": "owner", "Value": "web"}, {"Key": "empty"}]
            if resourceArn == "arn:team/web"
            else []
        },
        get_repository_policy=document(
            "GetRepositoryPolicy", "RepositoryPolicyNotFoundException", "policyText", POLICY
        ),
        get_lifecycle_policy=document(
            "GetLifecyclePolicy",
            "LifecyclePolicyNotFoundException",
            "lifecyclePolicyText",
            LIFECYCLE,
        ),
    )


def one_stack() -> StubClient:
    """Return a client of an account whose one stack deploys team/web."""
    deployed = {
        "PhysicalResourceId": "team/web",
        "ResourceType": "AWS::ECR::Repository",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    return StubClient(
        describe_stacks=lambda **_: [{"Stacks": [{"StackName": "dev-Repositories-web"}]}],
        list_stack_resources=lambda **_: [{"StackResourceSummaries": [deployed]}],
    )


def test_every_property_of_a_repository_is_read_and_repositories_are_sorted() -> None:
    ecr = ecr_with([FULL], [PLAIN])
    assert existing_repositories(stub_aws(ecr=ecr, cloudformation=one_stack())) == [
        ExistingRepository(
            name="team/api",
            immutability_mode="MUTABLE",
            exclusion_filters=(),
            scan_on_push=False,
            encryption_type="AES256",
            kms_key=None,
            policy=None,
            lifecycle=None,
            tags={},
            stack=None,
        ),
        ExistingRepository(
            name="team/web",
            immutability_mode="IMMUTABLE_WITH_EXCLUSION",
            exclusion_filters=("dev-*", "latest"),
            scan_on_push=True,
            encryption_type="KMS",
            kms_key=KEY,
            policy=POLICY,
            lifecycle=LIFECYCLE,
            tags={"owner": "web", "empty": ""},
            stack="dev-Repositories-web",
        ),
    ]


@pytest.mark.parametrize(
    ("mode", "filters"),
    [("IMMUTABLE", ()), ("MUTABLE_WITH_EXCLUSION", None), ("IMMUTABLE_WITH_EXCLUSION", None)],
)
def test_exclusion_filters_that_the_endpoint_does_not_return_are_unknown(
    mode: str, filters: tuple[str, ...] | None
) -> None:
    ecr = ecr_with([PLAIN | {"imageTagMutability": mode}])
    (found,) = existing_repositories(stub_aws(ecr=ecr, cloudformation=one_stack()))
    assert (found.immutability_mode, found.exclusion_filters) == (mode, filters)


def test_an_error_of_aws_is_one_sentence() -> None:
    ecr = ecr_with([PLAIN], code="AccessDeniedException")
    with pytest.raises(UserError) as refusal:
        existing_repositories(stub_aws(ecr=ecr, cloudformation=one_stack()))
    assert str(refusal.value) == (
        "Reading the repositories in us-east-1 failed at GetRepositoryPolicy: AWS returned "
        "AccessDeniedException: no"
    )
