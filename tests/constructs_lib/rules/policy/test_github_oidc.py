"""GitHub's subjects."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.github_oidc import GitHubSubject, trust_policy


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
            "GitHubSubject: ref: 'main' is not a full ref. Write it such as 'refs/heads/main' "
            "or 'refs/tags/v1', without wildcards.",
        ),
        (
            {"ref": "refs/heads/*"},
            "GitHubSubject: ref: 'refs/heads/*' is not a full ref. Write it such as "
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
            "both or neither, got one. Write both, or remove it.",
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


def test_a_role_trusts_the_named_runs_alone() -> None:
    runs = [
        GitHubSubject(repository="acme/web", environment="prod"),
        GitHubSubject(repository="acme/api", ref="refs/heads/main"),
        GitHubSubject(repository="acme/api", ref="refs/heads/main"),
    ]
    assert trust_policy("arn:aws:iam::111111111111:oidc-provider/x", runs) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/x"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                        "token.actions.githubusercontent.com:sub": [
                            "repo:acme/api:ref:refs/heads/main",
                            "repo:acme/web:environment:prod",
                        ],
                    }
                },
            }
        ],
    }
