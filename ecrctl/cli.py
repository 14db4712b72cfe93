"""The commands of ``ecrctl``."""

from __future__ import annotations

import errno
import json
import signal
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from typer.exceptions import TyperException

from constructs_lib.rules.lifecycle.preview import preview
from environments.loading import DIRECTORY, EnvironmentFault, load_environment, load_environments

from . import lifecycle
from .access import grants as access
from .access import report as access_report
from .aws import pinning
from .aws.clients import Aws
from .aws.image_records import images_from_ecr
from .cdk import assemblies
from .cdk.toolchain import ROOT
from .console import Steps
from .errors import DIFFERS, FAILED, TOOL_ERROR, UserError
from .images.image_files import images_from_file
from .importing import command as import_files
from .local.command import LocalRun, run_local
from .manifests import left_over, write_manifests
from .review import cli as review
from .verify.check import Check
from .verify.command import verify
from .verify.images import check_images
from .verify.report import save_picture, table_of, verdict

TABLE_WIDTH = 118
ACCESS_WIDTH = 160


class OutputFormat(StrEnum):
    """Define how a result is written."""

    TEXT = "text"
    JSON = "json"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Container images on AWS: deploy locally, pin, and read back what is declared.",
)


class AccessFormat(StrEnum):
    """The format of a list of grants."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(slots=True)
class _Options:
    environments: Path = DIRECTORY


_options = _Options()

Environment = Annotated[str, typer.Argument(metavar="ENV", help="The environment's name.")]


@app.callback()
def _common(
    environments: Annotated[
        Path,
        typer.Option(
            "--environments", metavar="DIR", file_okay=False, help="The environments' folder."
        ),
    ] = DIRECTORY,
) -> None:
    _options.environments = environments.resolve()


@app.command("verify")
def verify_command(
    environment: Environment,
    images: Annotated[
        bool,
        typer.Option("--images", help="Before a deployment: is every pinned image there?"),
    ] = False,
) -> None:
    """Read back what an environment declares and name every difference (exit 3)."""
    settings = load_environment(environment, _options.environments)
    if images:
        found = list(check_images(settings, Aws.from_variables))
        _show(_console(), environment, found, "pinned and in its registry")
    else:
        checks = verify(settings, Aws.from_variables(settings.region))
        _show(_console(), environment, checks, "declared and read back")


@app.command("manifests")
def manifests_command(
    environment: Environment,
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where they go.")],
) -> None:
    """Write the manifests of an environment's Jobs as files, the same bytes every time."""
    # Refused here, a fault is told in its own words and not in the CDK's.
    load_environment(environment, _options.environments)
    written = write_manifests(environment, _options.environments, out)
    for file in written:
        print(file)
    if not written:
        print(f"{environment}: no Job is delivered as a manifest.")
    for file in left_over(out, written):
        print(f"{file} was there before and is no Job of '{environment}'.", file=sys.stderr)


@app.command("local")
def local_command(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the embedded AWS.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the embedded AWS running.")] = False,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for logs and cloud assemblies.")
    ] = ROOT / ".ecrctl" / "local",
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save what is shown as a picture.")
    ] = None,
) -> None:
    """Do the main job on the embedded AWS: deploy, push, pin, deploy, read back."""
    if svg and not svg.parent.is_dir():
        raise UserError(f"The folder of {svg} is not there. Make it first.")
    console = _console(record=svg is not None)
    run = LocalRun(
        environments=_options.environments, output=output.resolve(), port=port, keep=keep
    )
    checks, emulator = run_local(run, Steps(console))
    console.print()
    console.print(table_of("What was declared and read back", checks))
    console.print(verdict("local", checks), soft_wrap=True, highlight=False)
    if svg:
        save_picture(console, svg, title="make local")
    if keep:
        print("\nThe embedded AWS is still running. To use it:")
        for name, value in emulator.variables().items():
            print(f"  export {name}={value}")
        print(f"To stop it: kill {emulator.pid}")
    _exit_on_difference(checks)


@app.command("pin")
def pin_command(
    environment: Environment,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="The name workloads use.")],
    repository: Annotated[str, typer.Option(help="The repository that holds it.")],
    tag: Annotated[str, typer.Option(help="The tag to look up.")],
    registry: Annotated[
        str | None, typer.Option(metavar="ENV", help="The environment that holds it, if another.")
    ] = None,
) -> None:
    """Pin an image by the digest that a tag has now, and keep it from every lifecycle rule."""
    target = pinning.Target(_options.environments, environment, image, registry)
    holder = pinning.check_target(target, repository=repository, tag=tag)
    aws = Aws.from_variables(holder.region)
    digest = pinning.digest_of_tag(aws, holder.account, repository, tag)
    live = pinning.live_tag(environment, datetime.now(UTC))
    pinning.mark_live(aws, holder.account, repository, digest, live)
    path = pinning.write_pin(target, repository=repository, tag=tag, digest=digest)
    print(f"{path.name}: {image} is {repository}:{tag}, {digest}; kept by the tag {live}")


@app.command("lifecycle")
def lifecycle_command(
    environment: Environment,
    repository: Annotated[str, typer.Argument(metavar="REPOSITORY")],
    images: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON list of images; else ECR's own.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Another ECR policy document to look at.")
    ] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="The moment; else now.")] = None,
    output: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
) -> None:
    """Say which images a lifecycle policy would keep, archive and expire, and by which rule."""
    # Which image runs is nothing to a lifecycle policy: a missing pin must not stand in the way.
    settings = load_environment(environment, _options.environments, with_pins=False)
    chosen = (
        lifecycle.policy_from_file(policy) if policy else lifecycle.policy_of(settings, repository)
    )
    moment = lifecycle.moment_of(now) if now else datetime.now(UTC)
    found = (
        images_from_file(images)
        if images
        else images_from_ecr(Aws.from_variables(settings.region), settings.account, repository)
    )
    verdicts = preview(chosen, found, moment)
    if output is OutputFormat.JSON:
        print(json.dumps(lifecycle.documents_of(verdicts), indent=2))
        return
    console = _console()
    console.print(lifecycle.table_of(repository, verdicts))
    console.print(lifecycle.summary(verdicts), highlight=False)


@app.command("import")
def import_command(
    environment: Environment,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for what is written.")
    ] = None,
) -> None:
    """Write the environment file and the mappings with which `cdk import` adopts an account."""
    result = import_files.import_environment(environment, _options.environments)
    folder = (output or ROOT / ".ecrctl" / "import" / environment).resolve()
    written = import_files.write_import(environment, result, folder)
    # What an account has need not hold: a limit of ours, or a tag that is required here.
    holds = _told_if_refused(environment, folder)
    console = _console()
    if result.notes:
        console.print(import_files.table_of_notes(result.notes))
    print(import_files.summary(result))
    if not holds:
        raise typer.Exit(FAILED)
    for line in import_files.next_steps(environment, written, _options.environments):
        print(f"  {line}")


def _told_if_refused(environment: str, folder: Path) -> bool:
    try:
        load_environment(environment, folder, with_pins=False)
    except EnvironmentFault as fault:
        print(f"What was written does not hold as it is:\n{fault}", file=sys.stderr)
        return False
    return True


@app.command("access")
def access_command(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The environment's name; all by default.")
    ] = None,
    output: Annotated[AccessFormat, typer.Option("--format")] = AccessFormat.TEXT,
    required_grants: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the policies that other accounts must add, as JSON."
        ),
    ] = None,
) -> None:
    """List who can pull, push and administer each repository, and under which condition."""
    # Loading the files first reports a fault in the file's own words, not in the CDK's.
    load_environments([environment] if environment else None, _options.environments)
    with tempfile.TemporaryDirectory() as folder:
        assembly = assemblies.synthesise(environment, _options.environments, Path(folder))
        stacks = assemblies.stacks_of(assembly)
    grants, owners = access.grants_of(stacks), access.required_policies(stacks)
    if required_grants:
        _write_json(required_grants, owners)
    for subject in access.unread_policies(stacks):
        print(
            f"{subject} has a policy that depends on values known only at deployment: its grants "
            "are not listed.",
            file=sys.stderr,
        )
    if output is AccessFormat.JSON:
        print(access_report.json_of(grants))
        return
    for name, declared in access.by_environment(grants).items():
        if output is AccessFormat.MARKDOWN:
            print(access_report.markdown_of(name, declared))
        else:
            _console(width=ACCESS_WIDTH).print(access_report.table_of(name, declared))
    if output is AccessFormat.TEXT:
        print(access_report.owners_summary(owners, required_grants))


@app.command("review")
def review_command(
    base: review.Base,
    head: review.Head = None,
    output: review.Format = review.ReviewFormat.TEXT,
    fail_on: review.FailOn = review.BLOCKING,
    acknowledgements: review.Acknowledgements = None,
    images: review.Images = None,
    out: review.Out = None,
    today: review.Today = None,
) -> None:
    """Say what a change does to images, access and workloads, before it is deployed."""
    review.run_review(
        base=base,
        head=head,
        output=output,
        fail_on=fail_on,
        acknowledgements=acknowledgements,
        images=images or [],
        out=out,
        today=today.date() if today else None,
        environments=_options.environments,
    )


def _write_json(file: Path, document: object) -> None:
    try:
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from None


def _show(console: Console, environment: str, checks: list[Check], title: str) -> None:
    if not checks:
        print(f"{environment}: nothing to look up.")
        return
    console.print(table_of(f"{environment}: {title}", checks))
    console.print(verdict(environment, checks), soft_wrap=True, highlight=False)
    _exit_on_difference(checks)


def _exit_on_difference(checks: list[Check]) -> None:
    if not all(check.holds for check in checks):
        raise typer.Exit(DIFFERS)


def _console(*, record: bool = False, width: int = TABLE_WIDTH) -> Console:
    console = Console(record=record)
    # A pipe has no width of its own, and a table folded at 80 columns cannot be read.
    if record or not console.is_terminal:
        console.width = width
    return console


def _fail(message: str, exit_code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(exit_code)


class _Stopped(BaseException):
    """Say that somebody stopped the command; what it started is ended on the way out."""


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Stopped


def main() -> None:
    """Run a command; whatever a user can cause ends in a sentence and an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        sys.exit(app(prog_name="ecrctl", standalone_mode=False))
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "ecrctl"
        _fail(f"ecrctl: {error.format_message()} Try `{command} --help`.", TOOL_ERROR)
    except EnvironmentFault as fault:
        _fail(str(fault), FAILED)
    except UserError as error:
        _fail(f"ecrctl: {error}", error.exit_code)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EPIPE, errno.EIO):
            raise
        _fail(f"ecrctl: what it says cannot be written: {error.strerror}.", TOOL_ERROR)
    except _Stopped:
        _fail("ecrctl: stopped; nothing it started is left running.", 130)
