"""The names of stacks, keys and parameters, which the review and the import find again."""

from __future__ import annotations

import pytest

from environments import names


def test_a_stack_is_named_after_its_environment() -> None:
    assert names.stack_name("dev", names.EKS_WORKLOADS) == "dev-EksWorkloads"
    assert names.stack_path("dev", names.EKS_WORKLOADS) == "dev/EksWorkloads"
    assert names.repositories_stack("dev", "web") == "dev-Repositories-web"


@pytest.mark.parametrize(
    ("stack", "group"),
    [
        ("dev-Repositories-web", "web"),
        ("dev-Repositories-a-b", "a-b"),
        ("dev-EksWorkloads", None),
        ("prod-Repositories-web", None),
        ("dev-eu-Repositories-web", None),
    ],
)
def test_a_group_is_found_by_its_stack(stack: str, group: str | None) -> None:
    assert names.repositories_group("dev", stack) == group


def test_the_key_of_an_environment_has_an_alias() -> None:
    assert names.key_alias("dev") == "ecr/dev"
    assert names.key_alias_name("dev") == "alias/ecr/dev"


def test_the_manifest_of_a_job_is_in_a_parameter_under_its_stack() -> None:
    assert names.job_parameter("dev", "batch/list") == "/dev-EksWorkloads/jobs/batch/list"
