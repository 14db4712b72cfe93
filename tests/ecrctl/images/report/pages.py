"""A page as a browser has read it: the texts of its elements by their attributes."""

from __future__ import annotations

import subprocess
from html.parser import HTMLParser
from pathlib import Path

from tests.installed_tools import require_tool

_VOID = frozenset(("meta", "link", "img", "br", "hr", "input"))


class Page(HTMLParser):
    """The elements of a page.

    ``cells`` has the texts of ``data-field``, by repository; ``totals`` those of ``data-total``;
    ``charts`` the labels and texts of each chart's bars; ``lists`` the items of each list with an
    ID; ``tags`` the name and the attributes of every element.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: dict[str, dict[str, str]] = {}
        self.totals: dict[str, str] = {}
        self.charts: dict[str, list[str]] = {}
        self.lists: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        """Add a text to every open element."""
        for _, _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and keep its text where a test asks for it."""
        while self._open:
            name, attributes, texts = self._open.pop()
            self._keep(name, attributes, " ".join("".join(texts).split()))
            if name == tag:
                return

    def _keep(self, tag: str, attributes: dict[str, str | None], text: str) -> None:
        if total := attributes.get("data-total"):
            self.totals[total] = text
        if field := attributes.get("data-field"):
            repository = self._above("data-repository")
            self.cells.setdefault(repository, {})[field] = text
        section = self._above("id")
        if tag == "li" and section:
            self.lists.setdefault(section, []).append(text)
        if tag in ("th", "td") and text and section.startswith("chart-"):
            self.charts.setdefault(section.removeprefix("chart-"), []).append(text)

    def _above(self, attribute: str) -> str:
        found = (attributes.get(attribute) for _, attributes, _ in reversed(self._open))
        return next((value for value in found if value), "")


def in_chromium(page: str, folder: Path) -> Page:
    """Return a page after headless Chromium has read it."""
    chromium = require_tool("chromium")
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            *(f"--user-data-dir={folder / 'profile'}", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return Page(done.stdout)
