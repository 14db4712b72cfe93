"""Environments with identical changes, told once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .verdict import Judged, Review

# A Job's name carries a hash of its image's URI, in which the account stands.
_JOB_HASH = re.compile(r"(?<=-)[0-9a-f]{10}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Define environments in which the same happens.

    :param judged: what happens, as the first of them says it.
    """

    environments: tuple[str, ...]
    judged: tuple[Judged, ...]

    @property
    def name(self) -> str:
        """Give the names of all of them."""
        return ", ".join(self.environments)


def groups_of(review: Review) -> list[Group]:
    """Give the environments that change, those with identical changes together."""
    by_environment: dict[str, list[Judged]] = {}
    for one in review.judged:
        by_environment.setdefault(one.finding.saying.environment, []).append(one)
    where = {
        pair.environment: (pair.stack.account, pair.stack.region)
        for pair in review.comparison.pairs
    }
    groups: dict[tuple[str, ...], list[str]] = {}
    for environment, judged in sorted(by_environment.items()):
        names = (environment, *where.get(environment, ()))
        groups.setdefault(tuple(sorted(_alike(one, names) for one in judged)), []).append(
            environment
        )
    return [
        Group(environments=tuple(environments), judged=tuple(by_environment[environments[0]]))
        for environments in groups.values()
    ]


def stack_names(group: Group, stack: str) -> str:
    """Give a stack's name in every environment of a group."""
    first, *others = group.environments
    rest = stack.removeprefix(first)
    return ", ".join([stack, *(f"{one}{rest}" for one in others)])


def _alike(judged: Judged, names: Sequence[str]) -> str:
    """Give a finding without what differs between environments by nature."""
    said = judged.finding.saying
    text = "\n".join(
        (judged.finding.rule, said.stack, said.subject, said.message, str(judged.stops))
    )
    for index, name in enumerate(names):
        if name:
            text = re.sub(rf"(?<![\w]){re.escape(name)}(?![\w])", f"<{index}>", text)
    answer = judged.acknowledged or judged.expired
    return _JOB_HASH.sub("<hash>", text) + (f"\n{answer.until}\n{answer.reason}" if answer else "")
