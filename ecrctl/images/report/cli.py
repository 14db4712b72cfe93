"""``ecrctl report``: what is read, and where it is written."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path

from ecrctl.aws.clients import Aws
from ecrctl.console import new_console
from ecrctl.file_writing.atomic import replace_text
from ecrctl.files import check_folder_of, file_errors
from ecrctl.images.usage.kubernetes import named_cluster
from ecrctl.images.usage.workloads import check_options, read_workloads
from ecrctl.output.messages import say, working
from environments.loading import load_environment

from .document import ReportDocument
from .gathering import chosen_repositories, gather_report
from .options import OutputFormat
from .output import json, text
from .promotions import promotion_reader

_WIDTH = 180


def run_report(
    environment: str,
    directory: Path,
    *,
    names: Sequence[str],
    in_use: bool,
    kubeconfig: Path | None,
    context: str | None,
    output_format: OutputFormat,
    output: Path | None,
) -> None:
    """Print the report of an environment, or write it to a file.

    :param directory: the folder of environment files.
    :param names: the repositories; all where there is none.
    :param output: ``None`` for the standard output.
    """
    cluster = named_cluster(kubeconfig, context)
    check_options(in_use=in_use, cluster=cluster)
    check_folder_of("--output", output)
    # A pin that is missing is no fault of a repository.
    settings = load_environment(environment, directory, with_pins=False)
    repositories = chosen_repositories(settings, names)
    aws = Aws.from_variables(settings.region)
    with working(f"Read the images of '{environment}'"):
        report = gather_report(
            settings,
            directory,
            aws,
            repositories=repositories,
            look_at_workloads=partial(read_workloads, aws, settings.account, cluster)
            if in_use
            else None,
            read_promotions=promotion_reader(aws, settings.account),
            now=datetime.now(UTC),
        )
    shown = partial(_print, report, output_format, with_images=bool(names))
    if output is None:
        shown()
        return
    written = StringIO()
    with redirect_stdout(written):
        shown()
    with file_errors(f"{output} cannot be written"):
        replace_text(output, written.getvalue())
    incomplete = "" if report.complete else " It is incomplete, and lists what was not read."
    say(f"{environment}: the report is in {output}.{incomplete}")


def _print(report: ReportDocument, output_format: OutputFormat, *, with_images: bool) -> None:
    if output_format == "json":
        print(json.as_json(report))
    elif output_format == "html":
        from .output.html import page_of  # noqa: PLC0415 - the other formats need no templates

        print(page_of(report), end="")
    else:
        console = new_console(width=_WIDTH)
        if report.repositories:
            console.print(text.table_of(report))
        for repository in report.repositories if with_images else ():
            if repository.details:
                console.print(text.table_of_images(repository))
        for sentence in text.sentences(report):
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)
