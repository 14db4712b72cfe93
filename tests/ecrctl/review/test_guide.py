"""The guide says of every change what a review says, and what the CDK's own CLI does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.review.findings import CATEGORIES
from ecrctl.review.sides.acknowledgements import read_acknowledgements
from tests.ecrctl.review.guide import GUIDE, cdk_says, kept_answers, key_of, written
from tests.ecrctl.review.pairs import Pair, pairs
from tests.ecrctl.review.picture import COMMENT, comment

PAIRS = pairs()
ANEW = "Write it anew: python -m tests.ecrctl.review.guide"


def test_the_guide_has_the_table_that_the_corpus_makes() -> None:
    answers = kept_answers()
    assert set(answers) == {key_of(pair) for pair in PAIRS}, ANEW
    text = GUIDE.read_text()
    assert written(text, PAIRS, answers) == text, ANEW


# All of them take a minute, and are asked when the table is made; some are asked here.
@pytest.mark.parametrize("pair", PAIRS[::8], ids=[pair.name for pair in PAIRS[::8]])
def test_the_cdk_cli_says_what_the_guide_says_it_does(pair: Pair) -> None:
    assert cdk_says(pair) == kept_answers()[key_of(pair)]


def test_the_comment_in_the_guide_is_what_the_command_writes() -> None:
    text = comment()
    assert COMMENT.read_text() == text, "Write it anew: python -m tests.ecrctl.review.picture"
    row = next(line for line in text.splitlines() if line.startswith("| |"))
    assert row == f"| | {' | '.join(CATEGORIES)} |"


def test_the_guide_tells_of_every_category_in_their_order() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| ", GUIDE.read_text(), flags=re.MULTILINE)
    assert told == list(CATEGORIES)


def test_the_answers_in_the_guide_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "review-acknowledgements.yaml"
    file.write_text(_block("- finding"))
    (answer,) = read_acknowledgements(file, "the guide")
    assert answer.finding in COMMENT.read_text()


def test_the_job_for_gitlab_is_what_gitlabs_schema_says(tmp_path: Path) -> None:
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(_block("review:"))
    command = [str(Path(sys.executable).parent / "check-jsonschema")]
    command += ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _block(start: str) -> str:
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    return next(block for block in blocks if block.startswith(start))
