"""AWS tags of a resource.

Source: AWS General Reference, "Tag naming limits and requirements".
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, faults_unless, word_faults

MAXIMUM_TAGS = 50
_TEXT = re.compile(r"[\w\s+\-=._:/@]*")
LONGEST_KEY, LONGEST_VALUE = 128, 256


def tag_faults(
    tags: Mapping[str, str],
    *,
    longest_key: int = LONGEST_KEY,
    longest_value: int = LONGEST_VALUE,
) -> Iterator[Fault]:
    """Yield the faults of the keys and values of tags, and of their number.

    :param longest_key: the characters that a key can have; a few resource types take fewer.
    :param longest_value: the characters that a value can have.
    """
    yield from faults_unless(
        len(tags) <= MAXIMUM_TAGS,
        f"a resource can have at most {MAXIMUM_TAGS} tags, got {len(tags)}. Remove some.",
    )
    for key, value in tags.items():
        yield from _text_faults("key", key, longest_key, key)
        yield from faults_unless(
            not key.lower().startswith("aws:"),
            "a tag's key cannot begin with 'aws:', which AWS reserves, "
            f"got '{key[:80]}'. Choose another key.",
            path=key,
        )
        yield from _text_faults("value", value, longest_value, key)


def _text_faults(part: str, text: str, longest: int, key: str) -> list[Fault]:
    return faults_unless(
        is_token(text) or (1 <= len(text) <= longest and _TEXT.fullmatch(text)),
        f"a tag's {part} must have 1 to {longest} letters, digits, spaces and '+-=._:/@', got "
        f"'{text[:80]}'. Choose another {part}.",
        path=key[:LONGEST_KEY],
    )


def required_tag_faults(
    tags: Mapping[str, str], required: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """Yield the faults of tags against required keys and, for some keys, their allowed values."""
    for key, allowed in required.items():
        if key not in tags:
            example = f"{key}: {allowed[0] if allowed else 'web'}"
            yield Fault(key, f"the tag '{key}' is required, got none. Add it, such as '{example}'.")
        elif allowed:
            yield from word_faults(key, tags[key], allowed, subject=f"the tag '{key}'")
