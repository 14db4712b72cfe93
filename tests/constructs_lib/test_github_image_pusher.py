"""GitHubImagePusher: what it is not made without."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import GitHubImagePusher, GitHubSubject, PrivateRepository
from tests.support import stack_in

MAIN = GitHubSubject(repository="acme/api", ref="refs/heads/main")


@pytest.mark.parametrize("missing", ["repositories", "subjects"])
def test_a_role_that_could_do_nothing_or_be_nobody_is_not_made(missing: str) -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    arguments: dict[str, Any] = {"repositories": [api], "subjects": [MAIN]} | {missing: []}
    with pytest.raises(ValueError, match="Push") as refusal:
        GitHubImagePusher(stack, "Push", **arguments)
    assert str(refusal.value) == (
        f"GitHubImagePusher 'Push': {missing}: at least one of {missing} is needed, got none. "
        "Name them."
    )
    assert stack.node.try_find_child("Push") is None
