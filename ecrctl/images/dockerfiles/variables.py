"""Variables of a Dockerfile, as far as the file itself determines them.

Source: Docker, "Dockerfile reference": environment replacement, ARG.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(
    r"""
    (?P<escaped>\\.)
    | (?P<single>'[^']*')
    | (?P<quote>")
    | \$(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | \$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?[-+?])(?P<word>[^{}]*))?\}
    | (?P<unknown>\$\{)
    """,
    re.VERBOSE,
)
_ARGUMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.DOTALL)

# Longer than every reference of an image.
_LONGEST_VALUE = 4096


class UndefinedError(Exception):
    """Raised when only a build determines a value, with the reason."""


def expanded(text: str, values: Mapping[str, str], *, unknown: str | None = None) -> str:
    """Return a word with its variables replaced, and without quotes.

    :param values: the known variables.
    :param unknown: what replaces a variable without a value; ``None`` raises an error.
    :raises UndefinedError: for a variable that has no value in the file.
    """
    if len(text) > _LONGEST_VALUE:
        if unknown is None:
            raise UndefinedError("it is longer than a reference of an image")
        return unknown

    def replace(found: re.Match[str]) -> str:
        if found["escaped"]:
            return found["escaped"][1]
        if found["single"]:
            return found["single"][1:-1]
        if found["quote"]:
            return ""
        try:
            return _value(found, values)
        except UndefinedError:
            if unknown is None:
                raise
            return unknown

    return _REFERENCE.sub(replace, text)


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    if found["unknown"]:
        raise UndefinedError("it has a pattern that the build replaces")
    name, operator = found["name"] or found["braced"], found["operator"] or ""
    # A colon makes an empty value count as none.
    is_set = name in values and (bool(values[name]) or ":" not in operator)
    if operator.endswith("+"):
        return expanded(found["word"], values) if is_set else ""
    if is_set:
        return values[name]
    if operator.endswith("-"):
        return expanded(found["word"], values)
    if name in values:
        return ""
    raise UndefinedError(f"the build determines ${name}")


def with_argument(word: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables after an ``ARG`` whose word is ``NAME`` or ``NAME=default``."""
    found = _ARGUMENT.fullmatch(word)
    if found is None:
        return dict(values)
    name, default = found[1], found[2]
    rest = {key: value for key, value in values.items() if key != name}
    if default is None:
        # Without a default, an earlier one is still valid.
        return dict(values)
    try:
        value = expanded(default, values)
    except UndefinedError:
        return rest
    # Each argument can repeat the one before it, so a few lines could fill the memory.
    return rest | {name: value} if len(value) <= _LONGEST_VALUE else rest
