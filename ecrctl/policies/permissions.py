"""Statements of policies, taken apart until one can be compared with another by its meaning."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from constructs_lib.rules.policy.statements import statements_of

from .patterns import Condition, conditions_of, is_stricter, may_meet, stable, within

Kind = Literal["resource", "identity", "trust", "boundary", "endpoint"]
# A set of texts: those that one of the patterns matches or, negated, those that none does.
Named = tuple[bool, frozenset[str]]

_MOST_PARTS = 256
# The account of a stack that may be deployed to any.
OWN_ACCOUNT = "${AccountId}"
_ACCOUNT = re.compile(
    r"(?:\d{12}|\$\{AccountId\}"
    r"|arn:(?:\$\{Partition\}|[^:]+):iam::(\d{12}|\$\{AccountId\}):root)"
)
_ARN_ACCOUNT = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):")
_SPLIT = re.compile(r"(?:String(?:Equals|Like)|Arn(?:Equals|Like))(?:IfExists)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Define what one statement says of one principal, one action and one resource.

    :param is_deny: whether it denies.
    :param principal: who, such as ``account 111111111111``, or all but the named.
    :param conditions: under which conditions; ``None`` where they have no form that is known.
    """

    is_deny: bool
    principal: Named
    action: Named
    resource: Named
    conditions: frozenset[Condition] | None

    def within(self, wide: Permission) -> bool:
        """Say whether another one says the same of everything that this one does."""
        return (
            self.is_deny == wide.is_deny
            and _named_within(self.principal, wide.principal, _principal_within, _principals_meet)
            and _named_within(self.action, wide.action, within)
            and _named_within(self.resource, wide.resource, within)
            and self.is_stricter(wide)
        )

    def is_stricter(self, wide: Permission) -> bool:
        """Say whether whatever meets this one's conditions meets another's."""
        if self.conditions is None or wide.conditions is None:
            return self.conditions == wide.conditions
        return is_stricter(self.conditions, wide.conditions)

    def concerns_same(self, other: Permission) -> bool:
        """Say whether it speaks of the same, whatever the conditions."""
        return replace(self, conditions=frozenset()).within(replace(other, conditions=frozenset()))


class Shelf:
    """Hold permissions so that those which may contain one are found without asking all.

    Most name one action and one resource, and contain nothing but those.
    """

    def __init__(self, permissions: Iterable[Permission]) -> None:
        self._plain: dict[tuple[str, str], list[Permission]] = {}
        self._others: list[Permission] = []
        for one in permissions:
            action, resource = _plain(one.action), _plain(one.resource)
            if action is None or resource is None:
                self._others.append(one)
            else:
                self._plain.setdefault((action, resource), []).append(one)

    def that_may_contain(self, one: Permission) -> Iterator[Permission]:
        """Give the permissions within which one may lie."""
        action, resource = _plain(one.action), _plain(one.resource)
        if action is not None and resource is not None:
            yield from self._plain.get((action, resource), ())
        yield from self._others


def _plain(named: Named) -> str | None:
    is_negated, texts = named
    text = next(iter(texts), "")
    return None if is_negated or len(texts) != 1 or set(text) & set("*?") else text


def permissions_of(
    policy: Any, text: Callable[[Any], str], *, principal: str | None = None
) -> list[Permission] | None:
    """Take a policy apart; ``None`` where it, or a statement, has no form that is known.

    :param text: how a value of the template is read.
    :param principal: whom an identity policy belongs to, as its statements name nobody.
    """
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        return None
    found: list[Permission] = []
    for statement in statements_of(policy):
        parts = _taken_apart(statement, text, principal)
        if parts is None:
            return None
        found += parts
    return found


def _taken_apart(
    statement: Any, text: Callable[[Any], str], principal: str | None
) -> list[Permission] | None:
    if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
        return None
    conditions = conditions_of(statement.get("Condition", {}), text)
    names_nobody = principal is None and not {"Principal", "NotPrincipal"} & statement.keys()
    if conditions is None or names_nobody:
        return None
    parts = itertools.product(
        _principals(statement, text) if principal is None else [(False, frozenset({principal}))],
        _named(statement, "Action", lambda value: text(value).lower()),
        _named(statement, "Resource", text) or [(False, frozenset({"*"}))],
        _conditions_apart(conditions),
    )
    return [
        Permission(
            is_deny=statement["Effect"] == "Deny",
            principal=who,
            action=action,
            resource=resource,
            conditions=under,
        )
        for who, action, resource, under in parts
    ]


def _named(statement: Mapping[str, Any], element: str, text: Callable[[Any], str]) -> list[Named]:
    if f"Not{element}" in statement:
        return [(True, frozenset(text(one) for one in _listed(statement[f"Not{element}"])))]
    return [(False, frozenset({text(one)})) for one in _listed(statement.get(element, []))]


def _principals(statement: Mapping[str, Any], text: Callable[[Any], str]) -> list[Named]:
    if "NotPrincipal" in statement:
        return [(True, frozenset(_principal_texts(statement["NotPrincipal"], text)))]
    given = statement.get("Principal", {})
    return [(False, frozenset({one})) for one in _principal_texts(given, text)]


def _principal_texts(given: Any, text: Callable[[Any], str]) -> Iterator[str]:
    if not isinstance(given, Mapping) or any(_is_function(key) for key in given):
        yield _principal("AWS", text(given))
        return
    for kind, values in given.items():
        for value in _listed(values):
            yield _principal(str(kind), text(value))


def _is_function(key: object) -> bool:
    return str(key).startswith("Fn::") or key == "Ref"


def _principal(kind: str, value: str) -> str:
    if kind != "AWS":
        return f"{kind.lower()} {value}"
    if value == "*":
        return "*"
    found = _ACCOUNT.fullmatch(value)
    return f"account {found.group(1) or value}" if found else value


def _principal_within(narrow: str, wide: str) -> bool:
    if wide in {"*", narrow}:
        return True
    found = _ARN_ACCOUNT.match(narrow)
    return found is not None and wide == f"account {found.group(1)}"


def _principals_meet(one: str, other: str) -> bool:
    return _principal_within(one, other) or _principal_within(other, one) or may_meet(one, other)


def _named_within(
    narrow: Named,
    wide: Named,
    compare: Callable[[str, str], bool],
    meet: Callable[[str, str], bool] = may_meet,
) -> bool:
    """Say whether one set of texts lies within another, for certain."""
    (not_narrow, ones), (not_wide, others) = narrow, wide
    if not_narrow and not_wide:
        return all(any(compare(other, one) for one in ones) for other in others)
    if not_wide:
        return not any(meet(one, other) for one in ones for other in others)
    if not_narrow:
        return "*" in others
    return all(any(compare(one, other) for other in others) for one in ones)


def _conditions_apart(
    conditions: frozenset[Condition] | None,
) -> Iterable[frozenset[Condition] | None]:
    """Give one set of conditions for each value: of several, one is enough."""
    if conditions is None:
        return [None]
    choices = [
        [(operator, key, frozenset({value})) for value in sorted(values)]
        if _SPLIT.fullmatch(operator)
        else [(operator, key, values)]
        for operator, key, values in sorted(conditions, key=stable)
    ]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > _MOST_PARTS:
        return [conditions]
    return [frozenset(parts) for parts in itertools.product(*choices)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
