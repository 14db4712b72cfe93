"""Environments with identical changes, told once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecrctl.review.verdict import Judged, Review

# What differs between environments by nature, and what stands for it where it is told of several.
_WORDS = ("ENVIRONMENT", "ACCOUNT", "REGION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Define a finding of one or several environments, told once.

    :param each: the finding in each of them, in their order.
    :param subject: what it is about, without what differs between them.
    :param message: what happens, likewise.
    """

    each: tuple[Judged, ...]
    subject: str
    message: str

    @property
    def first(self) -> Judged:
        """Give the finding in the first environment."""
        return self.each[0]

    @property
    def ids(self) -> str:
        """Give the ids, by which each of them is answered for."""
        return ", ".join(dict.fromkeys(one.finding.id for one in self.each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Define environments in which the same happens."""

    environments: tuple[str, ...]
    told: tuple[Told, ...]

    @property
    def name(self) -> str:
        """Give the names of all of them."""
        return ", ".join(self.environments)


def groups_of(review: Review) -> list[Group]:
    """Give the environments that change, those with identical changes together."""
    by_environment: dict[str, list[Judged]] = {}
    for one in review.judged:
        by_environment.setdefault(one.finding.saying.environment, []).append(one)
    names = {
        pair.environment: (pair.environment, pair.stack.account, pair.stack.region)
        for pair in review.comparison.pairs
    }
    alike: dict[tuple[str, ...], list[str]] = {}
    for environment, judged in sorted(by_environment.items()):
        key = tuple(sorted(_alike(one, names[environment]) for one in judged))
        alike.setdefault(key, []).append(environment)
    return [
        Group(
            environments=tuple(environments),
            told=tuple(_told([by_environment[one] for one in environments], names, environments)),
        )
        for environments in alike.values()
    ]


def stack_names(group: Group, stack: str) -> str:
    """Give a stack's name in every environment of a group."""
    first, *others = group.environments
    rest = stack.removeprefix(first)
    return ", ".join([stack, *(f"{one}{rest}" for one in others)])


def _told(
    findings: Sequence[Sequence[Judged]],
    names: dict[str, tuple[str, str, str]],
    environments: Sequence[str],
) -> list[Told]:
    """Put together what is alike, in the order of the first environment."""
    by_text = [
        sorted(judged, key=lambda one, name=name: _alike(one, names[name]))  # type: ignore[misc]
        for name, judged in zip(environments, findings, strict=True)
    ]
    together = {each[0].finding.id: each for each in zip(*by_text, strict=True)}
    told = []
    for one in findings[0]:
        each = together[one.finding.id]
        sayings = [item.finding.saying for item in each]
        subject, message = sayings[0].subject, sayings[0].message
        if any((said.subject, said.message) != (subject, message) for said in sayings):
            subject, message = (
                _general(text, names[environments[0]]) for text in (subject, message)
            )
        told.append(Told(each=tuple(each), subject=subject, message=message))
    return told


def _alike(judged: Judged, names: Sequence[str]) -> str:
    """Give a finding without what differs between environments by nature."""
    said = judged.finding.saying
    answer = judged.acknowledged or judged.expired
    parts = (judged.finding.rule, said.stack, said.subject, said.message, str(judged.stops))
    answered = (str(answer.until), answer.reason) if answer else ()
    return "\n".join((_general("\n".join(parts), names), *answered))


def _general(text: str, names: Sequence[str]) -> str:
    for name, word in zip(names, _WORDS, strict=True):
        if name:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
    return text
