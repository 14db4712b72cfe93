"""Pydantic's errors as faults: the path in the file, the rule, the value and the cure."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from constructs_lib.rules.faults import Fault, RuleError

from .flat_fields import class_within, field_hint, items_of, key_names
from .known_names import KnownNames
from .wrong_values import is_unknown_setting, sentence_of

Location = tuple[str | int, ...]


def path_text(location: Location) -> str:
    """Return a location as text, such as ``repositories[3].lifecycle[1].count_number``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")


def faults_of(error: ValidationError, model: type | None) -> list[Fault]:
    """Return every error of a validation as a fault.

    :param model: the class that was read, for the names of the settings it has.
    """
    return [fault for details in error.errors() for fault in _faults(details, model)]


def document_problem(error: ValidationError) -> str:
    """Return the first error of a document that a program wrote, without its end.

    Such as ``artifacts.tree.type: text is expected here, got nothing``.
    """
    fault = faults_of(error, None)[0]
    return str(fault).removesuffix(" Add it.").removesuffix(".")


def name_hint(given: str, known: Iterable[str]) -> str:
    """Return what follows on an unknown name: the nearest known name, then known names."""
    return KnownNames(known).hint(given)


def _faults(details: ErrorDetails, model: type | None) -> list[Fault]:
    # A step in angle brackets names a form, or a flat field; no file has it.
    location = tuple(step for step in details["loc"] if not _is_form(step))
    path = path_text(location)
    error = details.get("ctx", {}).get("error")
    if isinstance(error, RuleError):
        return [fault.under(path) for fault in error.faults]
    return [Fault(path, _sentence(details, location, model))]


def _is_form(step: str | int) -> bool:
    return isinstance(step, str) and step.startswith("<")


def _sentence(details: ErrorDetails, location: Location, model: type | None) -> str:
    if is_unknown_setting(details):
        return _unknown(str(location[-1]), _model_at(model, location))
    return sentence_of(details)


def _unknown(name: str, model: type | None) -> str:
    """Return the sentence about a setting that its mapping does not have."""
    refused: Mapping[str, str] = getattr(model, "refused_settings", {})
    known = key_names(model) if model else ()
    return refused.get(name) or f"there is no such setting{name_hint(name, known)}"


def _model_at(model: type | None, location: Location) -> type | None:
    """Return the class that the mapping around a setting is read as."""
    current = model
    for step, following in pairwise(location):
        # A name that is no setting, such as a pin's, does not change the model.
        if current and step in key_names(current):
            hint = field_hint(current, str(step))
            current = class_within(items_of(hint) if isinstance(following, int) else hint)
    return current
