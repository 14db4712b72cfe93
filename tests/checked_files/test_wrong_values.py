"""No sentence about a wrong value is pydantic's own.

The first half reads the schemas of all models: it finds the error types that pydantic can report
for them. The second half gives each setting wrong values of every kind.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from checked_files.fault_text import faults_of
from checked_files.flat_fields import key_names
from checked_files.models import validated
from checked_files.wrong_values import KNOWN_ERRORS, expected
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.faults import RuleError
from ecrctl.cdk import manifests
from ecrctl.deployed import descriptions
from ecrctl.images import image_files
from ecrctl.images.scanning import ignores
from ecrctl.review.sides import acknowledgements
from ecrctl.review.team_rules import review_file, violations
from environments.model.environment import EnvironmentModel
from environments.model.repository import Pins

_ERRORS = frozenset(get_args(ErrorType))
_LENGTHS = {"min_length": "too_short", "max_length": "too_long"}
_RANGES = {
    "gt": "greater_than",
    "ge": "greater_than_equal",
    "lt": "less_than",
    "le": "less_than_equal",
    "multiple_of": "multiple_of",
}
# By the kind of a schema, the errors that data in a file can cause there.
_CAUSES: Mapping[str, tuple[str, ...]] = {
    "any": (),
    "nullable": (),
    "default": (),
    "definitions": (),
    "definition-ref": (),
    "model-field": (),
    "dataclass-field": (),
    "union": (),
    "str": ("string_type", "string_unicode"),
    "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"),
    "float": ("float_type", "float_parsing", "finite_number"),
    "bool": ("bool_type", "bool_parsing"),
    "none": ("none_required",),
    "list": ("list_type",),
    "tuple": ("tuple_type",),
    "set": ("set_type",),
    "frozenset": ("frozen_set_type",),
    "dict": ("dict_type",),
    "model": ("model_type",),
    "model-fields": ("model_attributes_type", "missing", "extra_forbidden", "invalid_key"),
    "dataclass": ("dataclass_type",),
    "dataclass-args": ("dataclass_type", "missing", "unexpected_keyword_argument"),
    "literal": ("literal_error",),
    "enum": ("enum",),
    "tagged-union": ("union_tag_invalid",),
    "function-plain": ("value_error", "assertion_error"),
    "function-before": ("value_error", "assertion_error"),
    "function-after": ("value_error", "assertion_error"),
    "function-wrap": ("value_error", "assertion_error"),
    "date": (
        *("date_type", "date_parsing", "date_from_datetime_parsing"),
        "date_from_datetime_inexact",
    ),
    "datetime": (
        *("datetime_type", "datetime_parsing", "datetime_object_invalid"),
        "datetime_from_date_parsing",
    ),
}
_WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**400, 0.5, "", "x", "\ud800", "2026-13-45", "1.5", [], [[]], [None]),
    *([1], [{}], ["x"], {}, {"x": 1}, {"1": None}, {"name": []}),
)

MODELS: Mapping[str, Any] = {
    "environment": EnvironmentModel,
    "services": tuple[ServiceSpec, ...],
    "pins": Pins,
    "images": list[image_files._ImageInFile],
    "ignored vulnerabilities": list[ignores._Entry],
    "acknowledgements": list[acknowledgements._Entry],
    "review.yaml": review_file.ReviewFile,
    "validation report": violations._Report,
    "manifest": manifests.Manifest,
    "assets": manifests.AssetManifest,
    "stack": manifests.StackProperties,
    "stacks": descriptions.Descriptions,
    "resources": descriptions.Resources,
    "template": descriptions.Template,
}


def schemas(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every schema in a schema."""
    if isinstance(value, Mapping):
        if isinstance(value.get("type"), str):
            yield value
        # A function has a type as well, which is no schema's.
        inner: Any = [one for key, one in value.items() if key != "function"]
    else:
        inner = value if isinstance(value, list | tuple) else ()
    for one in inner:
        yield from schemas(one)


def causes(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the errors that data can cause at a schema."""
    kind = schema["type"]
    yield from _CAUSES[kind]
    for setting, error in _LENGTHS.items():
        if setting in schema:
            yield f"string_{error}" if kind == "str" else error
    for setting, error in _RANGES.items():
        if setting in schema:
            yield error
    if "pattern" in schema:
        yield "string_pattern_mismatch"
    if "tz_constraint" in schema:
        yield f"timezone_{schema['tz_constraint']}"


def core_schema(model: Any) -> Any:
    """Return the schema with which pydantic reads a model."""
    return TypeAdapter(model).core_schema


def test_the_errors_are_pydantics() -> None:
    assert _ERRORS >= KNOWN_ERRORS
    assert set(itertools.chain.from_iterable(_CAUSES.values())) <= _ERRORS


@pytest.mark.parametrize("name", MODELS)
def test_every_error_that_a_model_can_cause_has_a_sentence(name: str) -> None:
    found = {one["type"] for one in schemas(core_schema(MODELS[name]))}
    assert found <= _CAUSES.keys()
    possible = {error for one in schemas(core_schema(MODELS[name])) for error in causes(one)}
    assert possible <= KNOWN_ERRORS
    assert len(possible) > 3


def classes(model: Any) -> set[type]:
    """Return the models and dataclasses in a model."""
    return {
        one["cls"]
        for one in schemas(core_schema(model))
        if one["type"] in ("model", "dataclass") and one["cls"].__module__ != "builtins"
    }


CLASSES = sorted({one for model in MODELS.values() for one in classes(model)}, key=repr)


@pytest.mark.parametrize("model", CLASSES, ids=lambda one: one.__qualname__)
def test_no_wrong_value_is_refused_in_pydantics_words(model: type) -> None:
    is_model = issubclass(model, BaseModel)
    names = key_names(model)
    for name, wrong in itertools.product([*names, "unknown key"], _WRONG):
        try:
            validated(model, {name: wrong})
        except ValidationError as error:
            refused = error
        except RuleError:
            assert not is_model
            continue
        else:
            continue
        texts = [str(fault) for fault in faults_of(refused, model)]
        for details in refused.errors():
            words = details["msg"].removeprefix("Value error, ")
            is_ours = isinstance(details.get("ctx", {}).get("error"), RuleError)
            assert is_ours or not any(words in text for text in texts), (name, wrong, texts)
        assert not any("another value" in text for text in texts), (name, wrong, texts)
    assert names


@pytest.mark.parametrize(
    ("kind", "context", "text"),
    [
        ("greater_than", {"gt": 1}, "a number greater than 1"),
        ("less_than_equal", {"le": 5}, "a number of at most 5"),
        ("multiple_of", {"multiple_of": 4}, "a multiple of 4"),
        ("too_short", {"min_length": 1}, "a value of at least 1 item"),
        ("string_too_long", {"max_length": 9}, "a value of at most 9 characters"),
        ("string_pattern_mismatch", {"pattern": "a+"}, "text of the form a+"),
        ("timezone_aware", {}, "a time such as 2026-12-31T12:00:00Z, with its zone,"),
        ("url_scheme", {}, "another value"),
    ],
)
def test_an_expectation_has_its_limit(kind: str, context: Mapping[str, Any], text: str) -> None:
    assert expected(kind, context) == text
