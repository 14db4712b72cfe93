"""The size of a template: CloudFormation checks the file, with its indentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_TEMPLATE_BYTES
from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.comparison import Comparison, StackPair
from ecrctl.review.rules.deployment.failures import stack_over_limits

OVER = "has {:,} bytes of template, but CloudFormation accepts at most 1,000,000"


def template_of(size: int, indent: int | None) -> dict[str, Any]:
    """Return a template whose text has a size; most of it is indentation if there is any."""
    names = [f"Name{index:05}" for index in range(30_000)]
    template: dict[str, Any] = {"Resources": {"Topic": {"Names": names, "Text": ""}}}
    missing = size - len(json.dumps(template, indent=indent))
    template["Resources"]["Topic"]["Text"] = "x" * missing
    return template


def messages(template: dict[str, Any], file: Path) -> list[str]:
    """Return the messages about a new stack."""
    stack = Stack(
        name="dev/Web", account="111111111111", region="us-west-2", template=template, file=file
    )
    pair = StackPair(name="dev/Web", base=None, head=stack)
    comparison = Comparison(base=[], head=[stack], pairs=[pair], changes=[])
    return [one.message for one in stack_over_limits.findings(comparison)]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("over", [0, 1])
def test_the_file_is_measured_as_it_is_written(
    tmp_path: Path, indent: int | None, over: int
) -> None:
    size = MAXIMUM_TEMPLATE_BYTES + over
    template, file = template_of(size, indent), tmp_path / "template.json"
    file.write_text(json.dumps(template, indent=indent))
    assert messages(template, file) == [OVER.format(size)] * over


@pytest.mark.parametrize("over", [0, 1])
def test_a_template_without_a_file_is_measured_with_the_indentation_of_the_cdk(over: int) -> None:
    size = MAXIMUM_TEMPLATE_BYTES + over
    assert messages(template_of(size, 1), Path()) == [OVER.format(size)] * over
