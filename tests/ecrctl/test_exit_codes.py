"""The exit code of every command for every kind of end."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from ecrctl import cli
from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.stores.registry import Registry
from ecrctl.local import command as local
from ecrctl.local import emulator as emulator_module
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image
from ecrctl.program import Stopped
from environments import loading
from environments.faults import EnvironmentFault
from environments.loading import load_environment, pins_path
from tests.ecrctl.images.pushing import push
from tests.ecrctl.progress import without_progress
from tests.ecrctl.review.pairs import write_assembly
from tests.ecrctl.test_cli import ecrctl
from tests.support import FROZEN_ENVIRONMENTS

REPOSITORY = "codes/api"
HEAD = 'account: "000000000000"\nregion: us-east-1\n'
TOPIC = {"Topic": {"Type": "AWS::SNS::Topic"}}
TABLE = {"Table": {"Type": "AWS::DynamoDB::Table"}}
COMMANDS = {
    "init": (1, 2),
    "check": (1, 2),
    "list": (1, 2),
    "unpin": (1, 2),
    "verify": (1, 2, 3),
    "manifests": (1, 2),
    "local": (1, 2, 3),
    "pin": (1, 2),
    "lifecycle": (1, 2),
    "import": (1, 2),
    "access": (1, 2),
    "deployed": (1, 2),
    "review": (2, 3),
    "push": (1, 2),
    "pull": (1, 2),
    "login": (1, 2),
    "promote": (1, 2, 3),
    "scan": (1, 2, 3),
    "report": (1, 2),
    "base-image": (1, 2),
    "dockerfile-check": (2, 3),
}

Run = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with environments of all kinds, and files for options."""
    files = {
        "dev.yaml": f"{HEAD}repositories: [{{name: {REPOSITORY}}}]\n",
        "empty.yaml": HEAD,
        "runs.yaml": f"{HEAD}ecs_tasks: [{{name: api, image: api, memory_mib: 64}}]\n",
        "faulty.yaml": "regoin: us-east-1\n",
        "images.json": "[]",
        "faulty.json": '[{"digest": 1}]',
        "text.json": "not JSON",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return a function that runs a command in the folder and returns its exit code."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }

    def run_command(*arguments: str, environments: Path = folder) -> int:
        command = ["ecrctl", "--environments", str(environments), *arguments]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    yield run_command
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def on_emulator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every client at the embedded AWS."""
    for name, value in emulator.variables().items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "no-such"),
        ("verify", "faulty"),
        ("verify", "runs"),
        ("manifests", "faulty", "--out", "out"),
        ("access", "faulty"),
        ("local",),
        ("pin", "faulty", "api", "--repository", "a", "--tag", "v1"),
        ("pin", "runs", "other", "--repository", "a", "--tag", "v1"),
        ("import", "a/b"),
        ("import", "faulty"),
        ("push", "faulty", f"{REPOSITORY}:v1", "--from", "oci:image"),
        ("push", "dev", "other:v1", "--from", "oci:image"),
        ("push", "dev", f"{REPOSITORY}:v1"),
        ("pull", "faulty", REPOSITORY, "oci:image"),
        ("pull", "dev", "other", "oci:image"),
        ("lifecycle", "faulty", REPOSITORY),
        ("lifecycle", "dev", "other"),
        ("lifecycle", "dev", REPOSITORY, "--images", "faulty.json"),
        ("lifecycle", "dev", REPOSITORY, "--images", "text.json"),
        ("lifecycle", "dev", REPOSITORY, "--policy", "faulty.json"),
        ("login", "faulty"),
        ("promote", "faulty", "dev", f"{REPOSITORY}:v1"),
        ("promote", "dev", "faulty", f"{REPOSITORY}:v1"),
        ("promote", "dev", "empty", f"{REPOSITORY}:v1"),
        ("promote", "dev", "empty", "no-pin"),
        ("scan", "faulty", REPOSITORY),
        ("report", "faulty"),
        ("report", "dev", "other"),
        ("base-image", "faulty", REPOSITORY),
        ("base-image", "dev", "other"),
        ("scan", "dev", "other"),
        ("scan", "dev", REPOSITORY, "--ignore", "faulty.json"),
        ("init", "dev", "--account", "111111111111", "--region", "us-east-1"),
        ("init", "new", "--account", "1", "--region", "us-east-1"),
        ("check",),
        ("check", "none"),
        ("list",),
        ("unpin", "runs", "api"),
    ],
)
def test_a_fault_in_the_users_files_is_1(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: Sequence[str],
) -> None:
    # It would remove variables of the test's own process.
    monkeypatch.setattr(emulator_module, "forget_aws_settings", lambda: None)
    assert run(*arguments) == ExitCode.FAULT
    assert_one_prefix(capsys)


def assert_one_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that a message begins as every message, and that its list is indented below it."""
    output = capsys.readouterr()
    first, *rest = output.err.splitlines()
    assert first.startswith("ecrctl: ")
    assert all(line.startswith(("ecrctl: ", "  - ")) for line in rest), output.err
    assert output.out == ""


def test_a_local_environment_without_the_sample_repository_is_1(folder: Path) -> None:
    (folder / "local.yaml").write_text(HEAD)
    done = ecrctl("--environments", str(folder), "local", "--output", str(folder / "out"))
    assert done.returncode == ExitCode.FAULT
    assert without_progress(done.stderr) == (
        "ecrctl: local.yaml must declare the repository 'aws-nodejs-sample', to which the sample "
        "image is pushed. Add it.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify",),
        ("verify", "empty"),
        ("manifests", "dev"),
        ("access", "--format", "xml"),
        ("local", "--svg", "none/a.svg"),
        ("local", "--output", "images.json"),
        ("pin", "runs", "api", "--tag", "v1"),
        ("import", "new"),
        ("import", "empty"),
        ("push", "dev", REPOSITORY, "--from", "oci:image"),
        ("push", "dev", f"{REPOSITORY}:v1", "--from", "oci:image"),
        ("push", "dev", f"{REPOSITORY}:v1", "--from", "image"),
        ("pull", "dev", REPOSITORY),
        ("pull", "dev", f"{REPOSITORY}:v1", "image"),
        ("pull", "dev", f"{REPOSITORY}@sha256:1", "oci:image"),
        ("pull", "dev", f"{REPOSITORY}:v1", "oci:image"),
        ("lifecycle", "dev", REPOSITORY),
        ("lifecycle", "dev", REPOSITORY, "--images", "none.json"),
        ("lifecycle", "dev", REPOSITORY, "--policy", "none.json"),
        ("lifecycle", "dev", REPOSITORY, "--images", "images.json", "--now", "noon"),
        ("review", "--base", "none"),
        ("login", "dev", "--auth-file", "auth.json"),
        ("login", "dev", "--tool", "docker", "--auth-file", "auth.json"),
        ("login", "dev", "--tool", "crane"),
        ("scan", "dev", REPOSITORY),
        ("scan", "dev", REPOSITORY, "--ignore", "none.yaml"),
        ("report", "dev"),
        ("report", "dev", "--context", "a"),
        ("report", "dev", "--output", "none/report.html"),
        ("base-image", "dev", REPOSITORY),
        ("dockerfile-check",),
        ("init", "dev"),
        ("unpin", "dev"),
        ("dockerfile-check", "none"),
        ("scan", "dev", REPOSITORY, "--fail-on", "none"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_2(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: Sequence[str],
) -> None:
    monkeypatch.setattr(emulator_module, "forget_aws_settings", lambda: None)
    assert run(*arguments) == ExitCode.TOOL_ERROR
    assert_one_prefix(capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_unknown_option_with_the_same_prefix(
    run: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(command, "--no-such-option") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == (
        f"ecrctl: No such option: --no-such-option. Try `ecrctl {command} --help`.\n"
    )


@pytest.mark.parametrize("command", ["verify", "import", "manifests"])
def test_a_folder_of_environments_that_does_not_exist_is_2(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(command, "dev", environments=folder / "none") == ExitCode.TOOL_ERROR
    assert f"'--environments': dir '{folder / 'none'}' does not exist." in capsys.readouterr().err


@pytest.mark.usefixtures("on_emulator")
def test_a_pin_that_cannot_be_written_is_2(run: Run, folder: Path, aws: Aws) -> None:
    (folder / "runs.yaml").write_text(
        (folder / "runs.yaml").read_text() + f"repositories: [{{name: {REPOSITORY}}}]\n"
    )
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    push(aws, "000000000000", REPOSITORY, "v1", sample_image())
    path = pins_path("runs", folder)
    path.symlink_to(folder / "no-such-folder" / "pins.yaml")
    code = run("pin", "runs", "api", "--repository", REPOSITORY, "--tag", "v1")
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    assert code == ExitCode.TOOL_ERROR


@pytest.mark.usefixtures("on_emulator")
def test_an_account_that_a_file_cannot_declare_is_1(
    run: Run, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    fault = EnvironmentFault("empty.yaml: a fault")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loading, "load_environment", _raise(fault))
        code = run("import", "empty", "--output", "out")
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    assert code == ExitCode.FAULT
    assert capsys.readouterr().err.endswith(
        "empty.yaml has faults. Correct them before the import:\nempty.yaml: a fault\n"
    )


@pytest.mark.usefixtures("on_emulator")
def test_what_aws_has_as_declared_is_0_and_anything_else_3(run: Run) -> None:
    assert run("verify", "empty") == ExitCode.SUCCESS
    assert run("verify", "dev") == ExitCode.DIFFERENCE


def test_a_preview_is_0(run: Run) -> None:
    assert run("lifecycle", "dev", REPOSITORY, "--images", "images.json") == ExitCode.SUCCESS


def test_a_review_is_0_or_3(run: Run, folder: Path) -> None:
    base = write_assembly(folder / "base", {"dev/Web": TOPIC | TABLE})
    head = write_assembly(folder / "head", {"dev/Web": TOPIC})
    same = ("review", "--base", str(base), "--head", str(base))
    removes = ("review", "--base", str(base), "--head", str(head))
    assert run(*same, environments=FROZEN_ENVIRONMENTS) == ExitCode.SUCCESS
    assert run(*removes, environments=FROZEN_ENVIRONMENTS) == ExitCode.DIFFERENCE


def test_a_tag_of_the_sample_that_can_be_moved_is_3(aws: Aws) -> None:
    aws.ecr.create_repository(repositoryName=local.REPOSITORY, imageTagMutability="MUTABLE")
    push(aws, "000000000000", local.REPOSITORY, local.TAG, sample_image())
    registry = Registry.of_account(aws, "000000000000")
    try:
        with pytest.raises(UserError) as difference:
            local._prove_immutable(registry.repository(local.REPOSITORY))
    finally:
        aws.ecr.delete_repository(repositoryName=local.REPOSITORY, force=True)
    assert difference.value.exit_code is ExitCode.DIFFERENCE


def test_a_sample_image_that_is_not_in_its_registry_is_3(aws: Aws, environments: Path) -> None:
    with pytest.raises(UserError, match="is not in its registry, got image 0") as difference:
        local._prove_images(load_environment("local", environments), aws)
    assert difference.value.exit_code is ExitCode.DIFFERENCE


def _raise(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (RuntimeError("a mistake"), (ExitCode.TOOL_ERROR, "RuntimeError: a mistake")),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            (
                ExitCode.TOOL_ERROR,
                "ecrctl: the output cannot be written: No space left on device.",
            ),
        ),
        (
            Stopped(),
            (ExitCode.STOPPED, "ecrctl: stopped; every process that it started has ended."),
        ),
    ],
)
def test_an_end_that_no_file_causes_is_not_1(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    end: tuple[ExitCode, str],
) -> None:
    monkeypatch.setattr(loading, "load_environment", _raise(error))
    code = run("verify", "dev")
    assert (code, capsys.readouterr().err.splitlines()[-1]) == end


def test_every_command_ends_its_help_with_the_codes_that_it_returns(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(COMMANDS) == {command.name for command in cli.app.registered_commands}
    for name, codes in {"": (1, 2, 3), **COMMANDS}.items():
        assert run(*filter(None, (name, "--help"))) == ExitCode.SUCCESS
        _, _, table = capsys.readouterr().out.partition("Exit codes:\n")
        assert [int(line.split()[0]) for line in table.splitlines()] == [0, *codes, 130], name
