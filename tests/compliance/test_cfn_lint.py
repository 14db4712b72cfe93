"""What cfn-lint says of every template of every environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.api import lint_all

from tests.assemblies import stacks_of
from tests.support import ENVIRONMENTS

# A network's availability zones are said in its file, so that a synth looks nothing up.
DELIBERATE = ("W3010",)


def findings(template: Path) -> list[str]:
    """Give the errors and warnings, which are what the cfn-lint command shows too."""
    matches = lint_all(template.read_text())
    return [
        str(match)
        for match in matches
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
