"""The output of ``ecrctl verify``."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ecrctl.aws.accounts import check_account
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.cdk import assemblies
from ecrctl.console import new_console
from ecrctl.errors import ExitCode
from ecrctl.output.formats import TextOrJson, print_json
from ecrctl.output.messages import is_quiet, report_progress, say, working
from environments.settings import EnvironmentSettings

from . import json_document
from .check import Check
from .command import Verification, verify
from .images import check_images
from .report import table_of, table_of_stacks, verdict, without_matches
from .unmanaged import sentence, unmanaged_repositories

_TEMPLATES = "every resource, as its template declares it"


def run_verify(
    settings: EnvironmentSettings,
    environments: Path,
    *,
    drift: bool,
    only_differences: bool,
    output: TextOrJson,
) -> None:
    """Compare an environment with AWS and print the result.

    :raises typer.Exit: where something differs.
    """
    aws = Aws.from_variables(settings.region)
    # Before the synth, because a wrong account is the most frequent mistake.
    with working(f"Synthesise '{settings.name}'"):
        with as_user_errors(f"Reading back '{settings.name}'"):
            check_account(settings, aws)
        stacks = _stacks_of(settings, environments)
    with _progress() as report:
        found = verify(settings, stacks, aws, drift=drift, progress=report)
    if output == "json":
        text = json_document.as_json(settings.name, found, only_differences=only_differences)
        print(text)
    else:
        show(new_console(), settings.name, found, only_differences=only_differences)
    exit_on_difference(found.checks)


def _stacks_of(settings: EnvironmentSettings, environments: Path) -> list[assemblies.Stack]:
    if settings.is_empty:
        # The CDK CLI refuses an app without a stack.
        return []
    with tempfile.TemporaryDirectory() as folder:
        assembly = assemblies.synthesise(settings.name, environments, Path(folder))
        return assemblies.stacks_of(assembly)


def run_images(settings: EnvironmentSettings, *, output: TextOrJson) -> None:
    """Look every pinned image up in its registry and print the result."""
    with working(f"Look up the images of '{settings.name}'"):
        found = Verification(files=list(check_images(settings, Aws.from_variables)), stacks={})
    if output == "json":
        print(json_document.as_json(settings.name, found))
    elif not found.checks:
        say(f"{settings.name}: no workload runs an image, so there is nothing to check.")
    else:
        console = new_console()
        console.print(table_of(f"{settings.name}: pinned and in its registry", found.checks))
        _print_verdict(console, settings.name, found.checks)
    exit_on_difference(found.checks)


def run_unmanaged(settings: EnvironmentSettings, *, output: TextOrJson) -> None:
    """Print the repositories of an environment's account and region that no stack manages."""
    aws = Aws.from_variables(settings.region)
    with as_user_errors(f"Reading the repositories of '{settings.name}'"):
        check_account(settings, aws)
    with working(f"Read the repositories of '{settings.name}'"):
        names, count = unmanaged_repositories(aws)
    said = sentence(f"{settings.account}, {settings.region}", names, count)
    if output == "json":
        print_json(json_document.unmanaged_document(settings.name, names, said))
        return
    for name in names:
        print(name)
    say(said)


def show(
    console: Console, name: str, found: Verification, *, only_differences: bool = False
) -> None:
    """Print a verification as tables and one line."""
    of_files = without_matches(found.files) if only_differences else found.files
    if of_files:
        console.print(table_of(f"{name}: declared and deployed", of_files))
    title = f"{name}: {_TEMPLATES}"
    of_stacks = table_of_stacks(title, found.stacks, only_differences=only_differences)
    if of_stacks:
        console.print(of_stacks)
    _print_verdict(console, name, found.checks)


def _print_verdict(console: Console, name: str, checks: list[Check]) -> None:
    console.print(verdict(name, checks), soft_wrap=True, highlight=False)


def exit_on_difference(checks: list[Check]) -> None:
    """End the command with its exit code where something differs."""
    if any(check.differs for check in checks):
        raise typer.Exit(ExitCode.DIFFERENCE)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show how many resources are read: a bar on a terminal, and a line of its own elsewhere."""
    console = Console(stderr=True)
    if is_quiet() or not console.is_terminal:
        yield _report_thousands
        return
    columns = (TextColumn("Reading back"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _report_thousands(done: int, total: int) -> None:
    """Print a line at each thousand of checks, and nothing for a small environment."""
    if done % 1_000 == 0:
        report_progress(f"Reading back: {done:,} of {total:,}")
