"""The table of consequences: every rule there is, and what they find together."""

from __future__ import annotations

from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import Category, Finding, in_order

from . import access as rules_access
from . import data_loss as rules_data_loss
from . import failures as rules_failures
from . import lifecycle as rules_lifecycle
from . import protection as rules_protection
from . import registry as rules_registry
from . import workloads as rules_workloads
from .routine import FINDS, routine_findings
from .rule import Rule

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
