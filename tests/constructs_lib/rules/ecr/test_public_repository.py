"""What describes a public repository, and is refused before it reaches a construct."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from botocore.session import Session

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.public_repository import (
    LONGEST_NAME,
    LONGEST_TAG_KEY,
    LONGEST_TAG_VALUE,
    PRIVATE_ONLY,
    PublicRepositorySpec,
    public_repository_logical_id,
    public_repository_uri,
)
from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import Access, Administrators
from constructs_lib.rules.policy.repository_policy import (
    PUBLIC_ADMINISTER_ACTIONS,
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
)

ACCOUNT = "111111111111"
CLI = PublicRepositorySpec(name="tools/cli", place=Place.of(ACCOUNT, "us-east-1"))
CI = f"arn:aws:iam::{ACCOUNT}:role/ci"
FOREIGN_CI = "arn:aws:iam::222222222222:role/ci"


def refusal(**given: Any) -> list[str]:
    """Return the faults that a public repository is refused with."""
    with pytest.raises(RuleError) as refused:
        replace(CLI, **given)
    return [str(fault) for fault in refused.value.faults]


def test_a_public_repository_has_no_policy_and_is_kept_by_default() -> None:
    assert (CLI.policy, CLI.removal, CLI.catalog_data.properties()) == ([], "retain", {})
    assert CLI.arn == f"arn:aws:ecr-public::{ACCOUNT}:repository/tools/cli"


@pytest.mark.parametrize("region", ["eu-west-1", "us-west-2", "us-gov-west-1", "cn-north-1"])
def test_every_region_but_one_is_refused_with_the_cure(region: str) -> None:
    assert refusal(place=Place.of(ACCOUNT, region)) == [
        "region: a public repository must be in us-east-1, the only region in which "
        "CloudFormation creates it, got "
        f"'{region}'. Declare it in a stack or an environment file of us-east-1; everyone pulls "
        "from there."
    ]


def test_a_region_and_a_name_that_cloudformation_fills_in_are_not_checked() -> None:
    token = "${Token[TOKEN.12]}"
    spec = replace(CLI, name=token, place=Place(ACCOUNT, token, "aws"))
    assert spec.name == token


def test_the_name_has_a_limit_of_its_own() -> None:
    assert (
        Session().get_service_model("ecr-public").shape_for("RepositoryName").metadata["max"]
        == LONGEST_NAME
    )
    assert replace(CLI, name="a" * LONGEST_NAME).name == "a" * LONGEST_NAME
    assert refusal(name="a" * (LONGEST_NAME + 1)) == [
        "a repository's name must have 2 to 205 characters, got 206 "
        f"('{'a' * 40}'). Choose another name."
    ]
    assert refusal(name="Tools") == [
        "a repository's name must consist of lower-case letters and digits, joined by single '/', "
        "'-', '_' or '.', got 'Tools'. Write it like 'team/api'."
    ]


def test_the_policy_grants_pushing_and_nothing_else() -> None:
    spec = replace(CLI, push=Access(role_arns=(CI, FOREIGN_CI)))
    assert spec.policy == [
        {
            "Sid": "PushByRoles",
            "Effect": "Allow",
            "Principal": {"AWS": CI},
            "Action": list(PUBLIC_PUSH_ACTIONS),
        },
        {
            "Sid": "PushByRolesOf222222222222",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": list(PUBLIC_PUSH_ACTIONS),
            "Condition": {"ArnEquals": {"aws:PrincipalArn": FOREIGN_CI}},
        },
    ]


def test_the_actions_exist_in_the_api() -> None:
    operations = Session().get_service_model("ecr-public").operation_names
    actions = [*PUBLIC_PUSH_ACTIONS, *PUBLIC_ADMINISTER_ACTIONS, PUBLIC_LOGIN_ACTIONS[0]]
    assert {action.removeprefix("ecr-public:") for action in actions} <= set(operations)


def test_a_service_cannot_push() -> None:
    (fault,) = refusal(push=Access(lambda_accounts=("222222222222",)))
    assert fault == (
        "push.lambda_accounts: Lambda and CodeBuild's own credentials can only pull, got "
        "222222222222. Write the role that pushes in role_arns."
    )


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (
            "ecr:PutImage",
            "a public repository's policy can have only ECR Public's actions, got 'ecr:PutImage'. "
            "Write one such as 'ecr-public:PutImage'.",
        ),
        (
            "ecr-public:GetAuthorizationToken",
            "a public repository's policy cannot have ecr-public:GetAuthorizationToken, which is "
            "not an action on a repository. Allow it and sts:GetServiceBearerToken in the "
            "principal's identity policy, on Resource '*'.",
        ),
    ],
)
def test_a_statement_has_the_actions_of_ecr_public(action: str, sentence: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": CI}, "Action": action}
    assert refusal(statements=(statement,)) == [f"statements[0].Action: {sentence}"]


def test_a_statement_is_part_of_the_policy() -> None:
    own = {"Effect": "Allow", "Principal": {"AWS": CI}, "Action": "ecr-public:DescribeImages"}
    assert replace(CLI, statements=(own,)).policy == [own]


def test_the_policy_has_a_limit() -> None:
    roles = tuple(f"arn:aws:iam::{ACCOUNT}:role/{'r' * 50}{index}" for index in range(130))
    assert len(replace(CLI, push=Access(role_arns=roles[:100])).policy) == 1
    (fault,) = refusal(push=Access(role_arns=roles))
    assert fault.startswith("a repository policy can have at most 10,240 characters, got ")


def test_tags_are_one_character_shorter_than_those_of_other_resources() -> None:
    tags = {"k" * LONGEST_TAG_KEY: "v" * LONGEST_TAG_VALUE}
    assert replace(CLI, tags=tags).tags == tags
    assert refusal(tags={"k" * 128: "v" * 256}) == [
        f"tags.{'k' * 128}: a tag's key must have 1 to 127 letters, digits, spaces and "
        f"'+-=._:/@', got '{'k' * 80}'. Choose another key.",
        f"tags.{'k' * 128}: a tag's value must have 1 to 255 letters, digits, spaces and "
        f"'+-=._:/@', got '{'v' * 80}'. Choose another value.",
    ]


def test_a_removal_is_retain_or_destroy() -> None:
    assert replace(CLI, removal="destroy").removal == "destroy"
    assert refusal(removal="retain-on-update-or-delete") == [
        "removal: removal must be one of retain, destroy, got 'retain-on-update-or-delete'."
    ]


def test_the_administrators_alone_administer() -> None:
    administrators = Administrators(role_arns=(CI,), break_glass_role_arn=FOREIGN_CI)
    (found,) = replace(CLI, administrators=administrators).policy
    assert found["Action"] == list(PUBLIC_ADMINISTER_ACTIONS)
    assert found["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [
        f"arn:aws:iam::{ACCOUNT}:role/cdk-*-cfn-exec-role-{ACCOUNT}-us-east-1",
        CI,
        FOREIGN_CI,
    ]


def test_the_settings_of_private_repositories_have_a_reason() -> None:
    assert PRIVATE_ONLY["encryption"] == (
        "a public repository has no encryption: everyone may read its images, so ECR Public takes "
        "no KMS key. Remove encryption, or declare the repository in `repositories`, which are "
        "private."
    )
    # None of them is a setting of a public repository by accident, and none is forgotten.
    public = {field.name for field in fields(CLI)}
    private = {field.name for field in fields(RepositorySpec)}
    assert private - public == set(PRIVATE_ONLY) - {"stack"}


def test_the_logical_id_differs_from_that_of_a_private_repository() -> None:
    assert public_repository_logical_id("tools/cli") == "PublicRepositorytoolsSlashcli"
    assert len(public_repository_logical_id("a/" * 102 + "a")) <= 255


def test_the_uri_requires_the_alias_of_the_registry() -> None:
    assert public_repository_uri("a1b2c3d4", "tools/cli") == "public.ecr.aws/a1b2c3d4/tools/cli"
