"""An environment on an embedded AWS, and commands that reach it through the proxy."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NoReturn

import boto3
import pytest
import typer.main
from botocore.config import Config

from ecrctl import cli
from ecrctl.aws import clients
from ecrctl.aws.clients import Aws
from ecrctl.cdk import assemblies, toolchain
from ecrctl.images.copying import run as copying
from ecrctl.images.stores import registry
from ecrctl.images.stores.retries import Patience
from ecrctl.local import command as local
from ecrctl.local import emulator as emulator_module
from ecrctl.local.commands import Commands
from ecrctl.local.emulator import Emulator, running
from ecrctl.local.sample_image import sample_image
from ecrctl.verify.command import Verification
from environments.names import stack_name
from tests.assemblies import stacks_of
from tests.ecrctl.images.pushing import push
from tests.support import copy_environments, synthesise

from .proxy import Recorder, proxy

ACCOUNT, REGION, ENVIRONMENT = "000000000000", "us-east-1", "local"
INDEX = "application/vnd.oci.image.index.v1+json"
SECONDS = 20


@dataclass
class Program:
    """The program, and the proxy behind which it finds an environment that is as declared.

    :param port: the port of the proxy.
    :param direct: clients that bypass the proxy.
    """

    recorder: Recorder
    port: int
    direct: Aws
    folder: Path
    assembly: Path


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients that reach AWS through the proxy, and their configuration."""

    aws: Aws
    config: Config

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every command use these clients."""
        seconds: float = self.config.read_timeout  # type: ignore[attr-defined]
        patience = Patience(attempts=2, pause=0, seconds=seconds, upload_seconds=seconds)
        monkeypatch.setattr(registry, "FOR_EMULATOR", patience)
        monkeypatch.setattr(clients, "client_config", lambda **_: self.config)
        monkeypatch.setattr(Aws, "from_variables", staticmethod(lambda _region: self.aws))
        monkeypatch.setattr(Emulator, "clients", lambda _emulator: self.aws)


def deploy(aws: Aws, assembly: Path) -> None:
    """Deploy the environment's stacks and push images: one of them an image index."""
    # What a bootstrap of the CDK would write.
    aws.ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    for stack in stacks_of(assembly):
        if stack.environment == ENVIRONMENT:
            name = stack_name(ENVIRONMENT, stack.name)
            aws.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(stack.template))
            aws.cloudformation.get_waiter("stack_create_complete").wait(
                StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1000}
            )
    push(aws, ACCOUNT, local.REPOSITORY, local.TAG, sample_image())
    manifest = json.dumps({"schemaVersion": 2, "manifests": [{"digest": sample_image().digest}]})
    aws.ecr.put_image(
        repositoryName="team/api",
        imageManifest=manifest,
        imageManifestMediaType=INDEX,
        imageTag="v1",
    )


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Return the program with an embedded AWS of its own, which no other test changes."""
    folder = tmp_path_factory.mktemp("faults")
    environments = copy_environments(folder / "environments")
    assembly = synthesise(environments, folder / "cdk.out", ENVIRONMENT)
    with (
        running(account=ACCOUNT, region=REGION, port=None, directory=folder, keep=False) as started,
        proxy(started.port) as (recorder, port),
    ):
        direct = started.clients()
        deploy(direct, assembly)
        yield Program(recorder, port, direct, environments, assembly)


@pytest.fixture(scope="session")
def by_patience(program: Program) -> dict[bool, Clients]:
    """Return clients that wait for an answer, and clients that wait half a second."""
    retries: Any = {"mode": "standard", "total_max_attempts": 2}
    found = {}
    for is_patient, seconds in ((True, 20), (False, 0.5)):
        session = boto3.Session(ACCOUNT, "secret", region_name=REGION)
        aws = Aws(session, REGION, f"http://127.0.0.1:{program.port}")
        found[is_patient] = Clients(aws, Config(retries=retries, read_timeout=seconds))
    return found


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise an error where the block hangs."""

    def hang(_signal: int, _frame: FrameType | None) -> NoReturn:
        message = "the command hangs"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(*arguments: str) -> int:
    """Run a command in this process, and return its exit code."""
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["ecrctl", *arguments])
        with time_limit(SECONDS), pytest.raises(SystemExit) as end:
            cli.main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return int(end.value.code or 0)


@pytest.fixture
def prepared(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Return the program without what is slow and no fault of AWS: the CDK CLI and waits."""
    # The commands are the same in each of a thousand runs, and a fifth of the time.
    monkeypatch.setattr(typer.main, "get_command", cache(typer.main.get_command))
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    # The recorder repeats answers in their order, which several uploads at a time would change.
    monkeypatch.setattr(copying, "THREADS", 1)
    monkeypatch.setattr(assemblies, "synthesise", lambda *_: program.assembly)
    monkeypatch.setattr(toolchain, "check_cdk", lambda: None)
    monkeypatch.setattr(toolchain, "run_cdk", lambda *_, **_options: None)
    monkeypatch.setattr(emulator_module, "forget_aws_settings", lambda: None)

    @contextmanager
    def started(**_: Any) -> Iterator[Emulator]:
        yield Emulator(port=program.port, account=ACCOUNT, region=REGION, pid=0)

    monkeypatch.setattr(emulator_module, "running", started)
    # The commands of images have the faults of their calls in rows of their own.
    monkeypatch.setattr(Commands, "ecrctl", lambda *_: "")
    monkeypatch.setattr(local, "_prove_pulled", lambda *_: "")
    monkeypatch.setattr(local, "promote_and_report", lambda *_: None)
    # `ecrctl verify` has the faults of these calls in a matrix of its own.
    monkeypatch.setattr(local, "stacks_of", lambda _assembly: [])
    monkeypatch.setattr(local, "verify", lambda *_: Verification(files=[], stacks={}))
    monkeypatch.setattr(local, "check_schemas", lambda *_: [])
    return program
