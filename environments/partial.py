"""Models of which some settings have faults: checks read the other settings as usual."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from checked_files.known_names import KnownNames
from checked_files.models import FileModel, validated
from constructs_lib.rules.faults import Fault

Model = TypeVar("Model", bound=FileModel)


class SettingHasFaults(Exception):
    """Raised when a check reads a setting that has faults itself."""


def valid_settings(
    model: type[Model], given: Any, error: ValidationError, required: Mapping[str, Any]
) -> Model | None:
    """Return a mapping with its valid settings; reading another one raises an error.

    :param given: the mapping in the file.
    :param error: the faults of the mapping.
    :param required: valid values of the required settings, which are never read.
    :returns: ``None`` if no setting can be read, as for a value that is no mapping.
    """
    faulty = {str(details["loc"][0]) for details in error.errors() if details["loc"]}
    if not faulty or not isinstance(given, Mapping):
        return None
    # An unknown setting can be one of those that are missing, written wrongly.
    missing = KnownNames(name for name in model.model_fields if name not in given)
    unknown = faulty - model.model_fields.keys()
    faulty |= {near for name in unknown if (near := missing.nearest(name))}
    rest = {key: value for key, value in given.items() if key not in faulty}
    try:
        found = validated(model, {**required, **rest})
    except ValidationError:
        return None
    partial = _partial(model).model_construct(found.model_fields_set, **dict(found))
    for name in faulty & model.model_fields.keys():
        del partial.__dict__[name]
    return partial  # type: ignore[return-value]


def with_defaults(partial: Model, required: Mapping[str, Any]) -> Model:
    """Return a mapping in which each setting with faults has its default, to check the others.

    :param required: values of required settings, on which the check does not depend.
    :raises SettingHasFaults: where a setting with faults has no default.
    """
    model = type(partial)
    for name, field in model.model_fields.items():
        if field.is_required() and name not in required:
            getattr(partial, name)
    values = {**required, **partial.__dict__}
    return model.model_construct(set(partial.__dict__), **values)  # type: ignore[return-value]


def decided(check: Callable[[], Iterable[Fault]]) -> Iterator[Fault]:
    """Yield the faults of a check, as far as it reads no setting that has faults itself."""
    try:
        yield from check()
    except SettingHasFaults:
        return


@cache
def _partial(model: type[FileModel]) -> type[FileModel]:
    def refuse(_self: FileModel, name: str) -> NoReturn:
        raise SettingHasFaults(name)

    return type(f"Valid{model.__name__}", (model,), {"__getattr__": refuse, "__module__": __name__})
