"""The common part of the servers, and their ports."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
SECONDS = 30


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Server(ThreadingHTTPServer):
    """A server whose connections end at once, and which writes nothing."""

    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        """Close a connection without the orderly end that would hide a reset."""
        self.close_request(request)

    def handle_error(self, *_: object) -> None:
        """Write nothing about a client that closed its connection."""


class Handler(BaseHTTPRequestHandler):
    """The common part of all servers here."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, status: int, code: str, message: str = "no") -> None:
        """Send a refusal of a registry."""
        content = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.reply(status, content, {"Content-Type": "application/json"})

    def reset(self) -> None:
        """Reset the connection."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


@contextmanager
def serving(handler: type[Handler], port: int = 0) -> Iterator[int]:
    """Run a server; yield its port."""
    server = Server((LOOPBACK, port), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
