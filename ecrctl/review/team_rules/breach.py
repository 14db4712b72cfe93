"""Access that a team's rule forbids."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ecrctl.review.findings import Place

from .review_file import ForbiddenAccess

_WILDCARD = re.compile(r"[*?]")
# The names of each environment on both sides.
Names = Mapping[str, AbstractSet[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Access that a rule forbids.

    :param repository: the subject of the finding, such as ``repository team/api``.
    :param arn: the repository as no other one is called.
    :param access: the access, as a verb phrase.
    :param evidence: the access without any wording.
    :param doubt: the reason why it cannot be determined; empty where the access is certain.
    """

    rule: ForbiddenAccess
    environment: str
    stack: str
    repository: str
    arn: str
    access: str
    evidence: tuple[object, ...]
    doubt: str = ""
    places: frozenset[Place] = frozenset()

    @property
    def key(self) -> tuple[object, ...]:
        """Return what the same breach of the other side has in common with this one."""
        return self.rule.rule, self.arn, self.evidence, bool(self.doubt)


def may_concern(rule: ForbiddenAccess, beginning: str) -> bool:
    """Return whether a rule concerns a repository of which only the name's beginning is known."""
    for pattern in rule.repositories:
        literal = _WILDCARD.split(pattern)[0]
        is_longer = literal != pattern and beginning.startswith(literal)
        if is_longer or literal.startswith(beginning):
            return True
    return False


def applies_to(rule: ForbiddenAccess, environment: str, names: Names) -> bool:
    """Return whether a rule applies to an environment, by one of its names."""
    known = names.get(environment, {environment})
    return rule.environments is None or not known.isdisjoint(rule.environments)
