"""Pydantic models of files, whose values are checked by rules.

A rule's own dataclass is a field type like any other: pydantic reads it and reports the faults
that the dataclass raises.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter

from constructs_lib.rules.faults import Fault, raise_if_any

from .flat_fields import class_within, gathered


class FileModel(BaseModel):
    """A mapping in a file: unknown keys are faults, and no value is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def checked_by(rule: Callable[[Any], list[Fault]]) -> AfterValidator:
    """Return a validator that raises the faults which a rule returns."""

    def check(value: Any) -> Any:
        raise_if_any("", rule(value))
        return value

    return AfterValidator(check)


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
