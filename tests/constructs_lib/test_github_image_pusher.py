"""GitHubImagePusher: its required arguments."""

from __future__ import annotations

from typing import Any

import pytest

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
