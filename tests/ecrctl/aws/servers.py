"""A server in place of AWS, which answers every request in the same way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3

from ecrctl.aws.clients import Aws

Respond = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int, body: bytes, media_type: str = "application/x-amz-json-1.1") -> Respond:
    """Return a function that sends an answer."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", media_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


@contextmanager
def server(respond: Respond) -> Iterator[tuple[Aws, list[str]]]:
    """Run a server; yield its clients, and the operation of each request that it received."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Read the request and answer it."""
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            requests.append(self.headers.get("X-Amz-Target", "").rpartition(".")[2])
            respond(self)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True).start()
    session = boto3.Session("a", "b", region_name="us-east-1")
    try:
        yield Aws(session, "us-east-1", f"http://127.0.0.1:{listener.server_port}"), requests
    finally:
        listener.shutdown()
        listener.server_close()
