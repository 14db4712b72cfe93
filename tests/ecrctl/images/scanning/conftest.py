"""An account of moto, and an environment in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from ecrctl.aws.clients import Aws

from .accounts import ACCOUNT, REGION, REPOSITORY


@pytest.fixture
def moto_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Return clients of moto, whose account has one repository."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        aws = Aws(boto3.Session(region_name=REGION), REGION, None)
        aws.ecr.create_repository(repositoryName=REPOSITORY)
        yield aws


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which has an environment ``dev``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dev.yaml").write_text(
        f'account: "{ACCOUNT}"\nregion: {REGION}\nrepositories: [{{name: {REPOSITORY}}}]\n'
    )
    return tmp_path
