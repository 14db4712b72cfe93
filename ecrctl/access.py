"""Who can pull, push and administer each repository, from synthesised templates alone.

Repository policies are joined with the identity policies of the same app. What an identity policy
elsewhere allows cannot be seen here; where a grant needs one, that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.markup import escape
from rich.table import Table

from constructs_lib.rules.images import repository_arn
from constructs_lib.rules.other_halves import OtherHalf, other_halves, policies_of_others
from constructs_lib.rules.repository_policy import PULL_ACTIONS, PUSH_ACTIONS
from constructs_lib.rules.statements import statements_of

from .assemblies import Stack

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
_NEEDED = {"pull": PULL_ACTIONS, "push": PUSH_ACTIONS, "administer": ()}


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


def policies_of_owners(stacks: Sequence[Stack]) -> dict[str, dict[str, Any]]:
    """Give the identity policy that each owner of another account must add."""
    halves: list[OtherHalf] = []
    for stack in stacks:
        for _, resource in stack.resources("AWS::ECR::Repository"):
            properties = resource["Properties"]
            name = properties.get("RepositoryName", "")
            halves += other_halves(
                statements_of(properties.get("RepositoryPolicyText", {})),
                account=stack.account,
                repository_arn=repository_arn(stack.account, stack.region, name),
            )
    return policies_of_others(halves)


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
        for _, policy in stack.resources("AWS::IAM::Policy"):
            properties = policy["Properties"]
            for statement in statements_of(properties["PolicyDocument"]):
                if not _names(statement, arn):
                    continue
                for role in properties.get("Roles", []):
                    for verb in _verbs(statement):
                        yield Grant(
                            environment=environment,
                            repository=name,
                            verb=verb,
                            effect=statement["Effect"],
                            who=f"role {_path(stack, role)}",
                            condition=_condition(statement),
                            by="identity policy",
                            also_needs="",
                        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _verbs(statement: Mapping[str, Any]) -> Iterator[Verb]:
    actions = [str(action).lower() for action in _listed(statement.get("Action", []))]
    for verb, telling in _TELLING.items():
        told = [any(fnmatchcase(item.lower(), action) for action in actions) for item in telling]
        if any(told) if verb == "administer" else all(told):
            yield verb


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    if principal == "*":
        return ["everyone"]
    shown = []
    for kind, values in principal.items():
        for value in _listed(values):
            text = value if isinstance(value, str) else json.dumps(value)
            is_account = kind == "AWS" and text.endswith(":root")
            shown.append(f"account {text.split(':')[4]}" if is_account else text)
    return shown


def _names(statement: Mapping[str, Any], arn: str) -> bool:
    resources = [item for item in _listed(statement.get("Resource", [])) if isinstance(item, str)]
    return any(fnmatchcase(arn, resource) for resource in resources)


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
    everywhere = who == "everyone"
    elsewhere = who.startswith("account ") and who != f"account {stack.account}"
    if statement["Effect"] != "Allow" or not (everywhere or elsewhere):
        return ""
    arn = repository_arn(stack.account, stack.region, name)
    actions = ", ".join(_NEEDED[verb])
    where = "in each other account" if everywhere else f"in {who}"
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


def told_of_owners(owners: Mapping[str, Any], file: Path | None) -> str:
    """Say whose half is still to be added, and where its policies are."""
    if not owners:
        return "Nobody else has to add anything."
    where = f"in {file}" if file else "written by --other-halves FILE"
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
