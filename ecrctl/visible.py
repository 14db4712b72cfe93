"""Text of others as it can be shown: nothing in it moves the cursor or reorders its line."""

import unicodedata

# Control characters, those of formatting (the order of text among them), halves of characters,
# private ones, and separators of lines. A terminal or a browser acts on them and shows nothing.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_LAYOUT = "\n\t"
_FOUR_DIGITS = 0xFFFF


def visible(text: str, *, keep: str = _LAYOUT) -> str:
    r"""Return a text with each unseen character as its number, such as ``\u202e``.

    :param keep: characters that the caller's format needs, or replaces itself.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep else _shown(one) for one in text)


def _shown(one: str) -> str:
    if unicodedata.category(one) not in _UNSEEN:
        return one
    number = ord(one)
    return f"\\u{number:04x}" if number <= _FOUR_DIGITS else f"\\U{number:08x}"
