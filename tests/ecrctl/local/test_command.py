"""``ecrctl local`` step by step: the CDK CLI is replaced, and the embedded AWS is real."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ecrctl.aws.clients import Aws
from ecrctl.cdk import toolchain
from ecrctl.console import Steps
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing import locks
from ecrctl.images.stores.layout import WritableLayout
from ecrctl.images.stores.store import TagIsImmutable
from ecrctl.local import command
from ecrctl.local import emulator as emulator_module
from ecrctl.local.any_environment import Rehearsal, copied_environments
from ecrctl.local.command import LocalRun, run_local
from ecrctl.local.emulator import Emulator
from ecrctl.local.left_out import LeftOut
from ecrctl.local.promotion import promote_and_report
from ecrctl.local.sample_image import sample_image
from ecrctl.local.supervision import Supervision
from ecrctl.pins.pinning import live_tag
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification
from ecrctl.verify.files.jobs import newest_versions
from environments.loading import load_environment, pins_path
from tests.ecrctl.images.pushing import push
from tests.support import copy_environments, synthesise

NAME = "aws-nodejs-sample"
DIGEST = sample_image().digest


@dataclass
class Run:
    """A run of the command: what the CDK CLI and the embedded AWS are asked for, and the output."""

    options: LocalRun
    calls: list[tuple[tuple[str, ...], dict[str, Any]]] = field(default_factory=list)
    emulators: list[dict[str, Any]] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    pinned: list[bool] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    console: Console = field(default_factory=lambda: Console(width=200))

    def start(self) -> tuple[Verification, Emulator, list[str]]:
        """Run the command; return its checks, its emulator, and each step without its duration."""
        with self.console.capture() as shown:
            result = run_local(self.options, Steps(self.console))
        lines = shown.get().splitlines()
        assert not result.left_out
        (found,) = result.verified.values()
        return found, result.emulator, [re.sub(r" \(\d+\.\d s\)$", "", line) for line in lines]


def west(emulator: Emulator) -> Any:
    """Return the ECR of the region that the image is promoted to."""
    return replace(emulator, region="us-west-2").clients().ecr


def remove_repositories(emulator: Emulator) -> None:
    """Remove the repositories of the sample image, where they exist."""
    for ecr in (emulator.clients().ecr, west(emulator)):
        names = {item["repositoryName"] for item in ecr.describe_repositories()["repositories"]}
        if NAME in names:
            ecr.delete_repository(repositoryName=NAME, force=True)


@pytest.fixture
def run(
    tmp_path: Path, aws: Aws, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Return a run whose deployment creates the repository of the sample image."""
    environments = copy_environments(tmp_path / "environments")
    options = LocalRun(environments=environments, output=tmp_path / "a" / "b", port=7, keep=True)
    found = Run(options)

    @contextmanager
    def running(*, supervision: Supervision, **given: Any) -> Iterator[Emulator]:
        found.emulators.append(given)
        supervision.started(os.getpid())
        yield emulator

    def run_cdk(
        arguments: tuple[str, ...], *, on_start: Callable[[int], None], **given: Any
    ) -> None:
        on_start(os.getpid())
        found.recorded = json.loads((options.output / "processes.json").read_text())
        found.calls.append((tuple(arguments), given))
        found.pinned.append(pins_path("local", environments).exists())
        if "local/Encryption" in arguments:
            aws.ecr.create_repository(repositoryName=NAME, imageTagMutability="IMMUTABLE")
        if "local-promoted/*" in arguments:
            west(emulator).create_repository(repositoryName=NAME, imageTagMutability="IMMUTABLE")
        if "local/*" in arguments:
            synthesise(environments, options.output / "cdk.out", "local")

    monkeypatch.setattr(command, "promote_and_report", lambda *_: None)
    monkeypatch.setattr(emulator_module, "running", running)
    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    monkeypatch.setattr(toolchain, "check_cdk", lambda: found.prepared.append("the CDK CLI"))
    monkeypatch.setattr(
        emulator_module, "forget_aws_settings", lambda: found.prepared.append("no real AWS")
    )
    remove_repositories(emulator)
    yield found
    remove_repositories(emulator)


@pytest.fixture
def whole_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run that also promotes the image and reports it, which takes some seconds."""
    monkeypatch.setattr(command, "promote_and_report", promote_and_report)
    return run


def test_every_step_is_carried_out_and_named(whole_run: Run, emulator: Emulator, aws: Aws) -> None:
    run = whole_run
    # An earlier run left its copies of the files.
    left = run.options.output / "promotion" / "left.yaml"
    left.parent.mkdir(parents=True)
    left.touch()
    found, started, steps = run.start()
    assert not left.exists()
    checks = found.checks
    (details,) = aws.ecr.describe_images(repositoryName=NAME)["imageDetails"]
    (live,) = [tag for tag in details["imageTags"] if tag != "v1"]
    assert steps == [
        f"ok Start the embedded AWS: {emulator.endpoint_url}",
        "ok Bootstrap the account with the AWS CDK CLI: 000000000000, us-east-1",
        "ok Deploy the key and the repositories: 2 repositories",
        f"ok Push the sample image: {NAME}@{DIGEST}",
        f"ok Push other content under the same tag: refused, as expected ({refusal(aws)})",
        "ok Pull the image by its digest: the same bytes",
        f"ok Pin the digest: local.images.yaml: {NAME} is pinned to {NAME}:v1, {DIGEST}; the tag "
        f"{live} protects it",
        f"ok Check that every pinned image is in its registry: image 000000000000/us-east-1/{NAME}",
        "ok Deploy the workloads that use the image",
        f"ok Verify everything: {len(checks)} checks",
        "ok Deploy a repository in another region: 000000000000, us-west-2",
        f"ok Promote the image to it: {NAME}@{DIGEST}",
        f"ok Report the images: {run.options.output / 'report.html'}",
    ]
    promoted = west(emulator).describe_images(repositoryName=NAME)["imageDetails"]
    assert [one["imageDigest"] for one in promoted if "v1" in one["imageTags"]] == [DIGEST]
    assert NAME in (run.options.output / "report.html").read_text()
    assert live == live_tag("local", DIGEST)
    assert details["imageDigest"] == DIGEST
    assert started is emulator
    assert run.prepared == ["the CDK CLI", "no real AWS"]
    subjects = {check.subject for check in found.files}
    assert {"environment local", f"repository {NAME}", "Job eks-iam-test-s3"} <= subjects
    of_job = {check.what for check in found.files if check.subject == "Job eks-iam-test-s3"}
    assert of_job == {"exists", *(f"Kubernetes {version}" for version in newest_versions())}
    assert [check.what for check in found.stacks["local-EcsWorkloads"]] == ["exists"]


def refusal(aws: Aws) -> str:
    """Return the answer of the registry to other content under the sample's tag."""
    with pytest.raises(TagIsImmutable) as refused:
        push(aws, "000000000000", NAME, "v1", sample_image("x"))
    return str(refused.value)


def test_the_cdk_cli_bootstraps_and_deploys_in_parts(whole_run: Run, emulator: Emulator) -> None:
    run = whole_run
    run.start()
    output, environments = run.options.output, run.options.environments
    rest = (
        *("--require-approval", "never", "--app", toolchain.present_tools().app_command()),
        *("--output", str(output / "cdk.out"), "--context", "env=local"),
        *("--context", f"environments={environments}"),
    )
    copies = output / "promotion"
    promoted = [
        text.replace("env=local", "env=local-promoted").replace(str(environments), str(copies))
        for text in rest
    ]
    given = {"environment": emulator.variables(), "log": output / "cdk.log"}
    in_project = {**given, "cwd": toolchain.ROOT}
    assert run.calls == [
        # cdk.json of the project would start a synth.
        (("bootstrap", "aws://000000000000/us-east-1"), {**given, "cwd": output}),
        (("deploy", "local/Encryption", "local/Repositories-*", *rest), in_project),
        (("deploy", "local/*", *rest), in_project),
        (("bootstrap", "aws://000000000000/us-west-2"), {**given, "cwd": output}),
        (("deploy", "local-promoted/*", *promoted), in_project),
    ]
    assert run.emulators == [
        {
            "account": "000000000000",
            "region": "us-east-1",
            "port": 7,
            "directory": output,
            "keep": True,
        }
    ]
    assert output.is_dir()
    # The embedded AWS, five runs of the CDK CLI, and three commands. A run that ends leaves no
    # record.
    assert len(run.recorded) == 1 + 5 + 3
    assert [one["pid"] for one in run.recorded].count(os.getpid()) == 1 + 5
    assert not (output / "processes.json").exists()
    assert list(environments.glob(".*")) == []


@pytest.mark.parametrize("shared", ["output", "environments"])
def test_two_runs_at_once_are_refused(
    run: Run, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "LOCK_SECONDS", 0.1)
    run.options.output.mkdir(parents=True)
    first = {
        "output": run.options.output / "run",
        "environments": run.options.environments / "local.yaml",
    }[shared]
    with locks.locked(first), pytest.raises(UserError) as refused:
        run.start()
    assert str(refused.value).startswith(f"{first} is in use by process {os.getpid()} (`ecrctl")
    assert run.emulators == []


@pytest.mark.parametrize("before", ["an older pin", "no pin", "a fault"])
def test_the_pin_of_an_earlier_run_is_replaced(run: Run, before: str) -> None:
    folder = run.options.environments
    pins = folder / "local.images.yaml"
    if before == "no pin":
        pins.unlink()
    else:
        other = "x" if before == "a fault" else "sha256:" + "b" * 64
        pins.write_text(pins.read_text().replace(DIGEST, other))
    run.options.output.mkdir(parents=True)
    run.start()
    (image,) = load_environment("local", folder).ecs_tasks[0].images
    assert (image.repository, image.tag, image.digest) == (NAME, "v1", DIGEST)
    # Until the image is pushed, no workload that runs it can be deployed.
    assert run.pinned == [False, False, True]


def test_another_environment_is_rehearsed_on_a_copy_of_the_files(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed: list[tuple[str, Path]] = []
    left_out = LeftOut(stack="stack", logical_id="Thing", type="AWS::A::B")

    class Recording(Rehearsal):
        def deploy(self, name: str) -> None:
            deployed.append((name, self.folder))
            self.left_out["mine"] = [left_out]
            self.verified["mine"] = Verification(files=[], stacks={})

    monkeypatch.setattr(command, "Rehearsal", Recording)
    text = 'account: "111111111111"\nregion: us-west-2\nrepositories: [{name: web}]\n'
    (run.options.environments / "mine.yaml").write_text(text)
    result = run_local(replace(run.options, environment="mine"), Steps(run.console))
    copies = run.options.output / "environments"
    assert deployed == [("mine", copies)]
    assert (copies / "mine.yaml").read_text() == text
    assert (list(result.verified), list(result.left_out)) == (["mine"], [left_out])
    assert run.calls == []
    assert [(one["account"], one["region"]) for one in run.emulators] == [
        ("111111111111", "us-west-2")
    ]


def test_an_image_that_an_earlier_run_pulled_is_pulled_again(run: Run) -> None:
    pulled = run.options.output / "pulled"
    pulled.mkdir(parents=True)
    (pulled / "index.json").write_text("not an image")
    _, _, steps = run.start()
    assert "ok Pull the image by its digest: the same bytes" in steps


def test_an_environment_without_the_sample_repository_is_refused(run: Run) -> None:
    file = run.options.environments / "local.yaml"
    file.write_text('account: "000000000000"\nregion: us-east-1\n')
    with pytest.raises(UserError) as refused:
        run.start()
    assert refused.value.exit_code is ExitCode.FAULT
    assert run.emulators == []


def test_an_environment_that_declares_nothing_is_refused_before_anything_starts(run: Run) -> None:
    file = run.options.environments / "empty.yaml"
    file.write_text('account: "111111111111"\nregion: us-east-1\n')
    run.options = replace(run.options, environment="empty")
    with pytest.raises(UserError) as refused:
        run.start()
    assert refused.value.exit_code is ExitCode.FAULT
    assert str(refused.value) == (
        "empty.yaml declares nothing to deploy. Add a repository, such as "
        "'repositories: [{name: team/api}]'."
    )
    assert run.emulators == []


def test_a_folder_that_cannot_be_created_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run.options = replace(run.options, output=tmp_path / "file" / "out")
    with pytest.raises(UserError) as refused:
        run.start()
    assert str(refused.value) == (
        f"The folder {tmp_path / 'file' / 'out'} cannot be created: Not a directory. "
        "Choose another --output."
    )


def returning(value: Any) -> Callable[..., Any]:
    """Return a function that returns a value, whatever it is called with."""
    return lambda *_arguments, **_options: value


def test_another_manifest_than_was_pushed_is_a_difference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WritableLayout, "manifest", returning(None))
    with pytest.raises(UserError) as refused:
        run.start()
    assert str(refused.value) == (
        "aws-nodejs-sample: the registry returned another manifest than the pushed one. Stop the "
        "embedded AWS, and run `ecrctl local` again."
    )
    assert refused.value.exit_code is ExitCode.DIFFERENCE


def test_a_tag_that_moves_is_a_difference(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "push_image", returning(None))
    with pytest.raises(UserError) as refused:
        run.start()
    assert str(refused.value) == (
        f"{NAME}: tags must be immutable, but 'v1' was moved to another image. "
        "Remove `tag_immutability` from the repository in local.yaml."
    )
    assert refused.value.exit_code is ExitCode.DIFFERENCE


def test_images_that_are_not_in_their_registries_are_a_difference(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"c": "no", "a": "yes", "b": "no"}
    checks = [Check(f"image {name}", "w", "yes", answer) for name, answer in found.items()]
    monkeypatch.setattr(command, "check_images", returning(checks))
    with pytest.raises(UserError) as refused:
        run.start()
    assert str(refused.value) == (
        "local: a pinned image is not in its registry, got image b, image c. Delete "
        "local.images.yaml, and run `ecrctl local` again."
    )
    assert refused.value.exit_code is ExitCode.DIFFERENCE


def test_the_images_in_their_registries_are_named_once_and_in_order(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [Check(f"image {name}", "w", "yes", "yes") for name in "zyxwvutsrqponmlkz"]
    monkeypatch.setattr(command, "check_images", returning(checks))
    _, _, steps = run.start()
    names = ", ".join(f"image {name}" for name in "klmnopqrstuvwxyz")
    assert steps[7] == f"ok Check that every pinned image is in its registry: {names}"


def test_the_files_that_an_environment_names_are_copied_with_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("dev.yaml", "dev.images.yaml", "docs/about.md"):
        (tmp_path / name).write_text(name)
    output = tmp_path / "output"
    output.mkdir()
    for _ in range(2):
        folder = copied_environments(tmp_path, output)
        copied = {file.relative_to(folder).as_posix() for file in folder.rglob("*.*")}
        assert copied == {"dev.yaml", "dev.images.yaml", "docs/about.md"}
