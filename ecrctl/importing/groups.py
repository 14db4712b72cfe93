"""The groups of an import: a new repository joins the first group whose stack has room."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from pydantic import ValidationError

from checked_files.models import validated
from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.faults import RuleError
from environments.model.environment import EnvironmentModel
from environments.model.repository import RepositoryModel
from environments.resolving import repository_settings

from .entries import Entry

DEFAULT_GROUP = "main"
# A stack takes 500 resources and a template of 1 MB; the rest is room to grow.
GROUP_SIZE = 400
GROUP_BYTES = MAXIMUM_TEMPLATE_BYTES * 8 // 10
# An entry that cannot be read counts as a large one, until a person has corrected it.
_UNKNOWN_BYTES = 100_000


@dataclass(slots=True)
class Groups:
    """The groups of an environment, with the resources and the bytes of their stacks."""

    head: EnvironmentModel
    _sizes: Counter[str] = field(default_factory=Counter)
    _bytes: Counter[str] = field(default_factory=Counter)

    def join(self, group: str, entry: Entry) -> None:
        """Add an entry to a group, whether the group has room or not."""
        self._sizes[group] += 1
        self._bytes[group] += self._bytes_of(entry)

    def join_any(self, entry: Entry) -> str:
        """Add an entry to the first of ``main``, ``main-2``, ... with room, and return it."""
        needed = self._bytes_of(entry)
        group = next(
            name
            for name in _names()
            if self._sizes[name] < GROUP_SIZE
            and (not self._sizes[name] or self._bytes[name] + needed <= GROUP_BYTES)
        )
        self._sizes[group] += 1
        self._bytes[group] += needed
        return group

    def _bytes_of(self, entry: Entry) -> int:
        try:
            model = validated(RepositoryModel, entry)
            return repository_settings(model, self.head).spec.template_bytes
        except (ValidationError, RuleError):
            return _UNKNOWN_BYTES


def _names() -> Iterator[str]:
    yield DEFAULT_GROUP
    for number in count(2):
        yield f"{DEFAULT_GROUP}-{number}"
