"""Pydantic models of files, whose values are checked by rules.

A rule's own dataclass is a field type like any other: pydantic reads it and reports the faults
that the dataclass raises.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
)
from pydantic_core import CoreSchema, core_schema

from constructs_lib.rules.faults import Fault, raise_if_any

from .flat_fields import class_within, gathered


class FileModel(BaseModel):
    """A mapping in a file: unknown keys are faults, and no value is converted.

    ``refused_settings`` are keys that a reader may expect here, each with the sentence that refuses
    it.
    """

    refused_settings: ClassVar[Mapping[str, str]] = {}

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def checked_by(rule: Callable[[Any], list[Fault]]) -> AfterValidator:
    """Return a validator that raises the faults which a rule returns."""

    def check(value: Any) -> Any:
        raise_if_any("", rule(value))
        return value

    return AfterValidator(check)


@dataclass(frozen=True, slots=True)
class CheckedText:
    """An annotation of a text that a rule checks, and whose form editors show.

    :param rule: returns the faults of a text.
    :param form: the form of every text without faults.
    :param example: a text without faults.
    :param lengths: the shortest and the longest length, if the form does not limit both.
    """

    rule: Callable[[Any], list[Fault]]
    form: re.Pattern[str]
    example: str
    lengths: tuple[int, int] | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        checked = checked_by(self.rule).func
        return core_schema.no_info_after_validator_function(checked, handler(source))  # type: ignore[arg-type]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        shown = handler(schema) | text(self.form, lengths=self.lengths)
        return shown | {"examples": [self.example]}


def text(form: re.Pattern[str], *, lengths: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a text that matches a form as a whole.

    :param lengths: the shortest and the longest length; by default any.
    """
    limits = {"minLength": lengths[0], "maxLength": lengths[1]} if lengths else {}
    return {"pattern": f"^(?:{form.pattern})$"} | limits


def example(value: Any, **limits: Any) -> dict[str, Any]:
    """Return the JSON Schema of a field with an example and with limits."""
    return {**limits, "examples": [value]}


def validated(kind: Any, given: Any) -> Any:
    """Return plain data as a value of a type.

    :param kind: a model, or an annotation that contains one.
    :raises ValidationError: with every fault.
    """
    data = gathered(given, class_within(kind))
    # As JSON: a list becomes a tuple, and nothing else is converted.
    return _adapter(kind).validate_json(json.dumps(data, default=str))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
