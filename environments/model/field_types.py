"""Types of single values in environment files, each checked by the rule for it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from checked_files.models import checked_by
from constructs_lib.rules.aws import partitions
from constructs_lib.rules.ecr import images
from constructs_lib.rules.faults import Fault, faults_unless
from constructs_lib.rules.policy import access

_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


def _group_faults(group: str) -> list[Fault]:
    return faults_unless(
        _GROUP.fullmatch(group),
        "the name of a group of repositories must have up to 64 letters, digits and '-' and "
        f"begin with a letter, got '{group[:80]}'. Name it after its owner, such as 'web'.",
    )


def _arn(kind: str, pattern: str, example: str) -> AfterValidator:
    """Return a validator of ARNs.

    :param pattern: the form of the ARN after its partition.
    :param example: an ARN's text after ``arn:aws:``.
    """
    form = re.compile(f"arn:aws[a-z-]*:{pattern}")
    return checked_by(
        lambda arn: faults_unless(
            form.fullmatch(arn),
            f"'{arn[:120]}' is not a valid {kind} ARN. Write it such as 'arn:aws:{example}'.",
        )
    )


Account = Annotated[str, checked_by(partitions.account_faults)]
Region = Annotated[str, checked_by(partitions.region_faults)]
RepositoryName = Annotated[str, checked_by(images.repository_name_faults)]
OrganizationId = Annotated[str, checked_by(access.organization_faults)]
OrganizationPath = Annotated[str, checked_by(access.organization_path_faults)]
ProjectArn = Annotated[str, checked_by(access.project_arn_faults)]
RoleArn = Annotated[str, checked_by(access.role_arn_faults)]
GroupName = Annotated[str, checked_by(_group_faults)]
TopicArn = Annotated[
    str,
    _arn(
        "topic",
        r"sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}",
        "sns:us-west-2:111111111111:images",
    ),
]
EventBusArn = Annotated[
    str,
    _arn(
        "event bus",
        r"events:[a-z0-9-]+:\d{12}:event-bus/[A-Za-z0-9._/-]+",
        "events:us-west-2:111111111111:event-bus/security",
    ),
]
FunctionArn = Annotated[
    str,
    _arn(
        "function",
        r"lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}",
        "lambda:us-west-2:111111111111:function:kubectl",
    ),
]
