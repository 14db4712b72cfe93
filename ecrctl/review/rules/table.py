"""The table of rules, and the findings of all of them."""

from collections.abc import Iterator
from types import ModuleType

from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import Category, Finding, in_order

from . import access, cost, data_loss, failures, lifecycle, protection, registry, routine, workloads
from .rule import Rule

# The order of the guide's table: by module, then as the rules follow each other in it.
_MODULES = (data_loss, failures, protection, access, lifecycle, workloads, registry, cost, routine)


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    return (value for value in vars(module).values() if isinstance(value, Rule))


RULES: tuple[Rule, ...] = tuple(one for module in _MODULES for one in _rules_in(module))


def categories() -> dict[str, Category]:
    """Return the category of every rule, by the rule's id."""
    every = (*RULES, routine.other_changes(frozenset()))
    return {one.id: one.category for one in every}


def findings_of(comparison: Comparison) -> list[Finding]:
    """Return every consequence of a change, the worst first."""
    found = [finding for one in RULES for finding in one.findings(comparison)]
    reported = frozenset(place for finding in found for place in finding.places)
    found += routine.other_changes(reported).findings(comparison)
    return in_order(found)
