"""Types of single values in environment files, each checked by the rule for it."""

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


def _arn(kind: str, service: str, resource: str, example: str) -> AfterValidator:
    """Return a validator of ARNs.

    :param kind: the kind of resource, in words.
    :param resource: the pattern of the resource, the last part of the ARN.
    :param example: such a resource, for the message.
    """
    form = re.compile(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}")
    return checked_by(
        lambda arn: faults_unless(
            form.fullmatch(arn),
            f"'{arn[:120]}' is not a valid {kind} ARN. Write it such as "
            f"'arn:aws:{service}:us-west-2:111111111111:{example}'.",
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
TopicArn = Annotated[str, _arn("topic", "sns", r"[A-Za-z0-9_-]{1,256}", "images")]
EventBusArn = Annotated[
    str, _arn("event bus", "events", r"event-bus/[A-Za-z0-9._/-]+", "event-bus/security")
]
FunctionArn = Annotated[
    str, _arn("function", "lambda", r"function:[A-Za-z0-9_-]{1,64}", "function:kubectl")
]
