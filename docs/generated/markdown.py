"""Texts and tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_SPECIAL = re.compile(r"[|*_\[\]\\]")


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is, except for code between backticks."""
    parts = text.split("`")
    return "".join(code(part) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def code(text: str) -> str:
    """Return a text as code, also in the cell of a table."""
    return f"<code>{_escaped(text)}</code>"


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |\n"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", escape(text, quote=False))
