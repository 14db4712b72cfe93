"""Plain data as YAML text, with the same bytes every time.

The wheel depends on the CDK alone, so this module writes manifests without a YAML library. It
accepts JSON's types and writes block style only. It quotes every string that YAML could read as
another type, in JSON's way, which YAML reads too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
_BEYOND_ASCII = re.compile(r"[^ -~]")
_WORDS_OF_YAML = frozenset(
    ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan")
)


def yaml_text(document: Mapping[str, Any]) -> str:
    """Return a document as YAML, in the order of its keys."""
    return "\n".join(_lines(document)) + "\n"


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in _entry(f"{_scalar(key)}:", item)]
    if _is_list(value) and value:
        return [line for item in value for line in _list_item(item)]
    return [_scalar(value)]


def _entry(head: str, item: Any) -> list[str]:
    if (isinstance(item, Mapping) or _is_list(item)) and item:
        indent = "" if _is_list(item) else "  "
        return [head, *(f"{indent}{line}" for line in _lines(item))]
    return [f"{head} {_scalar(item)}"]


def _list_item(item: Any) -> list[str]:
    first, *rest = _lines(item)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _is_plain(value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    # JSON escapes a character above U+FFFF as two, which YAML does not combine.
    return _BEYOND_ASCII.sub(lambda match: f"\\U{ord(match[0]):08X}", quoted)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _WORDS_OF_YAML


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
