"""A comment: ordered by severity, and within GitHub's limit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ecrctl.review.findings import CATEGORIES, Category, Finding, ImageMove
from ecrctl.review.output.comment import LONGEST_COMMENT, LONGEST_SUMMARY, as_comment
from ecrctl.review.output.json import as_json
from ecrctl.review.output.markdown import as_markdown
from ecrctl.review.output.merging import merged_findings, merged_moves
from ecrctl.review.sides.acknowledgements import Acknowledgement
from tests.ecrctl.review.output.reviews import TODAY, finding, review_of

WHERE = "The whole review is elsewhere."
LONG = "is described in a sentence that goes on " + "and on " * 100
OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def lines_of(comment: str) -> list[str]:
    """Return the lines of findings."""
    return [line for line in comment.splitlines() if line.startswith("- **")]


def assert_is_closed(comment: str) -> None:
    """Assert that a comment fits, and that no element of it is left open."""
    assert len(comment.encode()) <= LONGEST_COMMENT
    assert comment.count("<details>") == comment.count("</details>")
    assert comment.count("<summary>") == comment.count("</summary>")
    assert comment.count("<sub>") == comment.count("</sub>")
    assert comment.count("\n```") % 2 == 0


def assert_lists(comment: str, findings: list[Finding]) -> None:
    """Assert that a comment has every finding with its id, in its own category."""
    for one in findings:
        assert one.id in comment


def test_the_worst_category_comes_first_whatever_its_stack() -> None:
    findings = [finding(one, stack=f"dev/{one[::-1]}") for one in reversed(CATEGORIES)]
    comment = as_comment(review_of(findings), WHERE)
    titles = re.findall(r"^(?:### |<summary>)([a-z-]+): 1 finding", comment, flags=re.MULTILINE)
    assert titles == list(CATEGORIES)
    assert "### data-loss: 1 finding, 1 blocks this change" in comment
    assert "<summary>routine: 1 finding</summary>" in comment


def test_a_finding_that_blocks_is_not_folded_away() -> None:
    text = as_markdown(review_of([finding(Category.ACCESS_GAINED), finding(Category.WILL_FAIL)]))
    assert "<details>" not in text
    assert "- **dev**, **blocks**: repository web-0 changes. <sub>dev/Web: " in text


STRICT_IN_PROD = {"prod": (Category.COST,)}


def in_dev_and_prod(category: Category, number: int = 0) -> list[Finding]:
    """Return a finding of two environments."""
    names = ("dev", "prod")
    return [
        finding(category, number, environment=one, stack=f"{one}/Web", key=f"{one} {number}")
        for one in names
    ]


def test_what_blocks_in_one_environment_alone_is_shown_apart_and_first() -> None:
    findings = in_dev_and_prod(Category.COST)
    text = as_markdown(review_of(findings, gates=STRICT_IN_PROD))
    assert [line.partition(":")[0] for line in lines_of(text)] == [
        "- **prod**, **blocks**",
        "- **dev**",
    ]
    # The category would be folded otherwise.
    assert "### cost: 2 findings, 1 blocks this change" in text


def test_what_blocks_is_listed_before_worse_findings_that_do_not() -> None:
    worse = [finding(Category.PROTECTION_LOST, number) for number in range(3_000)]
    (_, blocking) = in_dev_and_prod(Category.COST)
    comment = as_comment(review_of([*worse, blocking], gates=STRICT_IN_PROD), WHERE)
    assert_is_closed(comment)
    assert blocking.id in comment


def test_findings_are_merged_although_other_findings_of_an_environment_differ() -> None:
    findings = [
        *(finding(Category.COST, environment=one, stack=f"{one}/Web") for one in ("dev", "prod")),
        finding(Category.COST, 1, environment="prod", stack="prod/Web"),
    ]
    merged = merged_findings(review_of(findings))
    assert [(one.environments, one.stack) for one in merged] == [
        (["dev", "prod"], "Web"),
        (["prod"], "prod/Web"),
    ]


def test_two_findings_of_one_environment_with_one_sentence_are_both_listed() -> None:
    findings = [finding(Category.COST, key="one"), finding(Category.COST, key="two")]
    comment = as_comment(review_of(findings), WHERE)
    assert len(lines_of(comment)) == 2
    assert_lists(comment, findings)


def move(registry: str, **given: tuple[str | None, str | None]) -> ImageMove:
    """Return an image that moves from v1 to v2."""
    values = {"tags": ("v1", "v2"), "digests": (OLD, NEW), **given}
    return ImageMove(registry=registry, repository="team/web", **values)


def moved(environment: str, one: ImageMove, workload: str = "web") -> Finding:
    """Return the finding of a workload that runs another image."""
    return finding(
        Category.IMAGES,
        environment=environment,
        stack=f"{environment}/Web",
        subject=f"task definition {workload}",
        message=f"runs `{one.registry}/team/web` at another digest",
        moves=(one,),
    )


def test_an_image_that_moves_everywhere_is_one_line_at_the_top() -> None:
    findings = [
        moved(name, move(f"{name}.example.com"), workload)
        for name in ("dev", "prod", "staging")
        for workload in ("web", "worker")
    ]
    found = review_of(findings)
    before, _, _ = as_comment(found, WHERE).partition("| |")
    assert before.splitlines()[3:] == [
        "**New versions of images**",
        "",
        "- <code>team/web</code> <code>v1</code> → <code>v2</code> (`sha256:aaaaaaaaaaaa` → "
        "`sha256:bbbbbbbbbbbb`) in dev, prod, staging",
        "",
    ]
    assert [one.message for one in merged_findings(found)] == [
        "runs `REGISTRY/team/web` at another digest"
    ] * 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"tags": (None, None)}, " `sha256:aaaaaaaaaaaa` → `sha256:bbbbbbbbbbbb`"),
        (
            {"tags": ("v1", "v1")},
            " <code>v1</code> `sha256:aaaaaaaaaaaa` → `sha256:bbbbbbbbbbbb`",
        ),
        (
            {"digests": (OLD, OLD)},
            " <code>v1</code> → <code>v2</code> (the same digest `sha256:aaaaaaaaaaaa`)",
        ),
        ({"digests": (None, None)}, " <code>v1</code> → <code>v2</code>"),
        (
            {"tags": ("v1", None), "digests": (None, NEW)},
            " <code>v1</code> → no tag (none → `sha256:bbbbbbbbbbbb`)",
        ),
        # An image that is made to look the same in twelve digits is shown in full.
        (
            {"tags": (None, None), "digests": (OLD, OLD[:-1] + "0")},
            f" `{OLD}` → `{OLD[:-1]}0`",
        ),
    ],
)
def test_a_move_shows_what_changes(
    given: dict[str, tuple[str | None, str | None]], expected: str
) -> None:
    text = as_markdown(review_of([moved("dev", move("r.example.com", **given))]))
    assert f"- <code>team/web</code>{expected} in dev\n" in text


def test_the_json_has_the_whole_digests_of_a_move() -> None:
    document = json.loads(as_json(review_of([moved("dev", move("r.example.com"))])))
    assert document["findings"][0]["moves"] == [
        {
            "registry": "r.example.com",
            "repository": "team/web",
            "tags": ["v1", "v2"],
            "digests": [OLD, NEW],
        }
    ]


def test_moves_to_different_versions_are_not_merged() -> None:
    other = move("r.example.com", tags=("v1", "v3"))
    findings = [moved("dev", move("r.example.com")), moved("prod", other)]
    assert [one.environments for one in merged_moves(review_of(findings))] == [("dev",), ("prod",)]


def test_the_output_of_the_cdk_cli_is_the_first_to_go() -> None:
    findings = [finding(Category.ROUTINE, number, message=LONG) for number in range(50)]
    texts = {"dev/A": "a\n" * 5_000, "dev/B": "b\n" * 20_000, "dev/C": "c\n"}
    comment = as_comment(review_of(findings, texts=texts), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings)
    assert f"{LONG}." in comment
    assert "<summary>dev/A</summary>" in comment
    assert "<summary>dev/B</summary>" not in comment
    assert (
        "*The output of `cdk diff` is left out for 2 stacks: this text has at most 65,536 bytes. "
        "The whole review is elsewhere.*"
    ) in comment


def test_sentences_are_shortened_before_any_finding_is_left_out() -> None:
    findings = [finding(Category.ROUTINE, number, message=LONG) for number in range(300)]
    comment = as_comment(review_of(findings, texts={"dev/Web": "text"}), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings)
    assert LONG not in comment
    assert "is described in a sentence" in comment
    assert len(lines_of(comment)) == 300
    assert "*Sentences are shortened, and the output of `cdk diff` is left out: " in comment
    assert "Not listed here" not in comment


def test_findings_that_do_not_fit_are_counted_by_category_and_the_worst_stay() -> None:
    findings = [
        *(finding(Category.ROUTINE, number) for number in range(2_000)),
        *(finding(Category.COST, number) for number in range(100)),
        finding(Category.ACCESS_GAINED),
    ]
    comment = as_comment(review_of(findings), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings[-101:])
    shown = len(lines_of(comment))
    assert 300 < shown < 2_000
    assert f"**Not listed here: {2_101 - shown} routine.**" in comment


def test_what_blocks_is_never_left_out_for_something_else() -> None:
    findings = [
        *(finding(Category.DATA_LOSS, number) for number in range(150)),
        *(finding(Category.PROTECTION_LOST, number) for number in range(3_000)),
        *(finding(Category.WILL_FAIL, number) for number in range(100)),
    ]
    comment = as_comment(review_of(findings), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings[:150])
    assert_lists(comment, findings[-100:])
    assert re.search(r"\*\*Not listed here: \d+ protection-lost\.\*\*", comment)


def test_more_blocking_findings_than_fit_are_counted() -> None:
    findings = [finding(Category.DATA_LOSS, number) for number in range(1_500)]
    comment = as_comment(review_of(findings), WHERE)
    assert_is_closed(comment)
    shown = len(lines_of(comment))
    assert f"**Not listed here: {1_500 - shown} data-loss.**" in comment


@pytest.mark.parametrize(
    "given",
    [
        {"message": "<" * 80_000},
        {"subject": "x" * 80_000},
        {"stack": "dev/" + "|" * 80_000},
        {"environment": "\N{SMILING FACE WITH SUNGLASSES}" * 30_000},
    ],
    ids=lambda given: next(iter(given)),
)
def test_no_long_name_pushes_another_finding_out(given: dict[str, Any]) -> None:
    findings = [finding(Category.DATA_LOSS, **given), finding(Category.ACCESS_GAINED)]
    comment = as_comment(review_of(findings), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings)


def test_a_comment_about_many_environments_fits() -> None:
    findings = [
        finding(
            Category.IMAGES,
            number,
            environment=f"env-{number}",
            moves=(move(f"r{number}", tags=("v0", f"v{number + 1}")),),
        )
        for number in range(400)
    ]
    findings += [finding(Category.DATA_LOSS, environment="worst"), finding(Category.COST)]
    comment = as_comment(review_of(findings), WHERE)
    assert_is_closed(comment)
    assert_lists(comment, findings[-2:-1])
    assert "| worst | **1** |  |  |" in comment
    moves, _, _ = comment.partition("| |")
    assert moves.count("team/web") == 20
    assert "\n- 380 more\n" in moves


def test_the_labels_are_the_categories_that_nobody_has_accepted() -> None:
    findings = [finding(one) for one in (Category.DATA_LOSS, Category.COST, Category.ROUTINE)]
    accepted = Acknowledgement(finding=findings[1].id, reason="It is cheap.", until=TODAY)
    document = json.loads(as_json(review_of(findings, acknowledgements=[accepted])))
    assert document["labels"] == ["review: data-loss"]
    assert document["comment_needed"] is True


def test_no_comment_is_needed_where_nothing_changes() -> None:
    document = json.loads(as_json(review_of([])))
    assert (document["labels"], document["comment_needed"]) == ([], False)


def test_the_summary_of_a_job_has_the_larger_limit() -> None:
    findings = [finding(Category.ROUTINE, number, message=LONG) for number in range(300)]
    found = review_of(findings)
    assert as_comment(found, WHERE, LONGEST_SUMMARY) == as_markdown(found)
    many = review_of([finding(Category.ROUTINE, number) for number in range(12_000)])
    summary = as_comment(many, WHERE, LONGEST_SUMMARY)
    assert LONGEST_COMMENT < len(summary.encode()) <= LONGEST_SUMMARY
    assert "this text has at most 1,048,576 bytes" in summary
