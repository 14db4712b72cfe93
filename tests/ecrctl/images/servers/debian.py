"""Debian's registry, and the server of its tokens."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.installed_tools import require_tool

from .serving import LOOPBACK, SECONDS, Handler, free_port, serving

USER, PASSWORD = "AWS", "a-password-that-nobody-may-see"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ISSUER, SERVICE = "tests", "registry.tests"


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
            def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
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
            process.wait(SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"docker-registry did not start: {log.read_text()[-2000:]}")
