"""Documents that leave out the fields without a value."""

from typing import Any


def without_none(**fields: Any) -> dict[str, Any]:
    """Return the fields whose values are not ``None``, in their order."""
    return {name: value for name, value in fields.items() if value is not None}
