"""Docstrings in sections: text, parameters, errors, attributes, sources and an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth):`~?([^`]+)`")
_PROMPT = ">>> "
_ATTRIBUTES = "Attributes: "
_SOURCES = re.compile(r"Sources?: ")


class Sections(griffe.Extension):
    """Gives every docstring its sections."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Replace an object's docstring, if it has one."""
        if old := obj.docstring:
            obj.docstring = _Docstring(
                old.value, lineno=old.lineno, endlineno=old.endlineno, parent=obj
            )


class _Docstring(griffe.Docstring):
    def parse(self, *_: Any, **_options: Any) -> list[griffe.DocstringSection]:
        """Return the sections."""
        return list(_sections(self))


def _sections(docstring: griffe.Docstring) -> Iterator[griffe.DocstringSection]:
    texts, attributes, sources, examples = [], [], [], []
    for paragraph in _ROLE.sub(r"`\1`", docstring.value).split("\n\n"):
        if paragraph.startswith(_PROMPT):
            examples.append(paragraph)
        elif paragraph.startswith(_ATTRIBUTES):
            attributes += paragraph.removeprefix(_ATTRIBUTES).split(";")
        elif source := _SOURCES.match(paragraph):
            sources += paragraph[source.end() :].split(";")
        else:
            texts.append(paragraph)
    # The types and defaults of a class's parameters are those of its constructor.
    parent = docstring.parent
    if isinstance(parent, griffe.Class):
        constructor = parent.all_members.get("__init__")
        parent = constructor if isinstance(constructor, griffe.Function) else parent
    rest = griffe.Docstring("\n\n".join(texts), lineno=docstring.lineno, parent=parent)
    yield from griffe.parse_sphinx(rest, warn_unknown_params=False)
    yield from _listed("Attributes", attributes)
    yield from _listed("Sources", sources)
    if examples:
        yield _titled("Example", "```pycon\n" + "\n\n".join(examples) + "\n```")


def _listed(title: str, items: list[str]) -> Iterator[griffe.DocstringSection]:
    """Yield a section of a list, unless the list is empty."""
    if items:
        lines = (f"- {' '.join(item.split()).removesuffix('.')}." for item in items)
        yield _titled(title, "\n".join(lines))


def _titled(title: str, text: str) -> griffe.DocstringSection:
    """Return a text with a title as the sections of parameters and errors have it."""
    heading = f'<span class="doc-section-title">{title}:</span>'
    return griffe.DocstringSectionText(f"{heading}\n\n{text}")
