"""Tag patterns with ``*``: whether a tag matches one, and whether one covers another."""

from __future__ import annotations

import re


def tag_matches(pattern: str, tag: str) -> bool:
    """Say whether a tag matches a pattern, in which ``*`` stands for any characters or none."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, tag, flags=re.DOTALL) is not None


def pattern_covers(wider: str, narrower: str) -> bool:
    """Say whether every tag that matches ``narrower`` is sure to match ``wider``.

    A ``*`` of the narrower pattern is taken as one character that only a ``*`` of the wider one
    can match, which is exact for patterns: the narrower's ``*`` may be anything.
    """
    return tag_matches(wider, narrower.replace("*", "\0"))
