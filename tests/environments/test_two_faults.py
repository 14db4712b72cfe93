"""Two faults in one file, each in a part of its own: neither hides the other."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from checked_files.reports import Report
from environments.faults import EnvironmentFault
from environments.loading import load_environment
from environments.partial import SettingHasFaults
from environments.reading import read_environment

DIGEST = "sha256:" + "a" * 64
DEV: dict[str, Any] = {
    "account": "111111111111",
    "region": "us-west-2",
    "protected": True,
    "organization_id": "o-a1b2c3d4e5",
    "required_tags": {"team": ["web"]},
    "administrators": ["arn:aws:iam::111111111111:role/a"],
    "break_glass_role": "arn:aws:iam::111111111111:role/b",
    "github_provider": "create",
    "encryption": "customer-managed",
    "notifications": {"topic_arn": "arn:aws:sns:us-west-2:111111111111:t"},
    "scan_gate": {"fail_on": "high"},
    "repositories": [
        {
            "name": "team/api",
            "tags": {"team": "web"},
            "push": {"github": [{"repository": "acme/api", "ref": "refs/heads/main"}]},
        },
        {"name": "team/web", "tags": {"team": "web"}},
    ],
    "images": {"api": {"repository": "team/api", "build": "services/api"}},
    "ecs_tasks": [
        {"name": "api", "image": "api", "memory_mib": 512, "cpu": 256, "fargate": "smallest"},
        {"name": "web", "image": "web", "memory_mib": 64},
    ],
    "ecs_services": [{"name": "api", "task": "api"}],
    "network": {"cidr": "10.20.0.0/24", "availability_zones": ["us-west-2a", "us-west-2b"]},
    "eks_cluster": {
        "name": "main",
        "kubectl_provider": "arn:aws:lambda:us-west-2:111111111111:function:k",
    },
    "eks_jobs": [{"name": "job", "image": "web", "service_account": "s", "delivery": "cluster"}],
}
PINS: dict[str, Any] = {
    "api": {"repository": "team/api", "tag": "v1", "digest": DIGEST},
    "web": {"repository": "team/web", "tag": "v1"},
}
CENTRAL = {"account": "222222222222", "region": "eu-west-1", "repositories": [{"name": "base"}]}

# By the path of the fault: a setting, and its wrong value.
SETTINGS: Mapping[str, tuple[tuple[str | int, ...], Any]] = {
    "scan_gate.fail_on": (("scan_gate", "fail_on"), "x"),
    "regoin": (("regoin",), "x"),
    "notifications.topic_arn": (
        ("notifications", "topic_arn"),
        "arn:aws:sns:eu-west-1:111111111111:t",
    ),
    "administrators": (("break_glass_role",), None),
    "encryption": (("encryption",), "dsse"),
    "repositories[1].lifecycle": (("repositories", 1, "lifecycle"), "x"),
    "repositories[1].removal": (("repositories", 1, "removal"), "destroy"),
    "repositories[1].tags.team": (("repositories", 1, "tags"), {"team": "x"}),
    "repositories[1].statements[0].Action": (
        ("repositories", 1, "statements"),
        [{"Effect": "Allow", "Principal": {"AWS": "111111111111"}}],
    ),
    "images.api.repository": (("images", "api", "repository"), "team/nope"),
    "images.api.build": (("images", "api", "build"), "/"),
    "ecs_tasks[1].memory_mib": (("ecs_tasks", 1, "memory_mib"), 2),
    "ecs_tasks[0].task_role_arn": (
        ("ecs_tasks", 0, "task_role_arn"),
        "arn:aws:iam::222222222222:role/r",
    ),
    "ecs_services[0].task": (("ecs_services", 0, "task"), "nope"),
    "ecs_services[0].desired_count": (("ecs_services", 0, "desired_count"), -1),
    "network.availability_zones": (
        ("network", "availability_zones"),
        ["us-east-1a", "us-east-1b"],
    ),
    "eks_jobs[0].name": (("eks_jobs", 0, "name"), "JOB_"),
    "eks_jobs[0].node_role_arn": (
        ("eks_jobs", 0, "node_role_arn"),
        "arn:aws:iam::222222222222:role/r",
    ),
}
PIN_SETTINGS: Mapping[str, tuple[tuple[str, ...], Any]] = {
    "api.digest": (("api", "digest"), "sha256:1"),
    "api.tag": (("api", "tag"), "a b"),
    "api.x": (("api", "x"), 1),
    "api.repository": (("api", "repository"), "team/nope"),
    "api.tag_may_move": (("api", "tag_may_move"), "yes"),
}


def changed(document: Mapping[str, Any], *changes: tuple[tuple[str | int, ...], Any]) -> Any:
    """Return a document with other values; ``None`` removes a setting."""
    copy: Any = deepcopy(dict(document))
    for (*way, last), value in changes:
        mapping = copy
        for step in way:
            mapping = mapping[step]
        if value is None:
            del mapping[last]
        else:
            mapping[last] = value
    return copy


def paths(directory: Path, environment: Any, pins: Any = PINS) -> list[tuple[str, str]]:
    """Return the file and the path of every fault, each of which has a place in its file."""
    files = {"dev": environment, "dev.images": pins, "central": CENTRAL}
    for name, document in files.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(EnvironmentFault) as error:
        load_environment("dev", directory)
    reports = [one for one in error.value.reports if isinstance(one, Report)]
    assert len(reports) == len(error.value.reports)
    assert all(fault.line and fault.column for one in reports for fault in one.faults)
    return [(one.file.rpartition("/")[2], fault.path) for one in reports for fault in one.faults]


def test_the_environment_is_valid(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(yaml.safe_dump(DEV))
    (tmp_path / "dev.images.yaml").write_text(yaml.safe_dump(PINS))
    load_environment("dev", tmp_path)


@pytest.mark.parametrize(("one", "other"), [*combinations(SETTINGS, 2)])
def test_two_faults_of_an_environment_are_both_reported(
    tmp_path: Path, one: str, other: str
) -> None:
    found = paths(tmp_path, changed(DEV, SETTINGS[one], SETTINGS[other]))
    assert {("dev.yaml", one), ("dev.yaml", other)} <= set(found)


@pytest.mark.parametrize(("one", "other"), [*combinations(PIN_SETTINGS, 2)])
def test_two_faults_of_a_pin_are_both_reported_with_their_places(
    tmp_path: Path, one: str, other: str
) -> None:
    found = paths(tmp_path, DEV, changed(PINS, PIN_SETTINGS[one], PIN_SETTINGS[other]))
    assert {("dev.images.yaml", one), ("dev.images.yaml", other)} <= set(found)


@pytest.mark.parametrize("one", SETTINGS)
def test_a_fault_of_an_environment_and_one_of_a_pin_are_both_reported(
    tmp_path: Path, one: str
) -> None:
    pins = changed(PINS, (("web",), {"registry": "central", "repository": "base", "tag": "v1"}))
    found = paths(tmp_path, changed(DEV, SETTINGS[one]), pins)
    assert {("dev.yaml", one), ("dev.images.yaml", "web.registry")} <= set(found)


def test_a_pin_has_all_of_its_faults_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(yaml.safe_dump(DEV))
    (tmp_path / "dev.images.yaml").write_text(
        f"api: {{repository: team/nope, digest: {DIGEST}, tag: latest, x: 1}}\n"
        f"web: {{repository: team/web, digest: {DIGEST}}}\n"
    )
    with pytest.raises(EnvironmentFault) as error:
        load_environment("dev", tmp_path)
    (report,) = error.value.reports
    assert isinstance(report, Report)
    assert [(one.line, one.column, one.path) for one in report.faults] == [
        (1, 7, "api.repository"),
        (1, 111, "api.tag"),
        (1, 124, "api.x"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        (("organization_id",), "x"),
        (("organization_idd",), "o-a1b2c3d4e5"),
    ],
)
def test_a_setting_with_faults_causes_no_other_fault(tmp_path: Path, wrong: Any) -> None:
    document = changed(DEV, wrong, (("repositories", 1, "pull"), {"organization": True}))
    if wrong[0] == ("organization_idd",):
        del document["organization_id"]
    assert paths(tmp_path, document) == [("dev.yaml", wrong[0][0])]


def test_a_setting_with_faults_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("account: '111111111111'\nregion: x\nprotected: true\n")
    found = read_environment("dev", tmp_path / "dev.yaml")
    assert found.head is None
    assert found.valid_head is not None
    assert (found.valid_head.account, found.valid_head.protected) == ("111111111111", True)
    with pytest.raises(SettingHasFaults, match="region"):
        _ = found.valid_head.region
