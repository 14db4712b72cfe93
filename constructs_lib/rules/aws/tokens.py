"""CDK tokens: placeholders for values that are known only at deployment."""

import re

# The CDK's marker inside a string. `Token.is_unresolved` looks for it too, across jsii.
_MARKER = "${Token["
# `Token.is_unresolved` takes every number from this one down as a token.
_LARGEST_NUMBER_TOKEN = -1e280


def is_token(text: str) -> bool:
    """Return whether a string contains a value that is known only at deployment."""
    return _MARKER in text


def is_number_token(value: object) -> bool:
    """Return whether a number stands for one that is known only at deployment.

    The CDK writes such numbers as floats below any that a setting has.
    """
    return isinstance(value, float) and value < _LARGEST_NUMBER_TOKEN


def matches(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether a text has a form, or is known only at deployment."""
    return is_token(text) or pattern.fullmatch(text) is not None
