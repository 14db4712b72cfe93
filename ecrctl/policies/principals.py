"""Principals of statements: accounts, roles, services, everyone, or all but those."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from constructs_lib.rules.policy.lists import as_list

from .documents import is_function
from .patterns import is_subset, may_meet

# The account of a stack that may be deployed to any.
OWN_ACCOUNT = "${AccountId}"
ACCOUNT = "account"
AWS = "aws"
_ACCOUNT = re.compile(
    r"(\d{12}|\$\{AccountId\})"
    r"|arn:(?:\$\{Partition\}|[^:]+):iam::(\d{12}|\$\{AccountId\}):root"
)
_ARN_ACCOUNT = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}|\$\{AccountId\}):")
_ROLE = re.compile(r"arn:[^:]+:iam::([^:]+):role/(?:.+/)?([^/]+)")
_SESSION = re.compile(r"arn:[^:]+:sts::([^:]+):assumed-role/([^/]+)/.+")


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal.

    :param kind: ``everyone``, ``self``, ``account``, ``aws`` for any other principal of AWS, or the
        kind of the policy in lower case, such as ``service``.
    :param name: an account's number, an ARN, or the name of a service.
    """

    kind: str
    name: str = ""

    @property
    def account(self) -> str | None:
        """The account that the principal is, or is in; ``None`` where that is not known."""
        if self.kind == ACCOUNT:
            return self.name
        found = _ARN_ACCOUNT.match(self.name) if self.kind == AWS else None
        return found.group(1) if found else None

    def within(self, wide: Principal) -> bool:
        """Return whether a statement about another principal is about this one as well."""
        if wide in {EVERYONE, self}:
            return True
        if self.kind != AWS:
            return False
        return self.account == wide.name if wide.kind == ACCOUNT else self.is_session_of(wide)

    def is_session_of(self, role: Principal) -> bool:
        """Return whether this is a session of a role, which AWS names without the role's path."""
        session, found = _SESSION.fullmatch(self.name), _ROLE.fullmatch(role.name)
        if session is None or found is None or not self.kind == role.kind == AWS:
            return False
        return session.groups() == found.groups()

    @property
    def is_everyone(self) -> bool:
        """Whether this stands for every principal."""
        return self == EVERYONE

    @property
    def as_container(self) -> Hashable:
        """A key that is among the ``possible_containers`` of every principal within this one."""
        role = _ROLE.fullmatch(self.name) if self.kind == AWS else None
        return ("role", *role.groups()) if role else (self.kind, self.name)

    @property
    def possible_containers(self) -> list[Hashable]:
        """The keys of all principals that this one may be within, other than everyone."""
        found = [self.as_container, (self.kind, self.name), (ACCOUNT, self.account)]
        session = _SESSION.fullmatch(self.name) if self.kind == AWS else None
        return list(dict.fromkeys([*found, *([("role", *session.groups())] if session else [])]))

    def may_meet(self, other: Principal) -> bool:
        """Return whether two principals could be the same; true where that is uncertain."""
        is_same_kind = self.kind == other.kind and may_meet(self.name, other.name)
        return self.within(other) or other.within(self) or is_same_kind


EVERYONE = Principal("everyone")
# The identity that an identity policy belongs to, which its statements do not name.
SELF = Principal("self")


@dataclass(frozen=True, slots=True)
class PrincipalSet:
    """Some principals or, negated, all but those."""

    negated: bool
    principals: frozenset[Principal]

    @classmethod
    def of(cls, *principals: Principal) -> Self:
        """Return the set of some principals."""
        return cls(negated=False, principals=frozenset(principals))

    @property
    def is_open(self) -> bool:
        """Return whether principals of any account are in the set."""
        return self.negated or EVERYONE in self.principals

    def within(self, wide: PrincipalSet) -> bool:
        """Return whether every principal of this set is certainly in another."""
        return is_subset(
            (self.negated, self.principals),
            (wide.negated, wide.principals),
            everything=EVERYONE,
            within=Principal.within,
            may_meet=Principal.may_meet,
        )


def principal_sets_of(
    statement: Mapping[str, Any], text: Callable[[Any], str]
) -> list[PrincipalSet]:
    """Return a statement's principals one by one, or as one set where they are excluded.

    :param text: reads a value of the template.
    """
    if "NotPrincipal" in statement:
        excluded = frozenset(_principals(statement["NotPrincipal"], text))
        return [PrincipalSet(negated=True, principals=excluded)]
    return [PrincipalSet.of(one) for one in _principals(statement.get("Principal", {}), text)]


def _principals(given: Any, text: Callable[[Any], str]) -> Iterator[Principal]:
    if not isinstance(given, Mapping) or any(map(is_function, given)):
        yield _principal("AWS", text(given))
        return
    for kind, values in given.items():
        for value in as_list(values):
            yield _principal(str(kind), text(value))


def _principal(kind: str, value: str) -> Principal:
    if kind != "AWS":
        return Principal(kind.lower(), value)
    if value == "*":
        return EVERYONE
    found = _ACCOUNT.fullmatch(value)
    return Principal(ACCOUNT, found.group(1) or found.group(2)) if found else Principal(AWS, value)
