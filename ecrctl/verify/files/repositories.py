"""The repositories of an environment and their key, compared with AWS."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.policy.statements import policy_document
from ecrctl.verify.check import MISSING, NOT_RETURNED, Check, on_or_off
from environments.names import ENCRYPTION, key_alias_name, repositories_id, repositories_stack
from environments.settings import RepositorySettings

from .lookup import Lookup
from .text import differing, pairs, rules_by_priority, statements_by_sid

DELETION = {"retain": "Retain", "destroy": "Delete"}


def check_key(lookup: Lookup) -> Iterator[Check]:
    """Yield whether the key of an environment is enabled and rotates."""
    if not lookup.settings.makes_key:
        return
    subject = f"key {key_alias_name(lookup.settings.name)}"
    key_id = _key(lookup).get("KeyId", "")
    live = lookup.live("AWS::KMS::Key", key_id)
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    state = live.properties["Enabled"]
    yield Check(subject, "state", "Enabled", "Enabled" if state is True else state)
    yield Check(subject, "rotation", "on", on_or_off(live.properties["EnableKeyRotation"]))
    is_own = key_id in lookup.resource_ids(ENCRYPTION).values()
    stack = f"{lookup.settings.name}-{ENCRYPTION}"
    yield Check(subject, "stack", stack, stack if is_own else f"{key_id} is not in this stack")


def _key(lookup: Lookup) -> Mapping[str, Any]:
    alias = key_alias_name(lookup.settings.name)
    found = lookup.reading.call("kms", "describe_key", KeyId=alias)
    return found["KeyMetadata"] if found else {}


def check_repository(repository: RepositorySettings, lookup: Lookup) -> Iterator[Check]:
    """Yield every property of a repository that the environment's file declares."""
    subject = f"repository {repository.name}"
    live = lookup.live("AWS::ECR::Repository", repository.name)
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    found, spec = live.properties, repository.spec
    scans = found["ImageScanningConfiguration"]["ScanOnPush"]
    lifecycle = found["LifecyclePolicy"]["LifecyclePolicyText"]
    policy = found["RepositoryPolicyText"]
    rows = {
        "stack": _stack(repository, lookup),
        "scan on push": (on_or_off(spec.scan_on_push), on_or_off(scans)),
        "encryption": encryption_rows(spec.encryption, lookup, found["EncryptionConfiguration"]),
        "repository policy": differing(
            statements_by_sid(policy_document(spec.policy)),
            statements_by_sid(json.loads(policy) if policy else None),
        ),
        "lifecycle policy": differing(
            rules_by_priority(spec.lifecycle.document() if spec.lifecycle else None),
            rules_by_priority(json.loads(lifecycle) if lifecycle else None),
        ),
        "tags": (pairs(spec.tags.items()), pairs(own_tags(found["Tags"]))),
    }
    yield from _immutability(subject, spec.tag_immutability, found, lookup)
    yield from (Check(subject, what, *values) for what, values in rows.items())
    yield from _deletion(subject, repository, lookup)


def _stack(repository: RepositorySettings, lookup: Lookup) -> tuple[str, str]:
    name = lookup.settings.name
    declared = repositories_stack(name, repository.stack)
    deployed = lookup.resource_ids(repositories_id(repository.stack)).values()
    if repository.name in deployed:
        return declared, declared
    return declared, (
        "not in this stack: the repository was retained when it was removed from the file, or was "
        "created elsewhere. A deployment would fail with AlreadyExists; first run "
        f"`ecrctl import {name}`"
    )


def _deletion(subject: str, repository: RepositorySettings, lookup: Lookup) -> Iterator[Check]:
    """Yield what CloudFormation does when the repository leaves the stack's template."""
    stack = repositories_stack(lookup.settings.name, repository.stack)
    found, rows = in_template(repository.name, stack, lookup), ("removal", "empty on delete")
    if found is None:
        reason = "no deployed template in JSON declares the repository"
        yield from (Check.not_compared(subject, what, reason) for what in rows)
        return
    spec, properties = repository.spec, found["Properties"]
    removal = (DELETION[spec.removal], found.get("DeletionPolicy", "Delete"))
    emptied = (on_or_off(spec.empty_on_delete), on_or_off(properties.get("EmptyOnDelete")))
    for what, values in zip(rows, (removal, emptied), strict=True):
        yield Check(subject, what, *values)


def in_template(name: str, stack: str, lookup: Lookup) -> Mapping[str, Any] | None:
    """Return a repository's resource in the deployed template of its stack."""
    answer = lookup.reading.call("cloudformation", "get_template", StackName=stack)
    body = answer["TemplateBody"] if answer else None
    resources = body.get("Resources", {}) if isinstance(body, Mapping) else {}
    for one in resources.values():
        if one.get("Properties", {}).get("RepositoryName") == name:
            found: Mapping[str, Any] = one
            return found
    return None


def _immutability(
    subject: str, declared: TagImmutability, found: Mapping[str, Any], lookup: Lookup
) -> Iterator[Check]:
    yield Check(subject, "tag immutability", declared.mode, found["ImageTagMutability"] or MISSING)
    what = "exclusion filters"
    filters = [
        one["ImageTagMutabilityExclusionFilterValue"]
        for one in found["ImageTagMutabilityExclusionFilters"]
    ]
    if declared.exclusion_filters and not filters and lookup.reading.is_emulated:
        yield Check.not_compared(subject, what, NOT_RETURNED)
    elif declared.exclusion_filters or filters:
        yield Check(
            subject,
            what,
            ", ".join(sorted(declared.exclusion_filters)) or "none",
            ", ".join(sorted(filters)) or "none",
        )


def encryption_rows(
    declared: EncryptionSpec, lookup: Lookup, found: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the declared and the deployed encryption of a repository or of a template."""
    kind, key = found["EncryptionType"], found["KmsKey"] or ""
    if declared.kind == "aes256":
        return "AES256", kind
    if declared.kind == "aws-managed":
        # Its reader returns no AWS managed key, because ECR chooses it.
        return "KMS", f"{kind} {key}".strip()
    own = declared.key_arn or _key(lookup).get("Arn", MISSING)
    declared_kind = "KMS_DSSE" if declared.kind == "dsse" else "KMS"
    shown = f"{declared_kind} {declared.key_arn or key_alias_name(lookup.settings.name)}"
    # ECR returns the ARN or the ID of the key, as it was set.
    matches = kind == declared_kind and key in (own, own.rpartition("/")[2])
    return shown, shown if matches else f"{kind} {key}".strip()


def own_tags(found: Any) -> list[tuple[str, str]]:
    """Return the keys and values of tags, without those that AWS adds."""
    return [(tag["Key"], tag["Value"]) for tag in found or () if not tag["Key"].startswith("aws:")]
