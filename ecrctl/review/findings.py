"""What a review finds: one sentence about one thing, in one category."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Category(StrEnum):
    """Define what a finding is about, the worst first."""

    DATA_LOSS = "data-loss"
    WILL_FAIL = "will-fail"
    PROTECTION_LOST = "protection-lost"
    ACCESS_GAINED = "access-gained"
    ACCESS_LOST = "access-lost"
    LIFECYCLE = "lifecycle"
    IMAGES = "images"
    WORKLOADS = "workloads"
    REGISTRY = "registry"
    COST = "cost"
    ROUTINE = "routine"


CATEGORIES = tuple(Category)
DEFAULT_GATE = (Category.DATA_LOSS, Category.WILL_FAIL)

# A resource, by the name of its stack and its logical ID.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Define what a rule says, before the rule itself is known.

    :param subject: what it is about, such as ``repository team/api``.
    :param message: what happens to it, as a sentence that goes on from the subject.
    :param is_undecided: whether it could not be told which way the change goes.
    :param places: the resources whose change is told by this.
    :param evidence: what differs, as text: what is said of another change is another finding.
    """

    environment: str
    stack: str
    subject: str
    message: str
    is_undecided: bool = False
    places: frozenset[Place] = frozenset()
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Define what a rule found.

    :param rule: the id of the rule, a row of the table of consequences.
    """

    rule: str
    category: Category
    saying: Saying

    @property
    def id(self) -> str:
        """Give what an acknowledgement names: another change has another one."""
        said = self.saying
        where = (said.environment, said.stack, said.subject)
        parts = (self.rule, *where, said.message, said.evidence)
        text = "\n".join(parts)
        return f"{self.rule}-{sha256(text.encode()).hexdigest()[:8]}"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings: by category, the worst first, then by where they are."""
    return sorted(
        findings,
        key=lambda one: (
            CATEGORIES.index(one.category),
            one.saying.environment,
            one.saying.stack,
            one.saying.subject,
            one.rule,
            one.saying.message,
        ),
    )
