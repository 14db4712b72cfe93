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
            Fault(
                "",
                f"a resource can have at most {MAXIMUM_TAGS} tags, got {len(tags)}. Remove some.",
            )
        )
    for key, value in tags.items():
        if not 1 <= len(key) <= _LONGEST_KEY or not _TEXT.fullmatch(key):
            faults.append(
                Fault(
                    key[:_LONGEST_KEY],
                    f"a tag's key must have 1 to {_LONGEST_KEY} letters, digits, spaces and "
                    f"'+-=._:/@', got '{key[:80]}'. Choose another key.",
                )
            )
        if key.lower().startswith("aws:"):
            faults.append(
                Fault(
                    key,
                    "a tag's key cannot begin with 'aws:', which AWS reserves, "
                    f"got '{key[:80]}'. Choose another key.",
                )
            )
        if not 1 <= len(value) <= _LONGEST_VALUE or not _TEXT.fullmatch(value):
            faults.append(
                Fault(
                    key,
                    f"a tag's value must have 1 to {_LONGEST_VALUE} letters, digits, spaces and "
                    f"'+-=._:/@', got '{value[:80]}'. Choose another value.",
                )
            )
    return faults


def required_tag_faults(
    tags: Mapping[str, str], required: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """Check tags against required keys and, for some keys, their allowed values."""
    faults: list[Fault] = []
    for key, allowed in required.items():
        if key not in tags:
            example = f"{key}: {allowed[0] if allowed else 'web'}"
            faults.append(
                Fault(key, f"the tag '{key}' is required, got none. Add it, such as '{example}'.")
            )
        elif allowed and tags[key] not in allowed:
            faults.append(
                Fault(
                    key,
                    f"the tag '{key}' must be one of {', '.join(allowed)}, got '{tags[key]}'.",
                )
            )
    return faults
