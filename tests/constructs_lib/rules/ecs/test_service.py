"""The number of tasks of a service."""

from __future__ import annotations

import pytest

from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.faults import RuleError


def test_a_service_runs_one_task_by_default_and_may_run_none() -> None:
    assert ServiceSpec(name="api", task="api").desired_count == 1
    assert ServiceSpec(name="api", task="api", desired_count=0).desired_count == 0


def test_a_negative_number_of_tasks_is_refused() -> None:
    with pytest.raises(RuleError) as refusal:
        ServiceSpec(name="api", task="api", desired_count=-1)
    (fault,) = refusal.value.faults
    assert str(fault) == "desired_count: desired_count must be 0 to 5,000, got -1. Change it."
    assert ServiceSpec(name="api", task="api", desired_count=5_000).desired_count == 5_000
    with pytest.raises(RuleError, match="must be 0 to 5,000, got 5001"):
        ServiceSpec(name="api", task="api", desired_count=5_001)


def test_a_name_that_is_no_label_is_refused() -> None:
    assert ServiceSpec(name="a" * 63, task="api").task == "api"
    with pytest.raises(RuleError) as error:
        ServiceSpec(name="a" * 64, task="api")
    assert str(error.value) == (
        f"Service '{'a' * 64}': name: a name must have 1 to 63 lower-case letters, digits and "
        "'-', and begin and end with a letter or digit (RFC 1123), got "
        f"'{'a' * 64}' (64 characters). Choose another name."
    )
