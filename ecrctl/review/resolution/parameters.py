"""The value of a parameter: the one that is given, or the default."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from .canonical import PARAMETER, text_of

_IN_PARAMETER_STORE = "AWS::SSM::Parameter::Value<"
_LISTS = ("CommaDelimitedList", "List<")
_DIGITS = 12


def parameter_value(name: str, declared: Mapping[str, Any], given: object = None) -> Any:
    """Return a parameter's value.

    :param given: the value that the stack is deployed with; ``None`` for the default.
    """
    kind = str(declared.get("Type", "String"))
    value = declared.get("Default") if given is None else given
    if value is None:
        return {PARAMETER: [name]}
    if isinstance(value, bool | int | float):
        value = text_of(value)
    if not isinstance(value, str):
        return value  # the resolved argument of a nested stack
    if str(declared.get("NoEcho", "")).lower() == "true":
        # The value is secret, but not whether it changes.
        return {PARAMETER: [name, sha256(value.encode()).hexdigest()[:_DIGITS]]}
    if kind.startswith(_IN_PARAMETER_STORE):
        # The same as a reference to the parameter in the store.
        return f"{{{{resolve:ssm:{value}}}}}"
    if kind.startswith(_LISTS):
        return [one.strip() for one in value.split(",")] if value else []
    return value
