"""An environment with one pinned image, and operations whose resource does not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from environments.loading import load_environment
from environments.settings import EnvironmentSettings

DIGEST = "sha256:" + "a" * 64
HEAD = """\
account: "111111111111"
region: us-west-2
repositories: [{name: team/api}]
"""
IMAGE = f"111111111111.dkr.ecr.us-west-2.amazonaws.com/team/api@{DIGEST}"


def load(folder: Path, text: str) -> EnvironmentSettings:
    """Return the environment ``dev`` with some workloads that run the pinned image ``api``."""
    (folder / "dev.yaml").write_text(HEAD + text)
    pin = f"{{repository: team/api, tag: v1, digest: {DIGEST!r}}}"
    (folder / "dev.images.yaml").write_text(f"api: {pin}\n")
    return load_environment("dev", folder)


def missing(operation: str, code: str, message: str = "") -> Callable[..., NoReturn]:
    """Return an operation whose resource does not exist."""

    def fail(**_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

    return fail
