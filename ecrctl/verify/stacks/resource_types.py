"""The resource types that are compared: how each is read, and how each of its properties is.

Every property of a type is either in ``properties`` or, with a reason, in ``not_compared``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ecrctl.verify.reading import Reading

from .forms import Form, as_is

# The default of a property whose value AWS chooses, or takes from another resource: where the
# template does not declare it, there is nothing to compare.
CHOSEN = object()


@dataclass(frozen=True, slots=True)
class Property:
    """A property that is compared.

    :param default: the value where a template does not declare the property.
    :param form: brings the declared and the deployed value into one form.
    """

    default: Any = None
    form: Form = as_is


@dataclass(frozen=True, slots=True)
class Live:
    """A deployed resource as AWS returns it.

    :param properties: its properties in CloudFormation's shape; absent where they are not set.
    :param attributes: the values of ``Fn::GetAtt``.
    """

    properties: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)


class Resource(Protocol):
    """A resource of a stack, as its reader needs it."""

    @property
    def physical_id(self) -> str:
        """The ID that CloudFormation knows the resource by."""

    def declared(self, name: str) -> Any:
        """Return the resolved value of a property in the template; ``None`` without one."""

    def others(self, resource_type: str) -> list[Resource]:
        """Return the resources of a type in all stacks of the environment."""


Reader = Callable[[Reading, Resource], Live | None]
Addition = Callable[[Resource, Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A type of resource.

    :param read: returns the deployed resource, or ``None`` where it does not exist. Without a
        reader the type is not compared.
    :param properties: the properties that are compared, those that only an intruder would add too.
    :param not_compared: the reasons of those that are not; of the whole type under ``*``.
    :param unseen: what is never compared, because no template declares it, and why.
    :param not_returned: what the embedded AWS returns instead of some values, by their places,
        such as ``ContainerDefinitions.*.LinuxParameters``.
    :param additions: what other resources of the environment add to a property.
    """

    name: str
    read: Reader | None = None
    properties: Mapping[str, Property] = field(default_factory=dict)
    not_compared: Mapping[str, str] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)
    not_returned: Mapping[str, Any] = field(default_factory=dict)
    additions: Mapping[str, Addition] = field(default_factory=dict)
