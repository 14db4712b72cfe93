"""Questions to an IAM evaluator about the permissions of a registry: who may, and who may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    parse_policy_document,
)

from constructs_lib import (
    Access,
    CreationTemplate,
    EncryptionSpec,
    PullThroughCache,
    Registry,
    RegistryPolicy,
    ReplicationSource,
    SigningRule,
)
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

SOURCE, OTHER, STRANGER = "222222222222", "333333333333", "999999999999"
ORGANIZATION = "o-a1b2c3d4e5"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/images"
PULL, IMPORT = "ecr:BatchGetImage", "ecr:BatchImportUpstreamImage"
CREATE, REPLICATE = "ecr:CreateRepository", "ecr:ReplicateImage"
IN_ORGANIZATION = {"aws:principalorgid": ORGANIZATION}
ELSEWHERE = {"aws:principalorgid": "o-other"}
Keys = Mapping[str, Any]
NO_KEYS: Keys = {}


def registry_template() -> dict[str, Any]:
    """Return the template of a registry with each kind of permission."""
    stack = stack_in()
    aes256 = EncryptionSpec(kind="aes256")
    registry = Registry(
        stack,
        "Registry",
        caches=[
            PullThroughCache(
                prefix="public",
                upstream="ecr-public",
                encryption=EncryptionSpec(kind="customer-managed", key_arn=KEY_ARN),
                pull=Access(accounts=(OTHER,)),
            ),
            PullThroughCache(
                prefix="shared",
                upstream="ecr",
                host=f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com",
                upstream_prefix="base",
                encryption=aes256,
            ),
        ],
        templates=[
            CreationTemplate(
                prefix="team",
                applied_for=("REPLICATION", "CREATE_ON_PUSH"),
                encryption=aes256,
                tags={"team": "web"},
            )
        ],
        signing=[SigningRule(filters=("team/*",), profile_arn=PROFILE)],
        policy=RegistryPolicy(
            replication=(ReplicationSource(account=SOURCE, repositories=("team/*",)),),
            pull=Access(organization_id=ORGANIZATION),
            pull_repositories=("team/api",),
        ),
    )
    registry.grant_signing(
        iam.Role(stack, "Pusher", assumed_by=iam.AccountRootPrincipal()),
        repository_name="team/api",
    )
    return template_of(stack)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Return the template of a registry with each kind of permission."""
    return registry_template()


def repository(name: str) -> str:
    """Return the ARN of a repository."""
    return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"


def context(account: str, action: str, resource: str, keys: Keys) -> EvalContext:
    """Return the request of a role."""
    return EvalContext(
        principal_arn=f"arn:aws:iam::{account}:role/someone",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=REGION,
        principal_keys=dict(keys),
        service_context=dict(keys),
    )


@pytest.mark.parametrize(
    ("account", "action", "name", "keys", "allowed"),
    [
        # A source replicates into the repositories of its filters alone.
        (SOURCE, REPLICATE, "team/api", NO_KEYS, True),
        (SOURCE, CREATE, "team/api", NO_KEYS, True),
        (SOURCE, REPLICATE, "other/api", NO_KEYS, False),
        (SOURCE, PULL, "team/web", NO_KEYS, False),
        (OTHER, REPLICATE, "team/api", NO_KEYS, False),
        # An account pulls through the cache, and so fills it, under its prefix alone.
        (OTHER, PULL, "public/docker/library/alpine", NO_KEYS, True),
        (OTHER, IMPORT, "public/docker/library/alpine", NO_KEYS, True),
        (OTHER, CREATE, "public/docker/library/alpine", NO_KEYS, True),
        (OTHER, "ecr:PutImage", "public/docker/library/alpine", NO_KEYS, False),
        (OTHER, CREATE, "team/new", NO_KEYS, False),
        (OTHER, IMPORT, "shared/a", NO_KEYS, False),
        (STRANGER, PULL, "public/docker/library/alpine", NO_KEYS, False),
        (STRANGER, IMPORT, "public/docker/library/alpine", NO_KEYS, False),
        # The organization pulls from the repositories that ask for it, and does no more.
        (STRANGER, PULL, "team/api", IN_ORGANIZATION, True),
        (STRANGER, PULL, "team/api", ELSEWHERE, False),
        (STRANGER, PULL, "team/secret", IN_ORGANIZATION, False),
        (STRANGER, "ecr:PutImage", "team/api", IN_ORGANIZATION, False),
        (STRANGER, "ecr:DeleteRepository", "team/api", IN_ORGANIZATION, False),
    ],
)
def test_the_registry_policy_lets_a_principal_of_another_account(
    template: dict[str, Any], account: str, action: str, name: str, keys: Keys, *, allowed: bool
) -> None:
    # Its own identity policies allow the principal everything.
    request = context(account, action, repository(name), keys)
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    identity = evaluate(request, [parse_policy_document(everything)])
    document = only(template, "AWS::ECR::RegistryPolicy")["PolicyText"]
    found = combine_resource_policy(identity, request, document, ACCOUNT)
    assert (found.decision == "Allow") is allowed


def policies_of(template: dict[str, Any], service: str) -> list[Any]:
    """Return the identity policies of the role that a service assumes."""
    roles = [one["Properties"] for one in resources(template, "AWS::IAM::Role")]
    (role,) = [
        one
        for one in roles
        if one["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": service}
    ]
    return [one["PolicyDocument"] for one in role["Policies"]]


def may(policies: Sequence[Any], action: str, resource: str, keys: Keys = NO_KEYS) -> bool:
    """Return whether identity policies allow a request."""
    documents = [parse_policy_document(one) for one in policies]
    return bool(evaluate(context(ACCOUNT, action, resource, keys), documents).decision == "Allow")


VIA_ECR = {"kms:viaservice": f"ecr.{REGION}.amazonaws.com"}
OTHER_KEY = KEY_ARN.replace("1111", "2222")


@pytest.mark.parametrize(
    ("action", "resource", "keys", "allowed"),
    [
        (CREATE, repository("public/a"), NO_KEYS, True),
        ("ecr:TagResource", repository("team/a"), NO_KEYS, True),
        (REPLICATE, repository("team/a"), NO_KEYS, True),
        (CREATE, repository("other/a"), NO_KEYS, False),
        (CREATE, repository("team-b/a"), NO_KEYS, False),
        # Without a key or tags, ECR requires no role.
        (CREATE, repository("shared/a"), NO_KEYS, False),
        ("ecr:DeleteRepository", repository("public/a"), NO_KEYS, False),
        ("ecr:SetRepositoryPolicy", repository("public/a"), NO_KEYS, False),
        ("kms:CreateGrant", KEY_ARN, VIA_ECR, True),
        ("kms:CreateGrant", KEY_ARN, NO_KEYS, False),
        ("kms:CreateGrant", KEY_ARN, {"kms:viaservice": f"s3.{REGION}.amazonaws.com"}, False),
        ("kms:CreateGrant", OTHER_KEY, VIA_ECR, False),
        ("kms:Decrypt", KEY_ARN, VIA_ECR, False),
    ],
)
def test_ecr_creates_repositories_as_a_role_that_may(
    template: dict[str, Any], action: str, resource: str, keys: Keys, allowed: bool
) -> None:
    assert may(policies_of(template, "ecr.amazonaws.com"), action, resource, keys) is allowed


UPSTREAM = f"arn:aws:ecr:{REGION}:{OTHER}:repository/"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        (PULL, f"{UPSTREAM}base/alpine", True),
        ("ecr:GetDownloadUrlForLayer", f"{UPSTREAM}base/alpine", True),
        (PULL, f"{UPSTREAM}secret/app", False),
        ("ecr:PutImage", f"{UPSTREAM}base/alpine", False),
        ("ecr:PutImage", repository("shared/alpine"), True),
        ("ecr:PutImage", repository("team/api"), False),
        (PULL, repository("team/api"), False),
        ("ecr:GetAuthorizationToken", "*", True),
    ],
)
def test_ecr_fills_a_cache_of_another_account_as_a_role_that_may(
    template: dict[str, Any], action: str, resource: str, allowed: bool
) -> None:
    policies = policies_of(template, "pullthroughcache.ecr.amazonaws.com")
    assert may(policies, action, resource) is allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("signer:SignPayload", PROFILE, True),
        ("signer:SignPayload", f"{PROFILE}_other", False),
        ("signer:RevokeSignature", PROFILE, False),
    ],
)
def test_a_principal_that_pushes_signs_as_its_policy_allows(
    template: dict[str, Any], action: str, resource: str, allowed: bool
) -> None:
    policy = only(template, "AWS::IAM::Policy")["PolicyDocument"]
    assert may([policy], action, resource) is allowed
