"""Values as the rows of a table show them."""

from collections.abc import Iterable, Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import canonical
from ecrctl.verify.check import MISSING, NONE
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.differences import text_of


def pairs(values: Iterable[tuple[str, Any]]) -> str:
    """Return names with their values, a line each."""
    return "\n".join(sorted(f"{name}={value}" for name, value in values)) or NONE


def listed(values: Iterable[Any]) -> str:
    """Return values whose order has no meaning."""
    return ", ".join(sorted(map(str, values))) or NONE


def differing(declared: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, str]:
    """Return the parts of two documents that differ, or the names of all where none differs."""
    if declared == found:
        names = "\n".join(declared) or NONE
        return names, names
    names_of = [name for name in {**declared, **found} if declared.get(name) != found.get(name)]
    return _lines(declared, names_of), _lines(found, names_of)


def _lines(parts: Mapping[str, str], names: Iterable[str]) -> str:
    return "\n".join(f"{name}: {parts.get(name, MISSING)}" for name in names)


def statements_by_sid(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return the statements of a policy as text, each by its Sid or its number."""
    return {name: text_of(one) for name, one in forms.statements_by_sid(policy).items()}


def rules_by_priority(policy: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return the rules of a lifecycle policy, each by its priority and description."""
    return {
        f"{rule['rulePriority']} {rule.get('description', '')}".strip(): canonical(
            {key: value for key, value in rule.items() if key != "rulePriority"}
        )
        for rule in (policy["rules"] if policy else ())
    }


def permission_rows(declared: Iterable[Any], found: Iterable[Any]) -> tuple[str, str]:
    """Return the permissions that only one of two identity policies has, a line each.

    The CDK joins statements that differ in their actions or resources alone, so each action on
    each resource is compared by itself.
    """
    left, right = _permissions(declared), _permissions(found)
    if left == right:
        return ("as declared",) * 2
    names = sorted(left ^ right)
    shown = ["\n".join(one if one in side else MISSING for one in names) for side in (left, right)]
    return shown[0], shown[1]


def _permissions(statements: Iterable[Any]) -> set[str]:
    return {
        canonical({**forms.statement_form(one), "Action": action, "Resource": resource})
        for one in statements
        for action in as_list(one.get("Action"))
        for resource in as_list(one.get("Resource"))
    }


def policy_rows(declared: Any, found: Any) -> tuple[str, str]:
    """Return two policies as text, or the same words where they mean the same."""
    left, right = forms.policy(declared, found)
    return ("as declared",) * 2 if left == right else (text_of(left), text_of(right))
