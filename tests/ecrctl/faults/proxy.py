"""A server in front of the embedded AWS that records its answers, and then injects faults."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
_REGISTRY = re.compile(r"/v2/.+/(blobs|manifests|referrers)/")
# Answers of operations that the embedded AWS does not have.
_OWN_ANSWERS: dict[str, Any] = {
    "ecr:DescribeImageScanFindings": {
        "registryId": "000000000000",
        "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed."},
        "imageScanFindings": {
            "imageScanCompletedAt": 1_795_000_000,
            "findingSeverityCounts": {"LOW": 1},
            "findings": [
                {
                    "name": "CVE-2026-1",
                    "severity": "LOW",
                    "uri": "https://security.example/CVE-2026-1",
                    "attributes": [{"key": "package_name", "value": "openssl"}],
                }
            ],
        },
    }
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the answer of the embedded AWS.

    :param operation: the operation, such as ``ecr:DescribeImages``.
    """

    operation: str
    is_json: bool
    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes


# The method, the path, the body, and the operation of AWS's JSON protocol.
Key = tuple[str, str, bytes, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong answer.

    :param send: sends the wrong answer in place of the right one.
    :param differs: whether the wrong answer is not the right one by chance.
    """

    send: Callable[[Handler, Exchange], None]
    differs: Callable[[Exchange], bool] = lambda _: True


@dataclass(slots=True)
class Recorder:
    """The answers of the embedded AWS, sent again in their order, and the fault of one operation.

    Each run of a command starts with :meth:`start`; a request that no run made before is forwarded.
    """

    endpoint: tuple[str, int]
    answers: dict[Key, list[Exchange]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    faulted: str | None = None
    is_injected: bool = False
    fault: Fault | None = None
    _sent: Counter[Key] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, operation: str | None = None, fault: Fault | None = None) -> None:
        """Forget what was sent, and inject a fault into an operation from now on."""
        self._sent.clear()
        self.seen.clear()
        self.faulted, self.fault, self.is_injected = operation, fault, False

    def exchange(self, key: Key, headers: Mapping[str, str]) -> Exchange:
        """Return the next answer to a request."""
        with self._lock:
            known = self.answers.setdefault(key, [])
            number = self._sent[key]
            self._sent[key] += 1
            is_recording = self.fault is None
        if is_recording or not known:
            known.append(self._forward(key, headers))
            found = known[-1]
        else:
            found = known[min(number, len(known) - 1)]
        self.seen.append(found.operation)
        return found

    def forget(self) -> None:
        """Forget all answers, before another command is recorded."""
        self.answers.clear()

    def _forward(self, key: Key, headers: Mapping[str, str]) -> Exchange:
        method, path, body, _ = key
        operation = operation_of(key, headers)
        if own := _OWN_ANSWERS.get(operation):
            content = json.dumps(own).encode()
            media_type = "application/x-amz-json-1.1"
            return Exchange(operation, True, 200, media_type, {}, content)
        connection = http.client.HTTPConnection(*self.endpoint, timeout=30)
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        found = dict(answer.getheaders())
        kept: dict[str, str] = {
            name: value for name, value in found.items() if name.lower() == "location"
        }
        digest = answer.getheader("Docker-Content-Digest")
        if digest:
            kept["Docker-Content-Digest"] = digest
        if method == "HEAD":
            kept["Content-Length"] = answer.getheader("Content-Length", "0")
        return Exchange(
            operation=operation,
            is_json="X-Amz-Target" in headers,
            status=answer.status,
            media_type=answer.getheader("Content-Type", ""),
            headers=kept,
            body=content,
        )


def operation_of(key: Key, headers: Mapping[str, str]) -> str:
    """Return the operation of a request: AWS's name, or the method and object of a registry."""
    method, path, body, target = key
    if found := _REGISTRY.match(path):
        kind = "uploads" if "/uploads/" in path else found.group(1)
        return f"registry:{method} {kind}"
    service = _SERVICE.search(headers.get("Authorization", ""))
    name = target.rpartition(".")[2]
    name = name or parse_qs(body.decode()).get("Action", [f"{method} {path}"])[0]
    return f"{service.group(1) if service else 'unsigned'}:{name}"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    # Otherwise the kernel delays the body until the client has acknowledged the headers.
    disable_nagle_algorithm = True
    recorder: Recorder

    def answer(self) -> None:
        """Send the answer of the embedded AWS, or the fault."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers.items())
        key = (self.command, self.path, body, headers.get("X-Amz-Target", ""))
        found = self.recorder.exchange(key, headers)
        if self.recorder.fault and found.operation == self.recorder.faulted:
            # Noted before the answer, with which the command may end.
            self.recorder.is_injected |= self.recorder.fault.differs(found)
            self.recorder.fault.send(self, found)
        else:
            self.send(found.status, found.body, found.media_type, found.headers)

    do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = answer  # noqa: N815

    def send(
        self,
        status: int,
        body: bytes,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        missing: int = 0,
    ) -> None:
        """Send an answer.

        :param missing: how many bytes more than the body the answer announces.
        """
        self.send_response(status)
        every = {"Content-Type": media_type, "Content-Length": str(len(body) + missing)}
        for name, value in (every | dict(headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if missing:
            self.close_connection = True

    def reset(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """A server whose connections end at once."""

    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        """Close a connection without the orderly end that would hide a reset."""
        self.close_request(request)

    def handle_error(self, *_: object) -> None:
        """Write nothing about a client that closed its connection."""


@contextmanager
def proxy(port: int) -> Iterator[tuple[Recorder, int]]:
    """Run a proxy of the embedded AWS at a port; yield its recorder and its own port."""
    recorder = Recorder(("127.0.0.1", port))
    handler = type("RecordingHandler", (Handler,), {"recorder": recorder})
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield recorder, server.server_port
    finally:
        server.shutdown()
        server.server_close()
