"""``ecrctl local``: an image's whole way on the embedded AWS, by the commands that users run."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ecrctl.aws.clients import Aws
from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import stacks_of
from ecrctl.console import Steps
from ecrctl.counts import counted
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors
from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import OciImage
from ecrctl.images.stores.layout import WritableLayout
from ecrctl.images.stores.registry import Registry, Repository
from ecrctl.images.stores.store import TagIsImmutable
from ecrctl.verify.command import Verification, verify
from ecrctl.verify.files.jobs import check_schemas
from ecrctl.verify.images import check_images
from environments import names
from environments.loading import load_environment, pins_path
from environments.settings import EnvironmentSettings

from . import emulator
from .any_environment import Rehearsal, copied_environments
from .commands import Commands
from .emulator import Emulator
from .left_out import LeftOut
from .options import TIME_LIMIT_MINUTES
from .promotion import promote_and_report
from .sample_image import sample_image, write_layout
from .supervision import Supervision, supervised

ENVIRONMENT = "local"
REPOSITORY = "aws-nodejs-sample"
TAG = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """The options of a local run.

    :param environment: the environment; another one than ``local`` is deployed from a copy.
    :param environments: the folder of environment files; the pin of ``local`` is written there.
    :param output: a folder for logs and cloud assemblies.
    :param port: the port of the embedded AWS; any free one when ``None``.
    :param keep: whether the embedded AWS keeps running after a success.
    :param minutes: the time after which the run is ended.
    """

    environment: str = ENVIRONMENT
    environments: Path
    output: Path
    port: int | None
    keep: bool
    minutes: float = TIME_LIMIT_MINUTES


@dataclass(frozen=True, slots=True)
class LocalResult:
    """The result of a local run.

    :param verified: the checks of each environment, the one to deploy last.
    :param left_out: what the embedded AWS cannot deploy.
    """

    verified: Mapping[str, Verification]
    emulator: Emulator
    left_out: Sequence[LeftOut] = ()


def run_local(run: LocalRun, steps: Steps) -> LocalResult:
    """Deploy an environment to an embedded AWS, and read it back.

    ``local`` shows more: its image is pushed, pulled and pinned, and then promoted.
    """
    toolchain.check_cdk()
    emulator.forget_aws_settings()
    with file_errors(f"The folder {run.output} cannot be created", "Choose another --output."):
        run.output.mkdir(parents=True, exist_ok=True)
    settings = load_environment(run.environment, run.environments, with_pins=False)
    is_sample = run.environment == ENVIRONMENT
    if is_sample and REPOSITORY not in {repository.name for repository in settings.repositories}:
        raise UserError(
            f"{ENVIRONMENT}.yaml must declare the repository '{REPOSITORY}', to which the sample "
            "image is pushed. Add it.",
            ExitCode.FAULT,
        )
    if settings.is_empty and not settings.images:
        raise UserError(
            f"{run.environment}.yaml declares nothing to deploy. Add a repository, such as "
            "'repositories: [{name: team/api}]'.",
            ExitCode.FAULT,
        )
    with (
        # Two runs would write the same pin and the same logs.
        locked(run.output / "run"),
        locked(run.environments / f"{run.environment}.yaml"),
        supervised(
            run.output, minutes=run.minutes, current_step=lambda: steps.current
        ) as supervision,
        _commands(run, settings, steps, supervision) as commands,
    ):
        if is_sample:
            found = _whole_way(run, steps, settings, commands)
            return LocalResult({ENVIRONMENT: found}, commands.emulator)
        rehearsal = Rehearsal(commands, steps, copied_environments(run.environments, run.output))
        rehearsal.deploy(run.environment)
        left_out = [one for listed in rehearsal.left_out.values() for one in listed]
        return LocalResult(rehearsal.verified, commands.emulator, left_out)


@contextmanager
def _commands(
    run: LocalRun, settings: EnvironmentSettings, steps: Steps, supervision: Supervision
) -> Iterator[Commands]:
    """Start the embedded AWS, and yield the commands against it."""
    with ExitStack() as stack:
        with steps.step("Start the embedded AWS") as step:
            process = emulator.running(
                account=settings.account,
                region=settings.region,
                port=run.port,
                directory=run.output,
                keep=run.keep,
                supervision=supervision,
            )
            started = stack.enter_context(process)
            step.detail = started.endpoint_url
        yield Commands(run.output, started, supervision)


def _whole_way(
    run: LocalRun, steps: Steps, settings: EnvironmentSettings, commands: Commands
) -> Verification:
    """Deploy repositories, push and pin an image, deploy its workloads, read all back, promote."""
    # The pin of an earlier run names an image that this emulator does not have yet.
    pins_path(ENVIRONMENT, run.environments).unlink(missing_ok=True)
    with steps.step("Bootstrap the account with the AWS CDK CLI") as step:
        commands.bootstrap(settings.region)
        step.detail = f"{settings.account}, {settings.region}"
    with steps.step("Deploy the key and the repositories") as step:
        stacks = (names.ENCRYPTION, names.repositories_id("*"))
        paths = [names.stack_path(ENVIRONMENT, one) for one in stacks]
        commands.deploy(ENVIRONMENT, run.environments, *paths)
        step.detail = counted(len(settings.repositories), "repository")
    aws = commands.emulator.clients()
    registry = Registry.of_account(aws, settings.account)
    repository = registry.repository(REPOSITORY, writable=True)
    _push_and_pin(commands, steps, repository, run.environments)
    settings = load_environment(ENVIRONMENT, run.environments)
    with steps.step("Check that every pinned image is in its registry") as step:
        step.detail = _prove_images(settings, aws)
    with steps.step("Deploy the workloads that use the image"):
        commands.deploy(ENVIRONMENT, run.environments, f"{ENVIRONMENT}/*")
    with steps.step("Verify everything") as step:
        found = verify(settings, stacks_of(run.output / "cdk.out"), aws)
        found = replace(found, files=[*found.files, *check_schemas(settings)])
        step.detail = counted(len(found.checks), "check")
    promote_and_report(commands, steps, settings, run.environments, REPOSITORY)
    return found


def _push_and_pin(
    commands: Commands, steps: Steps, repository: Repository, environments: Path
) -> None:
    image = sample_image()
    source, pulled = (commands.output / name for name in ("image", "pulled"))
    with steps.step("Push the sample image") as step:
        write_layout(source, image, TAG)
        step.detail = commands.ecrctl(
            environments, "push", ENVIRONMENT, f"{REPOSITORY}:{TAG}", "--from", f"oci:{source}"
        )
    with steps.step("Push other content under the same tag") as step:
        step.detail = _prove_immutable(repository)
    with steps.step("Pull the image by its digest") as step:
        shutil.rmtree(pulled, ignore_errors=True)
        name = f"{REPOSITORY}@{image.digest}"
        commands.ecrctl(environments, "pull", ENVIRONMENT, name, f"oci:{pulled}")
        step.detail = _prove_pulled(pulled, image)
    with steps.step("Pin the digest") as step:
        step.detail = commands.ecrctl(
            *(environments, "pin", ENVIRONMENT, REPOSITORY),
            *("--repository", REPOSITORY, "--tag", TAG),
        )


def _prove_pulled(folder: Path, image: OciImage) -> str:
    manifest = WritableLayout.at(folder).manifest(image.digest)
    if manifest is None or manifest.content != image.manifest:
        raise UserError(
            f"{REPOSITORY}: the registry returned another manifest than the pushed one. Stop the "
            "embedded AWS, and run `ecrctl local` again.",
            ExitCode.DIFFERENCE,
        )
    return "the same bytes"


def _prove_immutable(repository: Repository) -> str:
    try:
        push_image(repository, TAG, sample_image("Something else\n"))
    except TagIsImmutable as refusal:
        return f"refused, as expected ({refusal})"
    raise UserError(
        f"{REPOSITORY}: tags must be immutable, but '{TAG}' was moved to another image. "
        f"Remove `tag_immutability` from the repository in {ENVIRONMENT}.yaml.",
        ExitCode.DIFFERENCE,
    )


def _prove_images(settings: EnvironmentSettings, aws: Aws) -> str:
    checks = list(check_images(settings, lambda _region: aws))
    missing = sorted({check.subject for check in checks if check.differs})
    if missing:
        raise UserError(
            f"{ENVIRONMENT}: a pinned image is not in its registry, got {', '.join(missing)}. "
            f"Delete {ENVIRONMENT}.images.yaml, and run `ecrctl local` again.",
            ExitCode.DIFFERENCE,
        )
    return ", ".join(sorted({check.subject for check in checks}))
