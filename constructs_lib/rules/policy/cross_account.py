"""Grants that other accounts must add: across accounts, ECR requires the policies of both.

Source: IAM user guide, "Cross-account policy evaluation logic".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from constructs_lib.rules.mappings import without_none

from .lists import as_list, one_or_list
from .repository_policy import (
    ADMINISTER_ACTIONS,
    LOGIN_ACTIONS,
    PUBLIC_ADMINISTER_ACTIONS,
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
    PULL_ACTIONS,
    PUSH_ACTIONS,
)
from .statements import VERSION, Statement

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL_ARN = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")
_PRINCIPAL_OPERATORS = frozenset(
    {
        *("arnequals", "arnlike", "stringequals", "stringlike"),
        *("stringequalsignorecase", "foranyvalue:stringequals", "foranyvalue:stringlike"),
    }
)
# The actions on a repository that a statement with NotAction may grant.
_ACTIONS = tuple(sorted({*PULL_ACTIONS, *PUSH_ACTIONS, *ADMINISTER_ACTIONS}))
_PUBLIC_ACTIONS = tuple(sorted({*PUBLIC_PUSH_ACTIONS, *PUBLIC_ADMINISTER_ACTIONS}))
# For a role that the CDK creates in another account, the CDK's statement names the account and
# requires a tag of the role. The same app then grants the access in the role's identity policy.
_CDK_ROLE_TAG = "aws:PrincipalTag/aws-cdk:id"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredGrant:
    """A grant that the owner of another account must add to complete a repository policy's grant.

    :param owner: ``account 222222222222``, the ARN of a role, user or session, ``organization
        o-...``, ``organization path ...`` or ``everyone``.
    :param actions: at least one.
    """

    owner: str
    actions: tuple[str, ...]
    repository_arn: str


def required_grants(
    statements: Iterable[Statement], *, account: str, repository_arn: str
) -> list[RequiredGrant]:
    """Return the grants that complete the statements of a repository policy.

    :param account: the account that owns the repository; its principals require no other grant.
    """
    return [
        RequiredGrant(owner=owner, actions=actions, repository_arn=repository_arn)
        for statement in statements
        if statement.get("Effect") == "Allow" and (actions := _actions(statement, repository_arn))
        for owner in owners_of(statement, account)
    ]


def owners_of(statement: Statement, account: str) -> list[str]:
    """Return the owners of other accounts that must complete a statement which allows access.

    :param account: the account that owns the repository.
    """
    if completed_by_cdk(statement):
        return []
    if "NotPrincipal" in statement:
        return _owners_of_everyone(statement, account)
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    found = [
        owner
        for value in _plain_texts(named)
        for owner in _owners_of_principal(statement, value, account)
    ]
    return list(dict.fromkeys(found))


def completed_by_cdk(statement: Statement) -> bool:
    """Return whether the CDK adds the grant that completes a statement, in the same app."""
    return bool(_condition(statement, _CDK_ROLE_TAG))


def plain_text(value: Any) -> str | None:
    """Return a text of a policy, also where CloudFormation joins the text with its partition."""
    if isinstance(value, str):
        return value
    join = value.get("Fn::Join") if isinstance(value, Mapping) else None
    if not isinstance(join, list | tuple) or not join or join[0] != "":
        return None
    parts = ["aws" if part == {"Ref": "AWS::Partition"} else part for part in join[-1]]
    return "".join(parts) if all(isinstance(part, str) for part in parts) else None


def policies_by_owner(grants: Iterable[RequiredGrant]) -> dict[str, dict[str, Any]]:
    """Return, for each owner, one identity policy with all of that owner's required grants."""
    arns: dict[str, dict[tuple[str, ...], set[str]]] = {}
    for grant in grants:
        arns.setdefault(grant.owner, {}).setdefault(grant.actions, set()).add(grant.repository_arn)
    return {
        owner: {
            "Version": VERSION,
            "Statement": [
                *(
                    {"Effect": "Allow", "Action": list(actions), "Resource": sorted(named)}
                    for actions, named in sorted(by_actions.items())
                ),
                *(
                    {"Effect": "Allow", "Action": one_or_list(login), "Resource": "*"}
                    for login in sorted({login_for(actions) for actions in by_actions} - {()})
                ),
            ],
        }
        for owner, by_actions in sorted(arns.items())
    }


def login_for(actions: Iterable[str]) -> tuple[str, ...]:
    """Return the actions of the login without which actions are of no use.

    Those of pull and push require a login to their registry, those of administration none.
    """
    used = set(actions) - {*ADMINISTER_ACTIONS, *PUBLIC_ADMINISTER_ACTIONS}
    if not used:
        return ()
    is_public = all(action.lower().startswith("ecr-public:") for action in used)
    return PUBLIC_LOGIN_ACTIONS if is_public else LOGIN_ACTIONS


def owners_statement(statement: Statement, *, account: str, partition: str) -> Statement:
    """Return the statement that the owner of a repository must add to its policy for a grant.

    ECR refuses a principal that does not exist, and a role of this deployment may not exist yet.
    So the statement names the role's account, and requires the role in its condition if the role's
    ARN is known.

    :param statement: the statement of the grant, with its tokens resolved.
    :param account: the account of this deployment, and so of a role whose ARN is not known yet.
    """
    principal = statement.get("Principal")
    # The CDK tags a role only where it writes the repository's policy itself.
    condition = {} if completed_by_cdk(statement) else dict(statement.get("Condition", {}))
    if isinstance(principal, Mapping) and list(principal) == ["AWS"]:
        named = [plain_text(item) for item in as_list(principal["AWS"])]
        roles = [text for text in named if text and _is_identity(text)]
        # A condition applies to all principals of its statement. So beside accounts, roles stay
        # principals.
        only_roles = len(roles) == len(named)
        if only_roles:
            condition["ArnEquals"] = {"aws:PrincipalArn": one_or_list(roles)}
        names = [
            _principal_for_owner(text, account, partition, only_roles=only_roles) for text in named
        ]
        principal = {"AWS": one_or_list(list(dict.fromkeys(names)))}
    return without_none(
        Effect="Allow",
        Principal=principal,
        Action=sorted(_plain_texts(statement["Action"])),
        Condition=condition or None,
    )


def _is_identity(text: str) -> bool:
    """Return whether a principal is a role or user, and not a session or a whole account.

    In a condition, the ARN of a session is that of its role, so a session stays a principal.
    """
    return bool(_PRINCIPAL_ARN.fullmatch(text)) and not (
        _ACCOUNT.fullmatch(text) or ":sts::" in text
    )


def _principal_for_owner(
    text: str | None, account: str, partition: str, *, only_roles: bool
) -> str:
    if text is None:
        return f"arn:{partition}:iam::{account}:root"
    found = _ACCOUNT.fullmatch(text) or (_PRINCIPAL_ARN.fullmatch(text) if only_roles else None)
    return f"arn:{partition}:iam::{found[1]}:root" if found else text


def _owners_of_principal(statement: Statement, value: str, account: str) -> Iterator[str]:
    if value == "*":
        yield from _owners_of_everyone(statement, account)
    elif found := _ACCOUNT.fullmatch(value):
        if found[1] != account:
            yield from _roles_of(statement) or [f"account {found[1]}"]
    elif (found := _PRINCIPAL_ARN.fullmatch(value)) and found[1] != account:
        yield value


def _owners_of_everyone(statement: Statement, account: str) -> list[str]:
    """Return the owners to which a condition limits a statement for everyone."""
    if roles := _roles_of(statement):
        return [arn for arn in roles if not _is_of(arn, account)]
    if numbers := _condition(statement, "aws:PrincipalAccount", if_exists=True):
        return [f"account {number}" for number in numbers if number != account]
    paths = _condition(statement, "aws:PrincipalOrgPaths")
    organizations = _condition(statement, "aws:PrincipalOrgID")
    found = [f"organization path {path}" for path in paths] or [
        f"organization {organization}" for organization in organizations
    ]
    return found or ["everyone"]


def _is_of(arn: str, account: str) -> bool:
    found = _PRINCIPAL_ARN.fullmatch(arn)
    return found is not None and found[1] == account


def _roles_of(statement: Statement) -> list[str]:
    return _condition(statement, "aws:PrincipalArn", if_exists=True)


def _condition(statement: Statement, key: str, *, if_exists: bool = False) -> list[str]:
    """Return the values of a key, one of which a request must have.

    :param if_exists: whether every request has the key, so that IfExists makes no difference.
    """
    found: list[str] = []
    for operator, keys in statement.get("Condition", {}).items():
        name = str(operator).lower()
        name = name.removesuffix("ifexists") if if_exists else name
        if name in _PRINCIPAL_OPERATORS and isinstance(keys, Mapping):
            values = [value for given, value in keys.items() if str(given).lower() == key.lower()]
            found += [text for value in values for text in _plain_texts(value)]
    return found


def _actions(statement: Statement, repository_arn: str) -> tuple[str, ...]:
    """Return the actions that a statement names, or those that NotAction leaves."""
    if "NotAction" not in statement:
        return tuple(sorted(_plain_texts(statement.get("Action", []))))
    excluded = [text.lower() for text in _plain_texts(statement["NotAction"])]
    return tuple(
        action
        for action in (_PUBLIC_ACTIONS if ":ecr-public:" in repository_arn else _ACTIONS)
        if not any(fnmatchcase(action.lower(), pattern) for pattern in excluded)
    )


def _plain_texts(value: Any) -> list[str]:
    return [text for text in map(plain_text, as_list(value)) if text is not None]
