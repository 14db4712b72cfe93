"""What a lifecycle policy would do, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from checked_files.fault_text import one_of
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.preview import ImageVerdict
from environments.settings import EnvironmentSettings

from .errors import FAILED, UserError
from .images.image_files import read_json

_STYLES = {"kept": "green", "archived": "yellow", "expired": "red"}
_SHORT_DIGEST = 19


def policy_of(settings: EnvironmentSettings, repository: str) -> LifecyclePolicy:
    """Give the policy that an environment declares for a repository."""
    declared = {item.name: item for item in settings.repositories}
    if repository not in declared:
        raise UserError(
            f"The environment '{settings.name}' declares no repository '{repository}'; "
            f"{one_of(repository, list(declared))}",
            exit_code=FAILED,
        )
    policy = declared[repository].lifecycle
    if policy is None:
        raise UserError(
            f"'{repository}' has no lifecycle policy in '{settings.name}': every image stays. "
            "To look at another policy, give --policy FILE.",
            exit_code=FAILED,
        )
    return policy


def policy_from_file(path: Path) -> LifecyclePolicy:
    """Read an ECR lifecycle policy document from a file."""
    try:
        return policy_from_document(read_json(path))
    except RuleError as error:
        lines = "\n".join(f"  - {fault}" for fault in error.faults)
        raise UserError(f"{path}:\n{lines}", exit_code=FAILED) from None


def moment_of(text: str) -> datetime:
    """Read the moment that a preview is for."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UserError(
            f"--now takes a time such as 2026-11-23T12:00:00Z, with its zone, got '{text}'."
        )
    return moment


def table_of(repository: str, verdicts: Sequence[ImageVerdict]) -> Table:
    """Lay out what would happen to each image."""
    table = Table(title=f"{repository}: what its lifecycle policy would do", box=box.ROUNDED)
    table.title_justify = "left"
    for name in ("Outcome", "Image", "Tags", "Pushed", "Rule", "Why"):
        table.add_column(name, overflow="fold")
    for verdict in verdicts:
        rule = verdict.rule
        table.add_row(
            f"[{_STYLES[verdict.outcome]}]{verdict.outcome}[/]",
            verdict.image.digest[:_SHORT_DIGEST],
            escape(", ".join(verdict.image.tags)) or "[dim]untagged[/]",
            f"{verdict.image.pushed_at:%Y-%m-%d %H:%M}",
            escape(f"{rule.priority} {rule.description}".strip()) if rule else "",
            verdict.reason,
        )
    return table


def summary(verdicts: Sequence[ImageVerdict]) -> str:
    """Count the outcomes in one line."""
    outcomes = [verdict.outcome for verdict in verdicts]
    counts = ", ".join(f"{outcomes.count(name)} {name}" for name in _STYLES)  # type: ignore[arg-type]
    return f"{len(verdicts)} images: {counts}."


def documents_of(verdicts: Sequence[ImageVerdict]) -> list[Mapping[str, Any]]:
    """Give the verdicts as plain data."""
    return [
        {
            "digest": verdict.image.digest,
            "tags": list(verdict.image.tags),
            "pushed_at": verdict.image.pushed_at.isoformat(),
            "storage_class": verdict.image.storage_class,
            "outcome": verdict.outcome,
            "rule": verdict.rule.priority if verdict.rule else None,
            "reason": verdict.reason,
        }
        for verdict in verdicts
    ]
