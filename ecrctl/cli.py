"""The commands of ``ecrctl``.

What a command requires is imported when it runs: AWS's clients and the models of the files take
longer to import than some commands take, and a synth begins before they are imported.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from environments import DIRECTORY
from environments.faults import EnvironmentFault

from . import VERSION
from .access.program import add_access_command
from .arguments import Environment
from .deployed.program import add_deployed_command
from .environment_files.cli import add_file_commands
from .errors import ExitCode, UserError, exit_code_table
from .files import check_folder_of
from .images.cli import add_image_commands
from .images.dockerfiles.program import add_dockerfile_commands
from .images.login.program import add_login_command
from .images.promotion.program import add_promote_command
from .images.report.program import add_report_command
from .images.scanning.program import add_scan_command
from .images.usage import options as usage
from .local import options as local
from .output.formats import Format, print_json
from .output.help import HELP
from .output.messages import PREFIX, CommandGroup, is_quiet, notify, say, working
from .pins.cli import add_pin_command, add_unpin_command
from .program import run_program
from .review.program import add_review_command
from .verify import options as verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .review.sides.projects import Project

FILE_OR_TOOL = (ExitCode.FAULT, ExitCode.TOOL_ERROR)
ANY_CODE = (*FILE_OR_TOOL, ExitCode.DIFFERENCE)
# From a first file to a deployed image, and then what reads, reviews and repairs.
ORDER = (
    *("local", "init", "check", "list", "import"),
    *("login", "push", "pull", "base-image", "dockerfile-check"),
    *("scan", "pin", "unpin", "promote", "manifests"),
    *("review", "deployed", "verify", "access", "lifecycle", "report"),
)


class _InOrder(CommandGroup):
    """Lists the commands in the order of work, wherever they are added."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands; one without a place comes last."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: (*ORDER, name).index(name))


app = typer.Typer(
    cls=_InOrder,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
    help="Container images on AWS, from a Dockerfile to a verified deployment.",
    epilog=exit_code_table(),
)


@dataclass(slots=True)
class _Options:
    environments: Path = DIRECTORY


_options = _Options()


def _print_version(is_asked: bool) -> None:  # noqa: FBT001 - Typer passes it
    if is_asked:
        print(f"ecrctl {VERSION}")
        raise typer.Exit


@app.callback()
def _common(
    environments: Annotated[
        Path,
        typer.Option(
            "--environments",
            metavar="DIR",
            file_okay=False,
            exists=True,
            help="The folder that contains the environment files.",
        ),
    ] = DIRECTORY,
    version: Annotated[  # noqa: ARG001 - the callback ends the program
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    _options.environments = environments.resolve()


add_file_commands(app, lambda: _options.environments)


@app.command(
    "verify", epilog=exit_code_table(*ANY_CODE, example="ecrctl verify dev --only-differences")
)
def verify_command(
    environment: Environment,
    images: verify.Images = False,
    unmanaged: verify.Unmanaged = False,
    drift: verify.Drift = False,
    only_differences: verify.OnlyDifferences = False,
    output: Format = "text",
) -> None:
    """Compare what is deployed with files and templates."""
    from environments.loading import load_environment

    from .verify import cli

    settings = load_environment(environment, _options.environments)
    if unmanaged:
        cli.run_unmanaged(settings, output=output)
    elif images:
        cli.run_images(settings, output=output)
    else:
        cli.run_verify(
            settings,
            _options.environments,
            drift=drift,
            only_differences=only_differences,
            output=output,
        )


@app.command(
    "manifests",
    epilog=exit_code_table(*FILE_OR_TOOL, example="ecrctl manifests dev --out manifests"),
)
def manifests_command(
    environment: Environment,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="The folder for the files.")
    ],
    output: Format = "text",
) -> None:
    """Write the manifests of an environment's Jobs as files."""
    from .manifests import other_manifests, write_manifests

    def check() -> None:
        from environments.loading import load_environment

        load_environment(environment, _options.environments)

    # Read during the synth, so that a fault is reported here and not by the CDK CLI.
    with working(f"Synthesise '{environment}'"):
        written = write_manifests(environment, _options.environments, out, meanwhile=check)
    others = other_manifests(out, written)
    if output == "json":
        from .output.documents import ManifestsDocument

        print_json(ManifestsDocument(written=map(str, written), unused=map(str, others)))
        return
    for file in written:
        print(file)
    if not written:
        say(f"{environment}: no Job is delivered as a manifest.")
    for file in others:
        notify(f"{file} belongs to no Job of '{environment}'. Delete it if it is no longer needed.")


@app.command("local", epilog=exit_code_table(*ANY_CODE, example="ecrctl local --keep"))
def local_command(
    environment: local.Environment = "local",
    port: local.Port = None,
    keep: local.Keep = False,
    output: local.Output = local.OUTPUT,
    svg: local.Svg = None,
    time_limit: local.TimeLimit = local.TIME_LIMIT_MINUTES,
    output_format: Format = "text",
) -> None:
    """Try everything on an embedded AWS.

    Deploys an environment, in its account and region and after the registries that it pulls from,
    and verifies it. The environment 'local' also shows the way of an image. Nothing leaves this
    machine.
    """
    from .console import Steps, new_console
    from .local.command import LocalRun, run_local
    from .verify.cli import exit_on_difference, show
    from .verify.report import save_picture

    check_folder_of("--svg", svg)
    if svg and output_format == "json":
        raise typer.BadParameter("--svg saves the text. Leave out --format json.")
    console = new_console(record=svg is not None)
    run = LocalRun(
        environment=environment,
        environments=_options.environments,
        output=output.resolve(),
        port=port,
        keep=keep,
        minutes=time_limit,
    )
    # The steps are progress, and the result alone is the JSON.
    shown = new_console(beside=True) if output_format == "json" else console
    result = run_local(run, Steps(shown))
    if output_format == "json":
        from .local.json_document import document_of

        print_json(document_of(result, is_running=keep))
    else:
        if not is_quiet():
            console.print()
        for name, found in result.verified.items():
            show(console, name, found)
        for left_out in result.left_out:
            print(left_out)
        if svg:
            save_picture(console, svg, title="make local")
        if keep:
            print("\nThe embedded AWS is still running. To use it:")
            for name, value in result.emulator.variables().items():
                print(f"  export {name}={value}")
            print(f"To stop it: kill {result.emulator.pid}")
    exit_on_difference([check for found in result.verified.values() for check in found.checks])


add_pin_command(app, lambda: _options.environments)
add_unpin_command(app, lambda: _options.environments)


@app.command(
    "lifecycle", epilog=exit_code_table(*FILE_OR_TOOL, example="ecrctl lifecycle dev team/api")
)
def lifecycle_command(
    environment: Environment,
    repository: Annotated[str, typer.Argument(metavar="REPOSITORY", help="The repository's name.")],
    images: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A JSON list of images (default: those in ECR)."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An ECR policy document (default: the declared policy)."),
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="The time of the evaluation, with its zone (default: now)."
        ),
    ] = None,
    in_use: usage.InUse = False,
    kubeconfig: usage.Kubeconfig = None,
    context: usage.Context = None,
    output: Format = "text",
) -> None:
    """Preview what a lifecycle policy keeps and expires.

    With --in-use, warn about images that are lost although a workload runs them or a pin names
    them.
    """
    from .lifecycle import run_lifecycle

    run_lifecycle(
        environment,
        _options.environments,
        repository,
        images=images,
        policy=policy,
        now=now,
        in_use=in_use,
        kubeconfig=kubeconfig,
        context=context,
        output=output,
    )


@app.command("import", epilog=exit_code_table(*FILE_OR_TOOL, example="ecrctl import dev"))
def import_command(
    environment: Environment,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder for the files (default: .ecrctl/import/ENV)."),
    ] = None,
    output_format: Format = "text",
) -> None:
    """Write an account's repositories as an environment file.

    With it come the mappings for `cdk import`.
    """
    from environments.loading import load_environment

    from .console import new_console
    from .importing import command as importing
    from .importing import report
    from .importing.notes import table_of_notes

    folder = (output or importing.FOLDER / environment).resolve()
    with working("Read the account"):
        result = importing.import_environment(environment, _options.environments, folder)
    written = importing.write_import(environment, result, folder)
    if output_format == "json":
        print_json(report.document_of(environment, result, written, _options.environments))
    else:
        if result.notes:
            new_console().print(table_of_notes(result.notes))
        say(report.summary(result, written))
    # An account's repositories can break rules of the file, such as a tag that it requires.
    try:
        load_environment(environment, folder, with_pins=False)
    except EnvironmentFault as fault:
        raise UserError(
            f"{written.environment} has faults. Correct them before the import:\n{fault}",
            ExitCode.FAULT,
        ) from None
    if output_format == "text":
        for line in report.next_steps(environment, written, _options.environments):
            say(f"  {line}")


@contextmanager
def _review_base(base: str) -> "Iterator[str]":
    """Yield the base, which is saved first where it is an environment's deployed stacks."""
    if not base.startswith("deployed:"):
        yield base
        return
    from .deployed.command import deployed_base

    # A review has one code for everything that it could not do.
    try:
        with deployed_base(base.removeprefix("deployed:"), _options.environments) as folder:
            yield str(folder)
    except EnvironmentFault as fault:
        raise UserError(_text_of(fault)) from None


def _text_of(fault: EnvironmentFault) -> str:
    return f"\n{PREFIX}".join(map(str, fault.reports))


def _project() -> "Project":
    from .review.sides.projects import OwnProject

    return OwnProject(_options.environments)


add_review_command(app, _project, _review_base)
add_image_commands(app, lambda: _options.environments)
add_login_command(app, lambda: _options.environments)
add_promote_command(app, lambda: _options.environments)
add_scan_command(app, lambda: _options.environments)
add_report_command(app, lambda: _options.environments)
add_dockerfile_commands(app, lambda: _options.environments)
add_access_command(app, lambda: _options.environments)
add_deployed_command(app, lambda: _options.environments)


def _explained(error: Exception) -> tuple[str, ExitCode] | None:
    """Return an error of an environment's files, or of AWS, as a message and an exit code."""
    if isinstance(error, EnvironmentFault):
        return _text_of(error), ExitCode.FAULT
    from botocore.exceptions import ClientError

    from .aws.calls import call_error

    # Printed by itself, an error of AWS could repeat headers.
    if isinstance(error, ClientError):
        return str(call_error(error)), ExitCode.TOOL_ERROR
    return None


def main() -> None:
    """Run a command; every error that a user can cause ends in a sentence and an exit code."""
    run_program(app, _explained)
