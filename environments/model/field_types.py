"""Types of single values in environment files, each checked by the rule for it."""

import re
from typing import Annotated

from checked_files.models import CheckedText
from constructs_lib.rules.aws import partitions
from constructs_lib.rules.ecr import images
from constructs_lib.rules.faults import Fault, faults_unless
from constructs_lib.rules.policy import access
from constructs_lib.rules.registry import baseline

_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


def _group_faults(group: str) -> list[Fault]:
    return faults_unless(
        _GROUP.fullmatch(group),
        "the name of a group of repositories must have up to 64 letters, digits and '-' and "
        f"begin with a letter, got '{group[:80]}'. Name it after its owner, such as 'web'.",
    )


def _arn(kind: str, service: str, resource: str, example: str) -> CheckedText:
    """Return the rule of an ARN.

    :param kind: the kind of resource, in words.
    :param resource: the pattern of the resource, the last part of the ARN.
    :param example: such a resource, for the message.
    """
    form = re.compile(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}")
    written = f"arn:aws:{service}:us-west-2:111111111111:{example}"
    return CheckedText(
        lambda arn: faults_unless(
            form.fullmatch(arn),
            f"'{arn[:120]}' is not a valid {kind} ARN. Write it like '{written}'.",
        ),
        form,
        written,
    )


Account = Annotated[str, CheckedText(partitions.account_faults, partitions.ACCOUNT, "111111111111")]
Region = Annotated[str, CheckedText(partitions.region_faults, partitions.REGION, "eu-west-1")]
RepositoryName = Annotated[
    str,
    CheckedText(
        images.repository_name_faults,
        images.REPOSITORY_NAME,
        "team/api",
        (images.SHORTEST_NAME, images.LONGEST_NAME),
    ),
]
OrganizationId = Annotated[
    str, CheckedText(access.organization_faults, access.ORGANIZATION, "o-a1b2c3d4e5")
]
OrganizationPath = Annotated[
    str,
    CheckedText(
        access.organization_path_faults,
        access.ORGANIZATION_PATH,
        "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",
    ),
]
OrganizationalUnit = Annotated[
    str,
    CheckedText(
        baseline.organizational_unit_faults, baseline.ORGANIZATIONAL_UNIT, "ou-ab12-11111111"
    ),
]
ProjectArn = Annotated[
    str,
    CheckedText(
        access.project_arn_faults,
        access.PROJECT_ARN,
        "arn:aws:codebuild:us-west-2:111111111111:project/build",
    ),
]
RoleArn = Annotated[
    str,
    CheckedText(access.role_arn_faults, access.ROLE_ARN, "arn:aws:iam::111111111111:role/ci-push"),
]
UserArn = Annotated[
    str,
    CheckedText(access.user_arn_faults, access.USER_ARN, "arn:aws:iam::111111111111:user/build"),
]
SessionArn = Annotated[
    str,
    CheckedText(
        access.session_arn_faults,
        access.SESSION_ARN,
        "arn:aws:sts::111111111111:assumed-role/deploy/alice",
    ),
]
LambdaFunctionArn = Annotated[
    str,
    CheckedText(
        access.function_arn_faults,
        access.FUNCTION_ARN,
        "arn:aws:lambda:us-west-2:111111111111:function:resize",
    ),
]
GroupName = Annotated[str, CheckedText(_group_faults, _GROUP, "web")]
TopicArn = Annotated[str, _arn("topic", "sns", r"[A-Za-z0-9_-]{1,256}", "images")]
EventBusArn = Annotated[
    str, _arn("event bus", "events", r"event-bus/[A-Za-z0-9._/-]+", "event-bus/security")
]
FunctionArn = Annotated[
    str, _arn("function", "lambda", r"function:[A-Za-z0-9_-]{1,64}", "function:kubectl")
]
