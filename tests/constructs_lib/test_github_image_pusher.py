"""GitHubImagePusher: its required arguments."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk.assertions import Template

from constructs_lib import GitHubImagePusher, GitHubSubject, PrivateRepository
from tests.support import stack_in

MAIN = GitHubSubject(repository="acme/api", ref="refs/heads/main")


@pytest.mark.parametrize(
    ("missing", "example"),
    [("repositories", "a PrivateRepository"), ("subjects", "a GitHubSubject")],
)
def test_a_role_without_repositories_or_subjects_is_refused(missing: str, example: str) -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    arguments: dict[str, Any] = {"repositories": [api], "subjects": [MAIN]} | {missing: []}
    with pytest.raises(ValueError, match="Push") as refusal:
        GitHubImagePusher(stack, "Push", **arguments)
    assert str(refusal.value) == (
        f"GitHubImagePusher 'Push': {missing}: the role requires at least one of {missing}, "
        f"got none. Add {example}."
    )
    assert stack.node.try_find_child("Push") is None


@pytest.mark.parametrize("name", [None, "dev.us-west-2.push.acme.api@main"])
def test_a_role_has_the_given_name_or_a_generated_one(name: str | None) -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    GitHubImagePusher(stack, "Push", repositories=[api], subjects=[MAIN], role_name=name)
    (role,) = Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    assert role["Properties"].get("RoleName") == name


def test_a_name_that_iam_refuses_is_a_fault() -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    with pytest.raises(ValueError, match="Push") as refusal:
        GitHubImagePusher(stack, "Push", repositories=[api], subjects=[MAIN], role_name="a/b")
    assert str(refusal.value) == (
        "GitHubImagePusher 'Push': role_name: a role's name must have 1 to 64 letters, digits and "
        "'+=,.@_-', got 'a/b'. Choose another name."
    )
    assert stack.node.try_find_child("Push") is None
