"""The order of deployments, which workflows read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from environments.deployment_order import deployment_order
from environments.faults import EnvironmentFault
from tests.support import ROOT

DIGEST = f"sha256:{'a' * 64}"


def write(folder: Path, name: str, *, pulls_from: str = "", **fields: str) -> None:
    """Write an environment, and a pin in the registry of another one."""
    head = {"account": '"111111111111"', "region": "us-west-2", **fields}
    (folder / f"{name}.yaml").write_text("".join(f"{key}: {one}\n" for key, one in head.items()))
    if pulls_from:
        pin = f"{{registry: {pulls_from}, repository: app, tag: v1, digest: '{DIGEST}'}}"
        (folder / f"{name}.images.yaml").write_text(f"app: {pin}\n")


def test_an_environment_follows_its_registry_and_protected_ones_come_last(tmp_path: Path) -> None:
    write(tmp_path, "a-prod", pulls_from="registry", protected="true")
    write(tmp_path, "b-staging", pulls_from="registry")
    write(tmp_path, "registry", protected="true")
    write(tmp_path, "z-dev")
    # The embedded AWS is no place for a workflow.
    write(tmp_path, "local", account='"000000000000"')
    assert deployment_order(tmp_path) == ["z-dev", "registry", "b-staging", "a-prod"]


def test_a_circle_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, "one", pulls_from="two")
    write(tmp_path, "two", pulls_from="one")
    with pytest.raises(EnvironmentFault) as fault:
        deployment_order(tmp_path)
    assert str(fault.value).startswith(
        "environments must not pull images from each other in a circle, got "
    )


def test_the_module_prints_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "environments.deployment_order"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == deployment_order()
