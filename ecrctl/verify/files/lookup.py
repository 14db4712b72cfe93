"""The deployed resources of an environment, found by the constructs that create them."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.resource_types import Live, Resource
from environments.names import stack_name
from environments.settings import EnvironmentSettings


def logical_id(*path: str) -> str:
    """Return the logical ID that the CDK derives from the path of a resource in its stack.

    Source: AWS CDK developer guide, "Identifiers and the AWS CDK".

    >>> logical_id("sample-app", "Logs", "Resource")
    'sampleappLogsBD2CA013'
    """
    digest = hashlib.md5("/".join(path).encode(), usedforsecurity=False).hexdigest()[:8]
    shown = [part for part in path if part != "Resource"]
    words = [part for part, before in zip(shown, ["", *shown], strict=False) if part != before]
    return "".join(re.sub(r"[^A-Za-z0-9]", "", word) for word in words)[:240] + digest.upper()


@dataclass(frozen=True, slots=True)
class _Known:
    """A resource that is found without a template."""

    physical_id: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def declared(self, name: str) -> Any:
        """Return what is known of a property."""
        return self.values.get(name)

    def others(self, _resource_type: str) -> list[Resource]:
        """Return no resource: without templates none is known."""
        return []


@dataclass(frozen=True, slots=True)
class Lookup:
    """The deployed resources of an environment.

    :param settings: the environment as its files declare it.
    :param reading: the reader of its account and region.
    """

    settings: EnvironmentSettings
    reading: Reading

    def resource_ids(self, stack: str) -> Mapping[str, str]:
        """Return the physical IDs of a stack by logical IDs; none where it is not deployed.

        :param stack: the stack's construct ID, such as ``EcsWorkloads``.
        """
        summaries = self.reading.listed(
            "cloudformation",
            "list_stack_resources",
            "StackResourceSummaries[]",
            StackName=stack_name(self.settings.name, stack),
        )
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for one in summaries
            if one["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        }

    def id_of(self, stack: str, *path: str) -> str:
        """Return the physical ID of the resource at a path; empty where there is none."""
        return self.resource_ids(stack).get(logical_id(*path), "")

    def live(self, resource_type: str, physical_id: str, **known: Any) -> Live | None:
        """Return a resource as it is deployed; ``None`` where it does not exist.

        :param known: properties by which its reader finds it.
        """
        read = RESOURCE_TYPES[resource_type].read
        if not physical_id or read is None:
            return None
        return read(self.reading, _Known(physical_id, known))

    def inline_policies(self, role: Live | None) -> Mapping[str, Any]:
        """Return the inline policies of a role by their names."""
        policies = role.properties["Policies"] if role else ()
        return {one["PolicyName"]: one["PolicyDocument"] for one in policies}
