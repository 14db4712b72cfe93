"""Adoption: the policies of existing repositories, expressed as ``pull`` and ``push``.

Sources: CloudFormation user guide, "Import AWS resources into a CloudFormation stack";
CloudFormation coverage roadmap, issue 2493 (an import deletes a policy that is not declared).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault, RuleError

from .access import Access
from .lists import as_list
from .repository_policy import AccessSid, Grantees, Verb, access_statements, account_of
from .statements import Statement, canonical, statements_of

ARN_COLONS = 5
_EVERY_FUNCTION = ":function:*"


def adopted_statements(policy: Any) -> tuple[list[Statement], list[Fault]]:
    """Return the statements of an existing policy, which is a document or text, and its faults.

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
        f"the existing policy must be a document with a 'Statement', or None, got {given}. "
        "Copy it from `aws ecr get-repository-policy`.",
    )


def named_organizations(statements: Iterable[Any]) -> set[str]:
    """Return the organizations that statements of this package's form grant access as a whole."""
    return {
        organization
        for sid, statement in _by_sid(statements).items()
        if sid.grantees == Grantees.ORGANIZATION
        for organization in _READERS[sid.grantees].read(statement)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPolicy:
    """A repository policy, as far as possible as who pulls and who pushes.

    :param statements: the statements that ``pull`` and ``push`` cannot express, unchanged.
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
    """Return who pulls and who pushes, where this package would write the same statements.

    A statement becomes part of ``pull`` or ``push`` only if this package would write an equal one,
    its Sid included, because an import must not change the policy.

    :param organization_id: the environment's organization, if it has one.
    """
    by_sid = _by_sid(statements)
    fields = {verb: _fields_of(verb, by_sid, account, organization_id) for verb in Verb}
    while True:
        pull, push = (_access(fields[verb]) for verb in (Verb.PULL, Verb.PUSH))
        written = access_statements(
            pull=pull, push=push, account=account, region=region, partition=partition
        )
        different = [
            sid
            for sid, statement in _by_sid(written).items()
            if canonical(statement) != canonical(by_sid.get(sid, {}))
        ]
        if not different:
            break
        for sid in different:
            for field in _READERS[sid.grantees].fields:
                fields[sid.verb].pop(field, None)
    expressed = {canonical(item) for item in written}
    rest = tuple(item for item in statements if canonical(item) not in expressed)
    return KnownPolicy(pull=pull, push=push, statements=rest)


def _by_sid(statements: Iterable[Any]) -> dict[AccessSid, Statement]:
    """Return the statements whose Sids this package could have written."""
    return {
        sid: item
        for item in statements
        if isinstance(item, Mapping) and (sid := AccessSid.parse(item.get("Sid")))
    }


def _access(fields: Mapping[str, Any]) -> Access:
    try:
        return Access(**fields)
    except RuleError:
        return Access()


def _fields_of(
    verb: Verb, by_sid: Mapping[AccessSid, Statement], account: str, organization_id: str | None
) -> dict[str, Any]:
    """Return the fields that statements seem to come from; the caller compares what they write."""
    fields: dict[str, Any] = {}
    for sid, statement in by_sid.items():
        if sid.verb == verb:
            field, *_ = (reader := _READERS[sid.grantees]).fields
            fields[field] = (*fields.get(field, ()), *reader.read(statement))
    if organization_id in fields.get("organization_ids", ()):
        fields["organization_id"] = organization_id
        fields["organization_ids"] = tuple(
            item for item in fields["organization_ids"] if item != organization_id
        )
    functions = fields.get("lambda_function_arns", ())
    if of_accounts := tuple(arn for arn in functions if arn.endswith(_EVERY_FUNCTION)):
        fields["lambda_accounts"] = _accounts_in(of_accounts)
        fields["lambda_function_arns"] = tuple(arn for arn in functions if arn not in of_accounts)
    if "accounts" in fields:
        # Other accounts of functions are granted access without being in accounts.
        of_lambda = {number for number in _accounts_in(functions) if number != account}
        fields["accounts"] = tuple(item for item in fields["accounts"] if item not in of_lambda)
    return fields


def _condition(operator: str, key: str) -> Callable[[Statement], tuple[str, ...]]:
    """Return a function that reads the values of a key in a statement's condition."""

    def read(statement: Statement) -> tuple[str, ...]:
        condition = statement.get("Condition")
        return _texts(condition.get(operator) if isinstance(condition, Mapping) else None, key)

    return read


def _principals(statement: Statement) -> tuple[str, ...]:
    return _texts(statement.get("Principal"), "AWS")


def _texts(mapping: Any, key: str) -> tuple[str, ...]:
    return tuple(map(str, as_list(mapping.get(key, ())))) if isinstance(mapping, Mapping) else ()


def _accounts_in(arns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(account_of(arn) for arn in arns if arn.count(":") >= ARN_COLONS)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The fields of an :class:`Access` that a statement may come from, and how to read it.

    :param fields: the first contains what is read; the others may contain some of it.
    """

    fields: tuple[str, ...]
    read: Callable[[Statement], tuple[str, ...]]


_PRINCIPAL_ARNS = _condition("ArnEquals", "aws:PrincipalArn")
_READERS: Mapping[Grantees, _Reader] = {
    Grantees.ACCOUNTS: _Reader(
        ("accounts", "lambda_accounts", "lambda_function_arns"),
        lambda item: _accounts_in(_principals(item)),
    ),
    Grantees.ROLES: _Reader(("role_arns",), _principals),
    Grantees.ROLES_OF_ACCOUNT: _Reader(("role_arns",), _PRINCIPAL_ARNS),
    Grantees.USERS: _Reader(("user_arns",), _principals),
    Grantees.USERS_OF_ACCOUNT: _Reader(("user_arns",), _PRINCIPAL_ARNS),
    Grantees.SESSIONS: _Reader(("session_arns",), _principals),
    Grantees.ORGANIZATION: _Reader(
        ("organization_ids", "organization_id"), _condition("StringEquals", "aws:PrincipalOrgID")
    ),
    Grantees.ORGANIZATION_PATHS: _Reader(
        ("organization_paths",), _condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths")
    ),
    Grantees.LAMBDA: _Reader(
        ("lambda_function_arns", "lambda_accounts"), _condition("ArnLike", "aws:SourceArn")
    ),
    Grantees.CODEBUILD: _Reader(
        ("codebuild_project_arns",), _condition("ArnEquals", "aws:SourceArn")
    ),
}
