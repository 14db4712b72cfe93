"""The roles with which GitHub Actions pushes, compared with AWS."""

from collections.abc import Iterator, Sequence
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.ecr.public_repository import public_repository_arn
from constructs_lib.rules.policy.github_oidc import (
    AUDIENCE,
    HOST,
    GitHubSubject,
    provider_arn,
    trust_policy,
)
from constructs_lib.rules.policy.repository_policy import (
    LOGIN_ACTIONS,
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
    PUSH_ACTIONS,
)
from constructs_lib.rules.policy.statements import statements_of
from ecrctl.verify.check import MISSING, NONE, Check
from environments.names import GITHUB_ACCESS
from environments.settings import GitHubPushSettings

from .lookup import Lookup
from .text import listed, permission_rows, policy_rows


def check_provider(lookup: Lookup) -> Iterator[Check]:
    """Yield whether GitHub's OIDC provider exists, where a role requires it."""
    settings = lookup.settings
    if not settings.github_pushes:
        return
    arn = provider_arn(settings.account, partition_of(settings.region).name)
    live = lookup.live("AWS::IAM::OIDCProvider", arn)
    subject = "GitHub's OIDC provider"
    yield Check(subject, "exists", "yes", "yes" if live else MISSING)
    if live:
        # Another provider of the account may accept more audiences than this one requires.
        found = live.properties["ClientIdList"] or ()
        accepts = AUDIENCE if AUDIENCE in found else listed(found)
        yield Check(subject, f"audience of {HOST}", AUDIENCE, accepts)
        if settings.creates_github_provider:
            own = lookup.resource_ids(GITHUB_ACCESS).values()
            stack = f"{settings.name}-{GITHUB_ACCESS}"
            yield Check(subject, "stack", stack, stack if arn in own else "another one")


def check_push(push: GitHubPushSettings, lookup: Lookup) -> Iterator[Check]:
    """Yield who may assume the role of some workflow runs, and what the role may do."""
    subject = f"pushes by {push.subject.subject}"
    construct_id = push.subject.subject.replace("/", "%2F")
    role_id = lookup.id_of(GITHUB_ACCESS, construct_id, "Role", "Resource")
    live = lookup.live("AWS::IAM::Role", role_id)
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    yield Check(subject, "role", push.role_name, role_id or MISSING)
    found = live.properties
    trust = _trust(lookup, push.subject)
    yield Check(subject, "trust policy", *policy_rows(trust, found["AssumeRolePolicyDocument"]))
    policies = lookup.inline_policies(live)
    permissions = [one for document in policies.values() for one in statements_of(document)]
    declared = _permissions(lookup, push)
    yield Check(subject, "permissions", *permission_rows(declared, permissions))
    yield Check(subject, "managed policies", NONE, listed(found["ManagedPolicyArns"]))


def _trust(lookup: Lookup, subject: GitHubSubject) -> dict[str, Any]:
    settings = lookup.settings
    return trust_policy(
        provider_arn(settings.account, partition_of(settings.region).name), [subject]
    )


def _permissions(lookup: Lookup, push: GitHubPushSettings) -> list[dict[str, Any]]:
    settings = lookup.settings
    private = [
        repository_arn(settings.account, settings.region, name) for name in push.repositories
    ]
    public = [public_repository_arn(settings.account, name) for name in push.public_repositories]
    return [
        *_pushes(PUSH_ACTIONS, private, LOGIN_ACTIONS),
        *_pushes(PUBLIC_PUSH_ACTIONS, public, PUBLIC_LOGIN_ACTIONS),
    ]


def _pushes(push: Sequence[str], arns: Sequence[str], login: Sequence[str]) -> list[dict[str, Any]]:
    """Return the statements for repositories of one kind, of which there may be none."""
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        for actions, resources in ((push, arns), (login, ("*",)))
        if arns
    ]
