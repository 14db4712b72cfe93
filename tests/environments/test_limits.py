"""The limits and examples that editors and the reference show are those of the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from checked_files.models import validated
from checked_files.schema import classes_in
from constructs_lib.rules.ecr.images import reference_faults
from environments.json_schema import schemas
from environments.model.environment import EnvironmentModel
from environments.model.repository import PinModel

ENVIRONMENT = schemas()["environment.schema.json"]
PINS = schemas()["images.schema.json"]
CLASSES = {one.__name__: one for one in (*classes_in(EnvironmentModel), PinModel)}
MAPPINGS = {"EnvironmentModel": ENVIRONMENT, **ENVIRONMENT["$defs"], **PINS["$defs"]}
# What a field requires beside itself and the required fields.
BESIDE: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("EcsTaskModel", "depends_on"): {
        "sidecars": [
            {
                "name": "proxy",
                "image": "proxy",
                "memory_mib": 64,
                "health_check": {"command": ["CMD", "/healthy"]},
            }
        ]
    },
    ("EcsTaskModel", "architecture"): {"fargate": "smallest", "cpu": 256},
    ("EksJobModel", "name"): {"name_suffix": "none"},
    ("EksJobModel", "starting_deadline_seconds"): {"schedule": "@daily"},
    ("EksJobModel", "time_zone"): {"schedule": "@daily"},
    ("EksJobModel", "rollback_window_seconds"): {"delivery": "cluster"},
    ("EksJobModel", "wait_for_completion_seconds"): {
        "delivery": "cluster",
        "active_deadline_seconds": 1,
    },
    ("EksJobModel", "concurrency_policy"): {"schedule": "@daily"},
    ("EksJobModel", "suspend"): {"schedule": "@daily"},
    ("GitHubSubject", "pull_request"): {"ref": "refs/heads/main"},
    ("Identity", "statements"): {"cluster_name": "main"},
    ("TagImmutability", "exclusion_filters"): {"mode": "IMMUTABLE_WITH_EXCLUSION"},
    ("Volume", "source_name"): {"source": "secret"},
}
# Mappings that are checked by the one around them: its class, and how it contains them.
TASK = {
    "name": "proxy",
    "image": "api",
    "memory_mib": 512,
    "health_check": {"command": ["CMD", "/healthy"]},
}
JOB = {"name": "nightly", "image": "nightly", "service_account": "reader", "namespace": "jobs"}
Enclosed = Callable[[dict[str, Any]], dict[str, Any]]
WITHIN: Mapping[str, tuple[str, Enclosed]] = {
    "ContainerHardening": ("EcsTaskModel", lambda given: {**TASK, "hardening": given}),
    "HealthCheck": ("EcsTaskModel", lambda given: {**TASK, "health_check": given}),
    "SidecarInFile": ("EcsTaskModel", lambda given: {**TASK, "sidecars": [given]}),
    "Identity": ("EksJobModel", lambda given: {**JOB, "identity": given}),
    "PodHardening": ("EksJobModel", lambda given: {**JOB, "hardening": given}),
    "SecretKey": ("EksJobModel", lambda given: {**JOB, "secrets": {"PASSWORD": given}}),
    "Volume": ("EksJobModel", lambda given: {**JOB, "volumes": [given]}),
}
# Checked together with the environments to which the pins belong.
PIN = frozenset({("PinModel", "tag"), ("PinModel", "digest")})
# Texts of any form, and texts whose form the rules alone check.
ANY_TEXT = frozenset(
    {
        *("args", "command", "entry_point", "description", "field", "value", "tag_patterns"),
        *("tag_prefixes", "about", "usage", "logo", "text"),
        *("image", "task", "registry"),
        *("context", "dockerfile", "build"),
        *("prefix", "secret_arn", "host", "upstream_prefix", "role_arn", "cache"),
        *("destinations", "filters", "exclusions"),
        *("schedule", "time_zone", "size_limit", "key", "availability_zones"),
    }
)
# Numbers of any size.
ANY_NUMBER = frozenset({"rollback_window_seconds"})


def forms(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the forms of a field other than null."""
    for one in schema.get("anyOf", schema.get("oneOf", [schema])):
        if one != {"type": "null"}:
            yield from forms(one) if "oneOf" in one else [one]


def example(schema: Mapping[str, Any]) -> Any:
    """Return the example of a field; of a list, one with the example of its items."""
    for one in (schema, *forms(schema)):
        if "examples" in one:
            return one["examples"][0]
        if "examples" in one.get("items", {}):
            return [one["items"]["examples"][0]]
        if "enum" in one:
            return schema.get("default") or one["enum"][0]
    return None


FIELDS = [
    (kind, name, field)
    for kind, mapping in sorted(MAPPINGS.items())
    if kind in CLASSES
    for name, field in mapping["properties"].items()
]
EXAMPLES = [(kind, name, field) for kind, name, field in FIELDS if example(field) is not None]


def data_with(kind: str, name: str, value: object) -> dict[str, Any]:
    """Return a mapping with a field, and with those that it requires."""
    mapping = MAPPINGS[kind]
    required = {one: example(mapping["properties"][one]) for one in mapping.get("required", ())}
    return {**required, **BESIDE.get((kind, name), {}), name: value}


def refusals(kind: str, name: str, value: object) -> tuple[bool, bool]:
    """Return whether the schema and whether the rules refuse the value of a field."""
    schema = {**MAPPINGS[kind]["properties"][name], "$defs": ENVIRONMENT["$defs"]}
    by_schema = not jsonschema.Draft202012Validator(schema).is_valid(value)
    data = data_with(kind, name, value)
    if (kind, name) in PIN:
        found = reference_faults(tag=data.get("tag"), digest=data.get("digest"))
        return by_schema, name in {fault.path for fault in found}
    outer, enclosed = WITHIN.get(kind, (kind, lambda given: given))
    try:
        validated(CLASSES[outer], enclosed(data))
    except ValidationError as error:
        return by_schema, name in {step for one in error.errors() for step in steps(one)}
    return by_schema, False


def steps(error: Any) -> Iterator[str]:
    """Yield the steps of the paths of an error."""
    yield from map(str, error["loc"])
    for fault in getattr(error.get("ctx", {}).get("error"), "faults", ()):
        yield from re.split(r"\W+", fault.path)


@pytest.mark.parametrize(("kind", "name", "field"), EXAMPLES, ids=lambda one: str(one)[:40])
def test_an_example_is_valid(kind: str, name: str, field: Mapping[str, Any]) -> None:
    assert refusals(kind, name, example(field)) == (False, False)


def limits(field: Mapping[str, Any], keyword: str) -> Iterator[tuple[Any, bool]]:
    """Yield the values of a keyword in the forms of a field, and whether it is one of items."""
    for one in forms(field):
        for inner, in_list in ((one, False), (one.get("items", {}), True)):
            if keyword in inner:
                yield inner[keyword], in_list


OUTSIDE: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    "minimum": lambda least: (least, least - 1),
    "maximum": lambda largest: (largest, largest + 1),
    "maxLength": lambda longest: ("a" * longest, "a" * (longest + 1)),
}
LIMITED = [
    (kind, name, keyword, limit, in_list)
    for kind, name, field in FIELDS
    for keyword in (*OUTSIDE, "pattern")
    for limit, in_list in limits(field, keyword)
]


@pytest.mark.parametrize(("kind", "name", "keyword", "limit", "in_list"), LIMITED)
def test_a_value_outside_a_limit_is_refused_by_the_schema_and_by_the_rules(
    kind: str, name: str, keyword: str, limit: Any, in_list: bool
) -> None:
    if keyword == "pattern":
        inside, outside = example(MAPPINGS[kind]["properties"][name]), " "
        inside = inside[0] if in_list else inside
    else:
        inside, outside = OUTSIDE[keyword](limit)
    for value, refused in ((inside, False), (outside, True)):
        given = [value] if in_list else value
        assert refusals(kind, name, given) == (refused, refused), given


def test_a_number_and_a_text_have_a_limit() -> None:
    kinds = {
        "integer": ({"minimum", "enum"}, ANY_NUMBER),
        "string": ({"pattern", "enum", "const"}, ANY_TEXT),
    }
    without = {
        (kind, name)
        for kind, name, field in FIELDS
        for one in forms(field)
        for inner in (one, one.get("items", {}))
        for keywords, exempt in [kinds.get(inner.get("type", ""), (set(), ()))]
        if keywords and not keywords & inner.keys() and name not in exempt
    }
    assert without == set()


def test_a_field_has_an_example_unless_it_is_a_switch_or_a_mapping() -> None:
    without = {
        (kind, name)
        for kind, name, field in FIELDS
        if example(field) is None
        and not any(
            one.get("type") == "boolean" or "$ref" in str(one) or "const" in one
            for one in forms(field)
        )
    }
    assert without == set()


DEFAULTS = [
    (kind, name, field["default"])
    for kind, name, field in FIELDS
    if field.get("default") not in (None, []) and kind not in {"PullModel", "PushModel"}
]


@pytest.mark.parametrize(("kind", "name", "default"), DEFAULTS)
def test_a_default_is_the_value_of_a_file_without_the_field(
    kind: str, name: str, default: object
) -> None:
    outer, enclosed = WITHIN.get(kind, (kind, lambda given: given))
    beside = {**data_with(kind, name, default)}
    without = {key: value for key, value in beside.items() if key != name}
    read = [validated(CLASSES[outer], enclosed(data)) for data in (beside, without)]
    assert read[0] == read[1]
