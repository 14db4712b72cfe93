"""GitHub Actions without stored credentials: which workflow may take on a role.

Source: GitHub documentation, "OpenID Connect reference"; IAM user guide, "Create a role for
OpenID Connect federation".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault, raise_if_any

HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
_REF = re.compile(r"refs/(heads|tags)/[^\s*?:]+")
_ENVIRONMENT = re.compile(r"[^\s*?:][^*?:]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSubject:
    """Define one kind of workflow run, by the subject of its token: exactly, without wildcards.

    :param repository: ``OWNER/NAME`` on GitHub.
    :param ref: runs on a branch or tag, ``refs/heads/main``, whose job names no environment.
    :param environment: runs whose job names this environment; the ref is then not in the subject,
        and the environment's own rules must say which branches may use it.
    :param pull_request: runs for pull requests. Whoever may open one may then take on the role.
    :param owner_id: the owner's immutable ID, as digits; given together with ``repository_id``.
        Repositories created, renamed or transferred since July 2026 have both in their subjects.
    :param repository_id: the repository's immutable ID, as digits.
    :raises RuleError: with everything that does not have its form.
    """

    repository: str
    ref: str | None = None
    environment: str | None = None
    pull_request: bool = False
    owner_id: str | None = None
    repository_id: str | None = None

    def __post_init__(self) -> None:
        raise_if_any("GitHubSubject", _subject_faults(self))

    @property
    def subject(self) -> str:
        """Give the subject as it stands in the token."""
        if self.environment:
            return f"repo:{self._named}:environment:{self.environment}"
        if self.pull_request:
            return f"repo:{self._named}:pull_request"
        return f"repo:{self._named}:ref:{self.ref}"

    @property
    def _named(self) -> str:
        if self.owner_id is None:
            return self.repository
        owner, name = self.repository.split("/")
        return f"{owner}@{self.owner_id}/{name}@{self.repository_id}"


def _subject_faults(subject: GitHubSubject) -> list[Fault]:
    faults: list[Fault] = []
    if not _REPOSITORY.fullmatch(subject.repository):
        faults.append(
            Fault(
                "repository",
                f"'{subject.repository[:80]}' is not a repository on GitHub. "
                "Write it 'OWNER/NAME', without wildcards.",
            )
        )
    given = [
        name
        for name, value in (
            ("ref", subject.ref),
            ("environment", subject.environment),
            ("pull_request", subject.pull_request),
        )
        if value
    ]
    if len(given) != 1:
        faults.append(
            Fault(
                "",
                "a workflow run is told by exactly one of ref, environment and pull_request, "
                f"got {', '.join(given) or 'none'}. Give one.",
            )
        )
    if subject.ref and not _REF.fullmatch(subject.ref):
        faults.append(
            Fault(
                "ref",
                f"'{subject.ref[:80]}' is not a full ref. Write it such as 'refs/heads/main' or "
                "'refs/tags/v1', without wildcards.",
            )
        )
    if subject.environment and not _ENVIRONMENT.fullmatch(subject.environment):
        faults.append(
            Fault(
                "environment",
                f"'{subject.environment[:80]}' is not an environment's name: up to 255 "
                "characters without '*', '?' and ':'. Write it as on GitHub.",
            )
        )
    faults += _id_faults(subject)
    return faults


def _id_faults(subject: GitHubSubject) -> list[Fault]:
    ids = (("owner_id", subject.owner_id), ("repository_id", subject.repository_id))
    faults = [
        Fault(name, f"an ID on GitHub is a number, got '{value[:40]}'. Write its digits, quoted.")
        for name, value in ids
        if value is not None and not (value.isascii() and value.isdigit())
    ]
    if (subject.owner_id is None) != (subject.repository_id is None):
        faults.append(
            Fault(
                "",
                "owner_id and repository_id are given together or not at all, got one of them. "
                "Both stand in a token's subject.",
            )
        )
    return faults


def trust_policy(provider_arn: str, subjects: Sequence[GitHubSubject]) -> dict[str, Any]:
    """Give the trust policy of a role that exactly these runs may take on."""
    named = sorted({subject.subject for subject in subjects})
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{HOST}:aud": AUDIENCE,
                        f"{HOST}:sub": named[0] if len(named) == 1 else named,
                    }
                },
            }
        ],
    }


def provider_arn(account: str, partition: str) -> str:
    """Give the ARN of GitHub's identity provider in an account: it can be there once."""
    return f"arn:{partition}:iam::{account}:oidc-provider/{HOST}"
