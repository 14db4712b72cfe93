"""GitHub's subjects."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.github_oidc import GitHubSubject, provider_arn, trust_policy


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"ref": "refs/heads/main"}, "repo:acme/api:ref:refs/heads/main"),
        ({"ref": "refs/tags/v1"}, "repo:acme/api:ref:refs/tags/v1"),
        ({"environment": "prod"}, "repo:acme/api:environment:prod"),
        ({"pull_request": True}, "repo:acme/api:pull_request"),
        (
            {"environment": "prod", "owner_id": "12", "repository_id": "34"},
            "repo:acme@12/api@34:environment:prod",
        ),
    ],
)
def test_a_subject_is_the_tokens_subject(fields: dict[str, Any], subject: str) -> None:
    assert GitHubSubject(repository="acme/api", **fields).subject == subject


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {},
            "GitHubSubject: a subject requires exactly one of ref, environment and pull_request, "
            "got none. Write one, such as ref 'refs/heads/main'.",
        ),
        (
            {"ref": "refs/heads/main", "environment": "prod"},
            "GitHubSubject: a subject requires exactly one of ref, environment and pull_request, "
            "got ref and environment. Write one, such as ref 'refs/heads/main'.",
        ),
        (
            {"ref": "main"},
            "GitHubSubject: ref: 'main' is not a full ref. Write it like 'refs/heads/main' "
            "or 'refs/tags/v1', without wildcards.",
        ),
        (
            {"ref": "refs/heads/*"},
            "GitHubSubject: ref: 'refs/heads/*' is not a full ref. Write it like "
            "'refs/heads/main' or 'refs/tags/v1', without wildcards.",
        ),
        (
            {"environment": "*"},
            "GitHubSubject: environment: an environment's name must have up to 255 characters "
            "without '*', '?' and ':', got '*'. Write it as on GitHub.",
        ),
        (
            {"ref": "refs/heads/main", "repository": "acme/*"},
            "GitHubSubject: repository: 'acme/*' is not a repository on GitHub. Write it "
            "'OWNER/NAME', without wildcards.",
        ),
        (
            {"ref": "refs/heads/main", "repository": "acme"},
            "GitHubSubject: repository: 'acme' is not a repository on GitHub. Write it "
            "'OWNER/NAME', without wildcards.",
        ),
        (
            {"ref": "refs/heads/main", "owner_id": "12"},
            "GitHubSubject: owner_id and repository_id require each other, because a subject has "
            "both or neither, got one. Write both, or neither.",
        ),
        (
            {"ref": "refs/heads/main", "owner_id": "a", "repository_id": "1"},
            "GitHubSubject: owner_id: an ID on GitHub must be a number, got 'a'. Write '1234'.",
        ),
    ],
)
def test_a_subject_that_would_trust_too_much_or_nothing_is_refused(
    fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RuleError) as refusal:
        GitHubSubject(**{"repository": "acme/api"} | fields)
    assert str(refusal.value) == sentence


def test_a_role_trusts_the_runs_of_its_subjects_alone() -> None:
    arn = provider_arn("111111111111", "aws-cn")
    host = "token.actions.githubusercontent.com"
    assert arn == f"arn:aws-cn:iam::111111111111:oidc-provider/{host}"
    tags, main = (
        GitHubSubject(repository="acme/api", ref=ref) for ref in ("refs/tags/v1", "refs/heads/main")
    )
    subjects = [main.subject, tags.subject]
    for given, expected in (([tags, main, tags], subjects), ([main], main.subject)):
        assert trust_policy(arn, given) == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": arn},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {
                            f"{host}:aud": "sts.amazonaws.com",
                            f"{host}:sub": expected,
                        }
                    },
                }
            ],
        }
