"""The gate of each environment."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.findings import DEFAULT_GATE, PROTECTED_GATE, Category
from ecrctl.review.team_rules.gates import environment_gates, environment_names, gates_of
from ecrctl.review.team_rules.review_file import NO_RULES, ReviewFile

STRICT = (Category.DATA_LOSS, Category.ACCESS_GAINED)
FILE = ReviewFile(gates={"default": (Category.WILL_FAIL,), "prod": STRICT, "dev": ()})


def stack(stage: str, **given: Any) -> Stack:
    """Return a stack of a stage."""
    values = {"stack_name": f"{stage}-Web", "account": "111111111111", "region": "us-west-2"}
    return Stack(name=f"{stage}/Web", stage=stage, template={}, **{**values, **given})


@pytest.mark.parametrize(
    ("environment", "gate"),
    [("prod", [*STRICT]), ("dev", []), ("staging", [Category.WILL_FAIL])],
)
def test_an_environment_has_its_own_gate_or_the_default(
    environment: str, gate: list[Category]
) -> None:
    one = stack(environment)
    assert environment_gates(gates_of(FILE, None), [one], [one]) == {environment: gate}


def test_without_a_file_the_protection_of_a_stack_chooses_the_gate() -> None:
    before, after = stack("prod", is_protected=True), stack("prod")
    gates = gates_of(NO_RULES, None)
    assert set(PROTECTED_GATE) - set(DEFAULT_GATE) == {Category.NOT_JUDGED}
    # A change that ends the protection is judged by it.
    assert environment_gates(gates, [before], [after]) == {"prod": [*PROTECTED_GATE]}
    assert environment_gates(gates, [after], [after]) == {"prod": [*DEFAULT_GATE]}


def test_the_command_line_replaces_every_gate() -> None:
    one = stack("prod", is_protected=True)
    assert environment_gates(gates_of(FILE, [Category.COST]), [one], [one]) == {
        "prod": [Category.COST]
    }
    assert environment_gates(gates_of(FILE, []), [one], [one]) == {"prod": []}


def test_a_renamed_environment_has_the_gates_of_both_names() -> None:
    before, after = stack("prod"), stack("dev", stack_name="prod-Web")
    gates = environment_gates(gates_of(FILE, None), [before], [after])
    assert gates["dev"] == [*STRICT]


def test_the_same_name_in_another_account_is_another_environment() -> None:
    before, after = stack("prod"), stack("dev", stack_name="prod-Web", account="222222222222")
    assert environment_names([before], [after]) == {"prod": {"prod"}, "dev": {"dev"}}
