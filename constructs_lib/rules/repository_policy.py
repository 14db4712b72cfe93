"""Repository policies: who may pull and push, as statements that ECR accepts and that hold.

Sources: Amazon ECR user guide, "Private repository policies"; IAM user guide, "AWS JSON policy
elements: Principal" and "Policy evaluation logic".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .faults import Fault, refuse
from .partitions import account_faults

MAXIMUM_LENGTH = 10_240

PULL_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)
PUSH_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

Statement = Mapping[str, Any]

_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/[\w+=,.@/-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Define who may do something with a repository; by default nobody beyond its account.

    :param accounts: account numbers. The account decides which of its principals may: its own
        identity policies are the other half of the grant.
    :param role_arns: roles that exist, by full ARN. A role of the repository's own account may
        by this alone. For a role of another account its account is named and the role is the
        condition, and the role's own policy is the other half.
    :raises RuleError: when an account or ARN does not have its form.
    """

    accounts: tuple[str, ...] = ()
    role_arns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse("Access", access_faults(self.accounts, self.role_arns))

    def __bool__(self) -> bool:
        return bool(self.accounts or self.role_arns)


def access_faults(accounts: Sequence[str], role_arns: Sequence[str]) -> list[Fault]:
    """Check the accounts and roles of an access."""
    faults = [
        fault.under(f"accounts[{index}]")
        for index, account in enumerate(accounts)
        for fault in account_faults(account)
    ]
    for index, arn in enumerate(role_arns):
        faults += [fault.under(f"role_arns[{index}]") for fault in role_arn_faults(arn)]
    return faults


def role_arn_faults(arn: str) -> list[Fault]:
    """Check a role's ARN; a wildcard in a principal is what AWS refuses."""
    if "*" in arn or "?" in arn:
        return [
            Fault(
                "",
                f"a principal's ARN takes no wildcard, got '{arn}'. "
                "Name each role, or the whole account.",
            )
        ]
    if not _ROLE_ARN.fullmatch(arn):
        return [
            Fault(
                "",
                f"'{arn}' is not a role's ARN. "
                "Write it such as 'arn:aws:iam::111111111111:role/ci-push'.",
            )
        ]
    return []


def access_statements(
    *, pull: Access, push: Access, account: str, partition: str
) -> list[dict[str, Any]]:
    """Give the repository policy's statements for who may pull and who may push.

    :param account: the account that owns the repository.
    """
    return [
        *_statements("Pull", PULL_ACTIONS, pull, account, partition),
        *_statements("Push", PUSH_ACTIONS, push, account, partition),
    ]


def _statements(
    verb: str, actions: tuple[str, ...], access: Access, account: str, partition: str
) -> list[dict[str, Any]]:
    own = [arn for arn in access.role_arns if _account_of(arn) == account]
    foreign = [arn for arn in access.role_arns if _account_of(arn) != account]
    statements: list[dict[str, Any]] = []
    if access.accounts:
        roots = [_root(number, partition) for number in sorted(set(access.accounts))]
        statements.append(_allow(f"{verb}FromAccounts", roots, actions))
    if own:
        statements.append(_allow(f"{verb}ByRoles", sorted(set(own)), actions))
    # ECR refuses a principal that does not exist (yet), which for another account's role nobody
    # here can know: the account is named instead, and the role is the condition.
    for number in sorted({_account_of(arn) for arn in foreign}):
        arns = sorted({arn for arn in foreign if _account_of(arn) == number})
        statement = _allow(f"{verb}ByRolesOf{number}", [_root(number, partition)], actions)
        statement["Condition"] = {"ArnEquals": {"aws:PrincipalArn": _one_or_list(arns)}}
        statements.append(statement)
    return statements


def _allow(sid: str, principals: list[str], actions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_list(principals)},
        "Action": list(actions),
    }


def _one_or_list(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _root(account: str, partition: str) -> str:
    return f"arn:{partition}:iam::{account}:root"


def _account_of(arn: str) -> str:
    return arn.split(":")[4]


def policy_document(statements: Iterable[Statement]) -> dict[str, Any] | None:
    """Give the repository policy of some statements, or ``None`` when there are none."""
    listed = [dict(statement) for statement in statements]
    return {"Version": "2012-10-17", "Statement": listed} if listed else None


def statement_faults(statements: Sequence[Statement]) -> list[Fault]:
    """Check statements for what ECR refuses in a repository policy, and for its length."""
    faults: list[Fault] = []
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    for index, statement in enumerate(statements):
        faults += [fault.under(f"statements[{index}]") for fault in _statement_faults(statement)]
    for sid in sorted({sid for sid in sids if sids.count(sid) > 1}):
        faults.append(Fault("", f"a Sid is unique in its policy, got '{sid}' more than once."))
    length = len(json.dumps(policy_document(statements) or {}, separators=(",", ":")))
    if length > MAXIMUM_LENGTH:
        faults.append(
            Fault(
                "",
                f"a repository policy has at most {MAXIMUM_LENGTH:,} characters, got {length:,}. "
                "Name whole accounts instead of single roles.",
            )
        )
    return faults


def _statement_faults(statement: Statement) -> list[Fault]:
    faults: list[Fault] = []
    if "Resource" in statement or "NotResource" in statement:
        faults.append(
            Fault(
                "Resource",
                "a repository policy's statement has no Resource: it is the repository. Remove it.",
            )
        )
    given = statement.get("Action", statement.get("NotAction", []))
    actions = [given] if isinstance(given, str) else list(given)
    for action in actions:
        if not str(action).lower().startswith("ecr:"):
            faults.append(
                Fault("Action", f"a repository policy takes ECR's actions only, got '{action}'.")
            )
        if str(action).lower() == "ecr:getauthorizationtoken":
            faults.append(
                Fault(
                    "Action",
                    "ecr:GetAuthorizationToken is not an action on a repository. "
                    "Allow it in the principal's identity policy, on '*'.",
                )
            )
    return faults
