"""The restrictions of an ECS container."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecs.hardening import (
    ContainerHardening,
    hardened_faults,
    hardening_faults,
)

HARDENED: dict[str, Any] = {
    "ReadonlyRootFilesystem": True,
    "User": "65532:65532",
    "LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}, "InitProcessEnabled": True},
    "Memory": 200,
    "LogConfiguration": {"LogDriver": "awslogs"},
}


def test_every_hardening_is_the_default_and_none_of_them_can_be_chosen() -> None:
    assert ContainerHardening() == ContainerHardening(
        read_only_root_filesystem=True,
        user="65532:65532",
        drop_capabilities=True,
        init_process=True,
    )
    assert ContainerHardening.none() == ContainerHardening(
        read_only_root_filesystem=False, user=None, drop_capabilities=False, init_process=False
    )


@pytest.mark.parametrize("user", ["1", "1000", "1000:1000", None])
def test_a_user_above_zero_or_the_images_own_is_taken(user: str | None) -> None:
    assert hardening_faults(ContainerHardening(user=user)) == []


@pytest.mark.parametrize("user", ["0", "1000:0", "0:1000", "app", "", "1:2:3"])
def test_root_and_a_user_by_name_are_refused(user: str) -> None:
    faults = hardening_faults(ContainerHardening(user=user))
    assert [fault.path for fault in faults] == ["hardening.user"]


def test_a_hardened_container_has_no_fault() -> None:
    assert list(hardened_faults(HARDENED)) == []


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"ReadonlyRootFilesystem": False}, ["ReadonlyRootFilesystem"]),
        ({"User": "0"}, ["User"]),
        ({"LinuxParameters": {"InitProcessEnabled": True}}, ["LinuxParameters.Capabilities"]),
        (
            {"LinuxParameters": HARDENED["LinuxParameters"] | {"Capabilities": {"Drop": "ALL"}}},
            ["LinuxParameters.Capabilities"],
        ),
        (
            {"LinuxParameters": HARDENED["LinuxParameters"] | {"Capabilities": {"Drop": ["X"]}}},
            ["LinuxParameters.Capabilities"],
        ),
        (
            {"LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}}},
            ["LinuxParameters.InitProcessEnabled"],
        ),
        (
            {"LinuxParameters": None},
            ["LinuxParameters.Capabilities", "LinuxParameters.InitProcessEnabled"],
        ),
        ({"Privileged": True}, ["Privileged"]),
        ({"Memory": 0}, ["Memory"]),
        ({"LogConfiguration": None}, ["LogConfiguration"]),
    ],
)
def test_each_hardening_that_a_template_leaves_out_is_found(
    change: dict[str, Any], paths: list[str]
) -> None:
    assert [fault.path for fault in hardened_faults(HARDENED | change)] == paths


def test_a_container_without_settings_has_no_restriction() -> None:
    assert len(list(hardened_faults({}))) == 6
