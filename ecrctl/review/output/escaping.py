"""Text of a template inside Markdown, where nothing in the text has a meaning."""

from ecrctl.visible import visible

# Characters with a meaning in Markdown or HTML, line ends included.
_SPECIAL = frozenset("&<>|*_[]#~\\\n\r")


def escaped(text: str) -> str:
    """Return a text in which nothing from a template is read as Markdown or HTML.

    Text between backticks becomes code, also if the backticks are part of a name: no character has
    a meaning inside or outside of the code, so such a name only looks odd.
    """
    parts = text.split("`")
    return "".join(
        f"<code>{_plain(part)}</code>" if index % 2 else _plain(part).replace("@", "@&#8203;")
        for index, part in enumerate(parts)
    )


def shortened(text: str, longest: int | None) -> str:
    """Return at most some characters of a text, and a mark where some are missing."""
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}…"


def _plain(text: str) -> str:
    shown = visible(text, keep="\n\r")
    return "".join(f"&#{ord(char)};" if char in _SPECIAL else char for char in shown)
