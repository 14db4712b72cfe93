"""The output of ``ecrctl access``.

What reads policies is imported during the synth, because it takes longer to import than the rest.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.cdk import assemblies
from ecrctl.files import check_folder_of, file_errors
from ecrctl.output.formats import print_json
from ecrctl.output.messages import notify, say, working

if TYPE_CHECKING:
    from environments.settings import EnvironmentSettings

    from .grants import Access
    from .report import PushRole

Format = Literal["text", "markdown", "json"]


def run_access(
    environment: str | None, environments: Path, *, output: Format, required_grants: Path | None
) -> None:
    """Print the access to the repositories of one environment, or of all.

    :param required_grants: the file for the policies that owners of other accounts must add.
    """
    check_folder_of("--required-grants", required_grants)

    loaded: list[EnvironmentSettings] = []

    def check() -> None:
        from environments.loading import load_environments

        loaded.extend(load_environments([environment] if environment else None, environments))
        # Imported during the synth as well.
        import_module("ecrctl.access.report")
        import_module("ecrctl.console")

    with working("Synthesise the templates"), tempfile.TemporaryDirectory() as folder:
        # Loaded during the synth, so that a fault is reported in the file's own words.
        assembly = assemblies.synthesise(environment, environments, Path(folder), meanwhile=check)
        stacks = assemblies.stacks_of(assembly)
    _show(stacks, loaded, output, required_grants)


def _show(
    stacks: Sequence[assemblies.Stack],
    settings: Sequence["EnvironmentSettings"],
    output: Format,
    required_grants: Path | None,
) -> None:
    from . import grants, report

    found = grants.access_of(stacks)
    roles = [role for one in settings for role in _push_roles(one)]
    owners = found.required_policies
    if required_grants:
        with file_errors(f"{required_grants} cannot be written"):
            required_grants.write_text(json.dumps(owners, indent=2) + "\n", encoding="utf-8")
    for sentence in found.undecided:
        notify(sentence)
    if output == "json":
        print_json(report.document_of(found, roles))
        return
    if output == "markdown":
        _print_markdown(found, roles)
        return
    _print_tables(found, roles)
    say(report.owners_summary(owners, required_grants))


def _print_markdown(found: "Access", roles: Sequence["PushRole"]) -> None:
    from . import report

    for declared in found.by_environment():
        print(report.markdown_of(declared))
        if notice := report.without_grants(declared):
            print(f"\n{notice}")
    if roles:
        print(f"\n{report.markdown_of_roles(roles)}")


def _print_tables(found: "Access", roles: Sequence["PushRole"]) -> None:
    from ecrctl.console import ACCESS_WIDTH, new_console

    from . import report

    console = new_console(width=ACCESS_WIDTH)
    for declared in found.by_environment():
        if declared.grants:
            console.print(report.table_of(declared))
        if notice := report.without_grants(declared):
            print(notice)
    if roles:
        console.print(report.table_of_roles(roles))


def _push_roles(settings: "EnvironmentSettings") -> Iterator["PushRole"]:
    from .report import PushRole

    partition = partition_of(settings.region).name
    for push in settings.github_pushes:
        yield PushRole(
            environment=settings.name,
            subject=push.subject.subject,
            name=push.role_name,
            arn=f"arn:{partition}:iam::{settings.account}:role/{push.role_name}",
        )
