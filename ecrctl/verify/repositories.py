"""The repositories of an environment and their key, compared with AWS."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.policy.statements import canonical, policy_document, statements_of
from ecrctl.aws.clients import Aws, or_none
from ecrctl.aws.policies import lifecycle_policy, repository_policy
from ecrctl.aws.stacks import repositories_of_stack
from environments.names import key_alias_name, repositories_stack
from environments.settings import EnvironmentSettings, RepositorySettings

from .check import MISSING, NOT_RETURNED, Check, on_or_off

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef


def check_key(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield whether the key of an environment is enabled and rotates."""
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


def check_repositories(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield every property of every repository that an environment declares."""
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
        "not in this stack: the repository was retained when it was removed from the file, or was "
        "created elsewhere. A deployment would fail with AlreadyExists; first run "
        f"`ecrctl import {settings.name}`"
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
    spec, name = repository.spec, repository.name
    scans = found.get("imageScanningConfiguration", {}).get("scanOnPush", False)
    lifecycle = spec.lifecycle.document() if spec.lifecycle else None
    rows = {
        "stack": _stack(repository, settings, deployed),
        "tag immutability": _immutability(spec.tag_immutability, found, aws),
        "scan on push": (on_or_off(spec.scan_on_push), on_or_off(scans)),
        "encryption": _encryption(spec.encryption, settings, aws, found),
        "repository policy": _differing(
            _statements_by_sid(policy_document(spec.policy)),
            _statements_by_sid(repository_policy(aws.ecr, name)),
        ),
        "lifecycle policy": _differing(
            _rules_by_priority(lifecycle), _rules_by_priority(lifecycle_policy(aws.ecr, name))
        ),
    }
    yield from (Check(subject, what, *values) for what, values in rows.items())


def _immutability(declared: TagImmutability, found: RepositoryTypeDef, aws: Aws) -> tuple[str, str]:
    mode = found.get("imageTagMutability", MISSING)
    unreadable = aws.endpoint_url and "imageTagMutabilityExclusionFilters" not in found
    if unreadable and declared.exclusion_filters:
        note = f"(filters {NOT_RETURNED})"
        return f"{declared.mode} {note}", f"{mode} {note}"
    filters = [item["filter"] for item in found.get("imageTagMutabilityExclusionFilters", [])]
    return _with_filters(declared.mode, declared.exclusion_filters), _with_filters(mode, filters)


def _with_filters(mode: str, filters: Any) -> str:
    return f"{mode} {', '.join(sorted(filters))}".strip()


def _encryption(
    declared: EncryptionSpec, settings: EnvironmentSettings, aws: Aws, found: RepositoryTypeDef
) -> tuple[str, str]:
    configuration = found.get("encryptionConfiguration", {"encryptionType": "AES256"})
    kind, key = configuration["encryptionType"], configuration.get("kmsKey", "")
    if declared.kind == "aes256":
        return "AES256", kind
    if declared.kind == "aws-managed":
        # ECR chooses this key itself, so no declaration names one.
        return "KMS", kind
    own = declared.key_arn or _key(settings, aws).get("Arn", MISSING)
    declared_kind = "KMS_DSSE" if declared.kind == "dsse" else "KMS"
    shown = f"{declared_kind} {declared.key_arn or key_alias_name(settings.name)}"
    # ECR returns the ARN or the ID of the key, as it was set.
    matches = kind == declared_kind and key in (own, own.rpartition("/")[2])
    return shown, shown if matches else f"{kind} {key}".strip()


def _differing(declared: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, str]:
    """Return the parts of two documents that differ, or the names of all where none differs."""
    if declared == found:
        names = "\n".join(declared) or "none"
        return names, names
    differing = [name for name in {**declared, **found} if declared.get(name) != found.get(name)]
    return _lines(declared, differing), _lines(found, differing)


def _lines(parts: Mapping[str, str], names: list[str]) -> str:
    return "\n".join(f"{name}: {parts.get(name, MISSING)}" for name in names)


def _statements_by_sid(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {
        statement.get("Sid", f"statement {number}"): canonical(
            {key: value for key, value in statement.items() if key != "Sid"}
        )
        for number, statement in enumerate(statements_of(policy), start=1)
    }


def _rules_by_priority(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {
        f"{rule['rulePriority']} {rule.get('description', '')}".strip(): canonical(
            {key: value for key, value in rule.items() if key != "rulePriority"}
        )
        for rule in (policy["rules"] if policy else ())
    }
