"""The types of single values in environment files, each checked by the rule that knows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from checked_files.models import checked_by
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


Account = Annotated[str, checked_by(partitions.account_faults)]
Region = Annotated[str, checked_by(partitions.region_faults)]
RepositoryName = Annotated[str, checked_by(images.repository_name_faults)]
OrganizationId = Annotated[str, checked_by(access.organization_faults)]
OrganizationPath = Annotated[str, checked_by(access.organization_path_faults)]
ProjectArn = Annotated[str, checked_by(access.project_arn_faults)]
TopicArn = Annotated[
    str,
    checked_by(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}"),
            "arn:aws:sns:us-west-2:111111111111:images",
        )
    ),
]
EventBusArn = Annotated[
    str,
    checked_by(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/[A-Za-z0-9._/-]+"),
            "arn:aws:events:us-west-2:111111111111:event-bus/security",
        )
    ),
]
RoleArn = Annotated[str, checked_by(access.role_arn_faults)]
GroupName = Annotated[str, checked_by(_group_faults)]
FamilyName = Annotated[str, checked_by(family_faults)]
WorkloadName = Annotated[str, checked_by(dns_label_faults)]
FunctionArn = Annotated[
    str,
    checked_by(
        _arn_faults(
            re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}"),
            "arn:aws:lambda:us-west-2:111111111111:function:kubectl",
        )
    ),
]
KeyWord = Annotated[str, checked_by(_key_word_faults)]
EncryptionWord = Annotated[str, checked_by(_encryption_faults)]
