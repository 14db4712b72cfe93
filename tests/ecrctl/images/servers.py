"""Registries on loopback: Debian's with tokens, one with the referrers API, and ECR's quirks.

Each is started by a context manager on a free port and stopped with it.
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.installed_tools import require_tool

from .samples import digest_of

LOOPBACK = "127.0.0.1"
USER, PASSWORD = "AWS", "a-password-that-nobody-may-see"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ISSUER, SERVICE = "tests", "registry.tests"
_SECONDS = 30


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


@dataclass
class TokenServer:
    """A server that exchanges a user and password for a token, as Docker Hub's does.

    :param accepted: the values of basic authentication that get a token.
    """

    folder: Path
    accepted: set[str] = field(default_factory=lambda: {BASIC})
    port: int = 0
    seconds: int = 300
    requests: list[dict[str, list[str]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    _key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def realm(self) -> str:
        """The server's URL."""
        return f"http://{LOOPBACK}:{self.port}/token"

    @property
    def bundle(self) -> Path:
        """The file of the certificate that the registry trusts."""
        return self.folder / "tokens.pem"

    def certificate(self) -> x509.Certificate:
        """Return a certificate of the server's key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @contextmanager
    def running(self) -> Iterator[TokenServer]:
        """Run the server."""
        certificate = self.certificate()
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        chain = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        owner = self

        class Tokens(Handler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                owner.requests.append(query)
                basic = self.headers.get("Authorization", "").removeprefix("Basic ")
                if basic not in owner.accepted:
                    self.refuse(401, "UNAUTHORIZED")
                    return
                token = owner.token(query.get("scope", []), chain)
                owner.tokens.append(token)
                answer = {"token": token, "expires_in": owner.seconds}
                self.reply(200, json.dumps(answer).encode())

        with serving(Tokens) as self.port:
            yield self

    def token(self, scopes: list[str], chain: str) -> str:
        """Return a token that grants every requested scope."""
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": USER,
            "aud": SERVICE,
            "jti": secrets.token_hex(8),
            "exp": now + self.seconds,
            "nbf": now - 10,
            "iat": now,
            "access": access,
        }
        head = {"typ": "JWT", "alg": "RS256", "x5c": [chain]}
        signed = ".".join(_base64url(json.dumps(one).encode()) for one in (head, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def docker_registry(folder: Path, tokens: TokenServer | None = None) -> Iterator[int]:
    """Run Debian's registry; yield its port."""
    program = require_tool("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "delete": {"enabled": True},
        },
        "http": {"addr": f"{LOOPBACK}:{port}", "secret": "not a secret"},
    }
    if tokens:
        settings["auth"] = {
            "token": {
                "realm": tokens.realm,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(tokens.bundle),
            }
        }
    config = folder / "config.yml"
    config.write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "registry.log")
            yield port
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"docker-registry did not start: {log.read_text()[-2000:]}")


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
            def do_GET(self) -> None:
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
        upstream = http.client.HTTPConnection(LOOPBACK, port, timeout=_SECONDS)
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
