"""The table of consequences: every rule there is, and what they find together."""

from __future__ import annotations

from . import (
    rules_access,
    rules_data_loss,
    rules_failures,
    rules_lifecycle,
    rules_protection,
    rules_registry,
    rules_workloads,
)
from .changes import Comparison
from .findings import Category, Finding, in_order
from .rule import Rule
from .rules_routine import FINDS, routine_findings

RULES: tuple[Rule, ...] = (
    *rules_data_loss.RULES,
    *rules_failures.RULES,
    *rules_protection.RULES,
    *rules_access.RULES,
    *rules_lifecycle.RULES,
    *rules_workloads.RULES,
    *rules_registry.RULES,
)


def rows() -> list[tuple[str, Category, str]]:
    """Give every row of the table: id, category and what it finds."""
    return [
        *((rule.id, rule.category, rule.finds) for rule in RULES),
        *((rule, Category.ROUTINE, finds) for rule, finds in FINDS.items()),
    ]


def findings_of(comparison: Comparison) -> list[Finding]:
    """Give all that a change does, the worst first."""
    found = [
        Finding(rule=rule.id, category=rule.category, saying=saying)
        for rule in RULES
        for saying in rule.look(comparison)
    ]
    told = {place for finding in found for place in finding.saying.places}
    return in_order([*found, *routine_findings(comparison, told)])
