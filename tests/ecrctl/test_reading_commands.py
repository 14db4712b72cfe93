"""``ecrctl import``, ``access`` and ``review`` in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk import assemblies
from ecrctl.cdk.toolchain import ROOT
from ecrctl.errors import ExitCode, UserError
from ecrctl.importing import command as importing
from ecrctl.importing.entries import Note
from ecrctl.importing.environment import Import
from ecrctl.review import cli as review
from ecrctl.review.sides.projects import OwnProject
from tests.ecrctl.review.pairs import write_assembly
from tests.ecrctl.test_exit_codes import Run, folder, run
from tests.ecrctl.verify.test_command_line import Output, returning

__all__ = ["folder", "run"]  # the fixtures are found by their names

GRANT = {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "ecr:PutImage"}


def imported(*notes: Note) -> Import:
    """Return the import of one repository."""
    repository = {"name": "team/api", "adopted": True, "encryption": "aes256", "statements": []}
    head = {"account": "000000000000", "region": "us-east-1"}
    mappings = {"new-Repositories-main": {"Api": {"RepositoryName": "team/api"}}}
    # An image that has no pin yet is no fault of an import.
    task = {"name": "api", "image": "api", "memory_mib": 64}
    document = {**head, "repositories": [repository], "ecs_tasks": [task]}
    return Import(document=document, mappings=mappings, notes=notes, deployed=[])


@pytest.mark.parametrize("notes", [(), (Note(repository="team/api", what="a", then="b"),)])
def test_an_import_prints_its_notes_a_summary_and_the_next_commands(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, notes: tuple[Note, ...]
) -> None:
    monkeypatch.setattr(importing, "import_environment", returning(imported(*notes)))
    assert run("import", "new", "--output", "out") == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    written = " The notes are in out/new.notes.md." if notes else ""
    assert lines[-4:] == [
        "000000000000, us-east-1: 1 repository to import, 0 deployed by this environment, 0 "
        f"declared but missing in the account.{written}",
        "  cp out/new.yaml new.yaml",
        "  npx cdk import 'new/Repositories-main' -c env=new --resource-mapping "
        "out/new-Repositories-main.mapping.json",
        "  ecrctl verify new",
    ]
    titles = [line for line in lines if line.startswith("An import would delete")]
    assert len(titles) == len(notes)


def test_an_import_is_written_into_the_projects_own_folder_by_default(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def refuse(*arguments: Any) -> None:
        calls.append(arguments)
        message = "no"
        raise UserError(message)

    monkeypatch.setattr(importing, "import_environment", returning(imported()))
    monkeypatch.setattr(importing, "write_import", refuse)
    assert run("import", "new") == ExitCode.TOOL_ERROR
    ((name, _, output),) = calls
    assert (name, output) == ("new", ROOT / ".ecrctl" / "import" / "new")


@pytest.fixture
def synthesised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Replace the synth by an assembly with one grant, and return the synthesised environments."""
    calls: list[Any] = []

    def repository(name: str, policy: Any) -> dict[str, Any]:
        properties = {"RepositoryName": name, "RepositoryPolicyText": {"Statement": policy}}
        return {"Type": "AWS::ECR::Repository", "Properties": properties}

    resources = {
        "Api": repository("team/api", [GRANT]),
        "Web": repository("team/web", {"Fn::If": ["Open", GRANT, {"Ref": "AWS::NoValue"}]}),
    }
    assembly = write_assembly(tmp_path / "assembly", {"dev/Main": resources})

    def synthesise(
        environment: str | None,
        environments: Path,
        _output: Path,
        *,
        meanwhile: Callable[[], object],
    ) -> Path:
        meanwhile()
        calls.append((environment, environments))
        return assembly

    monkeypatch.setattr(assemblies, "synthesise", synthesise)
    return calls


SUMMARY = "1 owner must add a policy: account 222222222222."
UNREAD = (
    "ecrctl: dev: repository team/web has a policy that depends on values known only at "
    "deployment: its grants are not listed.\n"
)


def test_access_is_a_table_with_a_summary(
    run: Run, synthesised: list[Any], folder: Path, capsys: Output
) -> None:
    assert run("access", "dev") == ExitCode.SUCCESS
    assert synthesised == [("dev", folder)]
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].rstrip() == "dev: access to repositories"
    assert len(lines[1]) == 160
    assert lines[-1] == f"{SUMMARY} Write the policies with --required-grants FILE."
    assert shown.err == UNREAD


def test_access_as_markdown_and_as_json_has_no_summary(
    run: Run, synthesised: list[Any], capsys: Output
) -> None:
    assert run("access", "dev", "--format", "markdown") == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "### dev: access to repositories"
    assert lines[-3].startswith("| team/api | push | account 222222222222 |")
    assert lines[-1] == "dev: no policy that could be read allows access to team/web."
    assert run("access", "dev", "--format", "json") == ExitCode.SUCCESS
    document = json.loads(capsys.readouterr().out)
    (grant,) = document["grants"]
    assert (grant["verb"], grant["principal"]) == ("push", "account 222222222222")
    assert len(synthesised) == 2


@pytest.mark.usefixtures("synthesised")
def test_access_writes_the_required_grants_as_indented_json(
    run: Run, folder: Path, capsys: Output
) -> None:
    file = folder / "grants.json"
    assert run("access", "dev", "--required-grants", str(file)) == ExitCode.SUCCESS
    text = file.read_text()
    assert list(json.loads(text)) == ["account 222222222222"]
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
    assert capsys.readouterr().out.endswith(f"{SUMMARY} The policies are in {file}.\n")


def test_access_to_all_environments_loads_all(run: Run, synthesised: list[Any]) -> None:
    # The folder has environments with faults.
    assert run("access") == ExitCode.FAULT
    assert synthesised == []


def test_a_review_gets_every_option(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(review, "run_review", returning(None, calls))
    run("review", "--base", "main")
    options = ("--base", "a", "--head", "b", "--format", "json", "--fail-on", "none")
    rules = ("--rules", "images.json")
    files = (*rules, "--acknowledgements", "images.json", "--images", "x=images.json", "--out", "o")
    gate = ("--no-run", "--commits", "a..b", "--acknowledged-on", "main")
    run("review", *options, *files, *gate, "--today", "2026-11-24")
    (_, plain), (_, full) = calls
    assert plain == {
        "base": "main",
        "head": None,
        "output": "text",
        "fail_on": None,
        "acknowledgements": None,
        "review_file": None,
        "images": [],
        "out": None,
        "today": None,
        "no_run": False,
        "commits": None,
        "acknowledged_on": None,
        "project": OwnProject(folder),
    }
    assert full == {
        "base": "a",
        "head": "b",
        "output": "json",
        "fail_on": "none",
        "acknowledgements": Path("images.json"),
        "review_file": Path("images.json"),
        "images": ["x=images.json"],
        "out": Path("o"),
        "today": date(2026, 11, 24),
        "no_run": True,
        "commits": "a..b",
        "acknowledged_on": "main",
        "project": OwnProject(folder),
    }
