"""The guide says of every change what a review says, and what the CDK's own CLI does."""

from __future__ import annotations

import pytest

from tests.review.guide import GUIDE, cdk_says, kept_answers, key_of, written
from tests.review.pairs import Pair, pairs

PAIRS = pairs()
ANEW = "Write it anew: python -m tests.review.guide"


def test_the_guide_has_the_table_that_the_corpus_makes() -> None:
    answers = kept_answers()
    assert set(answers) == {key_of(pair) for pair in PAIRS}, ANEW
    text = GUIDE.read_text()
    assert written(text, PAIRS, answers) == text, ANEW


# All of them take a minute, and are asked when the table is made; some are asked here.
@pytest.mark.parametrize("pair", PAIRS[::8], ids=[pair.name for pair in PAIRS[::8]])
def test_the_cdk_cli_says_what_the_guide_says_it_does(pair: Pair) -> None:
    assert cdk_says(pair) == kept_answers()[key_of(pair)]
