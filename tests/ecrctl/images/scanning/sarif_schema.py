"""The structure that SARIF 2.1.0 requires of the objects that ``ecrctl scan`` writes.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.13 to
3.54: members, and which of them are required. The standard's own schema is 100 KB; this is the part
of it for these objects, and it refuses every member that no such object has.
"""

from __future__ import annotations

from typing import Any

_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_TEXT: dict[str, Any] = {"type": "string"}
_URI: dict[str, Any] = {"type": "string", "pattern": "^[^ ]+$"}
_BAG: dict[str, Any] = {"type": "object"}


def _object(required: str = "", **members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": {name.replace("dollar_", "$"): one for name, one in members.items()},
    }


def _list(item: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **others}


_MESSAGE = _object("text", text=_TEXT)
_NOTIFICATION = _object("message", message=_MESSAGE, level=_LEVEL)
_RULE = _object(
    "id",
    id=_TEXT,
    shortDescription=_MESSAGE,
    defaultConfiguration=_object(level=_LEVEL),
    helpUri=_URI,
    properties=_BAG,
)
_LOCATION = _object(
    physicalLocation=_object(
        artifactLocation=_object(uri=_URI),
        region=_object(startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_list(
        _object(name=_TEXT, fullyQualifiedName=_TEXT, kind=_TEXT), uniqueItems=True
    ),
)
_SUPPRESSION = _object(
    "kind",
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=_TEXT,
)
_RESULT = _object(
    "message",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    suppressions=_list(_SUPPRESSION, uniqueItems=True),
    properties=_BAG,
)
_RUN = _object(
    "tool",
    tool=_object(
        "driver", driver=_object("name", name=_TEXT, rules=_list(_RULE, uniqueItems=True))
    ),
    automationDetails=_object(id=_TEXT),
    invocations=_list(
        _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_NOTIFICATION),
        )
    ),
    results=_list(_RESULT),
    properties=_BAG,
)
SARIF = _object("version runs", dollar_schema=_URI, version={"const": "2.1.0"}, runs=_list(_RUN))
