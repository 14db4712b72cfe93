"""Faults of an environment's repositories as a whole: deletion, tags, sizes of groups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.resource_tags import required_tag_faults
from constructs_lib.rules.ecr.images import repository_logical_id
from constructs_lib.rules.faults import Fault
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import (
    merged,
    policy_document,
    repository_policy_faults,
    statements_of,
)
from environments.model.environment import EnvironmentModel, RepositoryModel, lifecycle_policy
from environments.resolving import access_of, administrators_of

MAXIMUM_RESOURCES = 500
MAXIMUM_TEMPLATE_BYTES = 1_000_000
# What a template holds besides its repositories: the CDK's parameter, rule and description.
_TEMPLATE_BYTES = 1_500


def fleet_faults(environment: EnvironmentModel | None) -> list[Fault]:
    """Check what no repository shows by itself; nothing when the file itself has faults."""
    if environment is None:
        return []
    faults = [
        *_administrator_faults(environment),
        *_dual_layer_faults(environment.encryption, environment.region),
    ]
    sizes: dict[str, list[int]] = {}
    for index, repository in enumerate(environment.repositories):
        found = [*_deletion_faults(environment, repository)]
        found += [
            fault.under("tags")
            for fault in required_tag_faults(repository.tags, environment.required_tags)
        ]
        found += _adoption_faults(repository)
        found += _dual_layer_faults(repository.encryption, environment.region)
        policy = _policy(environment, repository)
        found += repository_policy_faults(statements_of(policy))
        faults += [fault.under(f"repositories[{index}]") for fault in found]
        size = _template_bytes(environment, repository, policy)
        sizes.setdefault(repository.stack, []).append(size)
    return [*faults, *(fault for group in sorted(sizes) for fault in _group(group, sizes[group]))]


def _administrator_faults(environment: EnvironmentModel) -> Iterator[Fault]:
    if bool(environment.administrators) != bool(environment.break_glass_role):
        yield Fault(
            "administrators",
            "administrators and break_glass_role are given together, got one of them. Without a "
            "break-glass role nobody could mend a repository whose administrators are gone.",
        )


def _deletion_faults(environment: EnvironmentModel, repository: RepositoryModel) -> Iterator[Fault]:
    if repository.removal == "destroy" and environment.protected:
        yield Fault(
            "removal",
            "this environment is protected, so no repository in it can be destroyed. "
            "Leave it 'retain', or lift the protection in a change of its own.",
        )
    if repository.empty_on_delete and repository.removal != "destroy":
        yield Fault(
            "empty_on_delete",
            "empty_on_delete goes with 'removal: destroy' only. Say that too, or leave it out.",
        )


def _dual_layer_faults(encryption: str | None, region: str) -> Iterator[Fault]:
    if encryption == "dsse" and partition_of(region).name != "aws-us-gov":
        yield Fault(
            "encryption",
            "dual-layer encryption (dsse) is there in GovCloud regions only, and this environment "
            f"is in '{region}'. Write customer-managed.",
        )


def _adoption_faults(repository: RepositoryModel) -> Iterator[Fault]:
    if not repository.adopted:
        return
    if repository.statements is None:
        yield Fault(
            "statements",
            "an adopted repository states the policy that it has, because an import deletes what "
            "is not declared. Write its statements, or 'statements: []' if pull and push are all.",
        )
    if repository.encryption is None:
        yield Fault(
            "encryption",
            "an adopted repository states the encryption that it has, because only a new one "
            "could change it. Write aes256, aws-managed, customer-managed or dsse (with the "
            "environment's own key) or the key's ARN.",
        )
    if repository.removal == "destroy":
        yield Fault(
            "removal",
            "an adopted repository holds images that were there before this file, so it is "
            "retained. Leave 'removal' out, or 'adopted' once it is imported.",
        )


def _group(group: str, sizes: list[int]) -> Iterator[Fault]:
    way_out = "Put new repositories into a new group with `stack:`; never move those that exist."
    if len(sizes) > MAXIMUM_RESOURCES:
        yield Fault(
            "repositories",
            f"the group '{group}' has {len(sizes)} repositories, and a CloudFormation stack takes "
            f"{MAXIMUM_RESOURCES} resources. {way_out}",
        )
    total = sum(sizes) + _TEMPLATE_BYTES
    if total > MAXIMUM_TEMPLATE_BYTES:
        yield Fault(
            "repositories",
            f"the group '{group}' makes a template of about {total:,} bytes, and CloudFormation "
            f"takes {MAXIMUM_TEMPLATE_BYTES:,}. {way_out}",
        )


def _policy(environment: EnvironmentModel, repository: RepositoryModel) -> dict[str, Any] | None:
    statements = access_statements(
        pull=access_of(repository.pull, environment.organization_id),
        push=access_of(repository.push, environment.organization_id),
        account=environment.account,
        region=environment.region,
        partition=partition_of(environment.region).name,
        administrators=administrators_of(environment),
    )
    return policy_document(merged([*statements, *(repository.statements or ())]))


def _template_bytes(
    environment: EnvironmentModel, repository: RepositoryModel, policy: dict[str, Any] | None
) -> int:
    """Give the bytes that a repository takes in a template, as the CDK indents it."""
    lifecycle = lifecycle_policy(repository.lifecycle or environment.repository_defaults.lifecycle)
    resource = {
        "Type": "AWS::ECR::Repository",
        "Properties": {
            "EncryptionConfiguration": {
                "EncryptionType": "KMS",
                "KmsKey": {"Fn::ImportValue": "x" * 80},
            },
            "ImageScanningConfiguration": {"ScanOnPush": True},
            "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "LifecyclePolicy": {"LifecyclePolicyText": lifecycle.text() if lifecycle else ""},
            "RepositoryName": repository.name,
            "RepositoryPolicyText": policy or {},
            "Tags": [{"Key": key, "Value": value} for key, value in repository.tags.items()],
        },
        "UpdateReplacePolicy": "Retain",
        "DeletionPolicy": "Retain",
        "Metadata": {"aws:cdk:path": f"environment/Repositories-{repository.stack}/Resource"},
    }
    # Two levels deep: each line of it is indented by two more.
    text = json.dumps({repository_logical_id(repository.name): resource}, indent=1)
    return len(text.encode()) + 2 * text.count("\n")
