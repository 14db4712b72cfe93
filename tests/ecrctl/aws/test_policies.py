"""The policies of a repository, as ECR returns them: JSON in a text."""

from __future__ import annotations

from typing import Any

from ecrctl.aws.policies import lifecycle_policy, repository_policy
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
