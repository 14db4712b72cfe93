"""One property: its declared value, and its deployed value."""

from dataclasses import dataclass
from typing import Literal

MISSING = "missing"
NONE = "none"
# The embedded AWS stores some values and does not return them.
NOT_RETURNED = "not returned by this endpoint"

Outcome = Literal["match", "difference", "not compared"]


@dataclass(frozen=True, slots=True)
class Check:
    """One property: its declared value, and its deployed value.

    :param subject: the resource, such as ``repository team/api``.
    :param what: the property, such as ``scan on push``.
    :param reason: why the two values could not be compared; empty where they were.
    """

    subject: str
    what: str
    declared: str
    found: str
    reason: str = ""

    @staticmethod
    def not_compared(subject: str, what: str, reason: str) -> "Check":
        """Return the check of a property whose values could not be compared."""
        return Check(subject, what, "", "", reason)

    @property
    def outcome(self) -> Outcome:
        """Whether the deployed value is the declared one, where both are known."""
        if self.reason:
            return "not compared"
        return "match" if self.declared == self.found else "difference"

    @property
    def differs(self) -> bool:
        """Whether the deployed value is known to be another one than the declared."""
        return self.outcome == "difference"


def on_or_off(value: object) -> str:
    """Return a boolean property as text."""
    return "on" if value else "off"
