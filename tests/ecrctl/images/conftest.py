"""Registries for the tests of images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.images.stores.authorization import Authorization
from ecrctl.images.stores.registry import Registry
from ecrctl.images.stores.retries import Patience

from .servers.debian import BASIC, TokenServer, docker_registry
from .servers.fake import FakeRegistry
from .servers.quirks import Quirks

QUICK = Patience(attempts=3, pause=0.001, seconds=5, upload_seconds=10)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a cache of its own: another one's blobs would be mounted."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    """Run a server of tokens."""
    with TokenServer(tmp_path_factory.mktemp("tokens")).running() as server:
        yield server


@pytest.fixture(scope="session")
def debian(tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run Debian's registry with real token authentication; return its port."""
    with docker_registry(tmp_path_factory.mktemp("registry"), tokens) as port:
        yield port


@pytest.fixture
def quirks(debian: int) -> Iterator[Quirks]:
    """Run ECR's quirks in front of Debian's registry."""
    with Quirks(debian).running() as proxy:
        yield proxy


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    """Run a small registry with the referrers API."""
    with FakeRegistry().running() as registry:
        yield registry


def connection(url: str, *, host: str = "registry.tests", patience: Patience = QUICK) -> Registry:
    """Return a connection with the tests' user and password."""
    return Registry.at(
        url, host=host, authorization=Authorization(BASIC), patience=patience, rate=1_000
    )
