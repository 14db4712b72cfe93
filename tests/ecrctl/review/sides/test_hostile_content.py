"""Hostile content: what a review prints of it, and code that must not run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.review.diff.texts_in_templates import documents_in
from tests.ecrctl.progress import without_progress
from tests.ecrctl.review.pairs import write_assembly
from tests.support import ROOT

TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """Return an assembly with one stack."""
    return write_assembly(tmp_path / "head", {"dev/Web": {"Topic": TOPIC}})


@pytest.mark.parametrize(
    "text",
    [
        "kind: Pod\na: &a [x, x]\nb: [*a, *a]\n",
        "kind: " + "[" * 101 + "]" * 101,
        '[{"kind": "Pod", "a": ' + "[" * 50_000 + "]" * 50_000 + "}]",
    ],
)
def test_a_manifest_that_grows_when_it_is_read_is_no_document(text: str) -> None:
    with pytest.raises(ValueError, match="deep"):
        documents_in(text)


def test_no_output_contains_a_character_that_acts_on_the_reader(tmp_path: Path) -> None:
    name = "a\x1b[2J\u202eb\u200b\ud800\x07"
    resource = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": name}}
    base = write_assembly(tmp_path / "base", {"dev/Web": {"Topic": TOPIC}})
    head = write_assembly(tmp_path / "head", {"dev/Web": {"Topic": TOPIC, "Api": resource}})
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ecrctl", "review", "--base", str(base)]
    done = subprocess.run(
        [*command, "--head", str(head), "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for text in (done.stdout, *(file.read_text() for file in out.iterdir())):
        assert not set(text) & set("\x1b\u202e\u200b\x07\r")
    assert "a\\u001b[2J\\u202eb\\u200b\\ud800\\u0007" in done.stdout
    done = subprocess.run(
        [*command, "--head", "no\x1b[2J"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("ecrctl: 'no\\u001b[2J' must be a git reference or a folder")


@pytest.mark.parametrize("side", ["--base", "--head"])
def test_no_code_runs_with_no_run(assembly: Path, side: str) -> None:
    given = {"--base": str(assembly), "--head": str(assembly), side: "HEAD"}
    command = [sys.executable, "-m", "ecrctl", "review", "--no-run"]
    done = subprocess.run(
        [*command, *(text for option in given.items() for text in option)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: --no-run: {side} must be the folder of a cloud assembly, got the reference "
        "'HEAD', whose code would run. Synthesise it where that is safe, and name the folder.\n",
    )
