"""The reference of the commands' JSON, from the models that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.cli import ORDER
from ecrctl.output.shapes import SHAPES, WITHOUT_JSON

from .markdown import code, plain, row

Schema = Mapping[str, Any]

_HEAD = """# JSON of the commands { #json }

Every command that reports has `--format json`. Then its standard output is one JSON document, and
nothing else. Faults are still printed on the standard error, and the exit code is the same as
without the option. The same state always has the same document: lists have an order, and every key
is in every document. A value that there is not is `null`.

```sh
ecrctl push dev --format json | jq --raw-output '.[].uri'
ecrctl check --format json | jq --raw-output '.faults[] | "\\(.file):\\(.line): \\(.message)"'
```

"""
_WORDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}


def page() -> str:
    """Return the page in Markdown."""
    text = _HEAD
    for name in ORDER:
        if name in SHAPES:
            text += "".join(_section(name, SHAPES[name].model_json_schema(mode="serialization")))
    text += "## Commands without JSON { #without }\n\n" + row(("Command", "Reason"))
    text += row(("---", "---"))
    for name in ORDER:
        if name in WITHOUT_JSON:
            text += row((f"[`{name}`](commands.md#{name})", f"It {WITHOUT_JSON[name]}."))
    return text


def _section(name: str, schema: Schema) -> Iterator[str]:
    mappings = schema.get("$defs", {})
    anchors = {inner: f"{name}-{_anchor(inner)}" for inner in mappings}
    # Words have no section of their own.
    shown = {
        inner: f"[{_title(inner).lower()}](#{anchors[inner]})"
        if "properties" in mapping
        else _value(mapping, {})
        for inner, mapping in mappings.items()
    }
    yield f"## `ecrctl {name}` {{ #{name} }}\n\n{plain(schema['description'])}\n\n"
    if schema["type"] == "array":
        yield f"A list of {_value(schema['items'], shown)}.\n\n"
    else:
        yield _table(schema, shown)
    for inner, mapping in mappings.items():
        if "properties" in mapping:
            yield f"### {_title(inner)} {{ #{anchors[inner]} }}\n\n"
            yield f"{plain(mapping['description'])}\n\n" + _table(mapping, shown)


def _table(mapping: Schema, shown: Mapping[str, str]) -> str:
    lines = [row(("Key", "Value", "Meaning")), row(("---",) * 3)]
    for key, field in mapping["properties"].items():
        lines.append(row((code(key), _value(field, shown), plain(field.get("description", "")))))
    return "".join(lines) + "\n"


def _value(form: Schema, shown: Mapping[str, str]) -> str:
    if "$ref" in form:
        return shown[form["$ref"].rpartition("/")[2]]
    if "anyOf" in form:
        return " or ".join(_value(one, shown) for one in form["anyOf"])
    if "const" in form or "enum" in form:
        return _words([code(str(one)) for one in form.get("enum") or [form["const"]]])
    if form["type"] == "array":
        items = form.get("items") or form["prefixItems"][0]
        return f"list of {_value(items, shown)}"
    if form["type"] == "object":
        return f"by name: {_value(form['additionalProperties'], shown)}"
    return _WORDS[form["type"]]


def _words(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _title(name: str) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name.removesuffix("Document"))
    return words.capitalize()


def _anchor(name: str) -> str:
    return _title(name).lower().replace(" ", "-")
