"""The findings of cfn-lint in every template of every environment."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint_all
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.helpers import REGIONS
from cfnlint.rules import Match
from cfnlint.runner import Runner

from tests.assemblies import stacks_of
from tests.support import ENVIRONMENTS

# A network's availability zones are named in its file, so that a synth looks nothing up.
DELIBERATE = ("W3010",)


@cache
def _runner() -> Runner:
    """Load all rules once: that takes ten times as long as a template."""
    everything = ManualArgs(include_checks=["I"], include_experimental=True, regions=REGIONS)
    return Runner(ConfigMixIn(**everything))


def _matches(text: str) -> list[Match]:
    template, errors = decode_str(text)
    return list(errors or _runner().validate_template(template))


def findings(template: Path) -> list[str]:
    """Return the errors and warnings, which the cfn-lint command shows too."""
    return [
        str(match)
        for match in _matches(template.read_text())
        if match.rule.severity != "informational" and match.rule.id not in DELIBERATE
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_template_has_a_finding(assembly: Path, environment: str) -> None:
    stacks = [stack for stack in stacks_of(assembly) if stack.environment == environment]
    assert stacks
    assert {stack.name: findings(stack.file) for stack in stacks} == {
        stack.name: [] for stack in stacks
    }


def test_a_fault_is_found(tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(
        '{"Resources": {"A": {"Type": "AWS::ECR::Repository", '
        '"Properties": {"ImageTagMutability": "FROZEN"}}}}'
    )
    assert any("FROZEN" in finding for finding in findings(template))


def test_rules_that_are_loaded_once_find_what_cfn_lint_itself_finds(assembly: Path) -> None:
    file = next(stack.file for stack in stacks_of(assembly) if stack.name == "EcsWorkloads")
    text = file.read_text()
    findings(file)
    assert [str(match) for match in _matches(text)] == [str(match) for match in lint_all(text)]
