"""``--format json``: every command that reports has it, and prints nothing but its document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode
from ecrctl.importing import command as importing
from ecrctl.importing.entries import Note
from ecrctl.local import command as local
from ecrctl.local.command import LocalResult, LocalRun
from ecrctl.local.emulator import Emulator
from ecrctl.local.left_out import LeftOut
from ecrctl.local.sample_image import sample_image
from ecrctl.output.documents import (
    AccessDocument,
    BaseImageDocument,
    CheckDocument,
    DockerfileCheckDocument,
    ImportDocument,
    ManifestsDocument,
    PinDocument,
    UnpinDocument,
)
from ecrctl.output.shapes import SHAPES, WITHOUT_JSON
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification
from tests.ecrctl.images.pushing import push
from tests.ecrctl.review.pairs import write_assembly
from tests.ecrctl.test_exit_codes import REPOSITORY, TABLE, TOPIC, Run, folder, on_emulator, run
from tests.ecrctl.test_help import NAMES, help_of
from tests.ecrctl.test_reading_commands import GRANT, imported, synthesised
from tests.ecrctl.verify.test_command_line import returning
from tests.support import FROZEN_ENVIRONMENTS

__all__ = ["folder", "on_emulator", "run", "synthesised"]  # found by their names

Output = pytest.CaptureFixture[str]
Document = Callable[..., Any]


@pytest.fixture
def document(run: Run, capsys: Output) -> Document:
    """Return a function that runs a command with JSON, twice, and returns its document."""

    def found(
        *arguments: str, code: int = ExitCode.SUCCESS, is_repeated: bool = True, **options: Path
    ) -> Any:
        texts = []
        for _ in range(1 + is_repeated):
            assert run(*arguments, "--format", "json", **options) == code
            texts.append(capsys.readouterr().out)
        assert len(set(texts)) == 1
        json.loads(texts[0])
        return SHAPES[arguments[0]].model_validate_json(texts[0])

    return found


def test_every_command_has_a_shape_or_a_reason() -> None:
    assert {*SHAPES, *WITHOUT_JSON} == set(NAMES)
    assert not {*SHAPES} & {*WITHOUT_JSON}


@pytest.mark.parametrize("name", NAMES)
def test_a_command_with_a_shape_has_the_option(name: str) -> None:
    has_option = "--format <text|" in help_of(name, columns=200).replace("<table|", "<text|")
    assert has_option is (name in SHAPES)
    if has_option:
        assert "json" in help_of(name, columns=200).partition("--format <")[2].partition(">")[0]


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_describes_itself_and_every_mapping_in_it(name: str) -> None:
    schema = SHAPES[name].model_json_schema(mode="serialization")
    inner = [one for one in schema.get("$defs", {}).values() if "properties" in one]
    assert all(one.get("description", "").endswith(".") for one in (schema, *inner))


def test_a_check_as_json_has_the_notices(document: Document, folder: Path) -> None:
    (folder / "new.yaml").write_text('account: "000000000000"\nregion: xx-north-9\n')
    found: CheckDocument = document("check", "dev", "new")
    assert [one.environment for one in found.environments] == ["dev", "new"]
    assert [len(one.notices) for one in found.environments] == [0, 1]
    assert found.faults == []


def test_faults_are_in_the_json_of_a_check_and_beside_it(
    document: Document, run: Run, capsys: Output, folder: Path
) -> None:
    found: CheckDocument = document("check", "dev", "faulty", code=ExitCode.FAULT)
    assert found.environments == []
    assert [one.model_dump() for one in found.faults][:2] == [
        {
            "file": f"{folder.name}/faulty.yaml",
            "line": None,
            "column": None,
            "path": "account",
            "message": "this setting is required, got none. Add it.",
        },
        {
            "file": f"{folder.name}/faulty.yaml",
            "line": None,
            "column": None,
            "path": "region",
            "message": "this setting is required, got none. Add it.",
        },
    ]
    assert (found.faults[2].line, found.faults[2].column, found.faults[2].path) == (1, 1, "regoin")
    assert run("check", "faulty", "--format", "json") == ExitCode.FAULT
    assert capsys.readouterr().err.startswith(f"ecrctl: {folder.name}/faulty.yaml: 3 faults\n")
    (fault,) = document("check", "none", code=ExitCode.FAULT).faults
    assert (fault.file, fault.line, fault.path) == (None, None, None)
    assert fault.message.startswith("there is no environment 'none'. Known: ")


def test_another_command_prints_no_json_where_it_fails(run: Run, capsys: Output) -> None:
    assert run("list", "--format", "json") == ExitCode.FAULT
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ecrctl: ")


def test_a_list_as_json_has_every_environment(document: Document, folder: Path) -> None:
    for name in ("faulty", "runs"):
        (folder / f"{name}.yaml").unlink()
    dev, empty = document("list").root
    assert (dev.environment, dev.repositories, empty.stacks) == ("dev", [REPOSITORY], [])


def test_an_import_as_json_names_files_and_commands(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Note(repository="team/api", what="a", then="b")
    monkeypatch.setattr(importing, "import_environment", returning(imported(note)))
    found: ImportDocument = document("import", "new", "--output", "out")
    assert (found.to_import, found.deployed, found.missing) == (["team/api"], [], [])
    assert found.notes[0].what == "a"
    assert Path(found.file).is_file()
    assert all(Path(file).is_file() for file in found.mappings.values())
    assert found.next_commands[-1] == "ecrctl verify new"


@pytest.mark.usefixtures("on_emulator")
def test_pins_and_base_images_as_json(document: Document, folder: Path, aws: Aws) -> None:
    (folder / "runs.yaml").write_text(
        (folder / "runs.yaml").read_text() + f"repositories: [{{name: {REPOSITORY}}}]\n"
    )
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    image = sample_image()
    push(aws, "000000000000", REPOSITORY, "v1", image)
    try:
        pin: PinDocument = document("pin", "runs", "api", "--repository", REPOSITORY, "--tag", "v1")
        base: BaseImageDocument = document("base-image", "dev", REPOSITORY, "--tag", "v1")
    finally:
        aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    assert pin.model_dump() == {
        "environment": "runs",
        "image": "api",
        "registry": "runs",
        "repository": REPOSITORY,
        "tag": "v1",
        "digest": image.digest,
        "live_tag": f"live-runs-{image.digest[7:19]}",
        "file": "runs.images.yaml",
        "commit": None,
    }
    assert base.uri == (
        f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}:v1@{image.digest}"
    )


def test_a_removed_pin_as_json(document: Document, folder: Path) -> None:
    (folder / "dev.images.yaml").write_text(
        f"old: {{repository: {REPOSITORY}, digest: '{sample_image().digest}'}}\n"
    )
    found: UnpinDocument = document("unpin", "dev", "old", is_repeated=False)
    assert (found.environment, found.image, found.file) == ("dev", "old", "dev.images.yaml")


def test_remarks_about_dockerfiles_as_json(document: Document, folder: Path) -> None:
    file = folder / "Dockerfile"
    file.write_text("FROM 111111111111.dkr.ecr.us-east-1.amazonaws.com/base:v1\n")
    found: DockerfileCheckDocument = document(
        "dockerfile-check", str(file), "--offline", code=ExitCode.DIFFERENCE
    )
    (remark,) = found.remarks
    assert (found.files, remark.line, remark.kind, remark.is_finding) == (1, 1, "not pinned", True)


@pytest.mark.usefixtures("synthesised")
def test_access_as_json_names_what_is_undecided(document: Document) -> None:
    found: AccessDocument = document("access", "dev")
    assert [one.verb for one in found.grants] == ["push"]
    assert found.grants[0].principal == f"account {GRANT['Principal']['AWS']}"  # type: ignore[index]
    assert len(found.undecided) == 1


@pytest.mark.usefixtures("synthesised")
def test_manifests_as_json(document: Document, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "gone.yaml").touch()
    found: ManifestsDocument = document("manifests", "dev", "--out", "out")
    assert (found.written, found.unused) == ([], ["out/gone.yaml"])


def test_a_preview_as_json(document: Document) -> None:
    assert document("lifecycle", "dev", REPOSITORY, "--images", "images.json").root == []


def test_a_review_as_json(document: Document, folder: Path) -> None:
    base = write_assembly(folder / "base", {"dev/Web": TOPIC | TABLE})
    head = write_assembly(folder / "head", {"dev/Web": TOPIC})
    found = document(
        *("review", "--base", str(base), "--head", str(head), "--today", "2026-11-24"),
        code=ExitCode.DIFFERENCE,
        environments=FROZEN_ENVIRONMENTS,
    )
    assert found.result == "blocked"


def test_a_local_run_as_json_has_its_steps_beside_it(
    run: Run, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Check("repository a", "tag immutability", "IMMUTABLE", "IMMUTABLE")
    emulator = Emulator(port=1, account="000000000000", region="us-east-1", pid=7)
    left_out = LeftOut(stack="dev-Web", logical_id="Provider", type="AWS::IAM::OIDCProvider")

    def run_local(_run: LocalRun, steps: Any) -> LocalResult:
        with steps.step("Deploy everything"):
            pass
        return LocalResult({"dev": Verification([check], {})}, emulator, [left_out])

    monkeypatch.setattr(local, "run_local", run_local)
    assert run("local", "--format", "json", "--keep") == ExitCode.SUCCESS
    shown = capsys.readouterr()
    found = SHAPES["local"].model_validate_json(shown.out).model_dump()
    assert found["environments"][0]["result"] == "match"
    assert found["left_out"][0]["type"] == "AWS::IAM::OIDCProvider"
    assert found["running"]["pid"] == 7
    assert shown.err.startswith("ok Deploy everything")
    assert run("local", "--format", "json", "--svg", "a.svg") == ExitCode.TOOL_ERROR
    assert "--svg saves the text. Leave out --format json." in capsys.readouterr().err
