"""AWS tags of a resource.

Source: AWS General Reference, "Tag naming limits and requirements".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from constructs_lib.rules.faults import Fault

MAXIMUM_TAGS = 50
_TEXT = re.compile(r"[\w\s+\-=._:/@]*")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


def tag_faults(tags: Mapping[str, str]) -> list[Fault]:
    """Check the keys and values of tags, and how many there are."""
    faults: list[Fault] = []
    if len(tags) > MAXIMUM_TAGS:
        faults.append(
            Fault("", f"a resource has at most {MAXIMUM_TAGS} tags, got {len(tags)}. Drop some.")
        )
    for key, value in tags.items():
        if not 1 <= len(key) <= _LONGEST_KEY or not _TEXT.fullmatch(key):
            faults.append(
                Fault(
                    key[:_LONGEST_KEY],
                    f"a tag's key has 1 to {_LONGEST_KEY} letters, digits, spaces and '+-=._:/@'. "
                    "Choose another one.",
                )
            )
        if key.lower().startswith("aws:"):
            faults.append(Fault(key, "keys that begin with 'aws:' are AWS's own. Choose another."))
        if not 1 <= len(value) <= _LONGEST_VALUE or not _TEXT.fullmatch(value):
            faults.append(
                Fault(
                    key,
                    f"a repository's tag has a value of 1 to {_LONGEST_VALUE} letters, digits, "
                    f"spaces and '+-=._:/@', got '{value[:80]}'. Choose another one.",
                )
            )
    return faults


def required_tag_faults(
    tags: Mapping[str, str], required: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """Check tags against the keys that must be there and, where given, their allowed values."""
    faults: list[Fault] = []
    for key, allowed in required.items():
        if key not in tags:
            faults.append(Fault(key, "this tag is required here, and missing. Give it."))
        elif allowed and tags[key] not in allowed:
            faults.append(
                Fault(key, f"this tag is one of {', '.join(allowed)}, got '{tags[key]}'.")
            )
    return faults
