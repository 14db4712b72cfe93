"""What exists already, in our own words: policies of repositories that an import takes over.

Sources: CloudFormation user guide, "Import AWS resources into a CloudFormation stack";
CloudFormation coverage roadmap, issue 2493 (an import deletes a policy that is not declared).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault, RuleError

from .access import Access
from .repository_policy import access_statements, account_of
from .statements import Statement, canonical, statements_of

ARN_COLONS = 5


def adopted_statements(policy: Any) -> tuple[list[Statement], list[Fault]]:
    """Give the statements of a policy that exists, as document or text, or what is wrong with it.

    :param policy: ``None`` states that there is none.
    """
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError as error:
            return [], [_not_a_policy(f"text that is not JSON ({error})")]
    if policy is None:
        return [], []
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        return [], [_not_a_policy(f"{policy!r:.80}")]
    return statements_of(policy), []


def _not_a_policy(given: str) -> Fault:
    return Fault(
        "existing_policy",
        "the policy that exists is a document with a 'Statement', as "
        f"`aws ecr get-repository-policy` gives it, or None, got {given}.",
    )


def named_organizations(statements: Iterable[Any]) -> set[str]:
    """Give the organisations that statements like ours let in as a whole."""
    return {
        organization
        for item in statements
        if isinstance(item, Mapping) and str(item.get("Sid"))[4:] == "FromOrganization"
        for organization in _condition(item, "StringEquals", "aws:PrincipalOrgID")
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPolicy:
    """Define a repository policy as far as it can be said by who pulls and who pushes.

    :param statements: those that cannot; they are stated as they are.
    """

    pull: Access
    push: Access
    statements: tuple[Statement, ...]


def known_policy(
    statements: Sequence[Statement],
    *,
    account: str,
    region: str,
    partition: str,
    organization_id: str | None,
) -> KnownPolicy:
    """Say a policy by who pulls and who pushes, where this package would write the same.

    A statement is taken only when the one that stands for it is equal, its Sid included: what
    an import says must change nothing.

    :param organization_id: the environment's organisation, the only one it can name.
    """
    by_sid = {str(item.get("Sid")): item for item in statements if isinstance(item, Mapping)}
    fields = {verb: _fields_of(verb, by_sid, account, organization_id) for verb in ("Pull", "Push")}
    while True:
        access = {verb: _access(values) for verb, values in fields.items()}
        written = access_statements(
            pull=access["Pull"],
            push=access["Push"],
            account=account,
            region=region,
            partition=partition,
        )
        foreign = [
            item["Sid"]
            for item in written
            if canonical(item) != canonical(by_sid.get(item["Sid"], {}))
        ]
        if not foreign:
            break
        for sid in foreign:
            fields[sid[:4]].pop(_READERS[_end_of(sid)][0], None)
            if _end_of(sid) == "FromAccounts":
                fields[sid[:4]].pop("lambda_accounts", None)
    said = {item["Sid"] for item in written}
    rest = tuple(item for item in statements if item.get("Sid") not in said)
    return KnownPolicy(pull=access["Pull"], push=access["Push"], statements=rest)


def _end_of(sid: str) -> str:
    return sid[4:].rstrip("0123456789")  # a Sid of ours begins with Pull or Push


def _access(fields: Mapping[str, Any]) -> Access:
    try:
        return Access(**fields)
    except RuleError:
        return Access()


def _fields_of(
    verb: str, by_sid: Mapping[str, Statement], account: str, organization_id: str | None
) -> dict[str, Any]:
    """Read what statements with Sids of ours seem to say; whether they do is found out later."""
    fields: dict[str, Any] = {}
    for sid, statement in by_sid.items():
        end = _end_of(sid)
        if sid.startswith(verb) and end in _READERS:
            name, read = _READERS[end]
            fields[name] = (*fields.get(name, ()), *read(statement))
    if "organization_id" in fields:
        fields["organization_id"] = organization_id
    if "accounts" in fields:
        # Lambda brings the account of its functions along.
        brought = {number for number in fields.get("lambda_accounts", ()) if number != account}
        fields["accounts"] = tuple(item for item in fields["accounts"] if item not in brought)
    return fields


def _condition(statement: Statement, operator: str, key: str) -> tuple[str, ...]:
    condition = statement.get("Condition")
    return _values(condition.get(operator) if isinstance(condition, Mapping) else None, key)


def _principals(statement: Statement) -> tuple[str, ...]:
    return _values(statement.get("Principal"), "AWS")


def _values(mapping: Any, key: str) -> tuple[str, ...]:
    given = mapping.get(key, ()) if isinstance(mapping, Mapping) else ()
    return tuple(map(str, given if isinstance(given, list | tuple) else (given,)))


def _accounts_in(arns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(account_of(arn) for arn in arns if arn.count(":") >= ARN_COLONS)


# By the end of a statement's Sid: the field of an Access it may come from, and how it is read.
_READERS: Mapping[str, tuple[str, Callable[[Statement], tuple[str, ...]]]] = {
    "FromAccounts": ("accounts", lambda item: _accounts_in(_principals(item))),
    "ByRoles": ("role_arns", _principals),
    "ByRolesOf": ("role_arns", lambda item: _condition(item, "ArnEquals", "aws:PrincipalArn")),
    "FromOrganization": (
        "organization_id",
        lambda item: _condition(item, "StringEquals", "aws:PrincipalOrgID"),
    ),
    "FromOrganizationPaths": (
        "organization_paths",
        lambda item: _condition(item, "ForAnyValue:StringLike", "aws:PrincipalOrgPaths"),
    ),
    "ByLambda": (
        "lambda_accounts",
        lambda item: _accounts_in(_condition(item, "ArnLike", "aws:SourceArn")),
    ),
    "ByCodeBuild": (
        "codebuild_project_arns",
        lambda item: _condition(item, "ArnEquals", "aws:SourceArn"),
    ),
}
