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
class RequiredGrant:
    """Define what the owner of another account must allow for a grant to hold.

    :param owner: ``account 222222222222``, the ARN of a role, ``organization o-...``,
        ``organization path ...`` or ``everyone``.
    """

    owner: str
    actions: tuple[str, ...]
    repository_arn: str


def required_grants(
    statements: Iterable[Statement], *, account: str, repository_arn: str
) -> list[RequiredGrant]:
    """Say what lies with others, from the statements of a repository policy.

    :param account: the account that owns the repository, where nothing more is needed.
    """
    return [
        RequiredGrant(
            owner=owner,
            actions=tuple(sorted(_texts(statement.get("Action", [])))),
            repository_arn=repository_arn,
        )
        for statement in statements
        if statement.get("Effect") == "Allow" and not completed_by_cdk(statement)
        for owner in _others(statement, account)
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


def policies_by_owner(halves: Iterable[RequiredGrant]) -> dict[str, dict[str, Any]]:
    """Give, for each owner, the one identity policy that completes all of its grants."""
    arns: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for half in halves:
        arns.setdefault(half.owner, {}).setdefault(half.actions, set()).add(half.repository_arn)
    return {
        owner: {
            "Version": VERSION,
            "Statement": [
                *(
                    {"Effect": "Allow", "Action": list(actions), "Resource": sorted(named)}
                    for actions, named in sorted(by_actions.items())
                ),
                _TOKEN_STATEMENT,
            ],
        }
        for owner, by_actions in sorted(arns.items())
    }


def owners_statement(statement: Statement, *, account: str, partition: str) -> Statement:
    """Give what the owner of a repository must add to its policy for a statement to hold.

    ECR looks whether a role that is named exists, and one of this deployment may not yet: so its
    account is named, and the role, where its ARN is known, is the condition.

    :param statement: what is asked for, in IAM's own words, its tokens resolved.
    :param account: the account that asks, which is that of a role whose ARN is not known yet.
    """
    principal = statement.get("Principal")
    # The CDK tags a role only where it writes the repository's policy itself.
    condition = {} if completed_by_cdk(statement) else dict(statement.get("Condition", {}))
    if isinstance(principal, Mapping) and list(principal) == ["AWS"]:
        given = principal["AWS"]
        named = [plain_text(item) for item in (given if isinstance(given, list) else [given])]
        roles = [text for text in named if text and _PRINCIPAL_ARN.fullmatch(text)]
        roles = [text for text in roles if not _ACCOUNT.fullmatch(text)]
        # One condition cannot be for some of its principals: beside others, roles are named.
        alone = len(roles) == len(named)
        if alone:
            condition["ArnEquals"] = {"aws:PrincipalArn": roles if len(roles) > 1 else roles[0]}
        roots = [_named_by_owner(text, account, partition, alone=alone) for text in named]
        unique = list(dict.fromkeys(roots))
        principal = {"AWS": unique if len(unique) > 1 else unique[0]}
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": sorted(_texts(statement["Action"])),
        **({"Condition": condition} if condition else {}),
    }


def _named_by_owner(text: str | None, account: str, partition: str, *, alone: bool) -> str:
    if text == "*":
        return text
    if text is None:
        return f"arn:{partition}:iam::{account}:root"
    if found := _ACCOUNT.fullmatch(text):
        return f"arn:{partition}:iam::{found[1]}:root"
    found = _PRINCIPAL_ARN.fullmatch(text)
    return f"arn:{partition}:iam::{found[1]}:root" if found and alone else text


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
