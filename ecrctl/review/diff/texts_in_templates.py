"""Documents that a template contains as text, such as the manifests of a cluster."""

from typing import Any

import yaml

from ecrctl.files import MOST_LEVELS, json_value

_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def documents_in(text: str) -> list[Any]:
    """Return the documents in a text: a JSON list or object, or YAML with one or more documents.

    :raises ValueError: for any other text, and for YAML that would take too long to read: an alias
        repeats a value, so that a few lines can stand for millions.
    """
    if text.startswith(("[", "{")):
        value = json_value(text)
        return value if isinstance(value, list) else [value]
    try:
        _check_events(text)
        return list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _check_events(text: str) -> None:
    level = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        level += isinstance(event, _STARTS) - isinstance(event, _ENDS)
        if isinstance(event, yaml.AliasEvent) or level > MOST_LEVELS:
            raise ValueError("it has aliases, or nests values too deeply")
