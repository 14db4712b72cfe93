"""The stacks of an environment, as CloudFormation knows them, and the resources in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.verify.reading import Reading

from .all_types import RESOURCE_TYPES
from .resolving import Unresolved, resolve
from .resource_types import Live, Resource, ResourceType

NOT_DEPLOYED = ("DELETE_COMPLETE", "DELETE_SKIPPED", "REVIEW_IN_PROGRESS")


class DeployedStack:
    """A synthesised stack beside the deployed one, which is read at once.

    :param environment: all stacks of the environment.

    Attributes: ``description`` is CloudFormation's, or ``None`` where the stack is not deployed;
    ``summaries`` are the deployed resources by logical ID; ``template`` is the deployed template,
    or ``None`` where it cannot be read; ``resources`` are those that the synthesised template
    declares.
    """

    def __init__(self, stack: Stack, environment: DeployedEnvironment) -> None:
        self.stack = stack
        self.environment = environment
        self.reading = environment.reading
        self.description = self._description()
        self.summaries = self._summaries() if self.description else {}
        self.template = self._template() if self.description else None
        self.resources = [
            DeployedResource(self, logical_id, definition)
            for logical_id, definition in stack.template.get("Resources", {}).items()
            if isinstance(definition, Mapping)
        ]
        self._by_id = {one.logical_id: one for one in self.resources}

    def _description(self) -> Mapping[str, Any] | None:
        answer = self.reading.call(
            "cloudformation", "describe_stacks", StackName=self.stack.stack_name
        )
        found = answer["Stacks"][0] if answer and answer["Stacks"] else None
        return found if found and found["StackStatus"] not in NOT_DEPLOYED else None

    def _summaries(self) -> Mapping[str, Mapping[str, Any]]:
        listed = self.reading.listed(
            "cloudformation",
            "list_stack_resources",
            "StackResourceSummaries[]",
            StackName=self.stack.stack_name,
        )
        return {
            one["LogicalResourceId"]: one
            for one in listed
            if one["ResourceStatus"] not in NOT_DEPLOYED
        }

    def _template(self) -> Mapping[str, Any] | None:
        answer = self.reading.call(
            "cloudformation", "get_template", StackName=self.stack.stack_name
        )
        # Botocore reads a template in JSON; one in YAML, which another tool deployed, stays text.
        body = answer["TemplateBody"] if answer else None
        return body if isinstance(body, Mapping) else None

    def ref(self, name: str) -> Any:
        """Return the value of ``Ref`` in the stack's template."""
        description = self.description or {}
        place = {
            "AWS::AccountId": self.stack.account,
            "AWS::Region": self.stack.region,
            "AWS::Partition": partition_of(self.stack.region).name,
            "AWS::URLSuffix": partition_of(self.stack.region).url_suffix,
            "AWS::StackName": self.stack.stack_name,
            "AWS::StackId": description.get("StackId"),
        }
        parameters = {
            one["ParameterKey"]: one.get("ResolvedValue", one.get("ParameterValue"))
            for one in description.get("Parameters", ())
        }
        resource = self._by_id.get(name)
        value = resource.physical_id if resource else {**place, **parameters}.get(name)
        if not value:
            raise Unresolved(f"{name} is not deployed")
        return value

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of ``Fn::GetAtt`` in the stack's template."""
        resource = self._by_id.get(logical_id)
        live = resource.live if resource else None
        if live is None:
            raise Unresolved(f"{logical_id} is not deployed")
        if name not in live.attributes:
            raise Unresolved(f"the attribute {name} of {logical_id} is not read")
        return live.attributes[name]

    def imported(self, export: str) -> Any:
        """Return the value of ``Fn::ImportValue`` in the stack's template."""
        for one in self.reading.listed("cloudformation", "list_exports", "Exports[]"):
            if one["Name"] == export:
                return one["Value"]
        raise Unresolved(f"no stack exports {export}")

    def output(self, stack: str, name: str) -> Any:
        """Return the value of ``Fn::GetStackOutput`` in the stack's template."""
        answer = self.reading.call("cloudformation", "describe_stacks", StackName=stack)
        for one in answer["Stacks"][0].get("Outputs", ()) if answer else ():
            if one["OutputKey"] == name:
                return one["OutputValue"]
        raise Unresolved(f"the stack {stack} has no output {name}")


@dataclass(frozen=True, slots=True)
class DeployedResource:
    """A resource of a template beside the deployed one."""

    owner: DeployedStack
    logical_id: str
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The type of the resource."""
        return str(self.definition.get("Type", ""))

    @property
    def type(self) -> ResourceType:
        """How the resource is read and compared."""
        unknown = ResourceType(
            name=self.name, not_compared={"*": f"no reader for the type {self.name}"}
        )
        return RESOURCE_TYPES.get(self.name, unknown)

    @property
    def properties(self) -> Mapping[str, Any]:
        """The properties in the template, unresolved."""
        found: Mapping[str, Any] = self.definition.get("Properties", {})
        return found

    @property
    def physical_id(self) -> str:
        """The ID that CloudFormation knows the resource by; empty where it is not deployed."""
        return str(self.owner.summaries.get(self.logical_id, {}).get("PhysicalResourceId", ""))

    @property
    def live(self) -> Live | None:
        """The deployed resource; ``None`` where it does not exist."""
        if not self.physical_id or self.type.read is None:
            return None
        return self.type.read(self.owner.reading, self)

    def declared(self, name: str) -> Any:
        """Return the resolved value of a property; ``None`` where the template has none."""
        return resolve(self.properties.get(name), self.owner)

    def others(self, resource_type: str) -> list[Resource]:
        """Return the resources of a type in all stacks of the environment."""
        return list(self.owner.environment.of_type(resource_type))


class DeployedEnvironment:
    """The stacks of an environment, beside the deployed ones.

    :param stacks: the synthesised stacks.
    :param reading: the reader of their account and region.
    :param pool: reads the stacks, several at a time.
    """

    def __init__(self, stacks: Sequence[Stack], reading: Reading, pool: Executor) -> None:
        self.reading = reading
        self.stacks = list(pool.map(lambda stack: DeployedStack(stack, self), stacks))
        self._by_type: dict[str, list[DeployedResource]] = {}
        for stack in self.stacks:
            for resource in stack.resources:
                self._by_type.setdefault(resource.name, []).append(resource)

    def of_type(self, resource_type: str) -> list[DeployedResource]:
        """Return the resources of a type in all stacks."""
        return self._by_type.get(resource_type, [])
