"""Values of a template as text, with intrinsic functions resolved as far as possible."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeGuard

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resource_types import LOG_GROUP, REPOSITORY, ROLE, resource_type

from .resources import path_of, properties, resources_of

# Begins the part of a text that could not be resolved.
UNKNOWN = "${?"
_SUBSTITUTED = re.compile(r"\$\{(!?)([^}]+)\}")
_DEEPEST = 20
_TWO = 2
# The types whose ARN follows from their name: the service, and the resource in the ARN.
_ARNS = {
    LOG_GROUP: ("logs", "log-group:{}:*"),
    REPOSITORY: ("ecr", "repository/{}"),
    ROLE: ("iam", "role/{}"),
}


@dataclass(frozen=True, kw_only=True)
class Values:
    """The values of one stack.

    :param side: every stack of the assembly, for exports and outputs.
    """

    stack: Stack
    side: Sequence[Stack] = field(default_factory=tuple)

    def text(self, value: Any, depth: int = 0) -> str:
        """Return a value as text; a part that is known only at deployment is named in ``${}``."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        if depth < _DEEPEST and isinstance(value, Mapping) and len(value) == 1:
            ((function, argument),) = value.items()
            found = self._function(str(function), argument, depth + 1)
            if found is not None:
                return found
        # Without the quotes of JSON, because the value may be part of a JSON text.
        unresolved = json.dumps(value, sort_keys=True).replace("\\", "/").replace('"', "'")
        return f"{UNKNOWN}{unresolved}}}"

    def arn(self, service: str, resource: str, *, is_global: bool = False) -> str:
        """Return an ARN in this stack's account and region."""
        region = "" if is_global else self._pseudo["AWS::Region"]
        account, partition = self._pseudo["AWS::AccountId"], self._pseudo["AWS::Partition"]
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"

    def path(self, logical_id: str) -> str:
        """Return the path of a resource in the app, or else its stack and logical ID."""
        path = path_of(logical_id, self._resource(logical_id))
        return path if path != logical_id else f"{self.stack.name}/{logical_id}"

    def _function(self, name: str, argument: Any, depth: int) -> str | None:
        """Return the value of an intrinsic function; ``None`` if it cannot be resolved."""
        known: Mapping[str, Callable[[Any, int], str | None]] = {
            "Fn::GetAtt": self._got_attribute,
            "Fn::GetStackOutput": self._stack_output,
            "Fn::ImportValue": self._imported,
            "Fn::Join": self._joined,
            "Fn::Select": self._selected,
            "Fn::Sub": self._substituted,
            "Ref": lambda given, _: self._reference(str(given)),
        }
        return known[name](argument, depth) if name in known else None

    def _joined(self, argument: Any, depth: int) -> str | None:
        if not _is_pair(argument) or not isinstance(argument[1], list):
            return None
        return str(argument[0]).join(self.text(item, depth) for item in argument[1])

    def _got_attribute(self, argument: Any, _depth: int) -> str | None:
        steps = argument if isinstance(argument, list) else str(argument).split(".", 1)
        return self._attribute(str(steps[0]), str(steps[1])) if _is_pair(steps) else None

    def _reference(self, name: str) -> str:
        if name in self._pseudo:
            return self._pseudo[name]
        resource = self._resource(name)
        return self._name(name, resource) if resource else f"${{{name}}}"

    def _name(self, logical_id: str, resource: Mapping[str, Any]) -> str:
        kind = str(resource.get("Type"))
        # A Ref to one of these is its name; to most other types it is not.
        is_name = kind in _ARNS
        given = properties(resource).get(resource_type(kind).name_property) if is_name else None
        return given if isinstance(given, str) else f"${{{self.path(logical_id)}}}"

    def _attribute(self, logical_id: str, attribute: str) -> str:
        resource = self._resource(logical_id)
        named = self._name(logical_id, resource)
        kind = str(resource.get("Type"))
        if attribute == "Arn" and kind in _ARNS and not named.startswith("${"):
            service, form = _ARNS[kind]
            return self.arn(service, form.format(named), is_global=kind == ROLE)
        return f"${{{self.path(logical_id)}.{attribute}}}"

    def _substituted(self, argument: Any, depth: int) -> str | None:
        parts = [argument, {}] if isinstance(argument, str) else argument
        if not _is_pair(parts) or not isinstance(parts[1], Mapping):
            return None
        text, given = parts

        def one(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in given:
                return self.text(given[name], depth)
            logical_id, _, attribute = name.partition(".")
            return self._attribute(logical_id, attribute) if attribute else self._reference(name)

        return _SUBSTITUTED.sub(one, str(text))

    def _stack_output(self, argument: Any, depth: int) -> str | None:
        """Return another stack's output, to which the CDK refers by a weak reference."""
        if not isinstance(argument, Mapping):
            return None
        wanted = [self.text(argument.get(key, ""), depth) for key in ("StackName", "OutputName")]
        for stack in self.side:
            if stack.stack_name == wanted[0] and stack.account == self.stack.account:
                output = stack.template.get("Outputs", {}).get(wanted[1], {})
                return Values(stack=stack, side=self.side).text(output.get("Value"), depth)
        return f"${{{'.'.join(wanted)}}}"

    def _imported(self, argument: Any, depth: int) -> str:
        export = self.text(argument, depth)
        for stack in self.side:
            for output in stack.template.get("Outputs", {}).values():
                if isinstance(output, Mapping) and output.get("Export") == {"Name": export}:
                    return Values(stack=stack, side=self.side).text(output.get("Value"), depth)
        return f"${{{export}}}"

    def _selected(self, argument: Any, depth: int) -> str | None:
        """Return a part of a split text: the CDK reads account and region from ARNs so."""
        if not _is_pair(argument) or not str(argument[0]).isdigit():
            return None
        split_by = argument[1].get("Fn::Split") if isinstance(argument[1], Mapping) else None
        if not _is_pair(split_by) or not split_by[0]:
            return None
        index, (separator, whole) = int(argument[0]), split_by
        text = self.text(whole, depth)
        if text.startswith("${") and text.endswith(".Arn}"):
            known = {3: self._pseudo["AWS::Region"], 4: self._pseudo["AWS::AccountId"]}
            return known.get(index)
        split = text.split(str(separator))
        return split[index] if index < len(split) else None

    def _resource(self, logical_id: str) -> Mapping[str, Any]:
        """Return a resource; an empty one if there is none with this logical ID."""
        resource = resources_of(self.stack).get(logical_id)
        return resource if isinstance(resource, Mapping) else {}

    @cached_property
    def _pseudo(self) -> Mapping[str, str]:
        # Without a fixed environment, these are known only at deployment.
        account = self.stack.account if self.stack.account.isdigit() else None
        region = None if self.stack.region.startswith("unknown") else self.stack.region
        partition = partition_of(region) if region else None
        # Without colons, which would be read as part of an ARN.
        return {
            "AWS::AccountId": account or "${AccountId}",
            "AWS::Region": region or "${Region}",
            "AWS::Partition": partition.name if partition else "${Partition}",
            "AWS::URLSuffix": partition.url_suffix if partition else "${URLSuffix}",
            "AWS::StackName": self.stack.stack_name,
            "AWS::NoValue": "",
        }


def _is_pair(argument: Any) -> TypeGuard[list[Any]]:
    """Return whether a function has two arguments."""
    return isinstance(argument, list) and len(argument) == _TWO
