"""A small registry with the referrers API, whose answers a test can change."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ecrctl.images.samples import digest_of

from .serving import LOOPBACK, Handler, serving


@dataclass
class FakeRegistry:
    """A small registry with the referrers API, whose answers a test can change.

    :param wrong: answers by the method and the end of the path, in place of the right one.
    """

    port: int = 0
    blobs: dict[str, dict[str, bytes]] = field(default_factory=dict)
    manifests: dict[str, dict[str, tuple[str, bytes]]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    immutable: bool = False
    has_referrers: bool = True
    wrong: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The URL of the registry."""
        return f"http://{LOOPBACK}:{self.port}"

    @contextmanager
    def running(self) -> Iterator[FakeRegistry]:
        """Run the registry."""
        owner = self

        class Registry(Handler):
            def answer(self) -> None:
                owner._answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer  # noqa: N815

        with serving(Registry) as self.port:
            yield self

    def _answer(self, handler: Handler) -> None:
        url = urlsplit(handler.path)
        content = handler.body()
        self.requests.append(f"{handler.command} {handler.path}")
        self.headers.append(dict(handler.headers.items()))
        for key, (status, body, headers) in self.wrong.items():
            method, _, part = key.partition(" ")
            if handler.command == method and part in handler.path:
                handler.reply(status, body, headers)
                return
        for kind in ("manifests", "referrers", "blobs"):
            name, found, rest = url.path.removeprefix("/v2/").partition(f"/{kind}/")
            if found:
                getattr(self, f"_{kind}")(handler, name, rest, content, parse_qs(url.query))
                return
        handler.refuse(404, "UNSUPPORTED")

    def _manifests(
        self, handler: Handler, name: str, rest: str, content: bytes, _query: Any
    ) -> None:
        tags = self.tags.setdefault(name, {})
        known = self.manifests.setdefault(name, {})
        if handler.command == "PUT":
            digest = digest_of(content)
            if self.immutable and tags.get(rest, digest) != digest:
                handler.refuse(400, "TAG_INVALID", f"tag '{rest}' is immutable")
                return
            known[digest] = (handler.headers["Content-Type"], content)
            if not rest.startswith("sha256:"):
                tags[rest] = digest
            headers = {"Docker-Content-Digest": digest}
            subject = json.loads(content).get("subject")
            if subject and self.has_referrers:
                headers["OCI-Subject"] = subject["digest"]
            handler.reply(201, b"", headers)
            return
        digest = tags.get(rest, rest)
        if digest not in known:
            handler.refuse(404, "MANIFEST_UNKNOWN")
            return
        kind, stored = known[digest]
        handler.reply(200, stored, {"Content-Type": kind, "Docker-Content-Digest": digest})

    def _referrers(
        self, handler: Handler, name: str, rest: str, _content: bytes, _query: Any
    ) -> None:
        if not self.has_referrers:
            handler.refuse(404, "UNSUPPORTED")
            return
        found = []
        for digest, (kind, content) in self.manifests.get(name, {}).items():
            document = json.loads(content)
            if document.get("subject", {}).get("digest") == rest:
                found.append(
                    {
                        "mediaType": kind,
                        "digest": digest,
                        "size": len(content),
                        "artifactType": document.get("artifactType", ""),
                    }
                )
        kind = "application/vnd.oci.image.index.v1+json"
        index = {"schemaVersion": 2, "mediaType": kind, "manifests": found}
        handler.reply(200, json.dumps(index).encode(), {"Content-Type": kind})

    def _blobs(
        self, handler: Handler, name: str, rest: str, content: bytes, query: dict[str, list[str]]
    ) -> None:
        known = self.blobs.setdefault(name, {})
        if handler.command == "POST":
            mounted = query.get("mount", [""])[0]
            source = self.blobs.get(query.get("from", [""])[0], {})
            if mounted in source:
                known[mounted] = source[mounted]
                handler.reply(201, b"", {"Location": f"/v2/{name}/blobs/{mounted}"})
                return
            # Another host's name, which a client must not follow.
            location = f"https://elsewhere.example/v2/{name}/blobs/uploads/{secrets.token_hex(4)}"
            handler.reply(202, b"", {"Location": location})
            return
        if handler.command == "PUT":
            digest = query["digest"][0]
            if digest_of(content) != digest:
                handler.refuse(400, "DIGEST_INVALID")
                return
            known[digest] = content
            handler.reply(201)
            return
        if rest in known:
            handler.reply(200, known[rest])
        else:
            handler.refuse(404, "BLOB_UNKNOWN")
