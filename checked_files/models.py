"""Pydantic models of files, checked by rules that return faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from constructs_lib.rules.faults import Fault, RuleError


class FileModel(BaseModel):
    """Define what every mapping of these files has in common: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def raise_faults(faults: list[Fault]) -> None:
    """Hand faults, with their inner paths, through pydantic."""
    if faults:
        raise PydanticCustomError("faults", "{summary}", {"summary": "faults", "faults": faults})


def checked_by(rule: Callable[[Any], list[Fault]]) -> AfterValidator:
    """Check a value by a rule that gives its faults."""

    def check(value: Any) -> Any:
        raise_faults(rule(value))
        return value

    return AfterValidator(check)


def convertible_by(make: Callable[[Any], object]) -> AfterValidator:
    """Check a value by making of it what it stands for, which raises its faults."""

    def check(value: Any) -> Any:
        try:
            make(value)
        except RuleError as error:
            raise_faults(list(error.faults))
        return value

    return AfterValidator(check)
