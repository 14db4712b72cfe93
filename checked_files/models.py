"""Pydantic models of files, checked by rules that return faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from constructs_lib.rules.faults import Fault, RuleError


class FileModel(BaseModel):
    """The base of every mapping in these files: an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def raise_faults(faults: list[Fault]) -> None:
    """Raise faults, with their inner paths, as an error that pydantic passes on."""
    if faults:
        raise PydanticCustomError("faults", "{summary}", {"summary": "faults", "faults": faults})


def checked_by(rule: Callable[[Any], list[Fault]]) -> AfterValidator:
    """Return a validator that raises the faults that a rule returns."""

    def check(value: Any) -> Any:
        raise_faults(rule(value))
        return value

    return AfterValidator(check)


def convertible_by(make: Callable[[Any], object]) -> AfterValidator:
    """Return a validator that converts a value and raises the faults of the conversion."""

    def check(value: Any) -> Any:
        try:
            make(value)
        except RuleError as error:
            raise_faults(list(error.faults))
        return value

    return AfterValidator(check)
