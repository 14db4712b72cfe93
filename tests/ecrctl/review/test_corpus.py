"""The findings in each change of the corpus, which has an example of each rule."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from ecrctl.git import ChangedFile
from ecrctl.review.command import Request, review
from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.rules.table import RULES, categories
from ecrctl.review.sides.projects import OwnProject
from ecrctl.review.verdict import Review
from tests.ecrctl.review.guide import key_of, stored_results
from tests.ecrctl.review.pairs import Pair, compared_at_once, pairs
from tests.support import ROOT

STRICT = (
    Category.DATA_LOSS,
    Category.WILL_FAIL,
    Category.GATE_CHANGED,
    Category.PROTECTION_LOST,
    Category.ACCESS_GAINED,
)
HARMLESS = {Category.COST, Category.ROUTINE}
ROUTINE = tuple(rule for rule, category in categories().items() if category == Category.ROUTINE)
PAIRS = pairs()


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Pair], Review]]:
    """Yield a function that reviews a pair once, with every worse category gated."""
    folder = tmp_path_factory.mktemp("corpus")
    written = {pair.name: pair.write(folder / pair.name) for pair in PAIRS}
    with compared_at_once(written.values()):

        @cache
        def of_name(name: str) -> Review:
            (pair,) = [one for one in PAIRS if one.name == name]
            return _reviewed(*written[name], pair.changed_files)

        yield lambda pair: of_name(pair.name)


def _reviewed(base: Path, head: Path, changed_files: Sequence[str]) -> Review:
    return review(
        Request(
            base=str(base),
            head=str(head),
            project=OwnProject(Path("environments")),
            gate=STRICT,
            acknowledgements=None,
            review_file=Pair.review_file(base.parent),
            images={},
            today=date(2026, 1, 1),
            changed_files=[ChangedFile(path=path, before="a", after="b") for path in changed_files],
        )
    )


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_a_change_is_found_and_blocked_when_it_is_worse(
    pair: Pair, reviewed: Callable[[Pair], Review]
) -> None:
    found = reviewed(pair)
    rules = {one.finding.rule for one in found.judgements}
    sentences = [f"{one.finding.subject} {one.finding.message}" for one in found.judgements]
    wanted = set(pair.expect)
    assert {rule for rule in rules if rule not in ROUTINE or rule in wanted} == wanted, sentences
    for part in pair.messages:
        assert any(part in sentence for sentence in sentences), sentences
    assert bool(found.blocking) == pair.worse, sentences


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_every_resource_that_changes_is_reported(
    pair: Pair, reviewed: Callable[[Pair], Review]
) -> None:
    found = reviewed(pair)
    reported = {place for one in found.judgements for place in one.finding.places}
    for change in found.comparison.changes:
        has_effect = not change.is_update or change.changed or set(change.other) - {"Metadata"}
        assert not has_effect or change.place in reported, change.logical_id


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])
def test_a_danger_that_the_cdk_shows_is_a_finding(
    pair: Pair, reviewed: Callable[[Pair], Review]
) -> None:
    shown = stored_results()[key_of(pair)]
    found = {one.finding.category for one in reviewed(pair).judgements} - HARMLESS
    assert bool(shown and not found) == bool(pair.cdk_diff_is_wrong), (shown, found)


# A value of Python in a sentence; what no side resolves is in `${?...}`.
_PYTHON = re.compile(r"(?<!\$\{\?)\{'|\b(None|True|False)\b")


def test_no_sentence_shows_a_value_of_python(reviewed: Callable[[Pair], Review]) -> None:
    sentences = [one.finding.message for pair in PAIRS for one in reviewed(pair).judgements]
    assert [one for one in sentences if _PYTHON.search(one)] == []


def test_no_sentence_ends_in_the_air(reviewed: Callable[[Pair], Review]) -> None:
    sentences = [one.finding.message for pair in PAIRS for one in reviewed(pair).judgements]
    assert [one for one in sentences if re.search(r"[:,(]\s*$|  |``", one)] == []


UNDECIDED = {
    "access-undecided",
    "data-undecided",
    "execution-role-changed",
    "exists-conditionally",
    "expanded-at-deployment",
    "lifecycle-undecided",
    "macro-changed",
    "protection-undecided",
    "sharing-undecided",
    "unseen-template",
    "workload-undecided",
}


def test_what_only_the_deployment_knows_is_marked_as_undecided(
    reviewed: Callable[[Pair], Review],
) -> None:
    found = [one.finding for pair in PAIRS for one in reviewed(pair).judgements]
    marked = {(one.rule, one.is_undecided) for one in found if one.rule in UNDECIDED}
    assert marked == {(rule, True) for rule in UNDECIDED}
    assert {rule for rule in categories() if rule.endswith("-undecided")} <= UNDECIDED


def test_every_rule_has_its_example() -> None:
    named = {pair.name for pair in PAIRS}
    rules = [rule.id for rule in RULES]
    assert len(rules) == len(set(rules))
    for rule in categories():
        assert rule in named, rule
        example = next(pair for pair in PAIRS if pair.name == rule)
        assert rule in example.expect, rule


def test_every_category_has_a_rule() -> None:
    assert set(categories().values()) == set(CATEGORIES)


_PRINT_FINDINGS = """
import sys, tempfile
from pathlib import Path
from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.rules.table import findings_of
from ecrctl.review.diff.template_diff import compare
from tests.ecrctl.review.pairs import compared_at_once, pairs
with tempfile.TemporaryDirectory() as folder:
    written = [pair.write(Path(folder, pair.name)) for pair in pairs()]
    with compared_at_once(written):
        for sides in written:
            base, head = map(stacks_of, sides)
            print([(one.id, one.message) for one in findings_of(compare(base, head))])
"""


def test_the_order_of_a_set_does_not_reach_the_findings() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PRINT_FINDINGS],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
