"""The policies of a repository, as ECR returns them: JSON in a text."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.aws.policies import lifecycle_policy, repository_policy
from ecrctl.errors import UserError
from tests.ecrctl.aws.stubs import StubClient

NAME = "team/api"


def test_a_policy_is_the_document_in_its_text() -> None:
    ecr: Any = StubClient(
        get_repository_policy=lambda **_: {"policyText": '{"Statement": []}'},
        get_lifecycle_policy=lambda **_: {"lifecyclePolicyText": '{"rules": []}'},
    )
    assert repository_policy(ecr, NAME) == {"Statement": []}
    assert lifecycle_policy(ecr, NAME) == {"rules": []}
    assert [request for _, request in ecr.requests] == [{"repositoryName": NAME}] * 2


@pytest.mark.parametrize("text", ["<html>", "[]", '"text"', ""])
def test_a_policy_that_is_no_document_is_one_sentence(text: str) -> None:
    ecr: Any = StubClient(
        get_repository_policy=lambda **_: {"policyText": text},
        get_lifecycle_policy=lambda **_: {"lifecyclePolicyText": text},
    )
    for read, kind in ((repository_policy, "repository"), (lifecycle_policy, "lifecycle")):
        with pytest.raises(UserError) as refusal:
            read(ecr, NAME)
        assert str(refusal.value) == (
            f"ECR returned no JSON document for the {kind} policy of '{NAME}'."
        )


@pytest.mark.parametrize("text", ["{}", '{"rules": {}}'])
def test_a_lifecycle_policy_without_rules_is_one_sentence(text: str) -> None:
    ecr: Any = StubClient(get_lifecycle_policy=lambda **_: {"lifecyclePolicyText": text})
    with pytest.raises(UserError) as refusal:
        lifecycle_policy(ecr, NAME)
    assert str(refusal.value) == (
        f"ECR returned no list of rules for the lifecycle policy of '{NAME}'."
    )
