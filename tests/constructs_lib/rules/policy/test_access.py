"""Who may pull, push and administer: the accepted forms, and the refusals of all others."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.aws.partitions import region_faults
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import Access, Administrators, push_faults

ROLE = "arn:aws:iam::111111111111:role/platform"
# Digits and letters of other scripts, which AWS does not accept as such.
OTHER_DIGITS = "\u0661" * 12
OTHER_LETTER = "arn:aws:iam::111111111111:role/\u00e9"


@pytest.mark.parametrize(
    "fields",
    [
        {"accounts": ("000000000001",)},
        {"role_arns": ("arn:aws-cn:iam::111111111111:role/service-role/build+test",)},
        {"organization_id": "o-a1b2c3d4e5"},
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
            "Write it such as 'o-a1b2c3d4e5'.",
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
            "it such as 'arn:aws:codebuild:us-west-2:111111111111:project/build'.",
        ),
        (
            {"accounts": (OTHER_DIGITS,)},
            f"Access: accounts[0]: an AWS account number has 12 digits, got '{OTHER_DIGITS}'. "
            "Write all of them, in quotes, leading zeros included.",
        ),
        (
            {"role_arns": (OTHER_LETTER,)},
            f"Access: role_arns[0]: '{OTHER_LETTER}' is not a role's ARN. "
            "Write it such as 'arn:aws:iam::111111111111:role/ci-push'.",
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
            {"break_glass_role_arn": "break-glass"},
            "Administrators: break_glass_role_arn: 'break-glass' is not a role's ARN. "
            "Write it such as 'arn:aws:iam::111111111111:role/ci-push'.",
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
