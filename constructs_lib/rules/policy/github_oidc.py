"""GitHub Actions without stored credentials: which workflow runs may assume a role.

Source: GitHub documentation, "OpenID Connect reference"; IAM user guide, "Create a role for
OpenID Connect federation".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.aws.tokens import matches
from constructs_lib.rules.faults import Fault, faults_unless, raise_if_any
from constructs_lib.rules.types import checked_types

from .lists import one_or_list
from .statements import VERSION

HOST = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
REF = re.compile(r"refs/(heads|tags)/[^\s*?:]+")
ENVIRONMENT = re.compile(r"[^\s*?:][^*?:]{0,254}")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubSubject:
    """One kind of workflow run, by the exact subject of its token, without wildcards.

    :param repository: ``OWNER/NAME`` on GitHub.
    :param ref: runs on a branch or tag, such as ``refs/heads/main``, whose job has no environment.
    :param environment: runs whose job names this environment. Their subject has no ref, so the
        environment's own rules on GitHub must restrict which branches may use it.
    :param pull_request: runs for pull requests. Everyone who may open one can then assume the role.
    :param owner_id: the owner's immutable ID, as digits; requires ``repository_id``. The subjects
        of repositories created, renamed or transferred since July 2026 have both IDs.
    :param repository_id: the repository's immutable ID, as digits; requires ``owner_id``.
    :raises RuleError: with every value of the wrong form.
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
        """The subject as the token has it."""
        if self.environment:
            return f"repo:{self._repository_in_subject}:environment:{self.environment}"
        if self.pull_request:
            return f"repo:{self._repository_in_subject}:pull_request"
        return f"repo:{self._repository_in_subject}:ref:{self.ref}"

    @property
    def _repository_in_subject(self) -> str:
        if self.owner_id is None:
            return self.repository
        owner, name = self.repository.split("/")
        return f"{owner}@{self.owner_id}/{name}@{self.repository_id}"


def _subject_faults(subject: GitHubSubject) -> Iterator[Fault]:
    yield from faults_unless(
        matches(REPOSITORY, subject.repository),
        f"'{subject.repository[:80]}' is not a repository on GitHub. "
        "Write it 'OWNER/NAME', without wildcards.",
        path="repository",
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
        yield Fault(
            "",
            "a subject requires exactly one of ref, environment and pull_request, "
            f"got {' and '.join(given) or 'none'}. Write one, such as ref 'refs/heads/main'.",
        )
    if subject.ref:
        yield from faults_unless(
            matches(REF, subject.ref),
            f"'{subject.ref[:80]}' is not a full ref. Write it like 'refs/heads/main' or "
            "'refs/tags/v1', without wildcards.",
            path="ref",
        )
    if subject.environment:
        yield from faults_unless(
            matches(ENVIRONMENT, subject.environment),
            "an environment's name must have up to 255 characters without '*', '?' and ':', "
            f"got '{subject.environment[:80]}'. Write it as on GitHub.",
            path="environment",
        )
    yield from _id_faults(subject)


def _id_faults(subject: GitHubSubject) -> Iterator[Fault]:
    ids = (("owner_id", subject.owner_id), ("repository_id", subject.repository_id))
    yield from (
        Fault(name, f"an ID on GitHub must be a number, got '{value[:40]}'. Write '1234'.")
        for name, value in ids
        if value is not None and not (value.isascii() and value.isdigit())
    )
    if (subject.owner_id is None) != (subject.repository_id is None):
        yield Fault(
            "",
            "owner_id and repository_id require each other, because a subject has both or "
            "neither, got one. Write both, or neither.",
        )


def trust_policy(provider_arn: str, subjects: Sequence[GitHubSubject]) -> dict[str, Any]:
    """Return the trust policy of a role that only these runs may assume."""
    names = sorted({subject.subject for subject in subjects})
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{HOST}:aud": AUDIENCE, f"{HOST}:sub": one_or_list(names)}
                },
            }
        ],
    }


def provider_arn(account: str, partition: str) -> str:
    """Return the ARN of GitHub's OIDC provider in an account, which can have only one."""
    return f"arn:{partition}:iam::{account}:oidc-provider/{HOST}"
