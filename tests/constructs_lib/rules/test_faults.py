"""Checks that rules share: words, ranges, repeated values, and the paths of faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.ecs.container import ContainerSpec
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.faults import (
    Fault,
    RuleError,
    each_under,
    faults_unless,
    range_faults,
    repeated,
    taken_faults,
    under,
    word_faults,
)
from constructs_lib.rules.kubernetes.cron_job import CronSchedule
from constructs_lib.rules.kubernetes.job import JobSpec
from constructs_lib.rules.kubernetes.pod import JobPod, Toleration, Volume
from constructs_lib.rules.lifecycle.rule import LifecycleRule

WORDS = ("small", "large")


@pytest.mark.parametrize(
    ("given", "optional", "count"),
    [("small", False, 0), ("Small", False, 1), (None, False, 1), (None, True, 0), ("", True, 1)],
)
def test_a_word_is_one_of_the_words_and_none_is_valid_only_as_a_default(
    given: str | None, optional: bool, count: int
) -> None:
    assert len(word_faults("size", given, WORDS, optional=optional)) == count


def test_a_wrong_word_is_named_with_all_words_and_is_shortened() -> None:
    (fault,) = word_faults("size", "x" * 50, WORDS, subject="a size", cure="Change it.")
    assert fault == Fault(
        "size", f"a size must be one of small, large, got '{'x' * 40}'. Change it."
    )


@pytest.mark.parametrize(
    ("value", "optional", "count"),
    [
        (1, False, 1),
        (2, False, 0),
        (3_000, False, 0),
        (3_001, False, 1),
        (None, False, 1),
        (None, True, 0),
    ],
)
def test_a_number_is_in_its_range_and_none_is_valid_only_as_a_default(
    value: int | None, optional: bool, count: int
) -> None:
    faults = range_faults("size", value, 2, 3_000, "Change it.", optional=optional)
    assert [str(fault) for fault in faults] == [
        f"size: size must be 2 to 3,000, got {value}. Change it."
    ] * count


@pytest.mark.parametrize(("value", "count"), [(-1, 1), (0, 0), (2**40, 0)])
def test_a_range_without_an_end_has_a_least_number_alone(value: int, count: int) -> None:
    assert len(range_faults("size", value, 0, None, "Raise it.")) == count


def test_a_fault_is_returned_unless_a_condition_is_true() -> None:
    assert faults_unless("match", "a message", path="key") == []
    assert faults_unless(None, "a message", path="key") == [Fault("key", "a message")]


def test_a_repeated_value_is_yielded_with_the_first_place_that_has_it() -> None:
    assert list(repeated(zip("abcd", (1, 2, 1, 1), strict=True))) == [("c", 1, "a"), ("d", 1, "a")]


def test_a_taken_text_is_named_with_the_place_that_took_it() -> None:
    items = [("volumes[0]", "data"), ("volumes[1]", "logs"), ("volumes[2]", "data")]
    assert [str(fault) for fault in taken_faults("name", items)] == [
        "volumes[2].name: the name 'data' is taken by volumes[0]. Choose another one."
    ]


def test_faults_of_a_list_have_the_index_of_their_value() -> None:
    faults = each_under("names", ("a", "", "b"), lambda name: faults_unless(name, "is empty"))
    assert under("image", faults) == [Fault("image.names[1]", "is empty")]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (lambda none: JobSpec(name="list", name_suffix=none), "name_suffix"),
        (lambda none: _job(restart_policy=none), "restart_policy"),
        (lambda none: _job(tolerations=(Toleration(operator=none),)), "operator"),
        (
            lambda none: _job(volumes=(Volume(name="a", path="/a", source=none),)),
            "source",
        ),
        (
            lambda none: CronSchedule(schedule="@daily", concurrency_policy=none),
            "concurrency_policy",
        ),
        (lambda none: TagImmutability(mode=none), "mode"),
        (lambda none: EncryptionSpec(kind=none), "kind"),
        (lambda none: LifecycleRule(count_type=none, count_number=1), "count_type"),
        (
            lambda none: LifecycleRule(count_type="sinceImagePushed", count_number=1, action=none),
            "action",
        ),
        (lambda none: ServiceSpec(name="api", task="api", desired_count=none), "desired_count"),
        (lambda none: _task(pulled_by=none), "pulled_by"),
        (lambda none: _task(memory_mib=none), "memory_mib"),
        (lambda none: _task(depends_on={"api": none}), "depends_on.api"),
    ],
)
def test_a_setting_that_has_a_default_cannot_be_none(
    value: Callable[[Any], Any], path: str
) -> None:
    with pytest.raises(RuleError) as caught:
        value(None)
    assert path in {fault.path for fault in caught.value.faults}


def _task(*, pulled_by: Any = "execution-role", **container: Any) -> TaskSpec:
    spec = ContainerSpec(**{"memory_mib": 64, **container})
    return TaskSpec(family="api", container=spec, pulled_by=pulled_by)


def _job(**pod: Any) -> JobSpec:
    return JobSpec(name="list", pod=JobPod(**pod))
