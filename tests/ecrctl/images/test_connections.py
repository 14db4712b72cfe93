"""Registries behind the proxy that the usual variables name."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from ecrctl.errors import UserError
from ecrctl.images.copying.run import push_image
from ecrctl.local.sample_image import sample_image

from .conftest import connection
from .servers.fake import FakeRegistry
from .servers.serving import LOOPBACK, SECONDS, Handler, serving

NAMES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")


@dataclass(slots=True)
class Proxy:
    """A proxy that forwards every request to one registry, and refuses tunnels."""

    registry: int
    port: int = 0
    requests: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Run the proxy."""
        owner = self

        class Forwarding(Handler):
            def answer(self) -> None:
                owner.requests.append(f"{self.command} {self.path}")
                owner.users.add(self.headers.get("Proxy-Authorization", ""))
                if self.command == "CONNECT":
                    self.reply(403)
                    return
                target = urlsplit(self.path)
                upstream = http.client.HTTPConnection(LOOPBACK, owner.registry, timeout=SECONDS)
                path = f"{target.path}?{target.query}" if target.query else target.path
                upstream.request(self.command, path, self.body(), dict(self.headers.items()))
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                headers = dict(answer.getheaders())
                if self.command != "HEAD":
                    headers["Content-Length"] = str(len(content))
                self.reply(answer.status, content, headers)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_CONNECT = answer  # noqa: N815

        with serving(Forwarding) as self.port:
            yield self


@pytest.fixture
def proxy(fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Run a proxy in front of the small registry; no variable names it yet."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    with Proxy(fake.port).running() as running:
        yield running


def test_a_registry_is_reached_through_the_proxy(
    proxy: Proxy, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://a%40b:pass%3Aword@{LOOPBACK}:{proxy.port}")
    image = sample_image()
    # Only the proxy knows this name.
    registry = connection(f"http://registry.invalid:{fake.port}")
    push_image(registry.repository("team/api", writable=True), "v1", image)
    assert fake.tags["team/api"] == {"v1": image.digest}
    assert f"PUT http://registry.invalid:{fake.port}/v2/team/api/manifests/v1" in proxy.requests
    user = base64.b64encode(b"a@b:pass:word").decode()
    assert proxy.users == {f"Basic {user}"}


def test_no_proxy_names_the_hosts_that_are_reached_directly(
    proxy: Proxy, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"{LOOPBACK}:{proxy.port}")
    repository = connection(fake.url).repository("team/api")
    assert repository.digests_of(["v1"]) == {}
    assert proxy.requests
    proxy.requests.clear()
    monkeypatch.setenv("no_proxy", f"{LOOPBACK},localhost")
    assert repository.digests_of(["v1"]) == {}
    assert proxy.requests == []


@pytest.mark.parametrize("is_running", [True, False])
def test_a_proxy_that_refuses_is_named_without_its_password(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, *, is_running: bool
) -> None:
    port = proxy.port if is_running else 9
    monkeypatch.setenv("https_proxy", f"http://user:secret@{LOOPBACK}:{port}")
    repository = connection("https://registry.invalid").repository("team/api")
    with pytest.raises(UserError) as refusal:
        repository.digests_of(["v1"])
    text = str(refusal.value)
    assert "the proxy of HTTPS_PROXY or HTTP_PROXY" in text
    assert "secret" not in text
    assert proxy.requests == (["CONNECT registry.invalid:443"] if is_running else [])
