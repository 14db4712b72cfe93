"""The guide agrees with the review and with the CDK CLI about every change."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.sides.acknowledgements import read_acknowledgements
from ecrctl.review.team_rules.review_file import read_review_file
from tests.ecrctl.review.guide import GUIDE, cdk_diff, key_of, stored_results, with_table
from tests.ecrctl.review.pairs import Pair, pairs
from tests.ecrctl.review.picture import COMMENT, comment, places

PAIRS = pairs()
WRITE_AGAIN = "Write it again: python -m tests.ecrctl.review.guide"


def test_the_guide_has_the_table_of_the_corpus() -> None:
    results = stored_results()
    assert set(results) == {key_of(pair) for pair in PAIRS}, WRITE_AGAIN
    text = GUIDE.read_text()
    assert with_table(text, PAIRS, results) == text, WRITE_AGAIN


# All of them take a minute, and run when the table is written; some run here.
@pytest.mark.parametrize("pair", PAIRS[::96], ids=[pair.name for pair in PAIRS[::96]])
def test_the_cdk_cli_fails_at_the_changes_in_the_guide(pair: Pair) -> None:
    assert cdk_diff(pair) == stored_results()[key_of(pair)]


@pytest.mark.parametrize("example", places(), ids=lambda example: example.stem)
def test_a_comment_in_the_guide_is_the_output_of_the_command(example: Path) -> None:
    file = places()[example]
    text = comment(example)
    assert file.read_text() == text, "Write it again: python -m tests.ecrctl.review.picture"
    assert f"({os.path.relpath(file, GUIDE.parent)})" in GUIDE.read_text()
    assert f"({os.path.relpath(file.with_suffix('.png'), GUIDE.parent)})" in GUIDE.read_text()
    assert file.with_suffix(".png").is_file()


def test_the_comment_of_the_example_has_every_category() -> None:
    text = COMMENT.read_text()
    row = next(line for line in text.splitlines() if line.startswith("| |"))
    # The files of two folders are unknown, so no example of these has a change of the gate.
    shown = [one for one in CATEGORIES if one != Category.GATE_CHANGED]
    assert row == f"| | {' | '.join(shown)} |"


def test_the_guide_lists_every_category_in_order() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| ", GUIDE.read_text(), flags=re.MULTILINE)
    assert listed == list(CATEGORIES)


def test_the_acknowledgement_in_the_guide_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "review-acknowledgements.yaml"
    file.write_text(_block("- finding"))
    (acknowledgement,) = read_acknowledgements(file, "the guide")
    assert not acknowledgement.is_of_old_form
    assert acknowledgement.finding in COMMENT.read_text()


def test_the_rules_of_a_team_in_the_guide_are_valid(tmp_path: Path) -> None:
    file = tmp_path / "review.yaml"
    file.write_text(_block("gates:"))
    rules = read_review_file(file, "the guide")
    assert set(rules.gates) == {"prod", "dev", "default"}
    assert len(rules.forbidden_access) == 1


@pytest.mark.parametrize(
    ("block", "schema"),
    [
        ("review:", ("vendor.gitlab-ci", "--data-transform", "gitlab-ci")),
        ("pipelines:", ("vendor.bitbucket-pipelines",)),
    ],
)
def test_the_jobs_for_other_services_conform_to_their_schemas(
    tmp_path: Path, block: str, schema: tuple[str, ...]
) -> None:
    file = tmp_path / "jobs.yml"
    file.write_text(_block(block))
    command = [str(Path(sys.executable).parent / "check-jsonschema")]
    command += ["--builtin-schema", *schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _block(start: str) -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    return next(block for block in blocks if block.startswith(start))
