"""The answers of AWS, compared with botocore's model of the operation.

Botocore ignores what it does not expect: of an HTML page, of ``{}`` and of a list that is ``null``
it makes an empty answer, which reads as "there is nothing".
"""

import json
from collections.abc import Mapping
from typing import Any

from botocore.client import BaseClient
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from .problems import NOT_AWS, CallError

_TEXT = (str,)
_NUMBER = (int, float)
# The JSON types of each type of botocore's models.
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": _TEXT,
    "character": _TEXT,
    "blob": _TEXT,
    "boolean": (bool,),
    "integer": _NUMBER,
    "long": _NUMBER,
    "float": (*_NUMBER, str),
    "double": (*_NUMBER, str),
    "timestamp": (*_NUMBER, str),
}
_JSON_PROTOCOLS = ("json", "rest-json")
_METADATA = "ResponseMetadata"
_FIRST_ERROR = 300


class UnusableAnswerError(Exception):
    """Raised when an answer is not one of AWS."""


class Answer(dict[str, Any]):
    """A structure in an answer: a member that AWS left out is named, with its operation.

    :param members: the names of the members that AWS defines.
    """

    def __init__(self, values: dict[str, Any], members: frozenset[str], where: str) -> None:
        super().__init__(values)
        self._members = members
        self._where = where

    def __missing__(self, name: str) -> Any:
        """Raise an error of the answer; a name that AWS does not define is a mistake here."""
        if name not in self._members:
            raise KeyError(name)
        raise CallError(self._where, f"the member `{name}` is missing: {NOT_AWS}")


def check_response(model: OperationModel, response: Mapping[str, Any]) -> None:
    """Raise an error where a successful response is not a document of the operation.

    :param response: the status, headers and body, before botocore parses them.
    """
    if response["status_code"] >= _FIRST_ERROR:
        return
    if "html" in response["headers"].get("content-type", "").lower():
        raise UnusableAnswerError
    shape = model.output_shape
    if shape is None or "payload" in shape.serialization:
        return
    if model.service_model.resolved_protocol in _JSON_PROTOCOLS:
        _check(_document(response["body"]), shape)


def has_json_protocol(client: Any) -> bool:
    """Return whether a service answers in JSON, and so always with every list of the answer."""
    # Tests have clients of their own.
    if not isinstance(client, BaseClient):
        return False
    return client.meta.service_model.resolved_protocol in _JSON_PROTOCOLS


def _document(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except ValueError:
        raise UnusableAnswerError from None


def _check(value: Any, shape: Shape) -> None:
    """Raise an error where a JSON value does not have the type that the model states."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:  # any JSON value
            return
        members = shape.members.items()
        known = _typed(value, dict)
        found = (
            (known.get(member.serialization.get("name", name)), member) for name, member in members
        )
        # A member that is null is one that AWS left out; an item of a list or map is never null.
        inner = [(item, member) for item, member in found if item is not None]
    elif isinstance(shape, ListShape):
        inner = [(item, shape.member) for item in _typed(value, list)]
    elif isinstance(shape, MapShape):
        inner = [(item, shape.value) for item in _typed(value, dict).values()]
    else:
        _typed(value, _JSON_TYPES.get(shape.type_name, object))
        return
    for item, member in inner:
        _check(item, member)


def _typed(value: Any, expected: type | tuple[type, ...]) -> Any:
    if not isinstance(value, expected):
        raise UnusableAnswerError
    return value


def answer_of(parsed: dict[str, Any], model: OperationModel, where: str) -> dict[str, Any]:
    """Return a parsed answer that names each member that it lacks.

    :param where: the operation and its resource.
    """
    shape = model.output_shape
    if shape is None or model.has_streaming_output:
        return parsed
    members = shape.members
    if members and not members.keys() & parsed.keys():
        raise UnusableAnswerError
    answer: dict[str, Any] = _named(parsed, shape, where)
    if _METADATA in parsed:
        answer[_METADATA] = parsed[_METADATA]
    return answer


def _named(value: Any, shape: Shape, where: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        values = {
            name: _named(item, members[name], where) if name in members else item
            for name, item in value.items()
        }
        return Answer(values, frozenset(members), where)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_named(item, shape.member, where) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _named(item, shape.value, where) for name, item in value.items()}
    return value
