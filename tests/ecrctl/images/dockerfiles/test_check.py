"""``ecrctl dockerfile-check`` and ``ecrctl base-image`` against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.copying.run import push_image
from ecrctl.images.dockerfiles.base_image import base_image
from ecrctl.images.dockerfiles.check import Registries, Remark, check_dockerfiles
from ecrctl.images.oci import digest_of
from ecrctl.images.stores.registry import Registry
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.progress import without_progress
from tests.ecrctl.test_cli import ecrctl

ACCOUNT, REPOSITORY = "000000000000", "base/node"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
OTHER = "111111111111.dkr.ecr.us-east-1.amazonaws.com"
UNKNOWN = "sha256:" + "a" * 64
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def index(emulator: Emulator) -> Iterator[str]:
    """Return the digest of an image index: ``v1``, beside the image ``v0``."""
    aws = emulator.clients()
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    repository = Registry.of_account(aws, ACCOUNT).repository(REPOSITORY, writable=True)
    push_image(repository, "v0", sample_image())
    listed = {"digest": sample_image().digest}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]})
    aws.ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=manifest,
        imageManifestMediaType=INDEX,
        imageTag="v1",
    )
    yield digest_of(manifest.encode())
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an environment and a Dockerfile for each kind of remark."""
    (tmp_path / "dev.yaml").write_text(
        f'account: "{ACCOUNT}"\nregion: us-east-1\nrepositories: [{{name: {REPOSITORY}}}]\n'
    )
    (tmp_path / "a.Dockerfile").write_text(
        f"# the article's own example\nFROM: {HOST}/{REPOSITORY}:v1\n"
        f"FROM {HOST}/{REPOSITORY}:v1 AS build\n"
        f"FROM build\nCOPY --from={HOST}/{REPOSITORY} / /\n"
    )
    (tmp_path / "b.Dockerfile").write_text(
        f"ARG TAG\nFROM {HOST}/{REPOSITORY}@{UNKNOWN}\n"
        f"FROM {HOST}/{REPOSITORY}:$TAG\n"
        f"FROM {OTHER}/{REPOSITORY}@{UNKNOWN}\n"
        f"FROM public.ecr.aws/docker/library/node@{UNKNOWN}\n"
        "FROM public.ecr.aws/docker/library/node:22\nFROM node:$TAG\n"
    )
    return tmp_path


OF_A = [
    f"a.Dockerfile:2: FROM: {HOST}/base/node:v1 is malformed: `FROM` must be followed by a space, "
    "got ':'.",
    f"a.Dockerfile:3: FROM {HOST}/base/node:v1 is not pinned by its digest. `ecrctl base-image "
    "ENV base/node --tag v1` prints the line.",
    f"a.Dockerfile:5: COPY --from {HOST}/base/node is not pinned by its digest. `ecrctl "
    "base-image ENV base/node` prints the line.",
]
OF_B = [
    f"b.Dockerfile:2: FROM {HOST}/base/node@{UNKNOWN} has a digest that 000000000000, us-east-1 "
    "does not have. `ecrctl base-image ENV base/node` prints the line.",
    f"b.Dockerfile:3: undecided: FROM {HOST}/base/node:$TAG can be on ECR: the build determines "
    "$TAG.",
    f"b.Dockerfile:4: undecided: FROM {OTHER}/base/node@{UNKNOWN} is pinned, and the credentials "
    "are not those of 111111111111.",
    f"b.Dockerfile:5: undecided: FROM public.ecr.aws/docker/library/node@{UNKNOWN} is pinned, and "
    "images of ECR Public are not looked up.",
    "b.Dockerfile:6: FROM public.ecr.aws/docker/library/node:22 is not pinned by its digest. "
    "Write @sha256:DIGEST behind it.",
]


def check(folder: Path, *arguments: str, emulator: Emulator | None = None) -> tuple[int, str, str]:
    """Run ``ecrctl dockerfile-check``; return its exit code, its output and its errors."""
    variables = emulator.variables() if emulator else {"AWS_EC2_METADATA_DISABLED": "true"}
    done = ecrctl("dockerfile-check", *arguments, variables={**variables, "HOME": str(folder)})
    return done.returncode, done.stdout.replace(f"{folder}/", ""), done.stderr


@pytest.mark.usefixtures("index")
def test_every_image_of_every_file_is_named_at_once(folder: Path, emulator: Emulator) -> None:
    files = [str(folder / name) for name in ("a.Dockerfile", "b.Dockerfile")]
    code, shown, _ = check(folder, *files, emulator=emulator)
    assert shown.splitlines() == [
        *OF_A,
        *OF_B,
        "2 files: 5 to change, 3 undecided, 0 pinned by a known digest.",
    ]
    assert code == 3


def test_base_image_prints_the_line_that_the_check_accepts(
    folder: Path, emulator: Emulator, index: str
) -> None:
    common = ("--environments", str(folder), "base-image", "dev", REPOSITORY)
    newest = ecrctl(*common, variables=emulator.variables())
    tagged = ecrctl(*common, "--tag", "v0", variables=emulator.variables())
    assert newest.stdout == f"FROM {HOST}/base/node:v1@{index}\n"
    assert tagged.stdout == f"FROM {HOST}/base/node:v0@{sample_image().digest}\n"
    (folder / "Dockerfile").write_text(newest.stdout + tagged.stdout)
    code, shown, _ = check(folder, str(folder / "Dockerfile"), emulator=emulator)
    assert shown == "1 file: 0 to change, 0 undecided, 2 pinned by a known digest.\n"
    assert code == 0


def test_offline_looks_nothing_up_and_says_so(folder: Path) -> None:
    code, shown, _ = check(folder, "--offline", str(folder / "b.Dockerfile"))
    lines = shown.splitlines()
    assert lines[0] == (
        f"b.Dockerfile:2: undecided: FROM {HOST}/base/node@{UNKNOWN} is pinned, and --offline "
        "looks nothing up."
    )
    assert lines[-1] == "1 file: 1 to change, 4 undecided, 0 pinned by a known digest."
    assert code == 3


def test_what_is_undecided_alone_is_0(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {HOST}/base/node@{UNKNOWN}\n")
    assert check(folder, "--offline", str(folder / "Dockerfile"))[0] == 0


def test_missing_credentials_are_one_sentence_that_names_offline(folder: Path) -> None:
    code, _, error = check(folder, str(folder / "b.Dockerfile"))
    assert code == 2
    assert error.startswith(
        "ecrctl: Looking up the base images, which --offline leaves out, failed at "
        "sts:GetCallerIdentity: no AWS credentials were found."
    )
    assert error.count("\n") == 1


def test_no_credentials_are_needed_where_nothing_is_looked_up(folder: Path) -> None:
    code, shown, error = check(folder, str(folder / "a.Dockerfile"))
    assert (code, error) == (3, "")
    assert shown.splitlines()[:-1] == OF_A


@pytest.mark.parametrize("name", ["none", ""])
def test_a_file_that_cannot_be_read_is_2(folder: Path, name: str) -> None:
    code, shown, error = check(folder, "--offline", str(folder / name))
    assert (code, shown) == (2, "")
    assert error.startswith(f"ecrctl: {folder / name} cannot be read: ")


def test_a_file_in_another_encoding_is_read(folder: Path) -> None:
    (folder / "Dockerfile").write_bytes(f"# caf\xe9\nFROM {HOST}/base/node:v1\n".encode("latin-1"))
    assert check(folder, "--offline", str(folder / "Dockerfile"))[0] == 3


def test_characters_of_control_are_not_printed(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {HOST}/base/\x1b[31mnode\n")
    assert "\x1b" not in check(folder, "--offline", str(folder / "Dockerfile"))[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            (REPOSITORY, "--tag", "v9"),
            2,
            "The repository 'base/node' has no image with the tag 'v9' in account 000000000000, "
            "us-east-1. Push the image first.",
        ),
        (
            ("base/nod",),
            1,
            "the environment 'dev' declares no repository 'base/nod'; did you mean 'base/node'? "
            "Known: base/node.",
        ),
        (
            (REPOSITORY, "--tag", "-"),
            1,
            "--tag: an image tag must have 1 to 128 letters, digits, '_', '.' and '-', and cannot "
            "begin with '.' or '-', got '-'. Choose another tag.",
        ),
    ],
)
@pytest.mark.usefixtures("index")
def test_an_image_that_does_not_exist_has_no_line(
    folder: Path, emulator: Emulator, arguments: tuple[str, ...], code: int, message: str
) -> None:
    common = ("--environments", str(folder), "base-image", "dev")
    done = ecrctl(*common, *arguments, variables=emulator.variables())
    assert (done.returncode, done.stdout, without_progress(done.stderr)) == (
        code,
        "",
        f"ecrctl: {message}\n",
    )


def archived() -> Aws:
    """Return an AWS with one image, which is archived."""
    detail = {"imageDigest": UNKNOWN, "imageStatus": "ARCHIVED"}
    ecr = StubClient(describe_images=lambda **_: {"imageDetails": [detail]})
    return stub_aws(ecr=ecr, sts=StubClient(get_caller_identity=lambda: {"Account": ACCOUNT}))


def test_an_archived_image_is_to_change_and_each_image_is_looked_up_once() -> None:
    aws = archived()
    text = f"FROM {HOST}/base/node@{UNKNOWN}\n" * 2
    (first, second) = check_dockerfiles({Path("a"): text}, Registries(lambda _: aws))
    subject = f"FROM {HOST}/base/node@{UNKNOWN}"
    expected = (
        "is archived, so no workload can pull it. `ecrctl base-image ENV base/node` prints the "
        "line of another image"
    )
    assert first == Remark(Path("a"), 1, "archived", subject, expected)
    assert (second.line, second.is_finding) == (2, True)
    assert len(aws.client("ecr").requests) == 1
    assert len(aws.client("sts").requests) == 1


def test_the_account_is_asked_for_in_the_partition_of_the_credentials() -> None:
    regions: list[str] = []

    def aws_in(region: str) -> Aws:
        regions.append(region)
        return archived()

    host = "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn"
    text = f"FROM {host}/base/node@{UNKNOWN}\n"
    (found,) = check_dockerfiles({Path("a"): text}, Registries(aws_in, "eu-west-1"))
    assert (found.kind, regions) == ("undecided", ["eu-west-1"])


def test_an_archived_image_is_no_base_image(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "from_variables", staticmethod(lambda _region: archived()))
    with pytest.raises(UserError, match="The image 'base/node:v1' is archived"):
        base_image("dev", REPOSITORY, "v1", folder)


def test_a_variable_is_shown_with_its_value() -> None:
    text = f"ARG BASE={HOST}/base/node\nFROM $BASE:v1\n"
    (found,) = check_dockerfiles({Path("a"): text}, None)
    assert found.subject == f"FROM $BASE:v1 ({HOST}/base/node:v1)"
    assert found.kind == "not pinned"
