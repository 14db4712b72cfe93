"""The half of a grant that lies with somebody else: across accounts ECR asks both sides.

Source: IAM user guide, "Cross-account policy evaluation logic".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .statements import VERSION, Statement

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL_ARN = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")
_ARN_OPERATORS = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")
# The CDK names the account of a role that it makes in another one, and knows the role by a tag. The
# role's own half is then in the same app.
_CDK_ROLE_TAG = "aws:PrincipalTag/aws-cdk:id"
_TOKEN_STATEMENT = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHalf:
    """Define what the owner of another account must allow for a grant to hold.

    :param whose: ``account 222222222222``, the ARN of a role, ``organization o-...``,
        ``organization path ...`` or ``everyone``.
    """

    whose: str
    actions: tuple[str, ...]
    repository_arn: str


def other_halves(
    statements: Iterable[Statement], *, account: str, repository_arn: str
) -> list[OtherHalf]:
    """Say what lies with others, from the statements of a repository policy.

    :param account: the account that owns the repository, where nothing more is needed.
    """
    return [
        OtherHalf(
            whose=whose,
            actions=tuple(sorted(_texts(statement.get("Action", [])))),
            repository_arn=repository_arn,
        )
        for statement in statements
        if statement.get("Effect") == "Allow" and not completed_by_cdk(statement)
        for whose in _others(statement, account)
    ]


def completed_by_cdk(statement: Statement) -> bool:
    """Say whether a statement is half of a grant whose other half the CDK made in the same app."""
    return bool(_condition(statement, _CDK_ROLE_TAG, ("StringEquals",)))


def plain_text(value: Any) -> str | None:
    """Give a text of a policy, also where CloudFormation is to join it with its partition."""
    if isinstance(value, str):
        return value
    join = value.get("Fn::Join") if isinstance(value, Mapping) else None
    if not isinstance(join, list | tuple) or not join or join[0] != "":
        return None
    parts = ["aws" if part == {"Ref": "AWS::Partition"} else part for part in join[-1]]
    return "".join(parts) if all(isinstance(part, str) for part in parts) else None


def policies_of_others(halves: Iterable[OtherHalf]) -> dict[str, dict[str, Any]]:
    """Give, for each owner, the one identity policy that completes all of its grants."""
    arns: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for half in halves:
        arns.setdefault(half.whose, {}).setdefault(half.actions, set()).add(half.repository_arn)
    return {
        whose: {
            "Version": VERSION,
            "Statement": [
                *(
                    {"Effect": "Allow", "Action": list(actions), "Resource": sorted(named)}
                    for actions, named in sorted(by_actions.items())
                ),
                _TOKEN_STATEMENT,
            ],
        }
        for whose, by_actions in sorted(arns.items())
    }


def owners_statement(statement: Statement, *, account: str) -> Statement:
    """Give what the owner of a repository must add to its policy for a statement to hold.

    ECR looks whether a role that is named exists, and one of this deployment may not yet: so the
    account is named, and the role, where it is known, is the condition.

    :param statement: what is asked for, in IAM's own words.
    :param account: the account that asks.
    """
    named = statement.get("Principal")
    arns = (
        [arn for arn in _texts(named.get("AWS")) if _PRINCIPAL_ARN.fullmatch(arn)]
        if isinstance(named, Mapping)
        else []
    )
    partition = arns[0].split(":")[1] if arns else "aws"
    condition = {"Condition": {"ArnEquals": {"aws:PrincipalArn": arns}}} if arns else {}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": sorted(_texts(statement["Action"])),
        **condition,
    }


def _others(statement: Statement, account: str) -> Iterator[str]:
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    for value in _texts(named):
        if value == "*":
            yield from _of_organization(statement)
        elif found := _ACCOUNT.fullmatch(value):
            if found[1] != account:
                yield from _roles_of(statement) or [f"account {found[1]}"]
        elif (found := _PRINCIPAL_ARN.fullmatch(value)) and found[1] != account:
            yield value


def _of_organization(statement: Statement) -> list[str]:
    organizations = _condition(statement, "aws:PrincipalOrgID", ("StringEquals", "StringLike"))
    paths = _condition(
        statement,
        "aws:PrincipalOrgPaths",
        ("ForAnyValue:StringLike", "ForAnyValue:StringEquals"),
    )
    found = [f"organization path {path}" for path in paths] or [
        f"organization {organization}" for organization in organizations
    ]
    return found or ["everyone"]


def _roles_of(statement: Statement) -> list[str]:
    return _condition(statement, "aws:PrincipalArn", _ARN_OPERATORS)


def _condition(statement: Statement, key: str, operators: Sequence[str]) -> list[str]:
    condition = statement.get("Condition", {})
    return [
        value
        for operator in operators
        for value in _texts(condition.get(operator, {}).get(key, []))
    ]


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list | tuple) else [value]
    return [text for text in map(plain_text, listed) if text is not None]
