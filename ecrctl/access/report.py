"""Grants as a table for a terminal, as Markdown and as JSON."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.markup import escape
from rich.table import Table

from .grants import Grant

_COLUMNS = ("Repository", "Permission", "Principal", "Condition", "Policy", "Also requires")


def table_of(environment: str, grants: Sequence[Grant]) -> Table:
    """Return grants as a table for a terminal."""
    table = Table(title=_title(environment), box=box.ROUNDED, title_justify="left")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for grant in grants:
        permission = grant.verb if grant.effect == "Allow" else f"[red]denied:[/] {grant.verb}"
        table.add_row(escape(grant.repository), permission, *map(escape, _cells(grant)))
    return table


def markdown_of(environment: str, grants: Sequence[Grant]) -> str:
    """Return grants as a Markdown table."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS)]
    for grant in grants:
        permission = grant.verb if grant.effect == "Allow" else f"**denied:** {grant.verb}"
        rows.append((grant.repository, permission, *_cells(grant)))
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([f"### {_title(environment)}", "", *lines])


def json_of(grants: Sequence[Grant]) -> str:
    """Return grants as JSON."""
    return json.dumps([asdict(grant) for grant in grants], indent=2)


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


def _title(environment: str) -> str:
    return f"{environment}: access to repositories"


def _cells(grant: Grant) -> tuple[str, ...]:
    return (grant.principal, grant.condition, grant.policy, grant.also_requires)
