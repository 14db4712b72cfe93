"""A registry as AWS returns it, in the API's own names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from constructs_lib.rules.registry.registry_policy import IMPORT_ACTIONS
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import always, missing

ACCOUNT, REGION = "111111111111", "us-west-2"
ORGANIZATION = "o-a1b2c3d4e5"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-a1B2c3"
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/images"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/creation"
SCANNER = f"arn:aws:iam::{ACCOUNT}:role/scanner"
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/"
FILE = f"""\
account: "{ACCOUNT}"
region: {REGION}
organization_id: {ORGANIZATION}
encryption: aes256
repositories: [{{name: team/api, pull: {{organization: true}}}}]
registry:
  scanning:
    scan_type: ENHANCED
    rules:
      - {{filters: [team/*], frequency: CONTINUOUS_SCAN}}
      - {{filters: ["*"]}}
  replication: [{{destinations: [there], filters: [team/]}}]
  caches:
    - prefix: hub
      upstream: docker-hub
      secret_arn: {SECRET}
      lifecycle: none
      pull: {{accounts: ["222222222222"]}}
    - prefix: other
      upstream: ecr
      host: 333333333333.dkr.ecr.eu-west-1.amazonaws.com
      upstream_prefix: base
      lifecycle: none
  templates:
    - prefix: team
      applied_for: [CREATE_ON_PUSH]
      tag_immutability: {{mode: IMMUTABLE_WITH_EXCLUSION, exclusion_filters: [dev*]}}
      encryption: {KEY_ARN}
      lifecycle: [{{count_type: imageCountMoreThan, count_number: 5, tag_status: untagged}}]
      pull: {{accounts: ["222222222222"]}}
      tags: {{team: web}}
      description: New repositories
  signing: [{{filters: [team/*], profile_arn: {PROFILE}}}]
  exclusions: [{SCANNER}]
  policy: {{organization_pull: both}}
  blob_mounting: true
"""
_RULE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
    "action": {"type": "expire"},
}


def _filters(*filters: str, kind: str) -> list[dict[str, str]]:
    return [{"filter": one, "filterType": kind} for one in filters]


def _statement(sid: str, actions: Iterable[str], **more: Any) -> dict[str, Any]:
    principal = {"AWS": "arn:aws:iam::222222222222:root"}
    fixed = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": list(actions)}
    return {**fixed, **more}


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _template(prefix: str, **settings: Any) -> dict[str, Any]:
    return {
        "prefix": prefix,
        "appliedFor": ["PULL_THROUGH_CACHE"],
        "description": "Repositories cached from Docker Hub",
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "imageTagMutability": "IMMUTABLE",
        "resourceTags": [],
        **settings,
    }


DEPLOYED: Mapping[str, Any] = {
    "get_registry_scanning_configuration": {
        "registryId": ACCOUNT,
        "scanningConfiguration": {
            "scanType": "ENHANCED",
            "rules": [
                {
                    "scanFrequency": "SCAN_ON_PUSH",
                    "repositoryFilters": _filters("*", kind="WILDCARD"),
                },
                {
                    "scanFrequency": "CONTINUOUS_SCAN",
                    "repositoryFilters": _filters("team/*", kind="WILDCARD"),
                },
            ],
        },
    },
    "describe_registry": {
        "registryId": ACCOUNT,
        "replicationConfiguration": {
            "rules": [
                {
                    "destinations": [{"region": "eu-west-1", "registryId": "444444444444"}],
                    "repositoryFilters": _filters("team/", kind="PREFIX_MATCH"),
                }
            ]
        },
    },
    "get_signing_configuration": {
        "registryId": ACCOUNT,
        "signingConfiguration": {
            "rules": [
                {
                    "signingProfileArn": PROFILE,
                    "repositoryFilters": _filters("team/*", kind="WILDCARD_MATCH"),
                }
            ]
        },
    },
    "get_registry_policy": {
        "registryId": ACCOUNT,
        "policyText": _policy(
            _statement(
                "PullThroughCacheFromAccounts",
                [*PULL_ACTIONS, *IMPORT_ACTIONS],
                Resource=f"{ARN}hub/*",
            ),
            _statement(
                "PullFromOrganization",
                PULL_ACTIONS,
                Principal="*",
                Resource=f"{ARN}team/api",
                Condition={"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
            ),
        ),
    },
    "list_pull_time_update_exclusions": {"pullTimeUpdateExclusions": [SCANNER]},
    "get_account_setting": {"name": "REGISTRY_POLICY_SCOPE", "value": "V2"},
    "describe_repository_creation_templates": {
        "repositoryCreationTemplates": [
            _template("hub"),
            _template(
                "other",
                description="Repositories cached from another private registry of Amazon ECR",
            ),
            _template(
                "team",
                appliedFor=["CREATE_ON_PUSH"],
                description="New repositories",
                encryptionConfiguration={"encryptionType": "KMS", "kmsKey": KEY_ARN},
                imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
                imageTagMutabilityExclusionFilters=_filters("dev*", kind="WILDCARD"),
                resourceTags=[{"Key": "team", "Value": "web"}],
                customRoleArn=ROLE,
                lifecyclePolicy=json.dumps({"rules": [_RULE]}),
                repositoryPolicy=_policy(_statement("PullFromAccounts", PULL_ACTIONS)),
            ),
        ]
    },
    "describe_pull_through_cache_rules": {
        "pullThroughCacheRules": [
            {
                "ecrRepositoryPrefix": "hub",
                "upstreamRegistry": "docker-hub",
                "upstreamRegistryUrl": "registry-1.docker.io",
                "upstreamRepositoryPrefix": "ROOT",
                "credentialArn": SECRET,
            },
            {
                "ecrRepositoryPrefix": "other",
                "upstreamRegistry": "ecr",
                "upstreamRegistryUrl": "333333333333.dkr.ecr.eu-west-1.amazonaws.com",
                "upstreamRepositoryPrefix": "base",
                "customRoleArn": ROLE,
            },
        ]
    },
}

# The answers of a registry with ECR's own settings.
NO_SETTINGS: Mapping[str, Any] = {
    "get_registry_scanning_configuration": {
        "scanningConfiguration": {"scanType": "BASIC", "rules": []}
    },
    "describe_registry": {"replicationConfiguration": {"rules": []}},
    "get_signing_configuration": missing("Get", "SigningConfigurationNotFoundException"),
    "list_pull_time_update_exclusions": {"pullTimeUpdateExclusions": []},
    "get_registry_policy": missing("Get", "RegistryPolicyNotFoundException"),
    "describe_repository_creation_templates": {"repositoryCreationTemplates": []},
    "describe_pull_through_cache_rules": {"pullThroughCacheRules": []},
    "get_account_setting": {"name": "BLOB_MOUNTING", "value": "DISABLED"},
}


def without_settings() -> dict[str, Any]:
    """Return the operations of a registry with ECR's own settings; lists have pages."""
    listed = ("describe_repository_creation_templates", "describe_pull_through_cache_rules")
    return {
        name: answer if callable(answer) else always([answer] if name in listed else answer)
        for name, answer in NO_SETTINGS.items()
    }


def ecr_with(*, blob_mounting: str = "ENABLED", **answers: Any) -> StubClient:
    """Return a client of ECR with the registry, whose answers can be replaced.

    Templates and caches are found by their prefixes, and account settings by their names, as AWS
    does.
    """
    given = {**DEPLOYED, **answers}
    scope = given["get_account_setting"]
    if not callable(scope):
        settings = {
            scope["name"]: scope,
            "BLOB_MOUNTING": {"name": "BLOB_MOUNTING", "value": blob_mounting},
        }
        given["get_account_setting"] = lambda name: settings[name]

    def found(operation: str, listed: str, name: str, wanted: str) -> Any:
        def call(**request: Any) -> Any:
            prefixes = request[wanted]
            return {listed: [one for one in given[operation][listed] if one[name] in prefixes]}

        return call

    operations = {
        name: answer if callable(answer) else (lambda answer=answer, **_: answer)
        for name, answer in given.items()
    }
    for operation, listed, name, wanted in (
        (
            "describe_repository_creation_templates",
            "repositoryCreationTemplates",
            "prefix",
            "prefixes",
        ),
        (
            "describe_pull_through_cache_rules",
            "pullThroughCacheRules",
            "ecrRepositoryPrefix",
            "ecrRepositoryPrefixes",
        ),
    ):
        if not callable(given[operation]):
            operations[operation] = found(operation, listed, name, wanted)
    return StubClient(**operations)
