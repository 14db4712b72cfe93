"""Statements of repository policies: what ECR takes in one, and how several go together.

Sources: Amazon ECR user guide, "Private repository policies"; Amazon ECR API reference,
"SetRepositoryPolicy"; IAM user guide, "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.faults import Fault

Statement = Mapping[str, Any]

MAXIMUM_LENGTH = 10_240
VERSION = "2012-10-17"

_KEYS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
_PRINCIPAL_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_SID = re.compile(r"[A-Za-z0-9 _-]{0,100}")
_ACTION = re.compile(r"[A-Za-z]*[A-Za-z*?]*")
_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|user/.+|role/.+)"
    r"|sts::\d{12}:(?:assumed-role|federated-user)/.+)",
    re.ASCII,
)
_OPERATOR = re.compile(
    r"(?:ForAnyValue:|ForAllValues:)?(?:"
    r"String(?:Not)?Equals(?:IgnoreCase)?|String(?:Not)?Like|Arn(?:Not)?(?:Equals|Like)"
    r"|Numeric(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Date(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Bool|(?:Not)?IpAddress)(?:IfExists)?|BinaryEquals|Null"
)
# What the CDK writes where a value is known at deployment only.
_TOKEN = "${Token["  # noqa: S105 - a marker, not a secret


def policy_document(statements: Iterable[Statement]) -> dict[str, Any] | None:
    """Give the repository policy of some statements, or ``None`` when there are none."""
    listed = list(statements)
    return {"Version": VERSION, "Statement": listed} if listed else None


def statements_of(policy: Any) -> list[Any]:
    """Give the statements of a policy document, one or many, as they stand."""
    given = policy.get("Statement", []) if isinstance(policy, Mapping) else []
    return list(given) if isinstance(given, list | tuple) else [given]


def canonical(value: Any) -> str:
    """Give a part of a policy in one form: AWS may reorder lists and unwrap those of one."""
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

    One with a Sid stays by itself: it has a name, and a reviewer looks for it.
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
            kept[places[same]] = {
                **earlier,
                "Principal": _joined(earlier["Principal"], principal),
            }
        else:
            places[same] = len(kept)
            kept.append(statement)
    return kept


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for kind in dict.fromkeys((*one, *other)):
        values = [*_listed(one.get(kind, [])), *_listed(other.get(kind, []))]
        unique = [value for index, value in enumerate(values) if value not in values[:index]]
        joined[kind] = unique[0] if len(unique) == 1 else unique
    return joined


def statement_faults(statements: Sequence[Any]) -> list[Fault]:
    """Check each statement for what ECR refuses in a repository policy."""
    return [
        fault.under(f"[{index}]")
        for index, statement in enumerate(statements)
        for fault in _faults_of(statement)
    ]


def repository_policy_faults(statements: Sequence[Any]) -> list[Fault]:
    """Check the statements of one policy together: their Sids, and their length."""
    given = [item.get("Sid") for item in statements if isinstance(item, Mapping)]
    sids = [sid for sid in given if isinstance(sid, str) and sid]
    faults = [
        Fault("", f"a Sid is unique in its policy, got '{sid}' more than once. Rename one.")
        for sid in sorted({sid for sid in sids if sids.count(sid) > 1})
    ]
    text = json.dumps(policy_document(statements) or {}, separators=(",", ":"), default=str)
    if len(text) > MAXIMUM_LENGTH:
        faults.append(
            Fault(
                "",
                f"a repository policy has at most {MAXIMUM_LENGTH:,} characters, got "
                f"{len(text):,}. Name whole accounts instead of single roles, or the "
                "organisation instead of accounts.",
            )
        )
    return faults


def _faults_of(statement: Any) -> list[Fault]:
    if not isinstance(statement, Mapping):
        return [Fault("", f"a statement is a mapping, got {statement!r:.80}. Write one.")]
    return [
        *_key_faults(statement),
        *_sid_faults(statement.get("Sid")),
        *_effect_faults(statement.get("Effect")),
        *_one_of_faults(statement, "Principal"),
        *_one_of_faults(statement, "Action"),
        *_condition_faults(statement.get("Condition", {})),
    ]


def _key_faults(statement: Mapping[Any, Any]) -> Iterator[Fault]:
    for key in statement:
        if key in {"Resource", "NotResource"}:
            yield Fault(
                "Resource",
                "a repository policy's statement has no Resource: it is the repository. Remove it.",
            )
        elif key not in _KEYS:
            yield Fault(
                str(key)[:80], f"a statement has no such element. Known: {', '.join(_KEYS)}."
            )


def _sid_faults(sid: Any) -> Iterator[Fault]:
    if sid is not None and not (isinstance(sid, str) and _SID.fullmatch(sid)):
        yield Fault(
            "Sid",
            f"a Sid is text of up to 100 letters, digits, '-', '_' and spaces, got {sid!r:.80}.",
        )


def _effect_faults(effect: Any) -> Iterator[Fault]:
    if effect not in ("Allow", "Deny"):
        yield Fault("Effect", f"the Effect of a statement is Allow or Deny, got {effect!r:.80}.")


def _one_of_faults(statement: Mapping[Any, Any], element: str) -> Iterator[Fault]:
    given = [key for key in (element, f"Not{element}") if key in statement]
    if len(given) != 1:
        said = "both" if given else "none"
        yield Fault(element, f"a statement has {element} or Not{element}, got {said}. Write one.")
    for key in given:
        faults = _principal_faults if element == "Principal" else _action_faults
        yield from (fault.under(key) for fault in faults(statement[key]))


def _principal_faults(principal: Any) -> Iterator[Fault]:
    if principal == "*":
        return
    if not isinstance(principal, Mapping) or not principal:
        yield Fault(
            "",
            f"a principal is '*' or a mapping such as {{AWS: '111111111111'}}, "
            f"got {principal!r:.80}.",
        )
        return
    for kind, values in principal.items():
        if kind not in _PRINCIPAL_KINDS:
            known = ", ".join(_PRINCIPAL_KINDS)
            yield Fault(str(kind)[:80], f"there is no such kind of principal. Known: {known}.")
            continue
        if not _listed(values):
            yield Fault(kind, "at least one principal is needed, got none. Name one.")
        for value in _listed(values):
            yield from (fault.under(kind) for fault in _one_principal_faults(kind, value))


def _one_principal_faults(kind: str, value: Any) -> Iterator[Fault]:
    if _is_unknown(value):
        return
    if not isinstance(value, str) or not value:
        yield Fault("", f"a principal is text, got {value!r:.80}.")
    elif kind == "AWS" and value != "*" and ("*" in value or "?" in value):
        yield Fault(
            "",
            f"a principal's ARN takes no wildcard, got '{value[:120]}'. "
            "Name each role, or the whole account.",
        )
    elif kind == "AWS" and not _PRINCIPAL.fullmatch(value):
        yield Fault(
            "",
            f"'{value[:120]}' is no principal. Write an account's number or the ARN of a role, "
            "such as 'arn:aws:iam::111111111111:role/ci-push'.",
        )


def _action_faults(given: Any) -> Iterator[Fault]:
    if not _listed(given):
        yield Fault("", "at least one action is needed, got none. Name one.")
    for action in _listed(given):
        service, _, name = action.partition(":") if isinstance(action, str) else ("", "", "")
        if service.lower() != "ecr" or not name or not _ACTION.fullmatch(name):
            yield Fault("", f"a repository policy takes ECR's actions only, got {action!r:.80}.")
        elif name.lower() == "getauthorizationtoken":
            yield Fault(
                "",
                "ecr:GetAuthorizationToken is not an action on a repository. "
                "Allow it in the principal's identity policy, on '*'.",
            )


def _condition_faults(condition: Any) -> Iterator[Fault]:
    if not isinstance(condition, Mapping):
        yield Fault(
            "Condition",
            "a condition is a mapping of operators, such as "
            f"{{StringEquals: {{aws:PrincipalOrgID: o-a1b2c3d4e5}}}}, got {condition!r:.80}.",
        )
        return
    for operator, keys in condition.items():
        path = f"Condition.{str(operator)[:80]}"
        if not isinstance(operator, str) or not _OPERATOR.fullmatch(operator):
            yield Fault(path, "IAM knows no such condition operator. Write one such as ArnEquals.")
        elif not isinstance(keys, Mapping) or not keys:
            yield Fault(path, f"a condition operator has keys with values, got {keys!r:.80}.")
        else:
            yield from (fault.under(path) for fault in _condition_key_faults(operator, keys))


def _condition_key_faults(operator: str, keys: Mapping[Any, Any]) -> Iterator[Fault]:
    for key, values in keys.items():
        if not isinstance(key, str) or not key:
            yield Fault("", f"a condition key is text, got {key!r:.80}.")
        if not _listed(values):
            yield Fault(str(key)[:80], "a condition key has at least one value, got none.")
        for value in _listed(values):
            if not _is_unknown(value):
                yield from (
                    fault.under(key if isinstance(key, str) else "")
                    for fault in _value_faults(operator, value, alone=value is values)
                )


def _value_faults(operator: str, value: Any, *, alone: bool) -> Iterator[Fault]:
    if operator == "Null" and value not in ("true", "false", True, False):
        yield Fault("", f"Null asks for true or false, got {value!r:.80}.")
    elif not isinstance(value, str | int | float if alone else str):
        where = "text, a number or a boolean" if alone else "text, in a list"
        yield Fault("", f"a condition's value is {where}, got {value!r:.80}. Write it in quotes.")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_unknown(value: Any) -> bool:
    """Say whether a value is the CDK's to fill in later."""
    if isinstance(value, Mapping):
        return bool(value) and all(
            isinstance(key, str) and (key == "Ref" or key.startswith("Fn::")) for key in value
        )
    return isinstance(value, str) and _TOKEN in value
