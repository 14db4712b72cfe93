"""The reference of environment files, from the JSON Schemas that editors use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from environments.json_schema import schemas

from .markdown import code, plain, row

Schema = Mapping[str, Any]

_HEAD = """# Environment file

Every key of `environments/ENV.yaml`, and of its file of pins, `environments/ENV.images.yaml`.
An editor with a YAML language server shows the same texts and limits, if the first line of the
file names the schema:

```yaml
# yaml-language-server: $schema=schema/environment.schema.json
account: "111111111111"
region: eu-west-1
repositories:
  - name: team/api
```

[`ecrctl init`](commands.md#init) writes a first file, and [`ecrctl check`](commands.md#check)
reports every fault of all files. A key that is not in these tables is a fault. Rules between keys,
such as that a Job with `delivery: cluster` requires `eks_cluster`, are in the guides and in the
messages.

"""
_PINS_HEAD = """## The file of pins { #pins }

The file has a mapping for each name of an image, which workloads use. `ecrctl pin` and
`ecrctl promote` write it.

"""
_COLUMNS = ("Key", "Meaning", "Value", "Default", "Example")
_WORDS = {"string": "text", "integer": "integer", "boolean": "`true` or `false`", "null": "`null`"}
_SHORT_PATTERN = 120
# A word of a file that is no word of English, and the words before a colon.
_WORD = re.compile(r"`[^`]+`|^[a-z-]+(?=:)|(?<![\w/-])[\w-]*(?:_\w+|\b[A-Z]{2}[A-Z_]{5,})\b")


def page() -> str:
    """Return the page in Markdown."""
    files = schemas()
    environment, pins = files["environment.schema.json"], files["images.schema.json"]
    text = _HEAD + "".join(_sections(environment))
    (pin,) = pins["$defs"].values()
    return text + _PINS_HEAD + _table(pin, "pins", {})


def _sections(schema: Schema) -> Iterator[str]:
    """Yield a section for each mapping of a file, in the order in which keys lead to them."""
    places = _places(schema)
    anchors = {name: _anchor(paths[0]) for name, paths in places.items()}
    yield f"## The file {{ #file }}\n\n{_sentence(schema['description'])}\n\n"
    yield _table(schema, "", anchors)
    for name, paths in places.items():
        mapping = schema["$defs"][name]
        yield f"## `{paths[0]}` {{ #{anchors[name]} }}\n\n{_sentence(mapping['description'])}"
        others = ", ".join(f"`{path}`" for path in paths[1:])
        yield f" Also the form of {others}.\n\n" if others else "\n\n"
        yield _table(mapping, anchors[name], anchors)


def _places(schema: Schema) -> dict[str, list[str]]:
    """Return the paths of the keys that have each mapping as their value, by its name."""
    places: dict[str, list[str]] = {}

    def visit(mapping: Schema, above: str) -> None:
        for key, field in mapping["properties"].items():
            for name, step in _references(field):
                path = f"{above}{key}{step}"
                is_first = name not in places
                places.setdefault(name, []).append(path)
                if is_first:
                    visit(schema["$defs"][name], f"{path}.")

    visit(schema, "")
    return {name: sorted(paths, key=lambda path: path.count(".")) for name, paths in places.items()}


def _references(field: Schema) -> Iterator[tuple[str, str]]:
    """Yield the names of the mappings in a field, and the steps to them: ``[]`` or ``.NAME``."""
    if "$ref" in field:
        yield field["$ref"].rpartition("/")[2], ""
    for one in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _references(one)
    for key, step in (("items", "[]"), ("additionalProperties", ".NAME")):
        if isinstance(field.get(key), Mapping):
            for name, rest in _references(field[key]):
                yield name, f"{step}{rest}"


def _table(mapping: Schema, above: str, anchors: Mapping[str, str]) -> str:
    lines = [row(_COLUMNS), row("---" for _ in _COLUMNS)]
    required = mapping.get("required", ())
    fields = mapping["properties"]
    for key in sorted(fields, key=lambda one: one not in required):
        field = fields[key]
        anchor = f"{above}-{key}" if above else f"file-{key}"
        default = "required" if key in required else _default(field)
        example = _example(key, field)
        cells = (
            f"[`{key}`](#{anchor}){{ #{anchor} }}",
            _sentence(field["description"]),
            " or ".join(_values(field, anchors)),
            default,
            code(example) if example else "",
        )
        lines.append(row(cells))
    return "".join(lines) + "\n"


def _anchor(path: str) -> str:
    return re.sub(r"\W+", "-", path).strip("-")


def _sentence(text: str) -> str:
    end = "" if text.endswith(".") else "."
    shown = plain(_WORD.sub(lambda found: f"`{found[0].strip('`')}`", text))
    return f"{shown[0].upper()}{shown[1:]}{end}"


def _yaml(value: Any) -> str:
    return (
        yaml.safe_dump(
            value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
        )
        .removesuffix("\n")
        .removesuffix("\n...")
    )


def _default(field: Schema) -> str:
    default = field.get("default")
    if default in (None, [], {}, "") or "$ref" in field:
        return ""
    return code(_yaml(default))


def _values(field: Schema, anchors: Mapping[str, str]) -> Iterator[str]:
    """Yield the forms of a field's value, in words."""
    forms = field.get("anyOf") or field.get("oneOf")
    if forms:
        for one in forms:
            if one != {"type": "null"} or field.get("default") is not None:
                yield from _values(one, anchors)
        return
    yield _value(field, anchors)


def _value(form: Schema, anchors: Mapping[str, str]) -> str:
    if "$ref" in form:
        anchor = anchors[form["$ref"].rpartition("/")[2]]
        return f"[mapping](#{anchor})"
    if "const" in form or "enum" in form:
        return _enumeration(form.get("enum") or [form["const"]])
    kind = form["type"]
    if kind == "array":
        inner = " or ".join(_values(form["items"], anchors))
        return f"list{_count(form, 'Items')}: {inner}"
    if kind == "object":
        named = form.get("additionalProperties")
        values = " or ".join(_values(named, anchors)) if isinstance(named, Mapping) else ""
        return f"by name{_count(form, 'Properties')}: {values}" if values else "mapping"
    if form.get("pattern", "").startswith("^(?:arn:"):
        return "ARN"
    return f"{_WORDS[kind]}{_range(form)}{_form(form)}"


def _enumeration(words: Sequence[Any]) -> str:
    *first, last = (code(_yaml(word)) for word in words)
    return f"{', '.join(first)} or {last}" if first else last


def _count(form: Schema, what: str) -> str:
    least, largest = form.get(f"min{what}"), form.get(f"max{what}")
    if least and largest:
        return f", {least} to {largest}"
    if largest:
        return f", at most {largest}"
    return f", at least {least}" if least else ""


def _range(form: Schema) -> str:
    least, largest = form.get("minimum"), form.get("maximum")
    if least is None:
        return ""
    return f", {least:,} to {largest:,}" if largest is not None else f", at least {least:,}"


def _form(form: Schema) -> str:
    least, largest = form.get("minLength"), form.get("maxLength")
    length = f" of {least} to {largest} characters" if largest else ""
    pattern = re.sub(r"^\^\(\?:(.*)\)\$$", r"\1", form.get("pattern", ""))
    if not pattern or len(pattern) > _SHORT_PATTERN:
        return length
    return f"{length} of the form {code(pattern)}"


def _example(key: str, field: Schema) -> str:
    """Return a line of YAML with a field, or nothing for one whose section has examples."""
    value = _example_value(field)
    return "" if value is None else _yaml({key: value}).removeprefix("{").removesuffix("}")


def _example_value(field: Schema) -> Any:
    forms = (*field.get("anyOf", ()), *field.get("oneOf", ()))
    for one in (field, *forms, *(inner for form in forms for inner in form.get("oneOf", ()))):
        if "examples" in one:
            return one["examples"][0]
        if "examples" in one.get("items", {}):
            return [one["items"]["examples"][0]]
        if "const" in one:
            return one["const"]
        if "enum" in one:
            return next(word for word in one["enum"] if word != field.get("default"))
        if one.get("type") == "boolean":
            return not field.get("default")
    return None
