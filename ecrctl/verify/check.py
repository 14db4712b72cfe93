"""One thing that was declared, and what was read back."""

from __future__ import annotations

from dataclasses import dataclass

MISSING = "not there"
# Said instead of a difference where the embedded AWS keeps a value and does not give it back.
NOT_RETURNED = "not returned by this endpoint"


@dataclass(frozen=True, slots=True)
class Check:
    """Define one thing that was declared and what was read back."""

    subject: str
    what: str
    declared: str
    found: str

    @property
    def holds(self) -> bool:
        """Say whether it was read back as declared."""
        return self.declared == self.found

    @property
    def is_unknown(self) -> bool:
        """Say whether nothing was read, so that nothing differs and nothing is known."""
        return NOT_RETURNED in self.found


def on_or_off(value: object) -> str:
    """Write a switch."""
    return "on" if value else "off"
