"""Environments with identical changes, reported together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ecrctl.policies.documents import grouped
from ecrctl.review.findings import Category
from ecrctl.review.verdict import Judgement, Review

# Where a finding of several environments would differ in one of these, the word replaces it.
_WORDS = ("ENVIRONMENT", "ACCOUNT", "REGION")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFinding:
    """A finding of one or several environments, reported once.

    :param judgements: the judgement in each environment, in their order; all have the same effect.
    :param subject: the subject, without the values that differ between the environments.
    :param message: the message, without them as well.
    """

    judgements: tuple[Judgement, ...]
    subject: str
    message: str

    @property
    def judgement(self) -> Judgement:
        """Return the judgement in the first environment."""
        return self.judgements[0]

    @property
    def category(self) -> Category:
        """Return the category."""
        return self.judgement.finding.category

    @property
    def stack(self) -> str:
        """Return the stack in the first environment."""
        return self.judgement.finding.stack

    @property
    def ids(self) -> str:
        """Return the ids of all environments, for their acknowledgements."""
        return ", ".join(dict.fromkeys(one.finding.id for one in self.judgements))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Environments with identical changes."""

    environments: tuple[str, ...]
    findings: tuple[MergedFinding, ...]

    @property
    def name(self) -> str:
        """Return the names of all environments."""
        return ", ".join(self.environments)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    """The judgements of one environment, each with the text that identical ones share."""

    name: str
    names: tuple[str, str, str]
    judgements: Sequence[Judgement]

    def general(self, text: str) -> str:
        """Return a text without this environment's name, account and region."""
        for name, word in zip(self.names, _WORDS, strict=True):
            if name:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
        return text

    def shared_text(self, judgement: Judgement) -> str:
        """Return everything that must be the same for two judgements to be reported together."""
        finding = judgement.finding
        parts = (finding.rule, finding.stack, finding.subject, finding.message)
        return "\n".join((self.general("\n".join(parts)), *_effect(judgement)))

    def by_shared_text(self) -> list[Judgement]:
        """Return the judgements in an order that all environments with the same changes have."""
        return sorted(self.judgements, key=self.shared_text)


def _effect(judgement: Judgement) -> tuple[str, ...]:
    """Return the acknowledgement, without which a finding would have another effect."""
    one = judgement.acknowledgement or judgement.expired
    return () if one is None else (str(one.until), one.reason)


def groups_of(review: Review) -> list[Group]:
    """Return the environments that change, those with identical changes together."""
    alike = grouped(
        _environments_of(review), lambda one: tuple(sorted(map(one.shared_text, one.judgements)))
    )
    return [
        Group(
            environments=tuple(one.name for one in environments),
            findings=tuple(_merged(environments)),
        )
        for environments in alike.values()
    ]


def _environments_of(review: Review) -> list[_Environment]:
    judgements = grouped(review.judgements, lambda one: one.finding.environment)
    names = {
        pair.environment: (pair.environment, pair.stack.account, pair.stack.region)
        for pair in review.comparison.pairs
    }
    return [
        _Environment(name=name, names=names[name], judgements=judgements[name])
        for name in sorted(judgements)
    ]


def stack_names(group: Group, stack: str) -> str:
    """Return a stack's name in every environment of a group."""
    first, *others = group.environments
    rest = stack.removeprefix(first)
    return ", ".join([stack, *(f"{one}{rest}" for one in others)])


def _merged(environments: Sequence[_Environment]) -> list[MergedFinding]:
    """Return the findings of environments with identical changes, in the order of the first."""
    first = environments[0]
    together = {
        id(judgements[0]): judgements
        for judgements in zip(*(one.by_shared_text() for one in environments), strict=True)
    }
    return [_merged_finding(first, together[id(one)]) for one in first.judgements]


def _merged_finding(first: _Environment, judgements: tuple[Judgement, ...]) -> MergedFinding:
    texts = [(one.finding.subject, one.finding.message) for one in judgements]
    subject, message = texts[0]
    if any(text != texts[0] for text in texts):
        subject, message = first.general(subject), first.general(message)
    return MergedFinding(judgements=judgements, subject=subject, message=message)
