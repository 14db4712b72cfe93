"""Grants as a table for a terminal, as Markdown and as JSON."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table
from ecrctl.output.documents import AccessDocument, GrantDocument, PushRoleDocument
from ecrctl.policies.documents import grouped
from ecrctl.policies.verbs import CREATED_VERBS, PUBLIC_VERBS
from ecrctl.policies.wording import listed

from .grants import Access, EnvironmentAccess, Grant

_COLUMNS = ("Repository", "Permission", "Principal", "Condition", "Policy", "Also requires")
_ROLES = "Roles with which GitHub Actions pushes"
_ROLE_COLUMNS = ("Environment", "Workflow runs", "Role")
_VERBS = {(verb.name, False): verb for verb in CREATED_VERBS} | {
    (verb.name, True): verb for verb in PUBLIC_VERBS
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRole:
    """A role with which GitHub Actions pushes.

    :param subject: the workflow runs that can assume it, by the subject of their token.
    """

    environment: str
    subject: str
    name: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A grant as a row, with the repositories that share it."""

    repository: str
    grant: Grant


def table_of(access: EnvironmentAccess) -> Table:
    """Return grants as a table for a terminal."""
    table = new_table(_title(access), *_COLUMNS)
    for row in _rows(access):
        permission = escape(_permission(row.grant))
        if row.grant.effect == "Deny":
            permission = f"[red]denied:[/] {permission}"
        elif row.grant.is_open_to_everyone:
            permission = f"open to everyone: {permission}"
        table.add_row(
            escape(row.repository),
            permission,
            *map(escape, _cells(row.grant)),
            style="bold red" if row.grant.is_open_to_everyone else None,
        )
    return table


def markdown_of(access: EnvironmentAccess) -> str:
    """Return grants as a Markdown table below a heading; without grants, the heading alone."""
    heading = f"### {_title(access)}"
    if not access.grants:
        return heading
    rows = [_COLUMNS, ("---",) * len(_COLUMNS)]
    for row in _rows(access):
        permission, repository = _permission(row.grant), row.repository
        if row.grant.effect == "Deny":
            permission = f"**denied:** {permission}"
        elif row.grant.is_open_to_everyone:
            repository, permission = f"**{repository}**", f"**open to everyone:** {permission}"
        rows.append((repository, permission, *_cells(row.grant)))
    return "\n".join([heading, "", *map(_markdown_row, rows)])


def document_of(access: Access, roles: Sequence[PushRole]) -> AccessDocument:
    """Return every grant on every repository, and the roles of GitHub, for JSON."""
    return AccessDocument(
        grants=[GrantDocument.model_validate(one) for one in access.grants],
        undecided=access.undecided,
        github_roles=[PushRoleDocument.model_validate(one) for one in roles],
    )


def table_of_roles(roles: Sequence[PushRole]) -> Table:
    """Return the roles of GitHub as a table for a terminal."""
    table = new_table(_ROLES, *_ROLE_COLUMNS)
    for role in roles:
        table.add_row(*map(escape, (role.environment, role.subject, role.arn)))
    return table


def markdown_of_roles(roles: Sequence[PushRole]) -> str:
    """Return the roles of GitHub as a Markdown table below a heading."""
    rows = [_ROLE_COLUMNS, ("---",) * len(_ROLE_COLUMNS)]
    rows += [(one.environment, one.subject, one.arn) for one in roles]
    return "\n".join([f"### {_ROLES}", "", *map(_markdown_row, rows)])


def _markdown_row(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def without_grants(access: EnvironmentAccess) -> str:
    """Return a sentence that names the repositories without a grant; empty for none."""
    granted = {grant.repository_arn for grant in access.grants if grant.effect == "Allow"}
    names = [_name(arn) for arn in access.repositories if arn not in granted]
    if not names:
        return ""
    return f"{access.environment}: no policy that could be read allows access to {listed(names)}."


def owners_summary(owners: Collection[str], file: Path | None) -> str:
    """Return which owners must add a policy, and the file that contains the policies."""
    if not owners:
        return "No other account has to add a policy."
    count = "1 owner" if len(owners) == 1 else f"{len(owners)} owners"
    where = (
        f"The policies are in {file}."
        if file
        else "Write the policies with --required-grants FILE."
    )
    return f"{count} must add a policy: {', '.join(owners)}. {where}"


def _title(access: EnvironmentAccess) -> str:
    return f"{access.environment}: access to repositories"


def _rows(access: EnvironmentAccess) -> list[_Row]:
    """Return grants in their order, but those that all repositories share once.

    The grants on repositories that are open to everyone come first.
    """
    shared = _shared(access)
    everywhere = f"all {len(access.repositories)} repositories"
    together = [_Row(repository=everywhere, grant=one) for one in shared]
    others = [
        _Row(repository=_name(grant.repository_arn), grant=grant)
        for grant in access.grants
        if _without_repository(grant) not in shared
    ]
    open_arns = {row.grant.repository_arn for row in others if row.grant.is_open_to_everyone}
    return [
        *(row for row in together if row.grant.is_open_to_everyone),
        *(row for row in others if row.grant.repository_arn in open_arns),
        *(row for row in together if not row.grant.is_open_to_everyone),
        *(row for row in others if row.grant.repository_arn not in open_arns),
    ]


def _shared(access: EnvironmentAccess) -> dict[Grant, None]:
    """Return the grants that all of several repositories share, without the repositories."""
    if len(access.repositories) == 1:
        return {}
    found = grouped(access.grants, _without_repository)
    return {
        one: None
        for one, these in found.items()
        if len({grant.repository_arn for grant in these}) == len(access.repositories)
    }


def _without_repository(grant: Grant) -> Grant:
    text = grant.also_requires.replace(grant.repository_arn, "each repository")
    return replace(grant, repository="", repository_arn="", also_requires=text)


def _permission(grant: Grant) -> str:
    """Return a verb, and its actions where it includes others that are not meant."""
    # Of a grant that all repositories share, only the actions are known.
    is_public = any(action.startswith("ecr-public:") for action in grant.actions)
    verb = _VERBS[grant.verb, is_public]
    is_partial = set(grant.actions) < set(verb.actions)
    is_shown = is_partial and (verb.is_any or grant.effect == "Deny")
    return f"{grant.verb} ({', '.join(grant.actions)})" if is_shown else grant.verb


def _name(arn: str) -> str:
    before, _, name = arn.partition(":repository/")
    return f"{name} (public)" if ":ecr-public:" in before else name


def _cells(grant: Grant) -> tuple[str, ...]:
    return (grant.principal, grant.condition, grant.policy, grant.also_requires)
