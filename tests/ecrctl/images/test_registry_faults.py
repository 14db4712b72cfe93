"""Faults of a registry that only a push or a pull meets: each is one sentence."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode
from ecrctl.local.emulator import Emulator

from .program import HOST, Program, program_at
from .samples import Bundle, layer
from .servers.fake import FakeRegistry
from .servers.serving import Handler, serving

HTML = (200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
NAME = "team/api"


@pytest.fixture
def program(
    fake: FakeRegistry, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Program]:
    """Return the program with a small registry whose answers a test changes."""
    with program_at(fake.port, emulator, (tmp_path, NAME), capsys) as found:
        found.quirks.redirects = False
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a layout with an image of one layer."""
    bundle = Bundle()
    return bundle.write(tmp_path / "source", {"v1": bundle.image(layer(1))})


@pytest.mark.parametrize(
    "request_",
    [
        "HEAD /manifests/",
        "POST /uploads/",
        "PUT /uploads/",
        "PUT /manifests/",
    ],
)
def test_a_page_of_html_in_a_push_is_one_sentence(
    program: Program, fake: FakeRegistry, source: Path, request_: str
) -> None:
    fake.wrong[request_] = HTML
    end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert "the response is not one of a registry. Check AWS_ENDPOINT_URL" in end.sentence
    assert fake.tags.get(NAME, {}) == {}


@pytest.mark.parametrize("request_", ["GET /manifests/", "GET /blobs/", "GET /referrers/"])
def test_a_page_of_html_in_a_pull_is_one_sentence(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path, request_: str
) -> None:
    program.push(source)
    fake.wrong[request_] = HTML
    end = program.pull(tmp_path / "pulled")
    assert end.code == ExitCode.TOOL_ERROR
    assert end.sentence
    index = tmp_path / "pulled" / "index.json"
    assert not index.exists() or json.loads(index.read_bytes())["manifests"] == []


def test_a_lying_length_is_one_sentence(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    [(digest, content)] = [one for one in fake.blobs[NAME].items() if len(one[1]) > 5_000]
    fake.wrong[f"GET /blobs/{digest}"] = (200, content + b"more", {})
    end = program.pull(tmp_path / "pulled")
    assert end.sentence == (
        f"{HOST} announced {len(content) + 4} bytes for the blob {digest} of '{NAME}', whose "
        f"manifest states {len(content)}. Check the proxy settings, or push the image again."
    )


def test_another_content_of_the_same_length_is_one_sentence(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    [(digest, content)] = [one for one in fake.blobs[NAME].items() if len(one[1]) > 5_000]
    fake.blobs[NAME][digest] = b"x" + content[1:]
    end = program.pull(tmp_path / "pulled")
    assert end.sentence == (
        f"The blob {digest} of {NAME} is damaged: its content has another digest. Build or push "
        "the image again."
    )
    assert not (tmp_path / "pulled" / "blobs" / "sha256" / digest.partition(":")[2]).exists()


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://registry.example/layer?X-Amz-Signature=very-secret", "http://registry.example"),
        ("ftp://registry.example/layer?X-Amz-Signature=very-secret", "ftp://registry.example"),
        ("file:///etc/passwd", "the endpoint"),
    ],
)
def test_a_redirect_without_encryption_is_refused(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path, *, location: str, shown: str
) -> None:
    program.push(source)
    fake.wrong["GET /blobs/"] = (307, b"", {"Location": location})
    end = program.pull(tmp_path / "pulled")
    assert end.sentence == (
        f"The registry {HOST} redirects a download to {shown}, which is not https. Check the proxy "
        "settings and the network."
    )


def test_a_redirect_to_a_fourth_host_is_refused(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    seen = []

    class Further(Handler):
        def do_GET(self) -> None:  # noqa: N802
            seen.append(dict(self.headers.items()))
            self.reply(307, b"", {"Location": f"{self.path}x"})

    with serving(Further) as port:
        fake.wrong["GET /blobs/"] = (307, b"", {"Location": f"http://127.0.0.1:{port}/a"})
        end = program.pull(tmp_path / "pulled")
    assert end.sentence == (
        f"The registry {HOST} redirects a download more than 3 times, last from "
        f"http://127.0.0.1:{port}. Check the proxy settings and the network."
    )
    assert 3 <= len(seen) <= 3 * 6
    assert all("Authorization" not in headers for headers in seen)


def test_a_download_that_is_cut_is_read_again(
    program: Program, fake: FakeRegistry, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    attempts = []

    class Cut(Handler):
        def do_GET(self) -> None:  # noqa: N802
            attempts.append(self.path)
            content = fake.blobs[NAME][self.path.removeprefix("/")]
            is_cut = len(attempts) <= 2
            self.reply(
                200, content[:-5] if is_cut else content, {"Content-Length": str(len(content))}
            )
            self.close_connection = True

    [(digest, _)] = [one for one in fake.blobs[NAME].items() if len(one[1]) > 5_000]
    with serving(Cut) as port:
        target = {"Location": f"http://127.0.0.1:{port}/{digest}"}
        fake.wrong[f"GET /blobs/{digest}"] = (307, b"", target)
        end = program.pull(tmp_path / "pulled")
    assert end.code == ExitCode.SUCCESS, end.err
    assert len(attempts) == 3


@pytest.mark.parametrize(
    ("request_", "permission"),
    [
        ("HEAD /manifests/", "ecr:BatchGetImage"),
        ("HEAD /blobs/", "ecr:BatchCheckLayerAvailability"),
        ("POST /uploads/", "ecr:InitiateLayerUpload"),
        ("PUT /uploads/", "ecr:UploadLayerPart"),
        ("PUT /manifests/", "ecr:PutImage"),
    ],
)
def test_a_missing_permission_is_named(
    program: Program, fake: FakeRegistry, source: Path, request_: str, permission: str
) -> None:
    fake.wrong[request_] = (403, b"", {})
    end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert f"The credentials require `{permission}" in end.sentence


def test_no_credentials_are_one_sentence(program: Program, source: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("AWS_ACCESS_KEY_ID")
        patched.delenv("AWS_SECRET_ACCESS_KEY")
        patched.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert "no AWS credentials were found. Set AWS_PROFILE" in end.sentence


def test_a_token_that_stays_rejected_is_one_sentence(
    program: Program, fake: FakeRegistry, source: Path
) -> None:
    fake.wrong[" /v2/"] = (401, b'{"errors": [{"code": "DENIED", "message": "expired"}]}', {})
    fake.wrong = {f"{method} /v2/": fake.wrong[" /v2/"] for method in ("HEAD", "GET", "POST")}
    end = program.push(source)
    assert "rejected the credentials (401" in end.sentence
    assert "Renew the credentials, for example with `aws sso login`." in end.sentence


def test_a_tag_that_only_the_registry_knows_as_immutable_is_named(
    program: Program, fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.immutable = True
    ends = []
    for number in (1, 2):
        bundle = Bundle()
        folder = bundle.write(tmp_path / str(number), {"v1": bundle.image(layer(number))})
        ends.append(program.run("push", "dev", f"{NAME}-dev:v1", "--from", f"oci:{folder}"))
    first = fake.tags[f"{NAME}-dev"]["v1"]
    assert ends[1].code == ExitCode.TOOL_ERROR
    assert (
        f"refuses to move the tag 'v1' of '{NAME}-dev' from {first} to sha256:" in ends[1].sentence
    )


def test_an_image_with_too_many_layers_is_refused(program: Program, tmp_path: Path) -> None:
    bundle = Bundle()
    image = bundle.image(*(f"layer {number}".encode() for number in range(128)))
    end = program.push(bundle.write(tmp_path / "many", {"v1": image}))
    assert "has 128 layers, and no container runtime mounts more than 127." in end.sentence


def test_a_manifest_of_more_than_4_mib_is_refused(program: Program, tmp_path: Path) -> None:
    bundle = Bundle()
    image = bundle.image(layer(1), annotations={"long": secrets.token_hex(2**21)})
    end = program.push(bundle.write(tmp_path / "long", {"v1": image}))
    assert "has more than 4 MiB, so it is no manifest." in end.sentence


def test_an_index_without_one_of_its_platforms_is_refused(program: Program, tmp_path: Path) -> None:
    bundle = Bundle()
    arm = bundle.image(layer(2), architecture="arm64")
    index = bundle.index(bundle.image(layer(1)), arm)
    del bundle.contents[arm["digest"]]
    end = program.push(bundle.write(tmp_path / "part", {"v1": index}))
    assert f"lists the manifest {arm['digest']} (linux/arm64), which" in end.sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schemaVersion": 1}, "has a manifest of Docker's schema 1, which ECR refuses."),
        ({"manifests": []}, "has layers and manifests"),
        ({"layers": [{"digest": "md5:1"}]}, "`layers[0]` of its manifest requires a sha256 digest"),
        ({"layers": "none"}, "is not an image: its content is no manifest of OCI or Docker."),
        ({"mediaType": "text/plain"}, "is not an image"),
    ],
)
def test_a_malformed_manifest_is_refused(
    program: Program, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    bundle = Bundle()
    image = bundle.image(layer(1))
    document = json.loads(bundle.contents.pop(image["digest"])) | change
    changed = bundle.add(json.dumps(document).encode(), image["mediaType"])
    end = program.push(bundle.write(tmp_path / "malformed", {"v1": changed}))
    assert end.code == ExitCode.TOOL_ERROR
    assert sentence in end.sentence


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("oci:none", "The folder none does not exist."),
        ("oci-archive:none.tar", "none.tar cannot be read: No such file or directory."),
        ("docker:", "--from must be one of oci:FOLDER[:TAG], oci-archive:FILE[:TAG], docker-arch"),
        ("image.tar", "podman:NAME, buildah:NAME or engine:NAME, got 'image.tar'."),
        ("docker:--help", "the name of an image in an engine must consist of letters"),
        ("oci:.", "is no OCI layout: it has no index.json."),
        ("oci-archive:text", "text is no tar archive, or ends early."),
        ("docker-archive:empty.tar", "is no archive of `docker save`"),
        # A compressed archive is read from a temporary file, of which nobody has heard.
        ("oci-archive:empty.tgz", "empty.tgz is no OCI layout: it has no index.json."),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(
    program: Program, monkeypatch: pytest.MonkeyPatch, source: str, sentence: str
) -> None:
    import tarfile  # noqa: PLC0415

    monkeypatch.chdir(program.folder)
    (program.folder / "text").write_text("no archive at all\n" * 100)
    tarfile.open(program.folder / "empty.tar", "w").close()
    tarfile.open(program.folder / "empty.tgz", "w:gz").close()
    end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert sentence in end.sentence


def test_a_layout_with_several_images_needs_a_tag(program: Program, tmp_path: Path) -> None:
    bundle = Bundle()
    images = {"a": bundle.image(layer(1)), "b": bundle.image(layer(2))}
    folder = bundle.write(tmp_path / "two", images)
    assert program.push(folder).sentence == (
        f"{folder} has 2 images, and one must be named. It has a, b. Name one by "
        "its tag, such as ':a'."
    )
    assert program.push(f"oci:{folder}:b").last == f"{NAME}@{images['b']['digest']}"
    assert "has no image with the tag 'c'. It has a, b." in program.push(f"oci:{folder}:c").sentence


def test_a_name_with_the_registrys_host_is_refused_with_a_hint(
    program: Program, source: Path
) -> None:
    end = program.run("push", "dev", f"{HOST}/{NAME}:v1", "--from", f"oci:{source}")
    assert end.sentence.endswith("Omit the registry's host name: ENV names the registry.")


def test_a_folder_with_other_files_is_not_written(
    program: Program, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    end = program.pull(tmp_path / "mine")
    assert end.sentence == (
        f"{tmp_path / 'mine'} is no OCI layout and has other files. Choose a new folder."
    )
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
