"""Who can pull, push and administer each repository, from synthesised templates alone.

Repository policies are joined with the identity policies of the same app. What an identity policy
elsewhere allows cannot be seen here; where a grant needs one, that is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.markup import escape
from rich.table import Table

from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.policy.cross_account import (
    RequiredGrant,
    completed_by_cdk,
    plain_text,
    policies_by_owner,
    required_grants,
)
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS, PUSH_ACTIONS
from constructs_lib.rules.policy.statements import statements_of
from ecrctl.cdk.assemblies import Stack

Verb = Literal["pull", "push", "administer"]
VERBS: tuple[Verb, ...] = ("pull", "push", "administer")

# What tells each verb. A pull needs all of its actions: who pushes reads manifests too, and still
# gets no layer. One is enough to administer.
_TELLING: Mapping[Verb, tuple[str, ...]] = {
    "pull": ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    "push": ("ecr:PutImage",),
    "administer": (
        "ecr:BatchDeleteImage",
        "ecr:DeleteRepository",
        "ecr:PutLifecyclePolicy",
        "ecr:SetRepositoryPolicy",
    ),
}
# One of these is enough to stop a verb that is denied; who pushes reads manifests only to compare.
_STOPPING = {**_TELLING, "push": tuple(a for a in PUSH_ACTIONS if a != "ecr:BatchGetImage")}
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_ACCOUNT_OF = re.compile(r"(?:account |arn:[^:]+:(?:iam|sts)::)(\d{12})")
_NEEDED = {"pull": PULL_ACTIONS, "push": PUSH_ACTIONS, "administer": _TELLING["administer"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Define that somebody may do something with a repository.

    :param environment: the environment, or stage, that declares the repository.
    :param effect: ``Allow``, or ``Deny``, which wins over every Allow.
    :param condition: under which condition, as it stands in the policy; empty for none.
    :param by: the policy that says so.
    :param also_needs: what another account must allow before this holds; empty for nothing.
    """

    environment: str
    repository: str
    verb: Verb
    effect: str
    who: str
    condition: str
    by: str
    also_needs: str


def grants_of(stacks: Sequence[Stack]) -> list[Grant]:
    """Give every grant on every repository that the stacks declare."""
    grants: list[Grant] = []
    for stack in stacks:
        for _, resource in stack.resources("AWS::ECR::Repository"):
            name = resource["Properties"].get("RepositoryName", "")
            arn = repository_arn(stack.account, stack.region, name)
            grants += _by_repository_policy(name, stack, resource["Properties"])
            grants += _by_identity_policies(stack.environment, name, arn, stacks)
    return sorted(
        set(grants),
        key=lambda grant: (
            grant.environment,
            grant.repository,
            VERBS.index(grant.verb),
            grant.who,
            grant.condition,
            grant.by,
        ),
    )


def by_environment(grants: Iterable[Grant]) -> dict[str, list[Grant]]:
    """Give grants by the environment that declares the repository."""
    found: dict[str, list[Grant]] = {}
    for grant in grants:
        found.setdefault(grant.environment, []).append(grant)
    return found


def policies_by_owner_account(stacks: Sequence[Stack]) -> dict[str, dict[str, Any]]:
    """Give the identity policy that each owner of another account must add."""
    halves: list[RequiredGrant] = []
    for stack in stacks:
        for _, resource in stack.resources("AWS::ECR::Repository"):
            properties = resource["Properties"]
            name = properties.get("RepositoryName", "")
            halves += required_grants(
                statements_of(properties.get("RepositoryPolicyText", {})),
                account=stack.account,
                repository_arn=repository_arn(stack.account, stack.region, name),
            )
    return policies_by_owner(halves)


def _by_repository_policy(
    name: str, stack: Stack, properties: Mapping[str, Any]
) -> Iterator[Grant]:
    for statement in statements_of(properties.get("RepositoryPolicyText", {})):
        for who in _principals(statement):
            for verb in _verbs(statement):
                yield Grant(
                    environment=stack.environment,
                    repository=name,
                    verb=verb,
                    effect=statement["Effect"],
                    who=who,
                    condition=_condition(statement),
                    by="repository policy",
                    also_needs=_other_half(who, statement, verb, stack, name),
                )


def _by_identity_policies(
    environment: str, name: str, arn: str, stacks: Sequence[Stack]
) -> Iterator[Grant]:
    for stack in stacks:
        for who, document in _identity_policies(stack):
            for statement in statements_of(document):
                if not _names(statement, arn):
                    continue
                for verb in _verbs(statement):
                    yield Grant(
                        environment=environment,
                        repository=name,
                        verb=verb,
                        effect=statement["Effect"],
                        who=who,
                        condition=_condition(statement),
                        by="identity policy",
                        also_needs="",
                    )


def _identity_policies(stack: Stack) -> Iterator[tuple[str, Any]]:
    """Give every identity policy with whose it is, attached or inline."""
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for _, policy in stack.resources(kind):
            properties = policy["Properties"]
            for identity in ("Role", "User", "Group"):
                for named in properties.get(f"{identity}s", []):
                    yield f"{identity.lower()} {_path(stack, named)}", properties["PolicyDocument"]
    for identity in ("Role", "User", "Group"):
        for logical_id, resource in stack.resources(f"AWS::IAM::{identity}"):
            for policy in resource.get("Properties", {}).get("Policies", []):
                who = f"{identity.lower()} {_path(stack, {'Ref': logical_id})}"
                yield who, policy["PolicyDocument"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _verbs(statement: Mapping[str, Any]) -> Iterator[Verb]:
    denied = statement["Effect"] == "Deny"
    for verb, telling in (_STOPPING if denied else _TELLING).items():
        told = [_is_about(statement, action) for action in telling]
        if any(told) if denied or verb == "administer" else all(told):
            yield verb


def _is_about(statement: Mapping[str, Any], action: str) -> bool:
    element = "NotAction" if "NotAction" in statement else "Action"
    patterns = [str(item).lower() for item in _listed(statement.get(element, []))]
    named = any(fnmatchcase(action.lower(), pattern) for pattern in patterns)
    return named != (element == "NotAction")


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return [f"everyone but {', '.join(_named(statement['NotPrincipal']))}"]
    return _named(statement.get("Principal", {}))


def _named(principal: Any) -> list[str]:
    if principal == "*":
        return ["everyone"]
    return [_shown(kind, item) for kind, values in principal.items() for item in _listed(values)]


def _shown(kind: str, principal: Any) -> str:
    text = plain_text(principal) or json.dumps(principal)
    if kind != "AWS":
        return text
    if account := _ACCOUNT.fullmatch(text):
        return f"account {account[1]}"
    return "everyone" if text == "*" else text


def _names(statement: Mapping[str, Any], arn: str) -> bool:
    element = "NotResource" if "NotResource" in statement else "Resource"
    texts = [plain_text(item) for item in _listed(statement.get(element, []))]
    named = any(fnmatchcase(arn, text) for text in texts if text is not None)
    return named != (element == "NotResource")


def _condition(statement: Mapping[str, Any]) -> str:
    parts = [
        f"{operator} {key} {', '.join(map(str, _listed(value)))}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    ]
    return "; ".join(parts)


def _path(stack: Stack, role: Any) -> str:
    """Give a role's path in the app, which says more than its logical ID."""
    logical_id = role.get("Ref", "") if isinstance(role, Mapping) else str(role)
    resource = stack.template["Resources"].get(logical_id, {})
    path = resource.get("Metadata", {}).get("aws:cdk:path", f"{stack.name}/{logical_id}")
    return str(path).removesuffix("/Resource")


def _other_half(who: str, statement: Mapping[str, Any], verb: Verb, stack: Stack, name: str) -> str:
    """Say what must be allowed where the principal is: across accounts ECR asks both sides."""
    everywhere = who.startswith("everyone")
    found = _ACCOUNT_OF.match(who)
    elsewhere = found is not None and found[1] != stack.account
    if statement["Effect"] != "Allow" or not (everywhere or elsewhere):
        return ""
    if completed_by_cdk(statement):
        return ""
    arn = repository_arn(stack.account, stack.region, name)
    actions = ", ".join(_NEEDED[verb])
    where = "in each other account" if found is None else f"in account {found[1]}"
    return f"{where}, an identity policy: {actions} on {arn}; ecr:GetAuthorizationToken on *"


def as_text(environment: str, grants: Sequence[Grant]) -> Table:
    """Lay out grants for a terminal; what others must add has a column of its own."""
    table = Table(title=f"{environment}: who may do what", box=box.ROUNDED, title_justify="left")
    for column in ("Repository", "May", "Who", "Condition", "By", "Also needs"):
        table.add_column(column, overflow="fold")
    for grant in grants:
        may = grant.verb if grant.effect == "Allow" else f"[red]never {grant.verb}[/]"
        cells = (grant.who, grant.condition, grant.by, grant.also_needs)
        table.add_row(grant.repository, may, *(escape(cell) for cell in cells))
    return table


def owners_summary(owners: Mapping[str, Any], file: Path | None) -> str:
    """Say whose half is still to be added, and where its policies are."""
    if not owners:
        return "Nobody else has to add anything."
    where = f"in {file}" if file else "written by --required-grants FILE"
    count = "1 owner has" if len(owners) == 1 else f"{len(owners)} owners have"
    return f"{count} a policy to add, {where}: {', '.join(owners)}."


def as_markdown(environment: str, grants: Sequence[Grant]) -> str:
    """Write grants as a Markdown table."""
    lines = [
        f"### {environment}: who may do what",
        "",
        "| Repository | May | Who | Condition | By | Also needs |",
        "|---|---|---|---|---|---|",
    ]
    for grant in grants:
        may = grant.verb if grant.effect == "Allow" else f"**never** {grant.verb}"
        cells = (grant.repository, may, grant.who, grant.condition, grant.by, grant.also_needs)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def as_json(grants: Sequence[Grant]) -> str:
    """Write grants as JSON."""
    return json.dumps([asdict(grant) for grant in grants], indent=2)
