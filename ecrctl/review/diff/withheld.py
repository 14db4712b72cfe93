"""Values that a review does not show: those of environment variables, and secrets.

A reviewer must still see that such a value changes. So each one is replaced by a mark with a
number: the same value has the same mark on both sides.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from ecrctl.policies.documents import is_function
from ecrctl.review.findings import canonical_json

from .texts_in_templates import documents_in

# Properties with environment variables: a list of names and values, or a mapping of them.
_VARIABLES = frozenset(
    (
        "Env",
        "Environment",
        "EnvironmentVariables",
        "RuntimeEnvironmentVariables",
        "Variables",
        "env",
        "environment",
        "environmentVariables",
        "environment_variables",
    )
)
_SECRET = re.compile(
    r"(?:pass(?:word|wd|phrase)|secret(?:stringtemplate|string|access_?key|key|value|token|binary)?"
    r"|token|api_?key|private_?key|access_?key|credentials?|connection_?string"
    r"|auth_?string)",
    re.IGNORECASE,
)
# Their values are names of secrets and choices, not secrets.
_NO_SECRET = re.compile(
    r"(?:next|continuation|client_?request|idempotency)_?token|secret", re.IGNORECASE
)
# Only their names are in the template.
_REFERENCES = ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::GetStackOutput")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]+\}\}")
# A CodeBuild environment has an image and a size beside its variables.
_NOT_VARIABLES = ("ComputeType", "Image", "Type")
_DOCUMENT = re.compile(r"[\[{]|(?:---\s|\s*#|\s*apiVersion:|\s*kind:)")


def is_secret_name(name: str) -> bool:
    """Return whether a property's name says that its value is a secret."""
    words = re.sub(r"[^A-Za-z_]", "", name)
    found = [*_SECRET.finditer(words)]
    return bool(found) and found[-1].end() == len(words) and not _NO_SECRET.fullmatch(words)


def is_private(path: tuple[str, ...]) -> bool:
    """Return whether a value below some names is one that a review does not show."""
    return any(step in _VARIABLES or is_secret_name(step) for step in path)


def withheld(base: Any, head: Any) -> tuple[Any, Any]:
    """Return two templates without the values that a review does not show."""
    withholder = _Withholder()
    return withholder.template(base), withholder.template(head)


class _Withholder:
    """Replaces values by marks, the same ones by the same mark."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def template(self, template: Any) -> Any:
        """Return a template without its private values."""
        shown = self._walk(template)
        parameters = template.get("Parameters") if isinstance(template, Mapping) else None
        if not isinstance(parameters, Mapping):
            return shown
        return {**shown, "Parameters": {k: self._parameter(v) for k, v in parameters.items()}}

    def _parameter(self, parameter: Any) -> Any:
        if not isinstance(parameter, Mapping) or "Default" not in parameter:
            return self._walk(parameter)
        if str(parameter.get("NoEcho")).lower() != "true":
            return self._walk(parameter)
        return {**parameter, "Default": self._mark(parameter["Default"])}

    def _walk(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if _text_parts(value) is not None:
                return self._text(value)
            is_secret = value.get("kind") == "Secret"
            return {key: self._entry(key, item, is_secret) for key, item in value.items()}
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _entry(self, key: str, value: Any, is_in_secret: bool) -> Any:  # noqa: FBT001
        if key in _VARIABLES and isinstance(value, Mapping | list):
            return self._variables(value)
        if is_in_secret and key in ("data", "stringData"):
            return self._values(value)
        if isinstance(value, Mapping) and key == "GenerateSecretString":
            return {name: self._entry(name, item, False) for name, item in value.items()}
        return self._values(value) if is_secret_name(key) else self._walk(value)

    def _variables(self, value: Any) -> Any:
        """Return environment variables with their names alone."""
        if isinstance(value, list):
            return [self._variables(item) for item in value]
        if not isinstance(value, Mapping):
            return self._values(value)
        if "Fn::If" in value and isinstance(value["Fn::If"], list):
            name, *branches = value["Fn::If"] or [None]
            return {"Fn::If": [name, *map(self._variables, branches)]}
        if any(map(is_function, value)):
            return self._values(value)
        if {"Name", "name", "Key"} & value.keys():
            return {
                key: self._values(item) if key.lower() == "value" else item
                for key, item in value.items()
            }
        return {
            key: item if key in _NOT_VARIABLES and "ComputeType" in value else self._variables(item)
            for key, item in value.items()
        }

    def _values(self, value: Any) -> Any:
        """Return a value with a mark in place of each of its texts and numbers."""
        if isinstance(value, Mapping):
            if len(value) == 1 and next(iter(value)) in _REFERENCES:
                return value
            if any(map(is_function, value)):
                return self._mark(value)
            return {key: self._values(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._values(item) for item in value]
        is_harmless = value is None or isinstance(value, bool) or _is_dynamic(value)
        return value if is_harmless else self._mark(value)

    def _mark(self, value: Any) -> str:
        number = self._numbers.setdefault(canonical_json(value), len(self._numbers) + 1)
        return f"(withheld value {number})"

    def _text(self, value: Any) -> Any:
        """Return a text, also one of several parts, without private values in its document."""
        text = value if isinstance(value, str) else "".join(_text_parts(value) or ())
        if not _DOCUMENT.match(text):
            return value
        try:
            documents = documents_in(text)
        except ValueError:
            return value
        shown = [self._walk(one) for one in documents]
        if shown == documents:
            return value
        if text.startswith(("[", "{")):
            return json.dumps(shown if text.startswith("[") else shown[0])
        return yaml.safe_dump_all(shown, sort_keys=False)


def _is_dynamic(value: Any) -> bool:
    """Return whether a text only refers to a secret elsewhere."""
    return isinstance(value, str) and _DYNAMIC.fullmatch(value) is not None


def _text_parts(value: Mapping[str, Any]) -> list[str] | None:
    """Return the parts of a joined text, with references as text; ``None`` for another value."""
    joined = value.get("Fn::Join")
    if len(value) != 1 or not isinstance(joined, list) or joined[:1] != [""]:
        return None
    parts = joined[1] if len(joined) > 1 else None
    if not isinstance(parts, list):
        return None
    return [
        one if isinstance(one, str) else "${" + canonical_json(one).replace('"', "'") + "}"
        for one in parts
    ]
