"""Docstrings as Markdown: examples in fences, and no Sphinx roles."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"(?m)^>>> .*(?:\n(?!\n).+)*")
_ROLE = re.compile(r":(?:class|func|meth):`~?([^`]+)`")


class Examples(griffe.Extension):
    """Converts every docstring before it is rendered."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of an object, if it has one."""
        if obj.docstring:
            fenced = _EXAMPLE.sub(lambda found: f"```python\n{found[0]}\n```", obj.docstring.value)
            obj.docstring.value = _ROLE.sub(r"`\1`", fenced)
