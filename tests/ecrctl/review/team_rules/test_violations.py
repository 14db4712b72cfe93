"""Violations of a team's policies, in the reports of aws-cdk-lib."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecrctl.errors import ExitCode, UserError
from ecrctl.review.team_rules.violations import Violation, new_violations, read_violations

GUARD = "CloudFormation Validate"


def violated(rule: str, construct: str = "prod/Web/Api", **given: Any) -> dict[str, Any]:
    """Return a violation as aws-cdk-lib writes it."""
    resource = {"templatePath": "assembly-prod/prodWeb.template.json", "logicalId": "Api"}
    constructs = [{"constructPath": construct, "cloudFormationResource": resource}]
    return {
        "ruleName": rule,
        "description": f"{rule} is broken",
        "severity": "warning",
        "violatingConstructs": constructs,
        **given,
    }


def report(folder: Path, *plugins: dict[str, Any], name: str = "validation-report.json") -> Path:
    """Write a report, and return its folder."""
    folder.mkdir(exist_ok=True, parents=True)
    document = {"version": "55.0.0", "pluginReports": list(plugins)}
    (folder / name).write_text(json.dumps(document))
    return folder


def plugin(*violations: Any, suppressed: Any = (), name: str = GUARD) -> dict[str, Any]:
    """Return the report of a plugin."""
    return {
        "pluginName": name,
        "conclusion": "success",
        "violations": list(violations),
        "suppressedViolations": list(suppressed),
    }


def test_a_violation_has_its_rule_its_construct_and_its_template(tmp_path: Path) -> None:
    assert read_violations(report(tmp_path, plugin(violated("TAGS")))) == [
        Violation(
            plugin=GUARD,
            rule="TAGS",
            description="TAGS is broken",
            construct="prod/Web/Api",
            template="prodWeb.template.json",
            logical_id="Api",
            is_suppressed=False,
        )
    ]


def test_the_rules_of_aws_cdk_lib_are_no_rules_of_the_team(tmp_path: Path) -> None:
    built_in = violated("W3010")
    assert new_violations([], read_violations(report(tmp_path, plugin(built_in)))) == []
    own = read_violations(report(tmp_path, plugin(built_in, name="own")))
    assert len(new_violations([], own)) == 1


def test_both_names_of_the_report_are_read(tmp_path: Path) -> None:
    report(tmp_path, plugin(violated("A")))
    report(tmp_path, plugin(violated("B")), name="policy-validation-report.json")
    assert [one.rule for one in read_violations(tmp_path)] == ["A", "B"]
    assert read_violations(tmp_path / "none") == []


def test_a_construct_without_a_resource_is_read(tmp_path: Path) -> None:
    one = violated("A", violatingConstructs=[{"constructPath": "prod"}])
    (found,) = read_violations(report(tmp_path, plugin(one)))
    assert (found.construct, found.template, found.logical_id) == ("prod", "", "")


def new_of(folder: Path, base: dict[str, Any], head: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the new violations between two reports."""
    sides = [report(folder / name, one) for name, one in (("base", base), ("head", head))]
    found = new_violations(*map(read_violations, sides))
    return [(one.construct, one.is_suppressed) for one in found]


def test_a_violation_of_the_base_is_not_new(tmp_path: Path) -> None:
    other = violated("TAGS", "prod/Web/Other")
    found = new_of(tmp_path, plugin(violated("TAGS")), plugin(violated("TAGS"), other))
    assert found == [("prod/Web/Other", False)]


def test_a_violation_that_the_head_suppresses_is_new(tmp_path: Path) -> None:
    found = new_of(tmp_path, plugin(), plugin(suppressed=[violated("TAGS")]))
    assert found == [("prod/Web/Api", True)]


def test_a_suppression_of_the_base_stays_accepted_until_it_is_removed(tmp_path: Path) -> None:
    suppressed = plugin(suppressed=[violated("TAGS")])
    assert new_of(tmp_path / "a", suppressed, suppressed) == []
    assert new_of(tmp_path, suppressed, plugin(violated("TAGS"))) == [("prod/Web/Api", False)]


@pytest.mark.parametrize("text", ["[]", "{", '{"pluginReports": [1]}', '{"pluginReports": {}}'])
def test_a_report_of_another_form_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "validation-report.json").write_text(text)
    with pytest.raises(UserError, match=r"Run `cdk synth` again\.$") as error:
        read_violations(tmp_path)
    assert error.value.exit_code == ExitCode.TOOL_ERROR
