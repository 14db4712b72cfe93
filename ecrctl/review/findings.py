"""What a review finds: one sentence about one subject, in one category."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Category(StrEnum):
    """The consequence of a change, the worst first."""

    DATA_LOSS = "data-loss"
    WILL_FAIL = "will-fail"
    GATE_CHANGED = "gate-changed"
    PROTECTION_LOST = "protection-lost"
    ACCESS_GAINED = "access-gained"
    ACCESS_LOST = "access-lost"
    LIFECYCLE = "lifecycle"
    IMAGES = "images"
    WORKLOADS = "workloads"
    REGISTRY = "registry"
    COST = "cost"
    NOT_JUDGED = "not-judged"
    ROUTINE = "routine"


CATEGORIES = tuple(Category)
ACKNOWLEDGEMENTS_FILE = "review-acknowledgements.yaml"
REVIEW_FILE = "review.yaml"
DEFAULT_GATE = (Category.DATA_LOSS, Category.WILL_FAIL, Category.GATE_CHANGED)
# The gate of an environment whose stacks are protected from being deleted.
PROTECTED_GATE = (*DEFAULT_GATE, Category.NOT_JUDGED)
# The environment of a finding that concerns the files of the repository, not a deployment.
REPOSITORY_ITSELF = "repository"
ID_DIGITS = 32

# A resource, by the name of its stack and its logical ID.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMove:
    """An image of a workload that moves to another tag or digest in the same repository.

    :param registry: the registry's host, which environments rarely have in common.
    :param repository: the repository's name, without the registry.
    :param tags: the tag before and after; ``None`` where it is unknown.
    :param digests: the digest before and after; ``None`` where it is unknown.
    """

    registry: str
    repository: str
    tags: tuple[str | None, str | None]
    digests: tuple[str | None, str | None]

    @property
    def version_change(self) -> tuple[object, ...]:
        """Return what is the same for this image in another registry."""
        return self.repository, self.tags, self.digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One consequence of a change.

    :param subject: the display name of the changed thing, such as ``repository team/api``.
    :param message: a verb phrase that continues the subject.
    :param key: the changed thing as the id names it: CloudFormation's types and names, no wording.
    :param evidence: the values before and after as canonical text, no wording.
    :param is_undecided: whether the direction of the change is known only at deployment.
    :param places: the resources whose change this finding reports.
    :param moves: the images that move to another version.
    :param rule: the id of the rule; set by the registry of rules, as is the category.
    """

    environment: str
    stack: str
    subject: str
    message: str
    key: str
    evidence: str
    is_undecided: bool = False
    places: frozenset[Place] = frozenset()
    moves: tuple[ImageMove, ...] = ()
    rule: str = ""
    category: Category = Category.ROUTINE

    @property
    def id(self) -> str:
        """Return the name that an acknowledgement refers to; a different change has another."""
        parts = [self.rule, self.environment, self.stack, self.key, self.evidence]
        digits = sha256(canonical_json(parts).encode()).hexdigest()[:ID_DIGITS]
        return f"{self.rule}-{digits}"


def canonical_json(value: object) -> str:
    """Return values of a template as one text, the same for the same values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by category, the worst first, then by place."""
    return sorted(
        findings,
        key=lambda one: (
            CATEGORIES.index(one.category),
            one.environment,
            one.stack,
            one.subject,
            one.rule,
            one.message,
        ),
    )
