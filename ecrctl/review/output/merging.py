"""Findings that environments have in common, reported together, the worst first."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecrctl.policies.documents import grouped
from ecrctl.review.findings import CATEGORIES, Category, Finding, ImageMove
from ecrctl.review.verdict import Judgement, Review

# Where a finding of several environments would differ in one of these, the word replaces it.
_WORDS = ("ENVIRONMENT", "ACCOUNT", "REGION")
_REGISTRY = "REGISTRY"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFinding:
    """A finding of one or several environments, reported once.

    :param judgements: the judgement in each environment, in their order; all have the same effect.
    :param subject: the subject, without the values that differ between the environments.
    :param message: the message, without them as well.
    :param stack: the stack, without the environment's name if there are several environments.
    """

    judgements: tuple[Judgement, ...]
    subject: str
    message: str
    stack: str

    @property
    def judgement(self) -> Judgement:
        """Return the judgement in the first environment."""
        return self.judgements[0]

    @property
    def category(self) -> Category:
        """Return the category."""
        return self.judgement.finding.category

    @property
    def environments(self) -> list[str]:
        """Return the names of the environments."""
        return [one.finding.environment for one in self.judgements]

    @property
    def ids(self) -> list[str]:
        """Return the ids of all environments, for their acknowledgements."""
        return list(dict.fromkeys(one.finding.id for one in self.judgements))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedMove:
    """An image that moves to another version, in one or several environments."""

    move: ImageMove
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    """An environment's own names, which differ from those of other environments."""

    names: tuple[str, str, str]

    def general(self, text: str, finding: Finding) -> str:
        """Return a text without this environment's registry, name, account and region."""
        for move in finding.moves:
            text = text.replace(move.registry, _REGISTRY) if move.registry else text
        for name, word in zip(self.names, _WORDS, strict=True):
            if name:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
        return text


# Everything that must be the same for judgements to be reported together. The number at the end
# keeps findings of one environment apart.
_Key = tuple[object, ...]


def merged_findings(review: Review) -> list[MergedFinding]:
    """Return all findings: the worst category first, and in each category what blocks first."""
    environments = _environments_of(review)
    seen: Counter[_Key] = Counter()
    by_key: dict[_Key, list[Judgement]] = {}
    for judgement in review.judgements:
        key = _shared(judgement, environments[judgement.finding.environment])
        within = (judgement.finding.environment, *key)
        by_key.setdefault((*key, seen[within]), []).append(judgement)
        seen[within] += 1
    found = [_merged(environments, judgements) for judgements in by_key.values()]
    return sorted(found, key=_severity)


def _severity(merged: MergedFinding) -> tuple[int, bool, bool]:
    judgement = merged.judgement
    is_accepted = judgement.acknowledgement is not None
    return CATEGORIES.index(merged.category), not judgement.blocks, is_accepted


def _environments_of(review: Review) -> dict[str, _Environment]:
    found = {one.finding.environment: _Environment(names=("", "", "")) for one in review.judgements}
    for pair in review.comparison.pairs:
        names = (pair.environment, pair.stack.account, pair.stack.region)
        found[pair.environment] = _Environment(names=names)
    return found


def _shared(judgement: Judgement, environment: _Environment) -> _Key:
    finding = judgement.finding
    parts = (finding.stack, finding.subject, finding.message)
    accepted = judgement.acknowledgement or judgement.expired
    return (
        *(finding.rule, finding.is_undecided, judgement.blocks),
        *(environment.general(part, finding) for part in parts),
        # With another acknowledgement, a finding has another effect.
        *((accepted.until, accepted.reason) if accepted else ()),
    )


def _merged(
    environments: dict[str, _Environment], judgements: Sequence[Judgement]
) -> MergedFinding:
    first = judgements[0].finding

    def shared(texts: Iterable[str]) -> str:
        text, *others = texts
        if all(other == text for other in others):
            return text
        return environments[first.environment].general(text, first)

    findings = [one.finding for one in judgements]
    return MergedFinding(
        judgements=tuple(judgements),
        subject=shared(one.subject for one in findings),
        message=shared(one.message for one in findings),
        stack=shared(one.stack for one in findings).removeprefix(f"{_WORDS[0]}/"),
    )


def merged_moves(review: Review) -> list[MergedMove]:
    """Return the images that move to another version, each once for all of its environments."""
    moves = [
        (move, one.finding.environment) for one in review.judgements for move in one.finding.moves
    ]
    return [
        MergedMove(move=these[0][0], environments=tuple(dict.fromkeys(name for _, name in these)))
        for these in grouped(moves, lambda one: one[0].version_change).values()
    ]
