"""Fargate's sizes, checked and chosen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.ecs.fargate_sizes import MEMORY_MIB_BY_CPU, FargateSize
from constructs_lib.rules.faults import RuleError

SIZES = [(cpu, memory) for cpu, choices in MEMORY_MIB_BY_CPU.items() for memory in choices]


def test_all_published_sizes_are_there() -> None:
    counts = {cpu: len(memory) for cpu, memory in MEMORY_MIB_BY_CPU.items()}
    assert counts == {256: 3, 512: 4, 1024: 7, 2048: 13, 4096: 23, 8192: 12, 16384: 12}
    edges = {cpu: (memory[0], memory[-1]) for cpu, memory in MEMORY_MIB_BY_CPU.items()}
    assert edges == {
        256: (512, 2048),
        512: (1024, 4096),
        1024: (2048, 8192),
        2048: (4096, 16384),
        4096: (8192, 30720),
        8192: (16384, 61440),
        16384: (32768, 122880),
    }


def test_between_its_edges_a_choice_grows_in_equal_steps() -> None:
    steps = {
        cpu: {after - before for before, after in pairwise(memory)}
        for cpu, memory in MEMORY_MIB_BY_CPU.items()
    }
    gib = 1024
    assert steps.pop(256) == {512, gib}
    assert steps == {
        512: {gib},
        1024: {gib},
        2048: {gib},
        4096: {gib},
        8192: {4 * gib},
        16384: {8 * gib},
    }


@given(st.integers(0, 16384), st.integers(0, 122880))
def test_the_smallest_size_that_holds_it_is_chosen(cpu: int, memory_mib: int) -> None:
    size = FargateSize.at_least(cpu=cpu, memory_mib=memory_mib)
    assert (size.cpu, size.memory_mib) == min(
        pair for pair in SIZES if pair[0] >= cpu and pair[1] >= memory_mib
    )


@pytest.mark.parametrize(
    ("cpu", "memory_mib", "sentence"),
    [
        (
            256,
            8192,
            "FargateSize: Fargate has no size of 256 CPU units and 8192 MiB. Write cpu 1024 and "
            "memory_mib 8192, the smallest that is large enough.",
        ),
        (
            10,
            200,
            "FargateSize: Fargate has no size of 10 CPU units and 200 MiB. Write cpu 256 and "
            "memory_mib 512, the smallest that is large enough.",
        ),
        (
            32768,
            1024,
            "FargateSize: Fargate's largest size has 16384 CPU units and 122880 MiB, got 32768 "
            "and 1024. Request less, or run the task on EC2.",
        ),
    ],
)
def test_a_size_that_fargate_has_not_is_refused(cpu: int, memory_mib: int, sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        FargateSize(cpu=cpu, memory_mib=memory_mib)
    assert str(refusal.value) == sentence


def test_nothing_holds_more_than_the_largest() -> None:
    with pytest.raises(RuleError, match="largest size has 16384 CPU units and 122880 MiB"):
        FargateSize.at_least(cpu=1, memory_mib=122881)
