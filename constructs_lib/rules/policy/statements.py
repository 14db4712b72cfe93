"""Statements of repository policies: what ECR accepts in one, and how several are combined.

Sources: Amazon ECR user guide, "Private repository policies"; Amazon ECR API reference,
"SetRepositoryPolicy"; IAM user guide, "IAM JSON policy elements reference".
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from constructs_lib.rules.aws.tokens import matches
from constructs_lib.rules.faults import Fault, each_under, faults_unless, repeated, under

from .access import principal_wildcard_faults
from .elements import (
    condition_faults,
    effect_faults,
    is_known_at_deployment,
    key_faults,
    not_a_mapping,
    one_of_faults,
    sid_faults,
)
from .lists import as_list, one_or_list
from .repository_policy import LOGIN_ACTIONS, PUBLIC_LOGIN_ACTIONS

Statement = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKind:
    """The policies of one kind of repository.

    :param subject: such a policy in a message.
    :param service: the prefix of its actions.
    :param service_name: the service in a message.
    :param example: one of its actions.
    :param login: the actions of the login, which no repository policy can have.
    """

    subject: str
    service: str
    service_name: str
    example: str
    login: Sequence[str]


PRIVATE = PolicyKind(
    subject="a repository policy",
    service="ecr",
    service_name="ECR",
    example="ecr:BatchGetImage",
    login=LOGIN_ACTIONS,
)
PUBLIC = PolicyKind(
    subject="a public repository's policy",
    service="ecr-public",
    service_name="ECR Public",
    example="ecr-public:PutImage",
    login=PUBLIC_LOGIN_ACTIONS,
)

MAXIMUM_LENGTH = 10_240
VERSION = "2012-10-17"

_KEYS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
_SID = re.compile(r"[A-Za-z0-9 _-]{0,100}")
_ACTION = re.compile(r"[A-Za-z]*[A-Za-z*?]*")
_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|user/.+|role/.+)"
    r"|sts::\d{12}:(?:assumed-role|federated-user)/.+)",
    re.ASCII,
)


def policy_document(statements: Iterable[Statement]) -> dict[str, Any] | None:
    """Return the repository policy of some statements, or ``None`` when there are none."""
    listed = list(statements)
    return {"Version": VERSION, "Statement": listed} if listed else None


def statements_of(policy: Any) -> list[Any]:
    """Return the statements of a policy document, one or many, unchanged."""
    return as_list(policy.get("Statement", [])) if isinstance(policy, Mapping) else []


def allows_everyone(statement: Statement) -> bool:
    """Return whether a statement allows something to every principal, without a condition."""
    principal = statement.get("Principal")
    named = as_list(principal.get("AWS", [])) if isinstance(principal, Mapping) else [principal]
    is_allowed = statement.get("Effect") == "Allow" and not statement.get("Condition")
    return is_allowed and ("*" in named or "NotPrincipal" in statement)


def canonical(value: Any) -> str:
    """Return a part of a policy in one form: AWS may reorder lists and unwrap those of one item."""
    return json.dumps(_ordered(value), sort_keys=True)


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = sorted((_ordered(item) for item in value), key=str)
        return items[0] if len(items) == 1 else items
    return value


def merged(statements: Iterable[Statement]) -> list[Statement]:
    """Merge statements without a Sid that differ in their principals alone.

    A statement with a Sid is never merged, because a reviewer looks for it by that name.
    """
    kept: list[Statement] = []
    places: dict[str, int] = {}
    for statement in statements:
        principal = statement.get("Principal")
        if "Sid" in statement or not isinstance(principal, Mapping):
            kept.append(statement)
            continue
        rest = {key: value for key, value in statement.items() if key != "Principal"}
        same = json.dumps(rest, sort_keys=True, default=str)
        if same in places:
            earlier = kept[places[same]]
            kept[places[same]] = {**earlier, "Principal": _joined(earlier["Principal"], principal)}
        else:
            places[same] = len(kept)
            kept.append(statement)
    return kept


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for kind in dict.fromkeys((*one, *other)):
        values = [*as_list(one.get(kind, [])), *as_list(other.get(kind, []))]
        joined[kind] = one_or_list(
            [value for index, value in enumerate(values) if value not in values[:index]]
        )
    return joined


def statement_faults(statements: Sequence[Any], kind: PolicyKind = PRIVATE) -> list[Fault]:
    """Check that ECR accepts each statement in a repository policy."""
    return each_under("", statements, partial(_faults_of, kind=kind))


def repository_policy_faults(statements: Sequence[Any]) -> list[Fault]:
    """Check the statements of one policy together: their Sids, and their length."""
    given = [item.get("Sid") for item in statements if isinstance(item, Mapping)]
    sids = enumerate(sid for sid in given if isinstance(sid, str) and sid)
    faults = [
        Fault("", f"a Sid must be unique in its policy, got '{sid}' more than once. Rename one.")
        for sid in sorted({sid for _, sid, _ in repeated(sids)})
    ]
    text = json.dumps(policy_document(statements) or {}, separators=(",", ":"), default=str)
    return faults + faults_unless(
        len(text) <= MAXIMUM_LENGTH,
        f"a repository policy can have at most {MAXIMUM_LENGTH:,} characters, got "
        f"{len(text):,}. Replace single roles by their accounts, or accounts by the organization.",
    )


def _faults_of(statement: Any, kind: PolicyKind) -> Iterator[Fault]:
    if not isinstance(statement, Mapping):
        yield not_a_mapping(statement, "Effect, Principal and Action")
        return
    no_resource = (
        "a repository policy's statement cannot have {}, because the resource is the repository. "
        "Remove {}."
    )
    refused = dict.fromkeys(("Resource", "NotResource"), no_resource)
    yield from key_faults(statement, _KEYS, refused)
    yield from sid_faults(statement, _SID, "letters, digits, '-', '_' and spaces")
    yield from effect_faults(statement)
    yield from one_of_faults(statement, "Principal", _principal_faults)
    yield from one_of_faults(statement, "Action", partial(_action_faults, kind=kind))
    yield from condition_faults(statement.get("Condition", {}))


def _principal_faults(principal: Any) -> Iterator[Fault]:
    if principal == "*":
        return
    if not isinstance(principal, Mapping) or not principal:
        yield Fault(
            "",
            f"a principal must be '*' or a mapping such as {{AWS: '111111111111'}}, "
            f"got {principal!r:.80}.",
        )
        return
    for kind, values in principal.items():
        if kind not in _PRINCIPAL_TYPES:
            known = ", ".join(_PRINCIPAL_TYPES)
            message = f"a principal's type must be one of {known}, got {str(kind)[:80]!r}."
            yield Fault(str(kind)[:80], message)
            continue
        if not as_list(values):
            yield Fault(
                kind,
                f"{kind} requires at least one principal, got none. Add one, or remove {kind}.",
            )
        for value in as_list(values):
            yield from under(kind, _one_principal_faults(kind, value))


def _one_principal_faults(kind: str, value: Any) -> Iterator[Fault]:
    if is_known_at_deployment(value):
        return
    if not isinstance(value, str) or not value:
        yield Fault("", f"a principal must be text, got {value!r:.80}. Write it in quotes.")
    elif kind == "AWS" and value != "*":
        yield from principal_wildcard_faults(value) or faults_unless(
            matches(_PRINCIPAL, value),
            "an AWS principal must be an account number or the ARN of a role or user, "
            f"got '{value[:120]}'. Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
        )


def _action_faults(given: Any, kind: PolicyKind) -> Iterator[Fault]:
    if not as_list(given):
        yield Fault(
            "",
            "a statement requires at least one action, got none. "
            f"Add one, such as '{kind.example}'.",
        )
    for action in as_list(given):
        service, _, name = action.partition(":") if isinstance(action, str) else ("", "", "")
        if service.lower() != kind.service or not name or not _ACTION.fullmatch(name):
            yield Fault(
                "",
                f"{kind.subject} can have only {kind.service_name}'s actions, got {action!r:.80}. "
                f"Write one such as '{kind.example}'.",
            )
        elif name.lower() == "getauthorizationtoken":
            yield Fault(
                "",
                f"{kind.subject} cannot have {kind.login[0]}, which is not an action on a "
                f"repository. Allow {' and '.join(('it', *kind.login[1:]))} in the principal's "
                "identity policy, on Resource '*'.",
            )
