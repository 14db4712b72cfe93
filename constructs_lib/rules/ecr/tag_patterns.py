"""Tag patterns with ``*``: whether a tag matches one, and whether one covers another."""

import re


def tag_matches(pattern: str, tag: str) -> bool:
    """Return whether a tag matches a pattern, where ``*`` matches any characters or none."""
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, tag, flags=re.DOTALL) is not None


def pattern_covers(wider: str, narrower: str) -> bool:
    """Return whether every tag that matches ``narrower`` also matches ``wider``.

    Only a ``*`` of the wider pattern can match every text that a ``*`` of the narrower one matches.
    So the narrower pattern is matched as a tag, with a character in place of its ``*`` that no
    pattern has.
    """
    return tag_matches(wider, narrower.replace("*", "\1"))
