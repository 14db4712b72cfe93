"""Who may pull, push and administer: the accepted forms, and the refusals of all others."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.aws.partitions import region_faults
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import (
    Access,
    Administrators,
    function_region_faults,
    push_faults,
)

ROLE = "arn:aws:iam::111111111111:role/platform"
# Digits and letters of other scripts, which AWS does not accept as such.
OTHER_DIGITS = "\u0661" * 12
OTHER_LETTER = "arn:aws:iam::111111111111:role/\u00e9"


@pytest.mark.parametrize(
    "fields",
    [
        {"accounts": ("000000000001",)},
        {"role_arns": ("arn:aws-cn:iam::111111111111:role/service-role/build+test",)},
        {"user_arns": ("arn:aws-us-gov:iam::111111111111:user/team/build",)},
        {"session_arns": ("arn:aws:sts::111111111111:assumed-role/deploy/alice@example.com",)},
        {"organization_id": "o-a1b2c3d4e5"},
        {"organization_ids": ("o-a1b2c3d4e5", "o-zzzzzzzzzz")},
        {"lambda_function_arns": (f"arn:aws:lambda:us-west-2:111111111111:function:{'f' * 64}",)},
        {"organization_paths": ("o-a1b2c3d4e5/r-ab12/*", "o-a1b2c3d4e5/r-ab12/")},
        {"codebuild_project_arns": ("arn:aws:codebuild:eu-west-1:111111111111:project/build",)},
    ],
)
def test_values_of_the_right_form_are_accepted(fields: dict[str, Any]) -> None:
    assert Access(**fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"organization_id": "acme"},
            "Access: organization_id: 'acme' is not an organization's ID. "
            "Write it like 'o-a1b2c3d4e5'.",
        ),
        (
            {"organization_ids": ("acme",)},
            "Access: organization_ids[0]: 'acme' is not an organization's ID. "
            "Write it like 'o-a1b2c3d4e5'.",
        ),
        (
            {"user_arns": (ROLE,)},
            f"Access: user_arns[0]: '{ROLE}' is not an IAM user's ARN. "
            "Write it like 'arn:aws:iam::111111111111:user/build'.",
        ),
        (
            {"user_arns": ("arn:aws:iam::111111111111:user/*",)},
            "Access: user_arns[0]: a principal's ARN cannot have a wildcard, got "
            "'arn:aws:iam::111111111111:user/*'. List each role, or allow the whole account, "
            "such as '111111111111'.",
        ),
        (
            {"session_arns": ("arn:aws:sts::111111111111:assumed-role/team/deploy/alice",)},
            "Access: session_arns[0]: 'arn:aws:sts::111111111111:assumed-role/team/deploy/alice' "
            "is not the ARN of a role's session. Write it like "
            "'arn:aws:sts::111111111111:assumed-role/deploy/alice', without the role's path.",
        ),
        (
            {"session_arns": ("arn:aws:sts::111111111111:assumed-role/deploy/a",)},
            "Access: session_arns[0]: 'arn:aws:sts::111111111111:assumed-role/deploy/a' "
            "is not the ARN of a role's session. Write it like "
            "'arn:aws:sts::111111111111:assumed-role/deploy/alice', without the role's path.",
        ),
        (
            {"role_arns": ("arn:aws-cn:sts::222222222222:assumed-role/deploy/alice",)},
            "Access: role_arns[0]: 'arn:aws-cn:sts::222222222222:assumed-role/deploy/alice' is "
            "the ARN of a role's session. Write the role's, with its path if it has one, such as "
            "'arn:aws-cn:iam::222222222222:role/deploy'.",
        ),
        (
            {"lambda_function_arns": ("arn:aws:lambda:us-west-2:111111111111:function:resize:1",)},
            "Access: lambda_function_arns[0]: "
            "'arn:aws:lambda:us-west-2:111111111111:function:resize:1' is not a Lambda function's "
            "ARN. Write it without a version or alias, such as "
            "'arn:aws:lambda:us-west-2:111111111111:function:resize'.",
        ),
        (
            {"lambda_function_arns": ("arn:aws:lambda:us-west-2:111111111111:function:*",)},
            "Access: lambda_function_arns[0]: "
            "'arn:aws:lambda:us-west-2:111111111111:function:*' is not a Lambda function's "
            "ARN. Write it without a version or alias, such as "
            "'arn:aws:lambda:us-west-2:111111111111:function:resize'.",
        ),
        (
            {"organization_paths": ("o-a1b2c3d4e5/ou-ab12-11111111",)},
            "Access: organization_paths[0]: 'o-a1b2c3d4e5/ou-ab12-11111111' is not a path in an "
            "organization. Write it from the organization's ID on, such as "
            "'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*', where '*' matches all units below.",
        ),
        (
            {"lambda_accounts": ("2222",)},
            "Access: lambda_accounts[0]: an AWS account number has 12 digits, got '2222'. "
            "Write all of them, in quotes, leading zeros included.",
        ),
        (
            {"codebuild_project_arns": ("build",)},
            "Access: codebuild_project_arns[0]: 'build' is not a CodeBuild project's ARN. Write "
            "it like 'arn:aws:codebuild:us-west-2:111111111111:project/build'.",
        ),
        (
            {"accounts": (OTHER_DIGITS,)},
            f"Access: accounts[0]: an AWS account number has 12 digits, got '{OTHER_DIGITS}'. "
            "Write all of them, in quotes, leading zeros included.",
        ),
        (
            {"role_arns": (OTHER_LETTER,)},
            f"Access: role_arns[0]: '{OTHER_LETTER}' is not a role's ARN. "
            "Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
    ],
)
def test_values_of_the_wrong_form_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        Access(**fields)
    assert str(refusal.value) == sentence


def test_services_never_push() -> None:
    (fault,) = push_faults(Access(lambda_accounts=("222222222222",)))
    assert str(fault) == (
        "lambda_accounts: Lambda and CodeBuild's own credentials can only pull, got 222222222222. "
        "Write the role that pushes in role_arns."
    )
    assert push_faults(Access(role_arns=(ROLE,))) == []


FUNCTION = "arn:aws:lambda:us-west-2:111111111111:function:resize"


def test_a_single_function_never_pushes() -> None:
    (fault,) = push_faults(Access(lambda_function_arns=(FUNCTION,)))
    assert str(fault) == (
        "lambda_function_arns: Lambda and CodeBuild's own credentials can only pull, got "
        f"{FUNCTION}. Write the role that pushes in role_arns."
    )


def test_a_function_of_another_region_is_refused() -> None:
    access = Access(lambda_function_arns=(FUNCTION,))
    (fault,) = function_region_faults(access, "eu-west-1")
    assert str(fault) == (
        "Lambda runs images of its own region only, and the repository is in eu-west-1, got "
        f"'{FUNCTION}'. Name a function of eu-west-1."
    )
    assert function_region_faults(access, "us-west-2") == []
    assert function_region_faults(access, "${Token[AWS.Region.4]}") == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"role_arns": ()},
            "Administrators: role_arns: administrators require at least one role, got none. "
            "Add one, such as 'arn:aws:iam::111111111111:role/platform'.",
        ),
        (
            {"role_arns": ("arn:aws:iam::111111111111:role/*",)},
            "Administrators: role_arns[0]: a principal's ARN cannot have a wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. List each role, or allow the whole account, "
            "such as '111111111111'.",
        ),
        (
            {"role_arns": ("arn:aws:sts::111111111111:assumed-role/platform/alice",)},
            "Administrators: role_arns[0]: 'arn:aws:sts::111111111111:assumed-role/platform/alice' "
            "is the ARN of a role's session. Write the role's, with its path if it has one, such "
            "as 'arn:aws:iam::111111111111:role/platform'.",
        ),
        (
            {"break_glass_role_arn": "break-glass"},
            "Administrators: break_glass_role_arn: 'break-glass' is not a role's ARN. "
            "Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
    ],
)
def test_administrators_are_roles_by_their_full_arn(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        Administrators(**{"role_arns": (ROLE,), "break_glass_role_arn": ROLE} | fields)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("region", ["west", "us-west-\u0662", "us_west_2"])
def test_a_region_of_the_wrong_form_is_refused(region: str) -> None:
    (fault,) = region_faults(region)
    assert str(fault) == f"'{region}' is not a region's name. Write one such as 'us-west-2'."
    assert region_faults("us-gov-west-1") == []
