"""The types of single values in environment files, each checked by the rule that knows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from checked_files.models import obeys
from constructs_lib.rules.aws import partitions
from constructs_lib.rules.ecr import images
from constructs_lib.rules.ecs.container import family_faults
from constructs_lib.rules.faults import Fault
from constructs_lib.rules.kubernetes.names import dns_label_faults
from constructs_lib.rules.policy import access

_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


def _group_faults(group: str) -> list[Fault]:
    if _GROUP.fullmatch(group):
        return []
    return [
        Fault(
            "",
            "the name of a group of repositories has up to 64 letters, digits and '-' and begins "
            f"with a letter, got '{group[:80]}'. Name it after its owner, such as 'web'.",
        )
    ]


def _encryption_faults(encryption: str) -> list[Fault]:
    if encryption in ("customer-managed", "dsse", "aws-managed", "aes256"):
        return []
    if _KEY_ARN.fullmatch(encryption):
        return []
    return [
        Fault(
            "",
            "encryption is customer-managed, dsse, aws-managed, aes256 or the ARN of a KMS key, "
            f"got '{encryption[:120]}'.",
        )
    ]


def _key_word_faults(key: str) -> list[Fault]:
    if key == "aws-managed" or _KEY_ARN.fullmatch(key):
        return []
    return [Fault("", f"a key is aws-managed or the ARN of a KMS key, got '{key[:120]}'.")]


def _arn_faults(pattern: re.Pattern[str], example: str) -> Callable[[str], list[Fault]]:
    def faults(arn: str) -> list[Fault]:
        if pattern.fullmatch(arn):
            return []
        return [Fault("", f"'{arn[:120]}' does not have its form. Write it such as '{example}'.")]

    return faults


Account = Annotated[str, obeys(partitions.account_faults)]
Region = Annotated[str, obeys(partitions.region_faults)]
RepositoryName = Annotated[str, obeys(images.repository_name_faults)]
OrganizationId = Annotated[str, obeys(access.organization_faults)]
OrganizationPath = Annotated[str, obeys(access.organization_path_faults)]
ProjectArn = Annotated[str, obeys(access.project_arn_faults)]
TopicArn = Annotated[
    str,
    obeys(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}"),
            "arn:aws:sns:us-west-2:111111111111:images",
        )
    ),
]
EventBusArn = Annotated[
    str,
    obeys(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[A-Za-z0-9._/-]+"),
            "arn:aws:events:us-west-2:111111111111:event-bus/security",
        )
    ),
]
RoleArn = Annotated[str, obeys(access.role_arn_faults)]
GroupName = Annotated[str, obeys(_group_faults)]
FamilyName = Annotated[str, obeys(family_faults)]
WorkloadName = Annotated[str, obeys(dns_label_faults)]
FunctionArn = Annotated[
    str,
    obeys(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}"),
            "arn:aws:lambda:us-west-2:111111111111:function:kubectl",
        )
    ),
]
KeyWord = Annotated[str, obeys(_key_word_faults)]
EncryptionWord = Annotated[str, obeys(_encryption_faults)]
