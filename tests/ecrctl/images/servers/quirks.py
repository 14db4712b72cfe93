"""A proxy that gives a registry the behaviour of ECR."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .serving import LOOPBACK, SECONDS, Handler, serving


@dataclass
class Quirks:
    """ECR's behaviour in front of a registry that follows the specification.

    :param registry: the port of the registry behind it.
    :param aws: the port for every request that is not the registry's; the same by default.
    :param unknown: repositories on whose uploads the connection is closed.
    :param throttled: how many of the next requests of a method are answered with 429.
    :param archived: tags and digests that are not found although they are there.
    :param refuses_manifests: whether manifests are refused with 405.
    :param cut_after: the bytes of an upload after which its connection is reset.
    """

    registry: int
    aws: int | None = None
    port: int = 0
    bucket_port: int = 0
    unknown: set[str] = field(default_factory=set)
    throttled: dict[str, int] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    refuses_manifests: bool = False
    redirects: bool = True
    cut_after: int | None = None
    requests: list[str] = field(default_factory=list)
    #: The operations of ECR that are allowed; all by default.
    allowed: set[str] | None = None
    #: The headers of the requests to the second host.
    bucket_headers: list[dict[str, str]] = field(default_factory=list)
    manifest_times: list[float] = field(default_factory=list)
    _objects: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """The URL of the proxy."""
        return f"http://localhost:{self.port}"

    def count(self, method: str, part: str = "") -> int:
        """Return how many requests of a method had a part in their path."""
        return sum(one.startswith(method) and part in one for one in self.requests)

    @contextmanager
    def running(self) -> Iterator[Quirks]:
        """Run the proxy, and the second host for blobs."""
        owner = self

        class Bucket(Handler):
            def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
                owner.bucket_headers.append(dict(self.headers.items()))
                content = owner._objects.get(urlsplit(self.path).path)
                self.reply(200 if content is not None else 404, content or b"")

        class Proxy(Handler):
            def answer(self) -> None:
                owner._answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        with serving(Bucket) as self.bucket_port, serving(Proxy) as self.port:
            yield self

    def _answer(self, handler: Handler) -> None:
        path = urlsplit(handler.path).path
        method = handler.command
        is_registry = path.startswith("/v2")
        service, _, operation = handler.headers.get("X-Amz-Target", "").rpartition(".")
        if "ContainerRegistry" in service and operation not in (self.allowed or {operation}):
            handler.body()
            text = json.dumps({"__type": "AccessDeniedException", "message": operation})
            handler.reply(400, text.encode(), {"Content-Type": "application/x-amz-json-1.1"})
            return
        with self._lock:
            self.requests.append(f"{method} {handler.path}")
            left = self.throttled.get(method, 0)
            self.throttled[method] = max(left - 1, 0)
        if is_registry and left:
            handler.body()
            handler.refuse(429, "TOOMANYREQUESTS", "Rate exceeded")
            return
        name, _, rest = path.removeprefix("/v2/").partition("/blobs/")
        if is_registry and rest and name in self.unknown and method in ("POST", "PATCH", "PUT"):
            handler.reset()
            return
        reference = path.rpartition("/manifests/")[2]
        if "/manifests/" in path and method == "PUT":
            self.manifest_times.append(time.monotonic())
            if self.refuses_manifests:
                handler.body()
                handler.refuse(405, "UNSUPPORTED", "Invalid parameter at 'ImageManifest'")
                return
        if "/manifests/" in path and method in ("GET", "HEAD") and reference in self.archived:
            handler.refuse(404, "MANIFEST_UNKNOWN", "Requested image not found")
            return
        self._forward(handler, path, is_registry=is_registry)

    def _forward(self, handler: Handler, path: str, *, is_registry: bool) -> None:
        port = self.registry if is_registry or self.aws is None else self.aws
        upstream = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
        method = handler.command
        length = int(handler.headers.get("Content-Length", 0))
        headers = {
            name: value for name, value in handler.headers.items() if name.lower() != "connection"
        }
        upstream.putrequest(method, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            upstream.putheader(name, value)
        upstream.endheaders()
        is_upload = is_registry and "/blobs/uploads/" in path
        sent = 0
        try:
            while sent < length:
                piece = handler.rfile.read(min(length - sent, 65536))
                sent += len(piece)
                is_cut = is_upload and self.cut_after is not None and sent > self.cut_after
                if is_cut or not piece:
                    handler.reset()
                    return
                upstream.send(piece)
            answer = upstream.getresponse()
            self._send(handler, path, answer)
        finally:
            upstream.close()

    def _send(self, handler: Handler, path: str, answer: http.client.HTTPResponse) -> None:
        method, status = handler.command, answer.status
        dropped = ("connection", "transfer-encoding", "date", "server", "content-length")
        headers = {
            name: value for name, value in answer.getheaders() if name.lower() not in dropped
        }
        content = answer.read()
        headers["Content-Length"] = str(len(content))
        if method == "HEAD":
            headers["Content-Length"] = answer.getheader("Content-Length", "0")
        if method == "PATCH" and status == 202:
            status, headers["Range"] = 201, "0-0"
        is_blob = "/blobs/" in path and "/uploads/" not in path
        if is_blob and method == "GET" and status == 200 and self.redirects:
            key = f"/{secrets.token_hex(8)}"
            self._objects[key] = content
            location = f"http://{LOOPBACK}:{self.bucket_port}{key}?X-Amz-Signature=very-secret"
            handler.reply(307, b"", {"Location": location})
            return
        handler.reply(status, content, headers)
