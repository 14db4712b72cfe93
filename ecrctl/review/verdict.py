"""The verdict of a review: every finding judged, and whether one of them blocks the change."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from ecrctl.policies.documents import grouped
from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE

from .diff.comparison import Comparison
from .findings import CATEGORIES, Category, Finding
from .sides.acknowledgements import Acknowledgement
from .sides.sides import Side

HOW_TO_ACKNOWLEDGE = (
    f"To accept a finding, add its ID, a reason and an expiry date to `{ACKNOWLEDGEMENTS_FILE}`. "
    "It takes effect once that file is on the base branch."
)
# Rules whose id changed since ids had eight digits, by the old one.
_RENAMED_RULES = {
    "deletable": "deletion-policy-weakened",
    "there-under-a-condition": "exists-conditionally",
    "job-runs-anew": "job-runs-again",
    "repository-another-logical-id": "repository-logical-id-changed",
    "retention-weakened": "replace-policy-weakened",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A finding and its effect.

    :param blocks: whether the finding blocks the change.
    :param acknowledgement: the acknowledgement that accepts the finding.
    :param expired: an acknowledgement of the finding that is past its last day.
    """

    finding: Finding
    blocks: bool
    acknowledgement: Acknowledgement | None = None
    expired: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedAcknowledgement:
    """An acknowledgement with an id of the old form, which accepts nothing.

    :param finding: the id of the old form.
    :param replacements: the ids of the present findings of its rule.
    """

    finding: str
    replacements: Sequence[str]

    @property
    def message(self) -> str:
        """Return a sentence that explains how to replace the id."""
        old = f"`{self.finding}` in `{ACKNOWLEDGEMENTS_FILE}` has an ID of the old form"
        if not self.replacements:
            return f"{old}, and its rule finds nothing in this change. Remove it."
        new = " or ".join(f"`{one}`" for one in self.replacements)
        return f"{old} and accepts nothing. Replace it with {new}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgements of a change, and the acknowledgements that accept none of its findings.

    :param unused: acknowledgements of findings that this change does not have.
    """

    judgements: Sequence[Judgement]
    unused: Sequence[Acknowledgement]
    outdated: Sequence[OutdatedAcknowledgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A reviewed change.

    :param gates: the categories that block the change, by environment.
    """

    base: Side
    head: Side
    comparison: Comparison
    gates: Mapping[str, Sequence[Category]]
    verdict: Verdict

    @property
    def judgements(self) -> Sequence[Judgement]:
        """Return every finding with its effect, the worst category first."""
        return self.verdict.judgements

    @property
    def blocking(self) -> list[Judgement]:
        """Return the judgements that block the change."""
        return [one for one in self.judgements if one.blocks]

    @property
    def changes_nothing(self) -> bool:
        """Return whether both sides are the same, and nothing is found in them."""
        return not self.comparison.pairs and not self.judgements

    def summary(self) -> str:
        """Return the verdict in one line."""
        if self.changes_nothing:
            return "No changes: both sides deploy exactly the same."
        acknowledged = [one for one in self.judgements if one.acknowledgement]
        other = [one for one in self.judgements if not (one.blocks or one.acknowledgement)]
        sentences = [self._blocking_sentence()]
        if acknowledged:
            sentences.append(f"Acknowledged: {_counts(acknowledged)}.")
        if other:
            sentences.append(f"Other findings: {_counts(other)}.")
        return " ".join(sentences)

    def _blocking_sentence(self) -> str:
        blocking = self.blocking
        if not blocking:
            gate = gates_text(self.gates)
            return f"No blocking findings{f' (blocking categories: {gate})' if gate else ''}."
        noun = "1 finding blocks" if len(blocking) == 1 else f"{len(blocking)} findings block"
        return f"{noun} this change: {_counts(blocking)}."


def judge(
    findings: Sequence[Finding],
    acknowledgements: Sequence[Acknowledgement],
    gates: Mapping[str, Sequence[Category]],
    today: date,
) -> Verdict:
    """Return the verdict on findings.

    :param gates: the categories that block the change, by environment. A finding of any other
        environment is judged by all of them.
    :param today: the day on which an acknowledgement must still be valid.
    """
    valid = [one for one in acknowledgements if not one.is_of_old_form]
    by_id = {one.finding: one for one in valid}
    found = {finding.id for finding in findings}
    return Verdict(
        judgements=[
            _judgement(one, by_id.get(one.id), _gate(one, gates), today) for one in findings
        ],
        unused=[one for one in valid if one.finding not in found],
        outdated=[
            OutdatedAcknowledgement(
                finding=one.finding, replacements=_replacements(one.rule, findings)
            )
            for one in acknowledgements
            if one.is_of_old_form
        ],
    )


def _judgement(
    finding: Finding,
    acknowledgement: Acknowledgement | None,
    gate: AbstractSet[Category],
    today: date,
) -> Judgement:
    is_accepted = acknowledgement is not None and acknowledgement.is_valid_on(today)
    return Judgement(
        finding=finding,
        blocks=finding.category in gate and not is_accepted,
        acknowledgement=acknowledgement if is_accepted else None,
        expired=None if is_accepted else acknowledgement,
    )


def _gate(finding: Finding, gates: Mapping[str, Sequence[Category]]) -> AbstractSet[Category]:
    chosen = [gates[finding.environment]] if finding.environment in gates else gates.values()
    return {category for gate in chosen for category in gate}


def gates_text(gates: Mapping[str, Sequence[Category]]) -> str:
    """Return the categories that block a change: once, or by environment if they differ."""
    alike = grouped(sorted(gates), lambda name: tuple(gates[name]))
    if len(alike) <= 1:
        return ", ".join(next(iter(alike), ()))
    return "; ".join(
        f"{', '.join(gate) or 'none'} in {', '.join(names)}" for gate, names in alike.items()
    )


def _replacements(rule: str, findings: Iterable[Finding]) -> list[str]:
    present = _RENAMED_RULES.get(rule, rule)
    return [finding.id for finding in findings if finding.rule == present]


def _counts(judgements: Iterable[Judgement]) -> str:
    found = Counter(one.finding.category for one in judgements)
    return ", ".join(f"{found[one]} {one}" for one in CATEGORIES if found[one])
