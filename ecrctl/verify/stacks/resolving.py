"""The values of intrinsic functions in a template whose stack is deployed.

The functions are those of a review; here the deployed stack answers what a review cannot know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from ecrctl.review.resolution.canonical import DYNAMIC_REFERENCE, function_of
from ecrctl.review.resolution.functions import FUNCTIONS
from ecrctl.review.resolution.functions import resolve as evaluate

# A deployed stack's conditions and mappings are not read.
_NOT_EVALUATED = frozenset({"Fn::FindInMap", "Fn::If"})


class Unresolved(Exception):
    """Raised when a value is known to CloudFormation alone; the message is the reason."""


class DeployedNames(Protocol):
    """The names that the template of a deployed stack can refer to."""

    def ref(self, name: str) -> Any:
        """Return the value of ``Ref``: a physical ID, a parameter or a pseudo parameter."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of ``Fn::GetAtt``."""

    def imported(self, export: str) -> Any:
        """Return the value of ``Fn::ImportValue``."""

    def output(self, stack: str, name: str) -> Any:
        """Return the value of ``Fn::GetStackOutput``."""


def resolve(value: Any, names: DeployedNames) -> Any:
    """Return a value of a template with every intrinsic function replaced by its value.

    :raises Unresolved: where a value is unknown before the deployment, or is not understood.
    """
    found = evaluate(value, _DeployedScope(names))
    _check(found)
    return found


def _check(value: Any) -> None:
    """Raise on the first function that is left, and on a dynamic reference."""
    if isinstance(value, str) and DYNAMIC_REFERENCE in value:
        raise Unresolved("a dynamic reference, which CloudFormation resolves when it deploys")
    if isinstance(value, Mapping):
        function = function_of(value)
        if function is not None:
            _check(function[1])
            _refuse(function[0])
        for item in value.values():
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)


def _refuse(function: str) -> NoReturn:
    if function in FUNCTIONS and function not in _NOT_EVALUATED:
        raise Unresolved(f"the arguments of {function} are not understood")
    raise Unresolved(f"{function} is not evaluated here")


@dataclass(frozen=True, slots=True)
class _DeployedScope:
    """The scope of a deployed stack."""

    names: DeployedNames

    def ref(self, name: str) -> Any:
        return self.names.ref(name)

    def attribute(self, logical_id: str, name: str) -> Any:
        return self.names.attribute(logical_id, name)

    def imported(self, export: Any) -> Any:
        return self.names.imported(export)

    def output(self, argument: Mapping[str, Any]) -> Any:
        if "Region" in argument or "RoleArn" in argument:
            raise Unresolved("the output of a stack in another account or region")
        return self.names.output(argument["StackName"], argument["OutputName"])

    def mapped(self, mapping: Any, first: Any, second: Any) -> NoReturn:  # noqa: ARG002
        _refuse("Fn::FindInMap")

    def condition(self, name: Any) -> NoReturn:  # noqa: ARG002
        _refuse("Fn::If")

    def condition_text(self, name: Any) -> NoReturn:  # noqa: ARG002
        _refuse("Fn::If")

    def arn_part(self, logical_id: str, index: int) -> None:  # noqa: ARG002
        return None
