"""The formats of a review: a comment, a terminal, and JSON."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from ecrctl.review.findings import CATEGORIES
from ecrctl.review.output.json import SCHEMA, as_json, schema
from ecrctl.review.output.markdown import as_markdown
from ecrctl.review.output.merging import merged_findings
from ecrctl.review.output.text import print_review
from ecrctl.review.sides.acknowledgements import Acknowledgement
from tests.ecrctl.review.output.reviews import TODAY, repository, reviewed, three_environments


def test_the_verdict_comes_first_and_counts_the_blocking_findings(tmp_path: Path) -> None:
    first, *rest = as_markdown(three_environments(tmp_path)).splitlines()
    assert first == (
        "**1 finding blocks this change: 1 data-loss. Other findings: 6 access-gained.**"
    )
    assert (
        rest[0] == f"<!-- ecrctl review of {three_environments(tmp_path / 'again').head.digest} -->"
    )
    assert rest[2:6] == [
        "| | data-loss | access-gained |",
        "|---|---:|---:|",
        "| prod | **1** | 2 |",
        "| dev, staging, each |  | 2 |",
    ]


def test_a_finding_of_several_environments_is_reported_once(tmp_path: Path) -> None:
    text = as_markdown(three_environments(tmp_path))
    lines = [line for line in text.splitlines() if line.startswith("- **")]
    assert [line.partition(" <sub>")[0] for line in lines] == [
        "- **prod**, **blocks**: repository web is no longer retained when removed from its "
        "stack, or with its stack (DeletionPolicy).",
        "- **dev, prod, staging**: repository web lets <code>account ACCOUNT</code> pull.",
        "- **dev, prod, staging**: repository web lets <code>account 999999999999</code> pull.",
    ]


def test_a_merged_finding_has_the_ids_of_all_environments_and_no_value_of_one(
    tmp_path: Path,
) -> None:
    found = three_environments(tmp_path)
    text = as_markdown(found)
    for one in found.judgements:
        assert one.finding.id in text
    assert "lets <code>account ACCOUNT</code> pull" in text
    assert "review-acknowledgements.yaml" in text


def test_the_text_of_the_cdk_cli_is_at_the_end(tmp_path: Path) -> None:
    _, _, texts = as_markdown(three_environments(tmp_path)).partition("### Output of `cdk diff`")
    assert "[~] AWS::ECR::Repository" in texts
    assert texts.count("<details>") == texts.count("</details>") == 3


def test_identical_input_gives_identical_bytes(tmp_path: Path) -> None:
    texts = [
        (as_markdown(one), as_json(one))
        for one in (three_environments(tmp_path / "one"), three_environments(tmp_path / "two"))
    ]
    assert texts[0] == texts[1]


def test_an_unchanged_app_is_one_line(tmp_path: Path) -> None:
    stacks = {"dev/Web": {"Web": repository("web")}}
    found = reviewed(tmp_path, stacks, stacks)
    assert as_markdown(found).splitlines() == [
        "**No changes: both sides deploy exactly the same.**",
        f"<!-- ecrctl review of {found.head.digest} -->",
    ]
    assert json.loads(as_json(found))["result"] == "unchanged"


def test_nothing_in_a_template_can_write_into_the_comment(tmp_path: Path) -> None:
    name = "</summary><img src=x>@everyone | **bold** `x`\n# Title"
    base = {"dev/Web": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    head = {"dev/Web": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}}}
    text = as_markdown(reviewed(tmp_path, base, head))
    ours, _, _ = text.partition("### Output of `cdk diff`")
    assert "img src" in ours
    assert "<img" not in ours
    assert "**bold**" not in ours
    assert "# Title" not in ours


@pytest.mark.parametrize("name", ["@everyone", "@acme/security", "`@everyone`"])
def test_no_name_in_a_template_mentions_a_person(tmp_path: Path, name: str) -> None:
    # A path in the app is shown as the resource's name, and is not written as code.
    topic = {"Type": "AWS::SNS::Topic", "Metadata": {"aws:cdk:path": name}}
    public = {"AssignPublicIp": "ENABLED", "Subnets": []}
    network = {"NetworkConfiguration": {"AwsvpcConfiguration": public}}
    service = {"Type": "AWS::ECS::Service", "Metadata": {"aws:cdk:path": name}}
    base = {"dev/Web": {"Service": service, "Topic": topic}}
    head = {"dev/Web": {"Service": {**service, "Properties": network}, "Topic": topic}}
    text = as_markdown(reviewed(tmp_path, base, head))
    findings, _, _ = text.partition("### Output of `cdk diff`")
    assert f"service {name}".replace("`", "").split("@")[1] in findings.replace("<code>", "")
    # GitHub looks for mentions in the shown text, but not in code.
    outside = re.sub(r"<code>.*?</code>", "", findings)
    assert not re.search(r"@[a-z]", outside)


def test_the_json_conforms_to_its_schema(tmp_path: Path) -> None:
    document = json.loads(as_json(three_environments(tmp_path)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["result"] == "blocked"
    assert document["head"]["digest"] != document["base"]["digest"]
    assert [one["category"] for one in document["findings"]].count("data-loss") == 1


def test_the_schema_is_the_one_of_the_models() -> None:
    assert SCHEMA.read_text() == schema() + "\n", "Write it again: make snapshot"
    assert json.loads(schema())["$defs"]["Category"]["enum"] == list(CATEGORIES)


def test_a_terminal_shows_each_finding_with_its_id_and_the_verdict_last(tmp_path: Path) -> None:
    found, file = three_environments(tmp_path), io.StringIO()
    print_review(found, Console(file=file, width=200))
    text = file.getvalue()
    assert all(text.count(one.finding.id) <= 1 for one in found.judgements)
    assert "blocks this change" in text
    assert text.splitlines()[-1] == found.summary()


def acknowledged(finding: str, until: date = TODAY) -> Acknowledgement:
    """Return an acknowledgement of a finding."""
    return Acknowledgement(finding=finding, reason="Moved to another account.", until=until)


def test_an_acknowledged_finding_is_listed_with_its_reason_and_blocks_nothing(
    tmp_path: Path,
) -> None:
    (blocking,) = three_environments(tmp_path / "one").blocking
    unknown = f"none-{'0' * 32}"
    found = three_environments(
        tmp_path / "two", acknowledged(blocking.finding.id), acknowledged(unknown)
    )
    assert found.blocking == []
    text = as_markdown(found)
    assert text.startswith(
        "**No blocking findings (blocking categories: data-loss, will-fail, gate-changed). "
        "Acknowledged: 1 data-loss."
    )
    assert "*(acknowledged until 2026-06-01:* Moved to another account.*)*" in text
    assert f"`{unknown}` is acknowledged, but not found in this change" in text
    assert json.loads(as_json(found))["unused_acknowledgements"] == [unknown]


def test_an_expired_acknowledgement_does_not_accept_its_finding(tmp_path: Path) -> None:
    (blocking,) = three_environments(tmp_path / "one").blocking
    expired = acknowledged(blocking.finding.id, until=date(2026, 5, 31))
    found = three_environments(tmp_path / "two", expired)
    assert [one.finding.id for one in found.blocking] == [blocking.finding.id]
    assert found.blocking[0].expired == expired
    assert "*(acknowledgement expired on 2026-05-31)*" in as_markdown(found)


def test_an_acknowledged_and_a_blocking_finding_are_not_merged(tmp_path: Path) -> None:
    base = {f"{name}/Web": {"Web": repository("web")} for name in ("dev", "prod")}
    unprotected = repository("web")
    unprotected.pop("DeletionPolicy")
    head = {stack: {"Web": unprotected} for stack in base}
    dev, prod = reviewed(tmp_path / "one", base, head).blocking
    found = reviewed(tmp_path / "two", base, head, acknowledgements=(acknowledged(dev.finding.id),))
    merged = [one for one in merged_findings(found) if one.category == "data-loss"]
    assert [(one.environments, one.ids) for one in merged] == [
        (["prod"], [prod.finding.id]),
        (["dev"], [dev.finding.id]),
    ]


def test_an_id_of_the_old_form_accepts_nothing_and_is_reported_with_its_replacement(
    tmp_path: Path,
) -> None:
    (blocking,) = three_environments(tmp_path / "one").blocking
    rule, replacement = blocking.finding.rule, blocking.finding.id
    old, gone = f"{rule}-0123abcd", "key-removed-0123abcd"
    found = three_environments(tmp_path / "two", acknowledged(old), acknowledged(gone))
    assert [one.finding.id for one in found.blocking] == [replacement]
    assert found.verdict.unused == []
    sentences = [
        f"`{old}` in `review-acknowledgements.yaml` has an ID of the old form and accepts nothing. "
        f"Replace it with `{replacement}`.",
        f"`{gone}` in `review-acknowledgements.yaml` has an ID of the old form, and its rule finds "
        "nothing in this change. Remove it.",
    ]
    file = io.StringIO()
    print_review(found, Console(file=file, width=160))
    markdown = as_markdown(found).replace("<code>", "`").replace("</code>", "`")
    for sentence in sentences:
        assert sentence in file.getvalue()
        assert f"- {sentence}" in markdown
    assert json.loads(as_json(found))["outdated_acknowledgements"] == [
        {"finding": old, "replacements": [replacement]},
        {"finding": gone, "replacements": []},
    ]


def test_an_id_of_the_old_form_is_replaced_across_a_renamed_rule(tmp_path: Path) -> None:
    (blocking,) = three_environments(tmp_path / "one").blocking
    assert blocking.finding.rule == "deletion-policy-weakened"
    found = three_environments(tmp_path / "two", acknowledged("deletable-0123abcd"))
    (outdated,) = found.verdict.outdated
    assert outdated.replacements == [blocking.finding.id]
