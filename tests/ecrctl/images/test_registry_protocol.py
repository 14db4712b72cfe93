"""The requests to a registry, and the sentence for each wrong answer, with scripted answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.oci import OciImage, digest_of
from ecrctl.images.registry import Registry, TagIsImmutable, _pool

ACCOUNT = "111111111111"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
BLOB = b"a layer"
IMAGE = OciImage(b'{"schemaVersion": 2}', {digest_of(BLOB): BLOB})
BLOBS = "/v2/team/api/blobs"
MANIFEST = "/v2/team/api/manifests/v1"
UPLOAD = f"{BLOBS}/uploads/1"
DIGEST = f"digest={digest_of(BLOB).replace(':', '%3A')}"
ACCEPTED = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json"
)

# The status of an answer, its Location and its body. None: the server closes the connection.
Answer = tuple[int, str, bytes] | None
TOKEN: Answer = (200, "", b'{"authorizationData": [{"authorizationToken": "dG9rZW4="}]}')
NO_BLOB: Answer = (404, "", b"")
STARTED: Answer = (202, f"https://elsewhere.example{UPLOAD}", b"")
SENT: Answer = (202, "", b"")
CREATED: Answer = (201, "", b"")
PUSHED = [NO_BLOB, STARTED, SENT, CREATED, CREATED]


@dataclass
class Script:
    """A server's answers in their order, and the requests that it received."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@pytest.fixture
def script() -> Script:
    """Return a script that begins with the token."""
    return Script(answers=[TOKEN])


@pytest.fixture
def registry(script: Script) -> Iterator[Registry]:
    """Return a connection to a server that follows the script."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            """Send the next answer."""
            length = int(self.headers.get("Content-Length", 0))
            script.requests.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers.items()))
            script.bodies.append(self.rfile.read(length))
            answer = script.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, location, body = answer
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    session = boto3.Session("a", "b", region_name="us-east-1")
    aws = Aws(session, "us-east-1", f"http://127.0.0.1:{server.server_port}")
    yield Registry.of_account(aws, ACCOUNT)
    server.shutdown()
    server.server_close()


def push(registry: Registry, script: Script, *answers: Answer) -> None:
    """Push the image to a server that answers so."""
    script.answers += answers
    registry.push("team/api", "v1", IMAGE)


def errors(code: str, message: str = "no") -> bytes:
    """Return the body of a refusal."""
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def test_a_push_sends_the_blobs_and_then_the_manifest(registry: Registry, script: Script) -> None:
    push(registry, script, *PUSHED)
    assert script.requests[1:] == [
        f"HEAD {BLOBS}/{digest_of(BLOB)}",
        f"POST {BLOBS}/uploads/",
        f"PATCH {UPLOAD}",
        f"PUT {UPLOAD}?{DIGEST}",
        f"PUT {MANIFEST}",
    ]
    assert script.bodies[1:] == [b"", b"", BLOB, b"", IMAGE.manifest]
    types = [headers.get("Content-Type") for headers in script.headers[1:]]
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    assert types == [None, None, "application/octet-stream", None, manifest_type]
    for headers in script.headers[1:]:
        assert (headers["Host"], headers["Authorization"]) == (HOST, "Basic dG9rZW4=")


def test_an_upload_goes_to_the_newest_location_with_its_query(
    registry: Registry, script: Script
) -> None:
    started, sent = (202, f"{UPLOAD}?part=1", b""), (202, f"{UPLOAD}?part=2", b"")
    push(registry, script, NO_BLOB, started, sent, CREATED, CREATED)
    assert script.requests[3:5] == [f"PATCH {UPLOAD}?part=1", f"PUT {UPLOAD}?part=2&{DIGEST}"]


def test_a_blob_that_the_registry_has_is_not_sent(registry: Registry, script: Script) -> None:
    push(registry, script, (200, "", BLOB), CREATED)
    assert script.requests[1:] == [f"HEAD {BLOBS}/{digest_of(BLOB)}", f"PUT {MANIFEST}"]


@pytest.mark.parametrize("refused", [1, 2, 3])
def test_each_refused_step_of_an_upload_is_one_sentence(
    registry: Registry, script: Script, refused: int
) -> None:
    with pytest.raises(UserError) as refusal:
        push(registry, script, *PUSHED[:refused], (400, "", errors("DENIED")), *PUSHED)
    assert str(refusal.value) == "Pushing to 'team/api' failed: 400 DENIED: no"


@pytest.mark.parametrize(
    "body",
    [errors("TAG_INVALID"), errors("ImageTagAlreadyExistsException"), errors("X", "is immutable")],
)
def test_each_form_of_the_refusal_to_move_a_tag_is_recognised(
    registry: Registry, script: Script, body: bytes
) -> None:
    with pytest.raises(TagIsImmutable, match=r"^400 "):
        push(registry, script, *PUSHED[:4], (400, "", body))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (errors("DENIED", "not yours"), "403 DENIED: not yours"),
        (
            b'{"errors": [{"code": "A", "message": "a"}, {"code": "B", "message": "b"}]}',
            "403 A: a; B: b",
        ),
        (b"not JSON", "403"),
        (b"{}", "403"),
        (b"[]", "403"),
        (b"", "403"),
    ],
)
def test_any_other_refusal_of_a_manifest_is_one_sentence(
    registry: Registry, script: Script, body: bytes, text: str
) -> None:
    with pytest.raises(UserError) as refusal:
        push(registry, script, *PUSHED[:4], (403, "", body))
    assert str(refusal.value) == f"Pushing 'team/api:v1' failed: {text}"


def test_every_type_of_a_manifest_is_accepted(registry: Registry, script: Script) -> None:
    script.answers += [(200, "", b"an index")]
    assert registry.manifest("team/api", "v1") == b"an index"
    assert script.requests[1:] == [f"GET {MANIFEST}"]
    assert script.headers[1]["Accept"] == ACCEPTED


def test_a_manifest_must_have_the_digest_that_is_asked_for(
    registry: Registry, script: Script
) -> None:
    script.answers += [(200, "", IMAGE.manifest), (200, "", b"other")]
    assert registry.manifest("team/api", IMAGE.digest) == IMAGE.manifest
    with pytest.raises(UserError) as refusal:
        registry.manifest("team/api", IMAGE.digest)
    assert str(refusal.value) == (
        f"{HOST} returned a manifest whose digest is not {IMAGE.digest}. Push the image again."
    )


def test_a_manifest_that_cannot_be_read_is_named_by_its_digest(
    registry: Registry, script: Script
) -> None:
    script.answers += [(404, "", errors("MANIFEST_UNKNOWN"))]
    with pytest.raises(UserError) as refusal:
        registry.manifest("team/api", IMAGE.digest)
    assert str(refusal.value) == (
        f"'team/api@{IMAGE.digest}' could not be read: 404 MANIFEST_UNKNOWN: no"
    )


def test_a_request_to_aws_is_tried_four_times_in_all(registry: Registry, script: Script) -> None:
    registry = replace(registry, pool=_pool(is_emulator=False))
    script.answers += [None, None, None, (200, "", b"found")]
    assert registry.manifest("team/api", "v1") == b"found"
    script.answers += [None, None, None, None, (200, "", b"too late")]
    with pytest.raises(UserError) as refusal:
        registry.manifest("team/api", "v1")
    assert str(refusal.value) == (
        f"The registry {HOST} cannot be reached at {registry.base_url}: MaxRetryError. "
        "Check the network and AWS_ENDPOINT_URL."
    )


def test_a_request_to_an_emulator_is_not_repeated(registry: Registry, script: Script) -> None:
    script.answers += [None, (200, "", b"too late")]
    with pytest.raises(UserError, match="cannot be reached at"):
        registry.manifest("team/api", "v1")


def test_a_request_has_a_time_limit(registry: Registry) -> None:
    assert registry.pool.connection_pool_kw["timeout"] == 5
    assert _pool(is_emulator=False).connection_pool_kw["timeout"] == 20


@pytest.mark.parametrize("length", ["", "page"])
def test_a_blob_of_another_length_is_pushed(
    registry: Registry, script: Script, length: str
) -> None:
    push(registry, script, (200, "", length.encode()), *PUSHED[1:])
    assert [request.split()[0] for request in script.requests[1:]] == [
        *("HEAD", "POST", "PATCH", "PUT", "PUT")
    ]


def test_an_upload_without_a_location_is_one_sentence(registry: Registry, script: Script) -> None:
    with pytest.raises(UserError) as refusal:
        push(registry, script, (404, "", b""), (202, "", b""))
    assert str(refusal.value) == (
        f"Pushing to 'team/api' failed: the registry {HOST} named no location for the upload. "
        "Check AWS_ENDPOINT_URL and the network."
    )


def test_a_login_without_a_token_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ecr:
        def get_authorization_token(self) -> dict[str, list[dict[str, str]]]:
            return {"authorizationData": []}

    monkeypatch.setattr(Aws, "ecr", Ecr())
    with pytest.raises(UserError) as refusal:
        Registry.of_account(Aws(boto3.Session(), "us-east-1", None), ACCOUNT)
    assert str(refusal.value) == (
        "Logging in to the registry failed: ECR returned no token. Try again."
    )


def test_no_redirect_is_followed(registry: Registry, script: Script) -> None:
    script.answers += [(307, f"{registry.base_url}/elsewhere", b""), (200, "", b"found")]
    with pytest.raises(UserError, match="cannot be reached at"):
        registry.manifest("team/api", "v1")
    assert script.requests[1:] == [f"GET {MANIFEST}"]


def test_no_representation_contains_the_token_or_the_connections(registry: Registry) -> None:
    assert repr(registry) == f"Registry(base_url='{registry.base_url}', host='{HOST}')"


def test_the_registry_of_aws_itself_is_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ecr:
        def get_authorization_token(self) -> dict[str, list[dict[str, str]]]:
            return {"authorizationData": [{"authorizationToken": "dG9rZW4="}]}

    monkeypatch.setattr(Aws, "ecr", Ecr())
    registry = Registry.of_account(Aws(boto3.Session(), "us-east-1", None), ACCOUNT)
    assert (registry.base_url, registry.host) == (f"https://{HOST}", HOST)


def test_the_digest_of_an_image_is_that_of_its_manifest() -> None:
    # Source: FIPS 180-2, the hash of "abc".
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert OciImage(b"abc", {}).digest == f"sha256:{abc}"
