"""Reviews for the tests of their output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.review.diff.comparison import Comparison, StackPair
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.findings import DEFAULT_GATE, Category, Finding, in_order
from ecrctl.review.rules.table import findings_of
from ecrctl.review.sides.acknowledgements import Acknowledgement
from ecrctl.review.sides.sides import Side
from ecrctl.review.team_rules.gates import Gates, environment_gates
from ecrctl.review.verdict import Review, judge
from tests.ecrctl.review.pairs import write_assembly

TODAY = date(2026, 6, 1)
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def repository(name: str, **properties: Any) -> dict[str, Any]:
    """Return a repository that is retained."""
    given = {"RepositoryName": name, **properties}
    return {"Type": "AWS::ECR::Repository", **RETAINED, "Properties": given}


def reviewed(
    folder: Path,
    base: dict[str, Any],
    head: dict[str, Any],
    *,
    accounts: dict[str, str] | None = None,
    acknowledgements: tuple[Acknowledgement, ...] = (),
) -> Review:
    """Review two sides, each a mapping of stacks."""
    facts = {stack: {"account": account} for stack, account in (accounts or {}).items()}
    sides = [
        Side(label=label, stacks=stacks_of(write_assembly(folder / label, stacks, facts)))
        for label, stacks in (("base", base), ("head", head))
    ]
    comparison = compare(sides[0].stacks, sides[1].stacks)
    gates = environment_gates(Gates(), sides[0].stacks, sides[1].stacks)
    return Review(
        base=sides[0],
        head=sides[1],
        comparison=comparison,
        gates=gates,
        verdict=judge(findings_of(comparison), acknowledgements, gates, TODAY),
    )


def three_environments(folder: Path, *acknowledgements: Acknowledgement) -> Review:
    """Review an identical change of two environments, and another change of a third."""
    accounts = {
        "dev/Web": "111111111111",
        "staging/Web": "222222222222",
        "prod/Web": "333333333333",
    }
    base = {stack: {"Web": repository("web")} for stack in accounts}
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    heads = {
        stack: {
            "Web": repository(
                "web",
                RepositoryPolicyText={
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": account}, "Action": pull},
                        {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": pull},
                    ]
                },
            )
        }
        for stack, account in accounts.items()
    }
    heads["prod/Web"]["Web"].pop("DeletionPolicy")
    return reviewed(folder, base, heads, accounts=accounts, acknowledgements=acknowledgements)


def finding(category: Category, number: int = 0, **given: Any) -> Finding:
    """Return a finding of a category, of an environment that only it has by default."""
    values = {
        "environment": "dev",
        "stack": "dev/Web",
        "subject": f"repository web-{number}",
        "message": "changes",
        "key": f"web-{number}",
        "evidence": "",
        "rule": f"rule-of-{category}",
        "category": category,
    }
    return Finding(**{**values, **given})


def review_of(
    findings: Iterable[Finding],
    *,
    texts: Mapping[str, str] | None = None,
    acknowledgements: Sequence[Acknowledgement] = (),
    gates: Mapping[str, Sequence[Category]] | None = None,
) -> Review:
    """Return a review with some findings, of stacks without any resource."""
    found = in_order(findings)
    names = sorted({one.environment for one in found})
    pairs = [
        StackPair(name=name, base=None, head=_stack(name, f"{index:012}"))
        for index, name in enumerate([*(f"{name}/Web" for name in names), *(texts or {})])
    ]
    side = Side(label="side", stacks=[])
    gates = {**dict.fromkeys(names, DEFAULT_GATE), **(gates or {})}
    return Review(
        base=side,
        head=side,
        comparison=Comparison(base=(), head=(), pairs=pairs, changes=(), texts=texts or {}),
        gates=gates,
        verdict=judge(found, acknowledgements, gates, TODAY),
    )


def _stack(name: str, account: str) -> Stack:
    stage = name.partition("/")[0]
    return Stack(name=name, account=account, region="r", template={}, stage=stage)
