"""Promotion records, read from a registry."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.images.report.promotions import promotion_reader
from ecrctl.images.stores.registry import Registry
from tests.ecrctl.aws.stubs import stub_aws
from tests.ecrctl.images.conftest import connection
from tests.ecrctl.images.promotion.test_records import (
    IMAGE,
    RECORD,
    artifact_of,
    attach,
    repository,
)
from tests.ecrctl.images.servers.fake import FakeRegistry

__all__ = ["repository"]  # the fixture is found by its name


def test_records_are_read_with_one_login_and_nothing_is_written(
    repository: Any, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(repository, artifact_of(RECORD, repository))
    accounts: list[str] = []

    def connect(_aws: Any, account: str) -> Registry:
        accounts.append(account)
        return connection(fake.url)

    monkeypatch.setattr(Registry, "of_account", staticmethod(connect))
    read = promotion_reader(stub_aws(), "222222222222")
    assert accounts == []
    fake.requests.clear()
    assert read("team/api", IMAGE.digest) == read("team/api", IMAGE.digest) == [RECORD]
    assert accounts == ["222222222222"]
    assert {request.partition(" ")[0] for request in fake.requests} == {"GET"}
