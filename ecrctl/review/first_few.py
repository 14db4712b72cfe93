"""Lists in messages, cut after a few entries."""

from collections.abc import Sequence


def first_few(texts: Sequence[str], most: int) -> list[str]:
    """Return the first texts, and the number of the others as the last one."""
    more = len(texts) - most
    return [*texts] if more <= 0 else [*texts[:most], f"{more} more"]
