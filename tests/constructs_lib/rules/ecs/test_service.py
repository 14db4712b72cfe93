"""Services: the number of their tasks."""

from __future__ import annotations

import pytest

from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.faults import RuleError


@pytest.mark.parametrize("count", [0, 1, 5_000])
def test_a_service_can_have_any_number_of_tasks(count: int) -> None:
    assert ServiceSpec(name="api", task="api", desired_count=count).desired_count == count


def test_a_service_has_one_task_by_default() -> None:
    assert ServiceSpec(name="api", task="api").desired_count == 1


@pytest.mark.parametrize("count", [-1, -5_000])
def test_a_negative_number_of_tasks_is_refused(count: int) -> None:
    with pytest.raises(RuleError) as caught:
        ServiceSpec(name="api", task="api", desired_count=count)
    assert str(caught.value) == (
        f"Service 'api': desired_count: desired_count must be at least 0, got {count}. Raise it."
    )
