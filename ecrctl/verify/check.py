"""One property: its declared value, and its deployed value."""

from dataclasses import dataclass

MISSING = "missing"
# Replaces a difference where the embedded AWS stores a value and does not return it.
NOT_RETURNED = "not returned by this endpoint"


@dataclass(frozen=True, slots=True)
class Check:
    """One property: its declared value, and its deployed value.

    :param subject: the resource, such as ``repository team/api``.
    :param what: the property, such as ``scan on push``.
    """

    subject: str
    what: str
    declared: str
    found: str

    @property
    def matches(self) -> bool:
        """Whether the deployed value is the declared one."""
        return self.declared == self.found

    @property
    def is_unknown(self) -> bool:
        """Whether the endpoint returned no value, so that no difference can be known."""
        return NOT_RETURNED in self.found


def on_or_off(value: object) -> str:
    """Return a boolean property as text."""
    return "on" if value else "off"
