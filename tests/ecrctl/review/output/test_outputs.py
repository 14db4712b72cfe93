"""How a review is written: for a comment, for a terminal and for other programs."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
from rich.console import Console

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.findings import CATEGORIES, DEFAULT_GATE
from ecrctl.review.output.json import SCHEMA, as_json, schema
from ecrctl.review.output.markdown import LONGEST_COMMENT, as_comment, as_markdown
from ecrctl.review.output.text import print_review
from ecrctl.review.rules.table import findings_of
from ecrctl.review.sides.acknowledgements import Acknowledgement
from ecrctl.review.sides.sides import Side
from ecrctl.review.verdict import Review, judge
from tests.ecrctl.review.pairs import write_assembly

WHERE = "The whole of it is elsewhere."
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def repository(name: str, **properties: Any) -> dict[str, Any]:
    """Give a repository that is kept."""
    given = {"RepositoryName": name, **properties}
    return {"Type": "AWS::ECR::Repository", **KEPT, "Properties": given}


def reviewed(
    folder: Path,
    base: dict[str, Any],
    head: dict[str, Any],
    *,
    accounts: dict[str, str] | None = None,
    acknowledgements: tuple[Acknowledgement, ...] = (),
) -> Review:
    """Review two sides, given as stacks."""
    facts = {stack: {"account": account} for stack, account in (accounts or {}).items()}
    sides = [
        Side(label=label, stacks=stacks_of(write_assembly(folder / label, stacks, facts)))
        for label, stacks in (("base", base), ("head", head))
    ]
    comparison = compare(sides[0].stacks, sides[1].stacks)
    judged, unused = judge(
        findings_of(comparison), acknowledgements, DEFAULT_GATE, date(2026, 6, 1)
    )
    return Review(
        base=sides[0],
        head=sides[1],
        comparison=comparison,
        gate=DEFAULT_GATE,
        judged=judged,
        unused=unused,
    )


def both(folder: Path) -> Review:
    """Review a change of two environments that is the same in both, and one that is not."""
    accounts = {
        "dev/Web": "111111111111",
        "staging/Web": "222222222222",
        "prod/Web": "333333333333",
    }
    base = {stack: {"Web": repository("web")} for stack in accounts}
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    heads = {
        stack: {
            "Web": repository(
                "web",
                RepositoryPolicyText={
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": account}, "Action": pull},
                        {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": pull},
                    ]
                },
            )
        }
        for stack, account in accounts.items()
    }
    heads["prod/Web"]["Web"].pop("DeletionPolicy")
    return reviewed(folder, base, heads, accounts=accounts)


def test_the_verdict_comes_first_and_names_what_stops(tmp_path: Path) -> None:
    first, *rest = as_markdown(both(tmp_path)).splitlines()
    assert first == ("**1 finding stops this change: 1 data-loss. Also found: 6 access-gained.**")
    assert rest[0] == f"<!-- ecrctl review of {both(tmp_path / 'again').head.digest} -->"
    assert rest[2:6] == [
        "| | data-loss | access-gained |",
        "|---|---:|---:|",
        "| dev, staging, each |  | 2 |",
        "| prod | **1** | 2 |",
    ]


def test_environments_with_identical_changes_are_told_once(tmp_path: Path) -> None:
    text = as_markdown(both(tmp_path))
    assert text.count("<summary>dev/Web, staging/Web: access-gained</summary>") == 1
    assert "<code>account 999999999999</code>" in text
    assert "<code>account 222222222222</code>" not in text
    assert text.count("<summary>prod/Web: data-loss, access-gained</summary>") == 1


def test_what_is_told_once_has_the_ids_of_all_and_nothing_that_is_of_one_alone(
    tmp_path: Path,
) -> None:
    found = both(tmp_path)
    text = as_markdown(found)
    for one in found.judged:
        assert one.finding.id in text
    assert "lets <code>account ACCOUNT</code> pull" in text
    assert "What stops it" in text
    assert "review-acknowledgements.yaml" in text


def test_the_text_of_the_cdk_cli_is_at_the_end(tmp_path: Path) -> None:
    _, _, texts = as_markdown(both(tmp_path)).partition("### What `cdk diff` says")
    assert "[~] AWS::ECR::Repository" in texts
    assert texts.count("<details>") == texts.count("</details>") == 3


def test_identical_input_gives_identical_bytes(tmp_path: Path) -> None:
    texts = [
        (as_markdown(one), as_json(one)) for one in (both(tmp_path / "one"), both(tmp_path / "two"))
    ]
    assert texts[0] == texts[1]


def test_no_change_is_one_friendly_line(tmp_path: Path) -> None:
    stacks = {"dev/Web": {"Web": repository("web")}}
    found = reviewed(tmp_path, stacks, stacks)
    assert as_markdown(found).splitlines() == [
        "**Nothing changes: both sides deploy the same, to the letter.**",
        f"<!-- ecrctl review of {found.head.digest} -->",
    ]
    assert json.loads(as_json(found))["result"] == "unchanged"


def test_a_comment_is_cut_and_the_summary_survives(tmp_path: Path) -> None:
    head = {
        f"dev/Web{number}": {
            f"Web{index}": repository(f"web-{number}-{index}", ImageTagMutability="MUTABLE")
            for index in range(200)
        }
        for number in range(4)
    }
    base = {stack: {"Topic": {"Type": "AWS::SNS::Topic"}} for stack in head}
    found = reviewed(tmp_path, base, head)
    whole, comment = as_markdown(found), as_comment(found, WHERE)
    assert len(whole) > LONGEST_COMMENT
    assert len(comment.encode()) <= LONGEST_COMMENT
    assert comment.splitlines()[:6] == whole.splitlines()[:6]
    assert comment.endswith(
        "*Cut here: a comment holds 65,536 characters. The whole of it is elsewhere.*\n"
    )
    assert comment.count("<details>") == comment.count("</details>")
    assert comment.count("\n```") % 2 == 0


def test_a_cut_within_what_the_cdk_cli_says_closes_what_it_opened(tmp_path: Path) -> None:
    many = {f"Topic{index}": {"Type": "AWS::SNS::Topic"} for index in range(3_000)}
    found = reviewed(tmp_path, {"dev/A": {}}, {"dev/A": many})
    comment = as_comment(found, WHERE)
    assert "### What `cdk diff` says" in comment
    assert comment.count("<details>") == comment.count("</details>") > 1
    assert comment.count("\n```") == 2
    assert len(comment.encode()) <= LONGEST_COMMENT


def test_nothing_in_a_template_can_write_into_the_comment(tmp_path: Path) -> None:
    name = "</summary><img src=x>@everyone | **bold** `x`\n# Title"
    base = {"dev/Web": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    head = {"dev/Web": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}}
    text = as_markdown(reviewed(tmp_path, base, head))
    ours, _, _ = text.partition("### What `cdk diff` says")
    assert "img src" in ours
    assert "<img" not in ours
    assert "**bold**" not in ours
    assert "# Title" not in ours
    # GitHub's mentions are found in the text that is shown, but not in code.
    outside = re.sub(r"<code>.*?</code>", "", ours)
    assert not re.search(r"@[a-z]", outside)


def test_json_is_what_its_schema_says(tmp_path: Path) -> None:
    document = json.loads(as_json(both(tmp_path)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["result"] == "stopped"
    assert document["head"]["digest"] != document["base"]["digest"]
    assert [one["category"] for one in document["findings"]].count("data-loss") == 1


def test_the_schema_is_the_one_of_the_models() -> None:
    assert SCHEMA.read_text() == schema() + "\n", "Write it anew: make snapshot"
    assert json.loads(schema())["$defs"]["Category"]["enum"] == list(CATEGORIES)


def test_a_terminal_shows_each_finding_with_its_id_and_the_verdict_last(tmp_path: Path) -> None:
    found, file = both(tmp_path), io.StringIO()
    print_review(found, Console(file=file, width=200))
    text = file.getvalue()
    assert all(text.count(one.finding.id) <= 1 for one in found.judged)
    assert "stops this change" in text
    assert text.splitlines()[-1] == found.verdict()


def test_an_acknowledged_finding_is_listed_with_its_reason_and_stops_nothing(
    tmp_path: Path,
) -> None:
    (stopping,) = both(tmp_path / "one").stopping
    answer = Acknowledgement(
        finding=stopping.finding.id, reason="Moved to another account.", until=date(2026, 6, 1)
    )
    other = Acknowledgement(finding="none-00000000", reason="Long gone.", until=date(2027, 1, 1))
    found = both(tmp_path / "two")
    judged, unused = judge(
        [one.finding for one in found.judged], [answer, other], DEFAULT_GATE, date(2026, 6, 1)
    )
    found = Review(
        base=found.base,
        head=found.head,
        comparison=found.comparison,
        gate=found.gate,
        judged=judged,
        unused=unused,
    )
    assert found.stopping == []
    text = as_markdown(found)
    assert text.startswith(
        "**Nothing stops this change; what would: data-loss, will-fail. Acknowledged: 1 data-loss."
    )
    assert "— until 2026-06-01: Moved to another account." in text
    assert "`none-00000000` is acknowledged and not found in this change" in text


def test_an_acknowledgement_that_is_over_stops_nothing_from_stopping(tmp_path: Path) -> None:
    found = both(tmp_path)
    (stopping,) = found.stopping
    answer = Acknowledgement(
        finding=stopping.finding.id, reason="Moved to another account.", until=date(2026, 5, 31)
    )
    judged, _ = judge([stopping.finding], [answer], DEFAULT_GATE, date(2026, 6, 1))
    assert [one.stops for one in judged] == [True]
    assert judged[0].expired == answer
