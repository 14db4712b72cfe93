"""The requests to a registry, and the sentence for each wrong answer, with scripted answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import boto3
import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import ACCEPTED_MANIFESTS, Descriptor, OciImage
from ecrctl.images.stores.registry import Registry, Repository
from ecrctl.images.stores.retries import FOR_AWS, FOR_EMULATOR
from ecrctl.images.stores.store import TagIsImmutable

from .samples import Bundle
from .servers.serving import Handler, serving

ACCOUNT = "111111111111"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
MANIFEST = "/v2/team/api/manifests/v1"
BLOBS = "/v2/team/api/blobs"
UPLOAD = f"{BLOBS}/uploads/1"

_BUNDLE = Bundle()
_IMAGE = _BUNDLE.image(note="one blob")  # an image without layers has one blob, its config
CONTENT = _BUNDLE.contents.pop(_IMAGE["digest"])
IMAGE = OciImage(CONTENT, _BUNDLE.contents)
[(BLOB_DIGEST, BLOB)] = _BUNDLE.contents.items()
DIGEST = f"digest={BLOB_DIGEST.replace(':', '%3A')}"

# The status of an answer, its Location and its body. None: the server closes the connection.
Answer = tuple[int, str, bytes] | None
TOKEN: Answer = (200, "", b'{"authorizationData": [{"authorizationToken": "dG9rZW4="}]}')
ABSENT: Answer = (404, "", b"")
STARTED: Answer = (202, f"https://elsewhere.example{UPLOAD}", b"")
CREATED: Answer = (201, "", b"")
# The tag and the image are looked up at the same time, in any order; then the tag's repository.
LOOKED_UP = [ABSENT, ABSENT, ABSENT]
PUSHED = [*LOOKED_UP, ABSENT, STARTED, CREATED, CREATED]


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

    class Scripted(Handler):
        def answer(self) -> None:
            """Send the next answer."""
            script.requests.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers.items()))
            script.bodies.append(self.body())
            answer = script.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, location, content = answer
            self.reply(status, content, {"Location": location} if location else {})

        do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = answer  # noqa: N815

    with serving(Scripted) as port:
        session = boto3.Session("a", "b", region_name="us-east-1")
        aws = Aws(session, "us-east-1", f"http://127.0.0.1:{port}")
        found = Registry.of_account(aws, ACCOUNT)
        patience = replace(found.http.patience, pause=0.001)
        yield replace(found, http=replace(found.http, patience=patience))


@pytest.fixture
def repository(registry: Registry) -> Repository:
    """Return a repository of the scripted registry."""
    return registry.repository("team/api", writable=True)


def push(repository: Repository, script: Script, *answers: Answer) -> None:
    """Push the image to a server that answers so."""
    script.answers += answers
    push_image(repository, "v1", IMAGE)


def errors(code: str, message: str = "no") -> bytes:
    """Return the body of a refusal."""
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def test_a_push_sends_the_blobs_and_then_the_manifest(
    repository: Repository, script: Script
) -> None:
    push(repository, script, *PUSHED)
    assert script.requests[4:] == [
        f"HEAD {BLOBS}/{BLOB_DIGEST}",
        f"POST {BLOBS}/uploads/",
        f"PUT {UPLOAD}?{DIGEST}",
        f"PUT {MANIFEST}",
    ]
    assert script.bodies[4:] == [b"", b"", BLOB, IMAGE.manifest]
    types = [headers.get("Content-Type") for headers in script.headers[4:]]
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    assert types == [None, None, "application/octet-stream", manifest_type]
    for headers in script.headers[1:]:
        assert (headers["Host"], headers["Authorization"]) == (HOST, "Basic dG9rZW4=")


def test_an_upload_goes_to_its_location_with_its_query(
    repository: Repository, script: Script
) -> None:
    started = (202, f"{UPLOAD}?part=1", b"")
    push(repository, script, *LOOKED_UP, ABSENT, started, CREATED, CREATED)
    assert script.requests[6] == f"PUT {UPLOAD}?part=1&{DIGEST}"


def test_a_blob_that_the_registry_has_is_not_sent(repository: Repository, script: Script) -> None:
    push(repository, script, *LOOKED_UP, (200, "", BLOB), CREATED)
    assert script.requests[4:] == [f"HEAD {BLOBS}/{BLOB_DIGEST}", f"PUT {MANIFEST}"]


@pytest.mark.parametrize(
    ("refused", "permission"),
    [(4, "ecr:InitiateLayerUpload"), (5, "ecr:UploadLayerPart` and `ecr:CompleteLayerUpload")],
)
def test_each_refused_step_of_an_upload_names_its_permission(
    repository: Repository, script: Script, refused: int, permission: str
) -> None:
    with pytest.raises(UserError) as refusal:
        push(repository, script, *PUSHED[:refused], (403, "", errors("DENIED")), *PUSHED)
    assert str(refusal.value) == (
        f"Pushing to 'team/api' failed: 403 DENIED: no. The credentials require `{permission}` on "
        "the repository. Grant what is missing, or use credentials of the registry's account."
    )


@pytest.mark.parametrize(
    "body",
    [errors("TAG_INVALID"), errors("ImageTagAlreadyExistsException"), errors("X", "is immutable")],
)
def test_each_form_of_the_refusal_to_move_a_tag_is_recognised(
    repository: Repository, script: Script, body: bytes
) -> None:
    with pytest.raises(TagIsImmutable, match=r"^400 "):
        push(repository, script, *PUSHED[:6], (400, "", body), ABSENT)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, errors("DENIED", "not yours"), "400 DENIED: not yours"),
        (
            400,
            b'{"errors": [{"code": "A", "message": "a"}, {"code": "B", "message": "b"}]}',
            "400 A: a; B: b",
        ),
        (400, b"not JSON", "400"),
        (400, b"{}", "400"),
        (400, b"[]", "400"),
        (400, b"", "400"),
        (
            405,
            errors("UNSUPPORTED", "Invalid parameter"),
            "405 UNSUPPORTED: Invalid parameter. The registry refuses this kind of manifest. Build "
            "the image as an OCI or Docker image.",
        ),
    ],
)
def test_any_other_refusal_of_a_manifest_is_one_sentence(
    repository: Repository, script: Script, status: int, body: bytes, text: str
) -> None:
    with pytest.raises(UserError) as refusal:
        push(repository, script, *PUSHED[:6], (status, "", body))
    assert str(refusal.value) == f"Pushing 'team/api:v1' failed: {text}"


def test_every_type_of_a_manifest_is_accepted(repository: Repository, script: Script) -> None:
    script.answers += [(200, "", IMAGE.manifest)]
    found = repository.manifest("v1")
    assert found is not None
    assert found.content == IMAGE.manifest
    assert script.requests[1:] == [f"GET {MANIFEST}"]
    assert script.headers[1]["Accept"] == ", ".join(ACCEPTED_MANIFESTS)


def test_a_manifest_must_have_the_digest_that_is_asked_for(
    repository: Repository, script: Script
) -> None:
    script.answers += [(200, "", IMAGE.manifest), (200, "", b"other")]
    assert repository.manifest(IMAGE.digest)
    with pytest.raises(UserError) as refusal:
        repository.manifest(IMAGE.digest)
    assert str(refusal.value) == (
        f"{HOST} returned a manifest whose digest is not {IMAGE.digest}. Push the image again."
    )


@pytest.mark.parametrize("passing", [None, (429, "", errors("TOOMANYREQUESTS")), (503, "", b"")])
def test_a_fault_that_may_pass_is_tried_again(
    repository: Repository, script: Script, passing: Answer
) -> None:
    attempts = FOR_EMULATOR.attempts
    script.answers += [*([passing] * (attempts - 1)), (200, "", IMAGE.manifest)]
    assert repository.manifest("v1")
    assert len(script.requests) == 1 + attempts
    script.answers += [*([passing] * attempts), (200, "", IMAGE.manifest)]
    with pytest.raises(UserError, match=f"^The registry {HOST} (cannot be reached )?at "):
        repository.manifest("v1")
    assert script.answers


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_a_refusal_is_not_tried_again(repository: Repository, script: Script, status: int) -> None:
    # New credentials are requested once, with which the request is sent again.
    script.answers += [(status, "", b""), *([TOKEN, (status, "", b"")] if status == 401 else [])]
    if status == 404:
        assert repository.manifest("v1") is None
    else:
        with pytest.raises(UserError, match="Reading 'team/api:v1' failed"):
            repository.manifest("v1")
    assert not script.answers


def test_an_expired_token_is_replaced_once(repository: Repository, script: Script) -> None:
    renewed: Answer = (200, "", b'{"authorizationData": [{"authorizationToken": "bmV3"}]}')
    script.answers += [(401, "", errors("UNAUTHORIZED")), renewed, (200, "", IMAGE.manifest)]
    assert repository.manifest("v1")
    assert script.headers[-1]["Authorization"] == "Basic bmV3"
    script.answers += [(401, "", errors("DENIED", "the token bmV3 and dG9rZW4= expired"))]
    with pytest.raises(UserError) as refusal:
        repository.manifest("v1")
    assert str(refusal.value) == (
        f"Reading 'team/api:v1' failed: the registry {HOST} rejected the credentials (401 DENIED: "
        "the token *** and *** expired). Renew the credentials, for example with `aws sso login`."
    )


def test_a_registry_that_cuts_every_upload_may_have_no_such_repository(
    repository: Repository, script: Script
) -> None:
    cut: list[Answer] = [None] * FOR_EMULATOR.attempts
    with pytest.raises(UserError) as refusal:
        push(repository, script, *LOOKED_UP, ABSENT, *cut)
    assert str(refusal.value) == (
        f"Pushing to 'team/api' failed: the registry {HOST} closed every connection on which an "
        "upload was to start. ECR does so for a repository that does not exist. Deploy the "
        "repository first, and check the network."
    )


def test_a_repository_that_does_not_exist_is_named_before_anything_is_sent(
    repository: Repository, script: Script
) -> None:
    unknown = (404, "", errors("NAME_UNKNOWN", "no such repository"))
    with pytest.raises(UserError) as refusal:
        push(repository, script, ABSENT, ABSENT, unknown)
    assert str(refusal.value) == (
        "Reading 'team/api:v1' failed: 404 NAME_UNKNOWN: no such repository. The registry "
        f"{HOST} has no such repository. Deploy the repository first, and check the account and "
        "region of the environment."
    )


def test_an_upload_without_a_location_is_refused(repository: Repository, script: Script) -> None:
    with pytest.raises(UserError, match="named no location for the upload"):
        push(repository, script, *LOOKED_UP, ABSENT, (202, "", b""))


def test_a_blob_whose_length_differs_from_its_manifest_is_refused(
    repository: Repository, script: Script
) -> None:
    blob = Descriptor(media_type="x", digest=BLOB_DIGEST, size=len(BLOB) + 1)
    script.answers += [(200, "", BLOB)]
    with pytest.raises(UserError, match=f"announced {len(BLOB)} bytes for the blob"):
        repository.open_blob(blob).__enter__()


def test_aws_gets_more_time_than_an_emulator() -> None:
    assert (FOR_AWS.attempts, FOR_AWS.seconds) == (6, 20)
    assert (FOR_EMULATOR.attempts, FOR_EMULATOR.seconds) == (4, 5)


def test_a_server_that_does_not_respond_is_not_asked_again(
    registry: Registry, script: Script
) -> None:
    patience = replace(registry.http.patience, seconds=0.2)
    quick = replace(registry, http=replace(registry.http, patience=patience))
    with serving(_Stalled) as port:
        stalled = replace(quick, http=replace(quick.http, base_url=f"http://127.0.0.1:{port}"))
        with pytest.raises(UserError) as refusal:
            stalled.repository("team/api").manifest("v1")
    assert str(refusal.value) == (
        f"The registry {HOST} cannot be reached at http://127.0.0.1:{port}: it did not respond in "
        "time. Check the network and AWS_ENDPOINT_URL."
    )
    assert script.requests == ["POST /"]


class _Stalled(Handler):
    def do_GET(self) -> None:  # noqa: N802
        """Answer nothing for a while."""
        self.rfile.read(1)
