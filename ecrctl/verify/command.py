"""Reading back what an environment declares, and naming every difference.

What is expected follows from the environment's files and the rules alone, never from a
template: a construct that forgets something is found out here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import canonical, merged, policy_document, statements_of
from ecrctl.aws.clients import Aws, explained, or_none
from ecrctl.aws.stacks import repositories_of_stack
from environments.names import key_alias_name, repositories_stack
from environments.settings import EnvironmentSettings, RepositorySettings

from .check import MISSING, NOT_RETURNED, Check, on_or_off
from .ecs import check_service, check_task
from .jobs import check_job
from .notifications import check_notifications

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef


def verify(settings: EnvironmentSettings, aws: Aws) -> list[Check]:
    """Read back everything that an environment declares."""
    with explained(f"Reading back '{settings.name}'"):
        return [
            *_check_account(settings, aws),
            *_check_key(settings, aws),
            *_check_repositories(settings, aws),
            *check_notifications(settings, aws),
            *(check for task in settings.ecs_tasks for check in check_task(task, settings, aws)),
            *(
                check
                for service in settings.ecs_services
                for check in check_service(service, settings, aws)
            ),
            *(check for job in settings.eks_jobs for check in check_job(job, settings, aws)),
        ]


def _check_account(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    yield Check(f"environment {settings.name}", "account", settings.account, aws.account())


def _check_key(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    if not settings.makes_key:
        return
    subject = f"key {key_alias_name(settings.name)}"
    metadata = _key(settings, aws)
    yield Check(subject, "state", "Enabled", metadata.get("KeyState", MISSING))
    if metadata:
        status = aws.kms.get_key_rotation_status(KeyId=metadata["KeyId"])
        yield Check(subject, "rotation", "on", "on" if status["KeyRotationEnabled"] else "off")


def _key(settings: EnvironmentSettings, aws: Aws) -> Mapping[str, Any]:
    found = or_none(lambda: aws.kms.describe_key(KeyId=key_alias_name(settings.name)))
    return found["KeyMetadata"] if found else {}


def _check_repositories(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    for group, repositories in settings.groups().items():
        stack = repositories_stack(settings.name, group)
        deployed = or_none(partial(repositories_of_stack, aws.cloudformation, stack)) or ()
        for repository in repositories:
            yield from _check_repository(repository, settings, aws, deployed)


def _stack(
    repository: RepositorySettings, settings: EnvironmentSettings, deployed: Collection[str]
) -> tuple[str, str]:
    declared = repositories_stack(settings.name, repository.stack)
    if repository.name in deployed:
        return declared, declared
    return declared, (
        "not of this stack: it was kept when it left the file, or made elsewhere. A deployment "
        f"would fail with AlreadyExists; run `ecrctl import {settings.name}` first"
    )


def _check_repository(
    repository: RepositorySettings,
    settings: EnvironmentSettings,
    aws: Aws,
    deployed: Collection[str],
) -> Iterator[Check]:
    subject = f"repository {repository.name}"
    names = [repository.name]
    described = or_none(lambda: aws.ecr.describe_repositories(repositoryNames=names))
    if described is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    found = described["repositories"][0]
    yield Check(subject, "stack", *_stack(repository, settings, deployed))
    yield Check(subject, "tag immutability", *_immutability(repository, found, aws))
    yield Check(
        subject,
        "scan on push",
        on_or_off(repository.scan_on_push),
        on_or_off(found.get("imageScanningConfiguration", {}).get("scanOnPush", False)),
    )
    yield Check(subject, "encryption", *_encryption(repository, settings, aws, found))
    yield _policy_check(repository, settings, aws)
    yield _lifecycle_check(repository, aws)


def _immutability(
    repository: RepositorySettings, found: RepositoryTypeDef, aws: Aws
) -> tuple[str, str]:
    declared = repository.tag_immutability
    mode = found.get("imageTagMutability", MISSING)
    if (
        aws.endpoint_url is not None
        and declared.exclusion_filters
        and "imageTagMutabilityExclusionFilters" not in found
    ):
        note = f"(filters {NOT_RETURNED})"
        return f"{declared.mode} {note}", f"{mode} {note}"
    filters = [item["filter"] for item in found.get("imageTagMutabilityExclusionFilters", [])]
    return (
        _with_filters(declared.mode, declared.exclusion_filters),
        _with_filters(mode, filters),
    )


def _with_filters(mode: str, filters: Any) -> str:
    return f"{mode} {', '.join(sorted(filters))}".strip()


def _encryption(
    repository: RepositorySettings,
    settings: EnvironmentSettings,
    aws: Aws,
    found: RepositoryTypeDef,
) -> tuple[str, str]:
    configuration = found.get("encryptionConfiguration", {"encryptionType": "AES256"})
    kind, key = configuration["encryptionType"], configuration.get("kmsKey", "")
    if repository.encryption.kind == "aes256":
        return "AES256", kind
    if repository.encryption.kind == "aws-managed":
        # ECR names the key that it chose, which nobody here declares.
        return "KMS", kind
    own = repository.encryption.key_arn or _key(settings, aws).get("Arn", MISSING)
    shown = repository.encryption.key_arn or key_alias_name(settings.name)
    wanted = "KMS_DSSE" if repository.encryption.kind == "dsse" else "KMS"
    declared = f"{wanted} {shown}"
    if kind == wanted and key in (own, own.rpartition("/")[2]):
        return declared, declared
    return declared, f"{kind} {key}".strip()


def _policy_check(repository: RepositorySettings, settings: EnvironmentSettings, aws: Aws) -> Check:
    declared = policy_document(
        merged(
            [
                *access_statements(
                    pull=repository.pull,
                    push=repository.push,
                    account=settings.account,
                    region=settings.region,
                    partition=partition_of(settings.region).name,
                    administrators=settings.administrators,
                ),
                *repository.statements,
            ]
        )
    )
    found = or_none(lambda: aws.ecr.get_repository_policy(repositoryName=repository.name))
    return _document_check(
        f"repository {repository.name}",
        "repository policy",
        declared,
        json.loads(found["policyText"]) if found else None,
        _statements_by_sid,
    )


def _lifecycle_check(repository: RepositorySettings, aws: Aws) -> Check:
    found = or_none(lambda: aws.ecr.get_lifecycle_policy(repositoryName=repository.name))
    return _document_check(
        f"repository {repository.name}",
        "lifecycle policy",
        repository.lifecycle.document() if repository.lifecycle else None,
        json.loads(found["lifecyclePolicyText"]) if found else None,
        _rules_by_priority,
    )


def _document_check(
    subject: str,
    what: str,
    declared: Mapping[str, Any] | None,
    found: Mapping[str, Any] | None,
    parts: Callable[[Mapping[str, Any] | None], Mapping[str, str]],
) -> Check:
    """Compare two documents part by part, and show only the parts that differ."""
    wanted, there = parts(declared), parts(found)
    if wanted == there:
        shown = "\n".join(wanted) or "none"
        return Check(subject, what, shown, shown)
    differing = [name for name in {**wanted, **there} if wanted.get(name) != there.get(name)]
    return Check(subject, what, _listed(wanted, differing), _listed(there, differing))


def _listed(parts: Mapping[str, str], names: list[str]) -> str:
    return "\n".join(f"{name}: {parts.get(name, MISSING)}" for name in names)


def _statements_by_sid(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {
        statement.get("Sid", f"statement {number}"): canonical(
            {key: value for key, value in statement.items() if key != "Sid"}
        )
        for number, statement in enumerate(statements_of(policy), start=1)
    }


def _rules_by_priority(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    rules = policy["rules"] if policy else []
    return {
        f"{rule['rulePriority']} {rule.get('description', '')}".strip(): canonical(
            {key: value for key, value in rule.items() if key != "rulePriority"}
        )
        for rule in rules
    }
