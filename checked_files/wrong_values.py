"""What is expected where pydantic refuses a value, in this project's words.

Each error type that data in a file can cause has a sentence; a test compares the list with
pydantic's own. Source: pydantic documentation, "Validation Errors".
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_Context = Mapping[str, Any]
_MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_RULES = ("value_error", "assertion_error")
_DATE, _TIME = "a date such as 2026-12-31", "a time such as 2026-12-31T12:00:00Z"
_KINDS = {
    "string_type": "text",
    "string_unicode": "text",
    "string_not_ascii": "text of ASCII characters",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "none_required": "nothing",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "arguments_type": "a mapping",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": f"{_TIME}, with its zone,",
    "timezone_naive": "a time without a zone",
}
_RANGES: Mapping[str, Callable[[_Context], str]] = {
    "greater_than": lambda context: f"a number greater than {context['gt']}",
    "greater_than_equal": lambda context: f"a number of at least {context['ge']}",
    "less_than": lambda context: f"a number less than {context['lt']}",
    "less_than_equal": lambda context: f"a number of at most {context['le']}",
    "multiple_of": lambda context: f"a multiple of {context['multiple_of']}",
    "too_short": lambda context: _count("at least", context["min_length"], "item"),
    "too_long": lambda context: _count("at most", context["max_length"], "item"),
    "string_too_short": lambda context: _count("at least", context["min_length"], "character"),
    "string_too_long": lambda context: _count("at most", context["max_length"], "character"),
    "string_pattern_mismatch": lambda context: f"text of the form {context['pattern']}",
    "enum": lambda context: f"one of {context['expected']}",
    "literal_error": lambda context: _literals(context["expected"]),
    "union_tag_invalid": lambda context: f"one of {context['expected_tags']}",
}


def _literals(expected: str) -> str:
    """Return the words for literals; a single one is the short form of a mapping."""
    return f"one of {expected}" if " or " in expected else f"{expected} or a mapping"


# These have a sentence of their own below, or raise the project's own words.
KNOWN_ERRORS = frozenset(
    (*_MISSING, *_UNKNOWN, *_KINDS, *_RANGES, *_RULES, "invalid_key", "json_invalid")
)


def is_unknown_setting(details: ErrorDetails) -> bool:
    """Return whether a mapping has a key that it may not have."""
    return details["type"] in _UNKNOWN


def sentence_of(details: ErrorDetails) -> str:
    """Return the sentence about a value that pydantic refuses, except for an unknown setting."""
    kind, given = details["type"], details["input"]
    context: _Context = details.get("ctx", {})
    if kind in _MISSING:
        return "this setting is required, got none. Add it."
    if kind in _RULES:
        # The words of the validator itself, without pydantic's own before them.
        return f"{str(context['error']).rstrip('.')}, got {_shown(given)}."
    if kind == "json_invalid":
        return (
            "the file has half of a Unicode character, or lists and mappings that are nested too "
            "deeply. Correct it."
        )
    if kind == "invalid_key":
        return f"the name of a setting must be text, got {_shown(given)}. Write it in quotes."
    if kind == "string_type" and isinstance(given, int | float):
        what = f"the value {given}".lower() if isinstance(given, bool) else f"the number {given}"
        return f"text is expected here, got {what}. Write it in quotes."
    return f"{expected(kind, context)} is expected here, got {_shown(given)}."


def expected(kind: str, context: _Context) -> str:
    """Return what is expected where pydantic found an error of a type."""
    return _RANGES[kind](context) if kind in _RANGES else _KINDS.get(kind, "another value")


def _count(limit: str, number: int, noun: str) -> str:
    return f"a value of {limit} {number} {noun}{'' if number == 1 else 's'}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text[:80]}'"
