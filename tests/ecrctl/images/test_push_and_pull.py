"""``ecrctl push`` and ``ecrctl pull`` behind ECR's quirks, with two real registries."""

from __future__ import annotations

import json
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode
from ecrctl.local.emulator import Emulator
from ecrctl.output.documents import PulledDocument
from tests.installed_tools import require_tool

from .program import HOST, Program, program_at
from .samples import Bundle, digest_of, layer

BACKENDS = ("the embedded AWS", "Debian's registry")


@pytest.fixture(params=BACKENDS)
def program(
    request: pytest.FixtureRequest,
    emulator: Emulator,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Program]:
    """Return the program with one of the registries behind ECR's quirks."""
    name = f"team/api-{secrets.token_hex(4)}"
    ecr = emulator.clients().ecr
    for suffix, mutability in (("", "IMMUTABLE"), ("-dev", "MUTABLE")):
        ecr.create_repository(repositoryName=name + suffix, imageTagMutability=mutability)  # type: ignore[arg-type]
    port, tokens = emulator.port, None
    if request.param == BACKENDS[1]:
        port = request.getfixturevalue("debian")
        tokens = request.getfixturevalue("tokens")
    with program_at(port, emulator, (tmp_path, name), capsys, tokens) as found:
        yield found
    for suffix in ("", "-dev"):
        ecr.delete_repository(repositoryName=name + suffix, force=True)


@pytest.fixture
def bundle() -> Bundle:
    """Return an empty bundle."""
    return Bundle()


@pytest.fixture
def source(bundle: Bundle, tmp_path: Path) -> Path:
    """Return a layout with an index of two platforms."""
    index = bundle.index(
        bundle.image(layer(1), layer(2, 300_000)),
        bundle.image(layer(3), architecture="arm64"),
    )
    return bundle.write(tmp_path / "source", {"built": index})


def digest_in(folder: Path) -> str:
    """Return the digest of the only image of a layout."""
    [entry] = json.loads((folder / "index.json").read_bytes())["manifests"]
    return str(entry["digest"])


def blobs_of(folder: Path) -> dict[str, bytes]:
    """Return the blobs of a layout."""
    return {path.name: path.read_bytes() for path in (folder / "blobs" / "sha256").iterdir()}


def test_what_is_pushed_is_pulled_again(program: Program, source: Path, tmp_path: Path) -> None:
    end = program.push(source)
    digest = digest_in(source)
    assert (end.code, end.last) == (ExitCode.SUCCESS, f"{program.name}@{digest}")
    assert end.out.splitlines()[0].startswith(f"{program.name}:v1 in {HOST}: 5 blobs sent (")
    assert len(end.err.splitlines()) == 5
    pulled = program.pull(tmp_path / "pulled")
    assert (pulled.code, pulled.last) == (ExitCode.SUCCESS, f"{program.name}@{digest}")
    assert blobs_of(tmp_path / "pulled") == blobs_of(source)
    assert program.quirks.count("PATCH") == 0
    assert program.quirks.bucket_headers
    for headers in program.quirks.bucket_headers:
        assert "Authorization" not in headers


def test_the_same_image_under_an_immutable_tag_is_a_success(program: Program, source: Path) -> None:
    program.push(source)
    program.quirks.requests.clear()
    end = program.push(source)
    assert end.out.splitlines() == [
        f"{program.name}:v1 in {HOST}: everything was already there.",
        f"{program.name}@{digest_in(source)}",
    ]
    assert program.quirks.count("POST", "/v2/") == program.quirks.count("PUT") == 0


def test_another_image_under_an_immutable_tag_is_refused_before_any_layer_is_sent(
    program: Program, source: Path, tmp_path: Path
) -> None:
    program.push(source)
    other = Bundle()
    folder = other.write(tmp_path / "other", {"v1": other.image(layer(9))})
    program.quirks.requests.clear()
    end = program.push(folder)
    assert (end.code, end.sentence) == (
        ExitCode.TOOL_ERROR,
        f"The tag 'v1' of '{program.name}' is immutable and belongs to {digest_in(source)}; the "
        f"new image is {digest_in(folder)}. Give the new image another tag, with `ecrctl push` or "
        "by `tag:` of its build.",
    )
    assert program.quirks.count("POST", "/v2/") == program.quirks.count("PUT") == 0


def test_a_difference_of_provenance_alone_is_named(program: Program, tmp_path: Path) -> None:
    folders = []
    for time in (b"at noon", b"in the evening"):
        bundle = Bundle()
        image = bundle.image(layer(1))
        index = bundle.index(image, bundle.attestation(image, time))
        folders.append(bundle.write(tmp_path / time.decode(), {"v1": index}))
    assert program.push(folders[0]).code == ExitCode.SUCCESS
    end = program.push(folders[1])
    assert digest_in(folders[0]) in end.sentence
    assert digest_in(folders[1]) in end.sentence
    assert "`--provenance=false`" in end.sentence


def test_a_tag_that_can_be_moved_is_moved(program: Program, source: Path, tmp_path: Path) -> None:
    other = Bundle()
    folder = other.write(tmp_path / "other", {"v1": other.image(layer(9))})
    for one in (source, folder):
        name = f"{program.name}-dev"
        end = program.run("push", "dev", f"{name}:v1", "--from", f"oci:{one}")
        assert end.last == f"{name}@{digest_in(one)}"


def test_a_plan_moves_nothing(program: Program, source: Path, tmp_path: Path) -> None:
    end = program.push(source, "v1", "--plan")
    assert end.code == ExitCode.SUCCESS
    assert end.last.startswith("Plan: 5 blobs to send (")
    assert end.last.endswith("3 manifests to write. Nothing was moved.")
    assert program.quirks.count("POST", "/v2/") == program.quirks.count("PUT") == 0
    [document] = json.loads(program.push(source, "v1", "--plan", "--format", "json").out)
    assert document["plan"] is True
    assert document["digest"] == digest_in(source)
    planned = document["copied"]["planned"]
    assert {one["action"] for one in planned["blobs"]} == {"send"}
    assert [one["tag"] for one in planned["manifests"]][-1] == "v1"
    assert document["copied"]["sent"]["blobs"] == 5
    program.push(source)
    end = program.pull(tmp_path / "new", ":v1", "--plan", "--format", "json")
    document = PulledDocument.model_validate_json(end.out)
    assert document.plan
    assert document.copied.planned is not None
    assert len(document.copied.planned.blobs) == 5
    assert not (tmp_path / "new").exists()


def test_a_result_as_json(program: Program, source: Path) -> None:
    digest = digest_in(source)
    sent = sum(map(len, blobs_of(source).values())) - manifests(source)
    assert json.loads(program.push(source, "v1", "--format", "json").out) == [
        {
            "image": None,
            "repository": program.name,
            "tag": "v1",
            "digest": digest,
            "uri": f"{HOST}/{program.name}@{digest}",
            "plan": False,
            "built": False,
            "pinned": False,
            "copied": {
                "sent": {"blobs": 5, "bytes": sent},
                "mounted": {"blobs": 0, "bytes": 0},
                "present": {"blobs": 0, "bytes": 0},
                "manifests": 3,
                "planned": None,
            },
        }
    ]


def manifests(folder: Path) -> int:
    """Return the bytes of the manifests of a layout."""
    return sum(len(one) for one in blobs_of(folder).values() if b"schemaVersion" in one[:20])


def test_a_push_continues_after_a_cut(program: Program, source: Path) -> None:
    program.quirks.cut_after = 100_000  # the largest layer never arrives
    end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert end.sentence == (
        f"The registry {HOST} cannot be reached at {program.quirks.url}: the connection was closed "
        "before the end of the answer. Check the network and AWS_ENDPOINT_URL."
    )
    assert program.quirks.count("PUT", "/manifests/") == 0
    program.quirks.cut_after = None
    [pushed] = json.loads(program.push(source, "v1", "--format", "json").out)
    sent, present = (pushed["copied"][name]["blobs"] for name in ("sent", "present"))
    assert sent + present == 5
    assert present > 0


def test_a_pull_continues_after_a_cut(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    folder = tmp_path / "pulled"
    program.pull(folder)
    largest = max((folder / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1] + b"x")  # of the right size, and damaged
    (folder / "blobs" / "sha256" / ".ecrctl-left").write_bytes(b"of a killed run")
    end = program.pull(folder, ":v1", "--format", "json")
    assert json.loads(end.out)["copied"]["sent"]["blobs"] == 1
    assert blobs_of(folder) == blobs_of(source)


def test_a_digest_is_pulled_without_a_tag(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    digest = digest_in(source)
    end = program.pull(tmp_path / "pulled", f"@{digest}")
    assert end.last == f"{program.name}@{digest}"
    [entry] = json.loads((tmp_path / "pulled" / "index.json").read_bytes())["manifests"]
    assert (entry["digest"], "annotations" in entry) == (digest, False)


def test_one_platform_is_pulled(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    end = program.pull(tmp_path / "arm", ":v1", "--platform", "linux/arm64")
    assert end.code == ExitCode.SUCCESS
    assert len(blobs_of(tmp_path / "arm")) == 3
    end = program.pull(tmp_path / "none", ":v1", "--platform", "windows/amd64")
    assert end.sentence == (
        f"'{program.name}:v1' has no image for windows/amd64. It has linux/amd64, linux/arm64. "
        "Name one with --platform."
    )


def test_an_archive_is_written_and_read(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    archive = tmp_path / "image.tar"
    assert program.pull(f"oci-archive:{archive}").code == ExitCode.SUCCESS
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert {"oci-layout", "index.json"} < set(names)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".ecrctl")] == []
    again = program.push(f"oci-archive:{archive}", "v2")
    assert again.last == f"{program.name}@{digest_in(source)}"


def test_skopeo_reads_and_writes_the_same_archives(
    program: Program, source: Path, tmp_path: Path
) -> None:
    skopeo = require_tool("skopeo")
    program.push(source)
    ours, theirs = tmp_path / "ours.tar", tmp_path / "theirs.tar"
    program.pull(f"oci-archive:{ours}")
    command = [
        skopeo,
        "copy",
        "--quiet",
        "--all",
        "--preserve-digests",
        f"oci-archive:{ours}:v1",
        f"oci-archive:{theirs}:v9",
    ]
    subprocess.run(command, check=True, capture_output=True)
    end = program.push(f"oci-archive:{theirs}", "v9")
    assert end.last == f"{program.name}@{digest_in(source)}"


def test_an_archive_of_docker_is_pushed_the_same_each_time(
    program: Program, bundle: Bundle, tmp_path: Path
) -> None:
    skopeo = require_tool("skopeo")
    folder = bundle.write(tmp_path / "one", {"v1": bundle.image(layer(1), layer(2))})
    archive = tmp_path / "docker.tar"
    subprocess.run(
        [skopeo, "copy", "--quiet", f"oci:{folder}:v1", f"docker-archive:{archive}:api:v1"],
        check=True,
        capture_output=True,
    )
    first = program.push(f"docker-archive:{archive}")
    assert first.code == ExitCode.SUCCESS, first.err
    again = program.push(f"docker-archive:{archive}")
    assert again.last == first.last
    assert "everything was already there" in again.out
    pulled = tmp_path / "pulled"
    program.pull(pulled)
    layers = json.loads(blobs_of(pulled)[digest_in(pulled).partition(":")[2]])["layers"]
    assert all(one["mediaType"].endswith("tar+gzip") for one in layers)


def test_a_throttled_push_ends_well(program: Program, source: Path) -> None:
    program.quirks.throttled = {"PUT": 3, "POST": 2, "HEAD": 2}
    assert program.push(source).code == ExitCode.SUCCESS


def test_a_push_that_is_throttled_for_long_is_one_sentence(program: Program, source: Path) -> None:
    program.quirks.throttled = {"PUT": 10_000}
    assert program.push(source).sentence == (
        f"The registry {HOST} at {program.quirks.url} throttled every attempt (429 "
        "TOOMANYREQUESTS: Rate exceeded). Try again later."
    )


def test_an_upload_that_is_cut_at_once_may_have_no_repository(
    program: Program, source: Path
) -> None:
    program.quirks.unknown.add(program.name)
    assert "ECR does so for a repository that does not exist." in program.push(source).sentence


def test_a_refused_manifest_is_named(program: Program, source: Path) -> None:
    program.quirks.refuses_manifests = True
    end = program.push(source)
    assert "405 UNSUPPORTED: Invalid parameter at 'ImageManifest'" in end.sentence
    assert end.code == ExitCode.TOOL_ERROR


def test_an_archived_image_is_named(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    program.quirks.archived.add("v1")
    end = program.pull(tmp_path / "pulled")
    assert end.code == ExitCode.TOOL_ERROR
    assert "ECR does not find an archived image either" in end.sentence
    assert not (tmp_path / "pulled").exists()


def test_manifests_are_written_at_the_rate_of_the_quota(program: Program, tmp_path: Path) -> None:
    bundle = Bundle()
    index = bundle.index(*(bundle.image(note=str(number)) for number in range(7)))
    program.push(bundle.write(tmp_path / "many", {"v1": index}))
    times = program.quirks.manifest_times
    assert len(times) == 8
    assert times[-1] - times[0] >= 0.65


def test_a_corrupt_layer_is_refused_and_nothing_is_tagged(program: Program, source: Path) -> None:
    damaged = source / "blobs" / "sha256" / digest_of(layer(3)).partition(":")[2]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    end = program.push(source)
    assert end.code == ExitCode.TOOL_ERROR
    assert (
        f"The blob {digest_of(layer(3))} of {source} is damaged: its content has another digest."
        in end.sentence
    )
    assert program.quirks.count("PUT", "/manifests/") == 0
    damaged.write_bytes(layer(3)[:-5])
    size = len(layer(3))
    assert f"is damaged: {size - 5:,} of {size:,} bytes." in program.push(source).sentence


def test_a_full_disk_is_one_sentence_and_leaves_no_image(
    program: Program, source: Path, tmp_path: Path
) -> None:
    import resource  # noqa: PLC0415 - not on every system

    program.push(source)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        end = program.pull(tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert end.code == ExitCode.TOOL_ERROR
    assert "cannot be written: File too large. Free some space" in end.sentence
    assert json.loads((tmp_path / "full" / "index.json").read_bytes())["manifests"] == []
    assert not list((tmp_path / "full").rglob(".ecrctl-*"))
    assert program.pull(tmp_path / "full").code == ExitCode.SUCCESS


def test_no_secret_is_written(program: Program, source: Path, tmp_path: Path) -> None:
    program.push(source)
    program.pull(tmp_path / "pulled")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [one for one in program.secrets if one.encode() in written]
