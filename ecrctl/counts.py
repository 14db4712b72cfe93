"""Counts in sentences."""


def counted(count: int, word: str) -> str:
    """Return a count with its word; AWS's names of types have no plural."""
    if count == 1 or "::" in word:
        return f"{count} {word}"
    return f"{count} {word[:-1]}ies" if word.endswith(("ry", "cy")) else f"{count} {word}s"
