"""The templates of an assembly, resolved: what they deploy, in one spelling."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.cdk.assemblies import Stack

from .canonical import NO_VALUE, is_scalar, localised, qualified, text_of
from .conditions import Conditions
from .functions import resolve
from .loops import expanded, has_loop
from .names import NAMED_TYPES, NamedType
from .parameters import parameter_value

NESTED_STACK = "AWS::CloudFormation::Stack"
# The metadata that CloudFormation's helper scripts act upon. The rest describes the template.
DEPLOYED_METADATA = ("AWS::CloudFormation::Authentication", "AWS::CloudFormation::Init")
_OUTPUTS = "Outputs."
_REGION_OF_ARN, _ACCOUNT_OF_ARN = 3, 4
_UNKNOWN = "unknown-"
_WITHOUT_PLACE_IN_ARN = ("AWS::S3::Bucket",)


def resolved(stacks: Sequence[Stack]) -> list[Stack]:
    """Return stacks with their templates resolved, as far as all of them determine the values.

    A resource whose condition is not met is left out.
    """
    assembly = _Assembly(stacks)
    return [_resolved_stack(one, assembly.scope(one)) for one in stacks]


def _resolved_stack(stack: Stack, scope: "_StackScope") -> Stack:
    template = _resolved_template(scope)
    return replace(
        stack, template=template, written=stack.as_written, imports=frozenset(scope.imports)
    )


def _resolved_template(scope: "_StackScope") -> dict[str, Any]:
    template = dict(scope.template)
    template["Resources"] = {
        logical_id: found
        for logical_id, resource in scope.part("Resources").items()
        if (found := _resolved_resource(scope, resource)) is not NO_VALUE
    }
    if "Outputs" in template:
        template["Outputs"] = {
            name: found
            for name, output in scope.part("Outputs").items()
            if (found := _resolved_output(scope, output)) is not NO_VALUE
        }
    return template


def _resolved_resource(scope: "_StackScope", resource: Any) -> Any:
    if not isinstance(resource, Mapping):
        return resource
    condition = resource.get("Condition")
    if condition is not None and scope.condition(condition) is False:
        return NO_VALUE
    kept = {
        name: value for name, value in resource.items() if name not in {"Condition", "Metadata"}
    }
    found = resolve(kept, scope)
    metadata = resource.get("Metadata")
    if isinstance(metadata, Mapping):
        found["Metadata"] = {
            name: resolve(value, scope) if name in DEPLOYED_METADATA else value
            for name, value in metadata.items()
        }
    if condition is not None and (text := scope.condition_text(condition)) is not None:
        found["Condition"] = text
    return found


def _resolved_output(scope: "_StackScope", output: Any) -> Any:
    if isinstance(output, Mapping) and scope.condition(output.get("Condition")) is False:
        return NO_VALUE
    return resolve(output, scope)


class _Assembly:
    """All stacks of one side."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        self._stacks = stacks
        self._scopes: dict[int, _StackScope] = {}

    def scope(self, stack: Stack) -> "_StackScope":
        """Return the values of one stack."""
        found = self._scopes.get(id(stack))
        if found is None:
            found = self._scopes[id(stack)] = _StackScope(stack, self)
        return found

    def called(self, stack_name: object, account: str, region: str) -> "_StackScope | None":
        """Return a stack by CloudFormation's name for it."""
        for one in self._by_name.get(str(stack_name), ()):
            if _is_same(one.account, account) and _is_same(one.region, region):
                return self.scope(one)
        return None

    def exported(self, name: object, account: str, region: str) -> Any:
        """Return the value of an export, as any other stack sees it."""
        return self._exports.get((str(name), account, region))

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Stack]]:
        found: dict[str, list[Stack]] = {}
        for one in self._stacks:
            found.setdefault(one.stack_name, []).append(one)
        return found

    @cached_property
    def _exports(self) -> Mapping[tuple[str, str, str], Any]:
        found: dict[tuple[str, str, str], Any] = {}
        for one in self._stacks:
            scope = self.scope(one)
            for output in scope.part("Outputs").values():
                export = output.get("Export") if isinstance(output, Mapping) else None
                if (
                    isinstance(export, Mapping)
                    and scope.condition(output.get("Condition")) is not False
                ):
                    name = resolve(export.get("Name"), scope)
                    if is_scalar(name):
                        found[text_of(name), one.account, one.region] = (scope, output)
        return found


def _is_same(one: str, other: str) -> bool:
    return one == other or one.startswith(_UNKNOWN) or other.startswith(_UNKNOWN)


class _StackScope:
    """The values of one stack's template."""

    def __init__(self, stack: Stack, assembly: _Assembly, *, knows_parameters: bool = True) -> None:
        self._stack, self._assembly = stack, assembly
        self._knows_parameters = knows_parameters
        self._found: dict[object, Any] = {}
        self._open: set[object] = set()
        # The exports that the template refers to, as far as it is resolved.
        self.imports: set[str] = set()

    @property
    def template(self) -> Mapping[str, Any]:
        """The template as it is written."""
        return self._stack.template

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a part of the template, such as ``Resources``, with its loops expanded."""
        key = ("part", name)
        if key not in self._found:
            part = self.template.get(name, {})
            part = part if isinstance(part, Mapping) else {}
            if has_loop(part):
                part = expanded(part, lambda value: resolve(value, self))
            self._found[key] = part
        found: Mapping[str, Any] = self._found[key]
        return found

    def ref(self, name: str) -> Any:
        """Return the value of ``Ref``."""
        return self._once(("ref", name), lambda: self._ref(name), {"Ref": name})

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of ``Fn::GetAtt``."""
        otherwise = {"Fn::GetAtt": [logical_id, name]}
        key = ("attribute", logical_id, name)
        return self._once(key, lambda: self._attribute(logical_id, name, otherwise), otherwise)

    def imported(self, export: Any) -> Any:
        """Return the value of ``Fn::ImportValue``."""
        otherwise = {"Fn::ImportValue": export}
        if isinstance(export, str):
            self.imports.add(export)
        found = self._assembly.exported(export, self._stack.account, self._stack.region)
        if found is None:
            return otherwise
        scope, output = found
        return self._from(scope, output, otherwise)

    def output(self, argument: Mapping[str, Any]) -> Any:
        """Return the value of ``Fn::GetStackOutput``."""
        otherwise = {"Fn::GetStackOutput": argument}
        region = argument.get("Region") or self._stack.region
        account = _UNKNOWN if "RoleArn" in argument else self._stack.account
        scope = self._assembly.called(argument["StackName"], account, str(region))
        output = scope.part("Outputs").get(argument["OutputName"]) if scope else None
        return self._from(scope, output, otherwise) if scope and output else otherwise

    def mapped(self, mapping: Any, first: Any, second: Any) -> Any:
        """Return an entry of a mapping; ``None`` where there is none."""
        if not all(map(is_scalar, (mapping, first, second))):
            return None
        top = self.template.get("Mappings", {}).get(text_of(mapping), {})
        value = top.get(text_of(first), {}).get(text_of(second))
        return None if value is None else resolve(value, self)

    def condition(self, name: Any) -> bool | None:
        """Return whether a condition is met; ``None`` where only the deployment knows."""
        return self._conditions.is_met(name)

    def condition_text(self, name: Any) -> Any:
        """Return a condition in the form that each spelling of it has."""
        return self._conditions.text(name)

    def arn_part(self, logical_id: str, index: int) -> Any:
        """Return a part of a resource's ARN; ``None`` where only the deployment knows."""
        kind = self._resource(logical_id).get("Type")
        if kind in _WITHOUT_PLACE_IN_ARN or not kind or str(kind).startswith("AWS::IAM::"):
            return None
        names = {_REGION_OF_ARN: "AWS::Region", _ACCOUNT_OF_ARN: "AWS::AccountId"}
        return self.ref(names[index]) if index in names else None

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self.part("Conditions"), self, self.without_parameters)

    @cached_property
    def without_parameters(self) -> "_StackScope":
        """The values that no parameter of a deployed template changes."""
        if not self._knows_parameters:
            return self
        return _StackScope(self._stack, self._assembly, knows_parameters=False)

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        declared = self.template.get("Parameters", {}).get(name)
        if isinstance(declared, Mapping):
            given = self._argument(name)
            if given is None and not self._knows_parameters:
                return parameter_value(name, {"Type": "String"})
            return parameter_value(name, declared, given)
        resource = self._resource(name)
        if not resource and not name.startswith("AWS::"):
            return parameter_value(name, {})
        named = NAMED_TYPES.get(str(resource.get("Type")))
        if named is None or named.ref == "url":
            return {"Ref": name}
        text = "${Name}" if named.ref == "name" else named.attributes["Arn"]
        return self._built(text, resource, named, {"Ref": name})

    def _argument(self, name: str) -> Any:
        """Return the value that a parameter is given; ``None`` where it has its default."""
        if self._knows_parameters and name in self._stack.parameters:
            return self._stack.parameters[name]
        parent = self._parent
        if parent is None:
            return None
        found = parent.argument_of(self._logical_id, name)
        return localised(found, self._stack.stack_name)

    def argument_of(self, logical_id: str, name: str) -> Any:
        """Return the value that a nested stack is given for a parameter."""
        given = self._resource(logical_id).get("Properties", {})
        values = given.get("Parameters", {}) if isinstance(given, Mapping) else {}
        if not isinstance(values, Mapping) or name not in values:
            return None
        return self.exposed(("argument", logical_id, name), values[name])

    def _attribute(self, logical_id: str, name: str, otherwise: Any) -> Any:
        resource = self._resource(logical_id)
        if resource.get("Type") == NESTED_STACK and name.startswith(_OUTPUTS):
            stack_name = f"{self._stack.stack_name}/{logical_id}"
            nested = self._assembly.called(stack_name, self._stack.account, self._stack.region)
            output = nested.part("Outputs").get(name.removeprefix(_OUTPUTS)) if nested else None
            return self._from(nested, output, otherwise) if nested and output else otherwise
        named = NAMED_TYPES.get(str(resource.get("Type")))
        if named is None or name not in named.attributes:
            return otherwise
        return self._built(named.attributes[name], resource, named, otherwise)

    def _built(
        self, text: str, resource: Mapping[str, Any], named: NamedType, otherwise: Any
    ) -> Any:
        """Return a name or an ARN that follows from the resource's own name."""
        given = resource.get("Properties", {})
        name = resolve(given.get(named.name), self) if isinstance(given, Mapping) else None
        path = resolve(given.get("Path", "/"), self) if name is not None else None
        if not isinstance(name, str) or not isinstance(path, str):
            return otherwise
        return resolve({"Fn::Sub": [text, {"Name": name, "Path": path}]}, self)

    def _from(self, scope: "_StackScope", output: Any, otherwise: Any) -> Any:
        """Return an output of another stack; what stays unknown there is named by its stack."""
        if not isinstance(output, Mapping) or "Value" not in output:
            return otherwise
        value = scope.exposed(("output", id(output)), output["Value"])
        return otherwise if value is None else localised(value, self._stack.stack_name)

    def exposed(self, key: object, value: Any) -> Any:
        """Return a resolved value as another stack sees it; ``None`` for a circle."""
        found = self._once(key, lambda: resolve(value, self), None)
        return None if found is None else qualified(found, self._stack.stack_name)

    def _once(self, key: object, find: Any, otherwise: Any) -> Any:
        """Return what is found, which is searched once; of a circle, what it begins with."""
        if key in self._found:
            return self._found[key]
        if key in self._open:
            return otherwise
        self._open.add(key)
        try:
            self._found[key] = find()
        finally:
            self._open.remove(key)
        return self._found[key]

    def _resource(self, logical_id: str) -> Mapping[str, Any]:
        found = self.part("Resources").get(logical_id)
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def _parent(self) -> "_StackScope | None":
        name = self._stack.stack_name.rpartition("/")[0]
        place = (self._stack.account, self._stack.region)
        parent = self._assembly.called(name, *place) if name else None
        return parent if parent is None or self._knows_parameters else parent.without_parameters

    @property
    def _logical_id(self) -> str:
        return self._stack.stack_name.rpartition("/")[2]

    @cached_property
    def _pseudo(self) -> Mapping[str, str]:
        stack = self._stack
        found = {"AWS::StackName": stack.stack_name}
        if not stack.account.startswith(_UNKNOWN):
            found["AWS::AccountId"] = stack.account
        if not stack.region.startswith(_UNKNOWN):
            partition = partition_of(stack.region)
            found["AWS::Region"] = stack.region
            found["AWS::Partition"] = partition.name
            found["AWS::URLSuffix"] = partition.url_suffix
        return found
