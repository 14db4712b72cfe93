"""CDK tokens: placeholders for values that are known only at deployment."""

# The CDK's marker inside a string. `Token.is_unresolved` looks for it too, across jsii.
_MARKER = "${Token["


def is_token(text: str) -> bool:
    """Return whether a string contains a value that is known only at deployment."""
    return _MARKER in text
