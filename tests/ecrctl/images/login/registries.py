"""A registry that requires the embedded AWS's token, and the embedded AWS's API, at one address."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSWORD = "ministack-auth-token"
BASIC = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()


@dataclass(slots=True)
class TokenRegistry:
    """The server.

    :param requests: the path of each request of a registry that had the token.
    :param refused: the path of each one that had another.
    """

    port: int = 0
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The registry's address."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def token_registry(emulator_port: int) -> Iterator[TokenRegistry]:
    """Run the server in front of an embedded AWS."""
    found = TokenRegistry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer a request of the registry."""
            authorization = self.headers.get("Authorization", "")
            if authorization == f"Basic {BASIC}":
                found.requests.append(self.path)
                self.answer(200, {"name": "team/api", "tags": ["v1"]})
                return
            if authorization:
                found.refused.append(self.path)
            self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "no token"}]})

        def do_POST(self) -> None:
            """Forward a request of AWS's API."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection("127.0.0.1", emulator_port, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            self.send(answer.status, answer.read(), answer.getheader("Content-Type", ""))
            connection.close()

        def answer(self, status: int, document: object) -> None:
            """Send a document."""
            self.send(status, json.dumps(document).encode(), "application/json")

        def send(self, status: int, body: bytes, media_type: str) -> None:
            """Send an answer."""
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="registry"')
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
