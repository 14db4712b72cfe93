"""Resolved values as text, for sentences and for the comparison of policies."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.resources import path_of, resources_of

from .canonical import (
    DYNAMIC_REFERENCE,
    PARAMETER,
    function_of,
    is_scalar,
    stack_of_reference,
    text_of,
)

# Begins the part of a text that only the deployment knows.
UNKNOWN = "${?"
# Without colons, which would be read as part of an ARN.
_PSEUDO = {
    f"AWS::{name}": f"${{{name}}}" for name in ("AccountId", "Partition", "Region", "URLSuffix")
}


def is_unknown(text: str) -> bool:
    """Return whether a part of a text is known only at deployment."""
    return UNKNOWN in text or DYNAMIC_REFERENCE in text


@dataclass(frozen=True, kw_only=True)
class Values:
    """The resolved values of one stack.

    :param side: every stack of the assembly, whose resources a value may refer to.
    """

    stack: Stack
    side: Sequence[Stack] = field(default_factory=tuple)

    def text(self, value: Any) -> str:
        """Return a value as text: a reference as its path in ``${}``, an unknown part likewise."""
        if is_scalar(value):
            return text_of(value)
        name, argument = function_of(value) or ("", None)
        if name == "Fn::Join" and isinstance(argument, list) and argument[:1] == [""]:
            parts = argument[1] if len(argument) > 1 and isinstance(argument[1], list) else []
            return "".join(map(self.text, parts))
        if name == PARAMETER and isinstance(argument, list):
            return f"{UNKNOWN}{argument[0]}}}"
        found = self._reference(name, argument)
        if found is not None:
            return found
        # Without the quotes of JSON, because the value may be part of a JSON text.
        unresolved = json.dumps(value, sort_keys=True).replace("\\", "/").replace('"', "'")
        return f"{UNKNOWN}{unresolved}}}"

    def path(self, logical_id: str) -> str:
        """Return the path of a resource in the app, or else its stack and logical ID."""
        path = path_of(logical_id, resources_of(self.stack).get(logical_id))
        return path if path != logical_id else f"{self.stack.name}/{logical_id}"

    def _reference(self, name: str, argument: Any) -> str | None:
        """Return the text of a reference to a resource; ``None`` for any other function."""
        if name == "Ref" and isinstance(argument, str):
            return _PSEUDO.get(argument) or self._place(argument, "")
        if name == "Fn::GetAtt" and isinstance(argument, list):
            logical_id, *attribute = argument
            return self._place(str(logical_id), "." + ".".join(map(str, attribute)))
        return None

    def _place(self, reference: str, attribute: str) -> str | None:
        stack_name, logical_id = stack_of_reference(reference)
        for stack in self.side if stack_name else (self.stack,):
            if stack_name in {"", stack.stack_name} and logical_id in resources_of(stack):
                path = Values(stack=stack, side=self.side).path(logical_id)
                return f"${{{path}{attribute}}}"
        return None
