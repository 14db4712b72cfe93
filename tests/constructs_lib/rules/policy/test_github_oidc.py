"""GitHub's subjects."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.github_oidc import GitHubSubject


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
def test_a_subject_is_as_it_stands_in_the_token(fields: dict[str, Any], subject: str) -> None:
    assert GitHubSubject(repository="acme/api", **fields).subject == subject


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {},
            "GitHubSubject: a workflow run is told by exactly one of ref, environment and "
            "pull_request, got none. Give one.",
        ),
        (
            {"ref": "refs/heads/main", "environment": "prod"},
            "GitHubSubject: a workflow run is told by exactly one of ref, environment and "
            "pull_request, got ref, environment. Give one.",
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
            "GitHubSubject: environment: '*' is not an environment's name: up to 255 characters "
            "without '*', '?' and ':'. Write it as on GitHub.",
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
            "GitHubSubject: owner_id and repository_id are given together or not at all, got "
            "one of them. Both stand in a token's subject.",
        ),
        (
            {"ref": "refs/heads/main", "owner_id": "a", "repository_id": "1"},
            "GitHubSubject: owner_id: an ID on GitHub is a number, got 'a'. Write its digits, "
            "quoted.",
        ),
    ],
)
def test_a_subject_that_would_trust_too_much_or_nobody_is_refused(
    fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(RuleError) as refusal:
        GitHubSubject(**{"repository": "acme/api"} | fields)
    assert str(refusal.value) == sentence
