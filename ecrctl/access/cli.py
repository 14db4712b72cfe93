"""The output of ``ecrctl access``.

What reads policies is imported during the synth, because it takes longer to import than the rest.
"""

import json
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal

from ecrctl.cdk import assemblies
from ecrctl.files import check_folder_of, file_errors
from ecrctl.output.formats import print_json
from ecrctl.output.messages import notify, say, working

Format = Literal["text", "markdown", "json"]


def run_access(
    environment: str | None, environments: Path, *, output: Format, required_grants: Path | None
) -> None:
    """Print the access to the repositories of one environment, or of all.

    :param required_grants: the file for the policies that owners of other accounts must add.
    """
    check_folder_of("--required-grants", required_grants)

    def check() -> None:
        from environments.loading import load_environments

        load_environments([environment] if environment else None, environments)
        # Imported during the synth as well.
        import_module("ecrctl.access.report")
        import_module("ecrctl.console")

    with working("Synthesise the templates"), tempfile.TemporaryDirectory() as folder:
        # Loaded during the synth, so that a fault is reported in the file's own words.
        assembly = assemblies.synthesise(environment, environments, Path(folder), meanwhile=check)
        stacks = assemblies.stacks_of(assembly)
    _show(stacks, output, required_grants)


def _show(stacks: Sequence[assemblies.Stack], output: Format, required_grants: Path | None) -> None:
    from ecrctl.console import ACCESS_WIDTH, new_console

    from . import grants, report

    found = grants.access_of(stacks)
    owners = found.required_policies
    if required_grants:
        with file_errors(f"{required_grants} cannot be written"):
            required_grants.write_text(json.dumps(owners, indent=2) + "\n", encoding="utf-8")
    for sentence in found.undecided:
        notify(sentence)
    if output == "json":
        print_json(report.document_of(found))
        return
    for declared in found.by_environment():
        if output == "markdown":
            print(report.markdown_of(declared))
        elif declared.grants:
            new_console(width=ACCESS_WIDTH).print(report.table_of(declared))
        if notice := report.without_grants(declared):
            print(f"\n{notice}" if output == "markdown" else notice)
    if output == "text":
        say(report.owners_summary(owners, required_grants))
