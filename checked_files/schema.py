"""The JSON Schema of a file: flat fields among their neighbours, every key with its description.

The description of a field is the text of its ``:param`` in the docstring of its class.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import TypeAdapter

from .flat_fields import class_within, field_hint, flat_fields, key_names

# What a docstring says of a value in Python, in the words of the file.
_YAML_WORDS = {"True": "true", "False": "false", "None": "null"}
_YAML_WORD = re.compile(rf"``({'|'.join(_YAML_WORDS)})``")
_PARAMETER = re.compile(r"^:param (\w+): (.*?)(?=^:|^$|\Z)", re.MULTILINE | re.DOTALL)


Limits = Mapping[type, Mapping[str, Mapping[str, Any]]]


def file_schema(kind: Any, limits: Limits = MappingProxyType({})) -> dict[str, Any]:
    """Return the JSON Schema of a file.

    :param kind: the model of the file, or an annotation that contains it.
    :param limits: by class and field, keywords of JSON Schema that its type does not have.
    """
    schema = TypeAdapter(kind).json_schema()
    definitions = schema.get("$defs", {})
    for one in classes_in(kind):
        found = schema if one is kind else definitions.get(one.__name__)
        if found:
            _describe(found, one)
            _limit(found, one, limits)
    for found in (schema, *definitions.values()):
        _flatten(found, definitions)
    used = str(schema.get("properties", schema)) + str(definitions)
    schema["$defs"] = {name: one for name, one in definitions.items() if f"#/$defs/{name}'" in used}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def classes_in(hint: Any) -> Iterator[type]:
    """Yield every model and dataclass in an annotation, at any depth, some more than once."""
    for one in (hint, *get_args(hint), *getattr(hint, "__metadata__", ())):
        inner = class_within(getattr(one, "annotation", one))
        if inner is not None:
            yield inner
            for flat, _ in flat_fields(inner).values():
                yield from classes_in(flat)
            for name in key_names(inner):
                yield from classes_in(field_hint(inner, name))


def _describe(schema: dict[str, Any], kind: type) -> None:
    summary, _, _ = (inspect.getdoc(kind) or "").partition("\n\n")
    schema["description"] = " ".join(summary.split())
    for name, text in _parameters(kind).items():
        if name in schema["properties"]:
            schema["properties"][name]["description"] = text


def _parameters(kind: type) -> dict[str, str]:
    """Return the descriptions of a class's fields, those of its bases included."""
    return {
        name: _YAML_WORD.sub(lambda found: _YAML_WORDS[found[1]], " ".join(text.split()))
        .replace("``", "")
        .removesuffix(".")
        for one in reversed(kind.__mro__)
        for name, text in _PARAMETER.findall(inspect.getdoc(one) or "")
    }


def _limit(schema: dict[str, Any], kind: type, limits: Limits) -> None:
    """Add the limits of a class's fields, those of its bases included."""
    for one in reversed(kind.__mro__):
        for name, keywords in limits.get(one, {}).items():
            if name in schema["properties"]:
                _add(schema["properties"][name], keywords)


def _add(schema: dict[str, Any], keywords: Mapping[str, Any]) -> None:
    # Of a value that can be null, the other form has the limits.
    form = next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)
    for key, value in keywords.items():
        if isinstance(value, Mapping) and isinstance(form.get(key), dict):
            _add(form[key], value)
        else:
            form[key] = value


def _flatten(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    properties = schema.get("properties", {})
    for alias in [name for name in properties if name.startswith("<")]:
        given = properties.pop(alias)
        (reference,) = re.findall(r"#/\$defs/(\w+)", str(given))
        inner = definitions[reference]
        _flatten(inner, definitions)
        properties |= inner["properties"]
        required = [name for name in schema.get("required", []) if name != alias]
        if "anyOf" not in given:
            required += inner.get("required", [])
        schema["required"] = required
