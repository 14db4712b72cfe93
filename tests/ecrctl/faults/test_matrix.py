"""Every fault of every operation that a command calls ends in one sentence and no success.

The operations are those that a run without a fault calls, so a new call is in the matrix at once.
"""

from __future__ import annotations

import gc
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from constructs_lib.rules.ecr.images import registry_host
from ecrctl import cli
from ecrctl.errors import ExitCode
from ecrctl.local.command import REPOSITORY, TAG
from ecrctl.local.sample_image import sample_image
from ecrctl.pins.pinning import live_tag
from ecrctl.verify.signatures import UNREAD
from environments import loading
from environments.loading import load_environment, pins_path
from tests.ecrctl.images.pushing import push
from tests.ecrctl.images.samples import Bundle, layer

from .conftest import ACCOUNT, ENVIRONMENT, REGION, Clients, Program, run
from .kinds import DOCUMENTS, KINDS, STALLED
from .known_answers import KnownAnswers
from .proxy import Fault

COMMANDS: dict[str, tuple[str, ...]] = {
    "verify": ("verify", ENVIRONMENT, "--format", "json"),
    "verify --images": ("verify", ENVIRONMENT, "--images"),
    "pin": ("pin", ENVIRONMENT, REPOSITORY, "--repository", REPOSITORY, "--tag", TAG),
    "lifecycle": ("lifecycle", ENVIRONMENT, "team/api"),
    "lifecycle --in-use": ("lifecycle", ENVIRONMENT, "team/api", "--in-use"),
    "import": ("import", ENVIRONMENT, "--output", "import"),
    "local": ("local", "--output", "output"),
    "push": ("push", ENVIRONMENT, f"{REPOSITORY}:v2", "--from", "oci:image"),
    "pull": ("pull", ENVIRONMENT, f"{REPOSITORY}:{TAG}", "oci:pulled"),
    "deployed": ("deployed", ENVIRONMENT, "--out", "deployed"),
    "login": ("login", ENVIRONMENT, "--auth-file", "auth.json"),
    "login --credential-helper": (
        *("login", ENVIRONMENT, "--credential-helper"),
        *("--auth-file", "auth.json"),
    ),
    "scan": ("scan", ENVIRONMENT, "team/api:v1"),
    "report": ("report", ENVIRONMENT, "--in-use"),
    # A record states the time, so that no request of one run is that of another.
    "promote": (
        *("promote", ENVIRONMENT, "release", f"{REPOSITORY}@{sample_image().digest}"),
        "--without-referrers",
    ),
    "base-image": ("base-image", ENVIRONMENT, REPOSITORY),
    "base-image --tag": ("base-image", ENVIRONMENT, REPOSITORY, "--tag", TAG),
    "dockerfile-check": ("dockerfile-check", "environments/Dockerfile"),
}
WITHOUT_AWS = {"manifests", "access", "review", "init", "check", "list", "unpin"}
# The same image has another repository there, of the same embedded AWS.
RELEASE = f"""\
account: "{ACCOUNT}"
region: eu-west-1
repositories: [{{name: team/api}}]
images: {{{REPOSITORY}: {{repository: team/api, build: sample}}}}
"""
# A success is true where a later call proves it, or where nothing declared can be read there.
PROVED = {
    "ecr:PutImage": DOCUMENTS.keys(),  # the tag is read back
    "ecr:DescribeImages": {"access denied"},  # a role that pushes finds the image by a pull
    "registry:HEAD blobs": KINDS.keys(),  # a blob that seems to be missing is sent
    "registry:HEAD manifests": KINDS.keys(),  # without a digest, the manifest itself is read
    "logs:ListTagsForResource": {"objects without members"},  # the tags are CloudFormation's
    "kms:DescribeKey": {"lists that are null"},  # the algorithms of a key are not declared
}
# These commands list what the credentials may not read.
LISTS_DENIED, DENIED = ("report", "lifecycle --in-use"), "access denied"
SIGNATURES = "ecr:DescribeImageSigningStatus"
PROGRESS = re.compile(r"[0-9a-f]{12}  +[\d.]+ k?B  (sent|mounted|already there)$")
LIVE = live_tag(ENVIRONMENT, sample_image().digest)


@pytest.fixture
def place(prepared: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the environments, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle = Bundle()
    bundle.write(tmp_path / "image", {"v2": bundle.image(layer(1))})
    folder = Path(shutil.copytree(prepared.folder, tmp_path / "environments"))
    (folder / "release.yaml").write_text(RELEASE)
    base = f"{registry_host(ACCOUNT, REGION)}/{REPOSITORY}@{sample_image().digest}"
    (folder / "Dockerfile").write_text(f"FROM {base}\n")
    return folder


@dataclass(frozen=True, slots=True)
class End:
    """The end of a run: its exit code, the files that it wrote, and its output."""

    code: int
    files: Mapping[str, bytes]
    output: str
    error: str

    def result(self, command: str) -> object:
        """The result of a success.

        The output of ``local`` has durations; those of copies count what was there before.
        """
        last = self.output.splitlines()[-1:]
        return self.files, {"local": [], "push": last, "promote": last}.get(command, self.output)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The runs of one command.

    :param place: the folder of environments.
    """

    command: str
    program: Program
    place: Path
    capsys: pytest.CaptureFixture[str]
    known: KnownAnswers

    def record(self) -> End:
        """Run the command without a fault; its operations and answers are recorded."""
        # The image has no tag yet, so that PutImage is called.
        self.program.direct.ecr.batch_delete_image(
            repositoryName=REPOSITORY, imageIds=[{"imageTag": LIVE}]
        )
        # The embedded AWS deletes an image with the last of the tags that it was pushed under.
        push(self.program.direct, ACCOUNT, REPOSITORY, TAG, sample_image())
        self.program.recorder.forget()
        return self.run(None, None)

    def run(self, operation: str | None, fault: Fault | None) -> End:
        """Run the command with a fault in one of its operations."""
        pins = pins_path(ENVIRONMENT, self.place)
        for output in ("import", "deployed", "pulled"):
            shutil.rmtree(output, ignore_errors=True)
        authentication = Path("auth.json")
        authentication.unlink(missing_ok=True)
        original = pins_path(ENVIRONMENT, self.program.folder).read_bytes()
        if self.command in ("pin", "local"):
            original = original.replace(b"v1", b"v0")
        pins.write_bytes(original)
        self.program.recorder.start(operation, fault)
        self.known.operation = operation
        self.capsys.readouterr()
        code = run("--environments", str(self.place), *COMMANDS[self.command])
        shown = self.capsys.readouterr()
        # An interrupted import leaves what it has read, to be continued.
        written = [path for path in sorted(Path().glob("import/*")) if path.suffix != ".jsonl"]
        written += [authentication] if authentication.exists() else []
        files = {path.name: path.read_bytes() for path in written}
        # A pull that failed may leave blobs, which the next one uses, but no image.
        pulled = Path("pulled/index.json")
        if pulled.exists() and json.loads(pulled.read_bytes())["manifests"]:
            files["pulled"] = pulled.read_bytes()
        if pins.exists() and pins.read_bytes() != original:
            files["pins"] = pins.read_bytes()
        return End(code, files, shown.out, shown.err)

    def reason(self, end: End, right: End, kind: str, operation: str) -> str | None:
        """Return why a run with a fault ended wrongly; ``None`` where it ended as it must.

        :param right: the end of the run without a fault.
        """
        is_document = kind in DOCUMENTS
        verifies = self.command.startswith("verify")
        if not self.program.recorder.is_injected:
            # A document can lack what the fault changes.
            return None if is_document else "the fault was not injected"
        if end.code == ExitCode.SUCCESS:
            if self.command in LISTS_DENIED and kind == DENIED:
                is_listed = re.search(f"^Not read: .*{operation}", end.output, re.MULTILINE)
                return None if is_listed else "a gap that is not listed"
            if self.command == "report" and is_document and "1 unscannable" in end.output:
                return None  # the findings are fewer than ECR counts
            is_proved = kind in PROVED.get(operation, ()) or (is_document and not verifies)
            is_true = is_proved and end.result(self.command) == right.result(self.command)
            # The row of the image says that its signature is undecided.
            is_true |= (operation, kind) == (SIGNATURES, DENIED) and UNREAD[:19] in end.output
            return None if is_true else "a false success"
        if end.code == ExitCode.DIFFERENCE and verifies and is_document:
            return None
        # A registry has no names of operations; its sentences name the registry or repository.
        named = (
            (ACCOUNT, REPOSITORY, "team/api") if operation.startswith("registry:") else (operation,)
        )
        if self.command == "scan" and is_document:
            named = (*named, "cannot be judged")  # the findings are fewer than ECR counts
        # A copy reports each blob before the one that fails.
        lines = [line for line in end.error.splitlines() if not PROGRESS.match(line)]
        is_sentence = len(lines) == 1 and any(name in lines[0] for name in named)
        # A local run looks at the image again after it has pinned it.
        allowed = right.files.items() if self.command == "local" else ()
        left = [name for name, content in end.files.items() if (name, content) not in allowed]
        is_right = end.code == ExitCode.TOOL_ERROR and is_sentence and not left
        return None if is_right else f"{end.code}: {end.error} {list(end.files)}"


# A copy that fails leaves the connections of its other threads to the end of the process. Here,
# hundreds of runs share one process, and the collector finds them in whichever test it runs.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_fault_of_every_operation_is_one_sentence(
    command: str,
    *,
    prepared: Program,
    place: Path,
    by_patience: dict[bool, Clients],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = KnownAnswers()
    known.use(monkeypatch)
    matrix = Matrix(command, prepared, place, capsys, known)
    by_patience[True].use(monkeypatch)
    right = matrix.record()
    assert right.code == ExitCode.SUCCESS, right.error
    operations = sorted(set(prepared.recorder.seen))
    assert operations
    if command not in ("pin", "import"):
        # The files are the same in each run, and reading them takes half of its time.
        monkeypatch.setattr(loading, "load_environment", cache(load_environment))
    wrong: dict[tuple[str, str], str] = {}
    for kind, fault in (KINDS | DOCUMENTS).items():
        by_patience[kind != STALLED].use(monkeypatch)
        for operation in operations:
            reason = matrix.reason(matrix.run(operation, fault), right, kind, operation)
            if reason and kind == STALLED:
                # On a busy machine, another answer can take longer than half a second as well.
                reason = matrix.reason(matrix.run(operation, fault), right, kind, operation)
            if reason:
                wrong[operation, kind] = reason
    gc.collect()
    assert wrong == {}, "\n".join(f"{key}: {reason}" for key, reason in wrong.items())


def test_every_command_is_in_the_matrix_or_calls_no_aws() -> None:
    commands = {arguments[0] for arguments in COMMANDS.values()}
    assert commands | WITHOUT_AWS == {command.name for command in cli.app.registered_commands}
    assert len(KINDS | DOCUMENTS) >= 14
