"""The values of intrinsic functions in a template whose stack is deployed.

Source: CloudFormation user guide, "Intrinsic function reference".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_REFERENCE = re.compile(r"\$\{([^!${}]+)\}")
_LITERAL = re.compile(r"\$\{!([^{}]*)\}")
_DYNAMIC = "{{resolve:"
NO_VALUE = object()


class Unresolved(Exception):
    """Raised when a value is known to CloudFormation alone; the message is the reason."""


class Scope(Protocol):
    """The names that a template can refer to."""

    def ref(self, name: str) -> Any:
        """Return the value of ``Ref``: a physical ID, a parameter or a pseudo parameter."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of ``Fn::GetAtt``."""

    def imported(self, export: str) -> Any:
        """Return the value of ``Fn::ImportValue``."""

    def output(self, stack: str, name: str) -> Any:
        """Return the value of ``Fn::GetStackOutput``."""


def resolve(value: Any, scope: Scope) -> Any:
    """Return a value of a template with every intrinsic function replaced by its value.

    :raises Unresolved: where a value is unknown before the deployment, or is not understood.
    """
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return _function(name, argument, scope)
        found = {key: resolve(item, scope) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NO_VALUE}
    if isinstance(value, list):
        return [one for item in value if (one := resolve(item, scope)) is not NO_VALUE]
    if isinstance(value, str) and _DYNAMIC in value:
        raise Unresolved("a dynamic reference, which CloudFormation resolves when it deploys")
    return value


def _function(name: str, argument: Any, scope: Scope) -> Any:
    if name not in _FUNCTIONS:
        raise Unresolved(f"{name} is not evaluated here")
    try:
        return _FUNCTIONS[name](argument, scope)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise Unresolved(f"the arguments of {name} are not understood") from None


def _ref(argument: Any, scope: Scope) -> Any:
    return NO_VALUE if argument == "AWS::NoValue" else scope.ref(argument)


def _get_att(argument: Any, scope: Scope) -> Any:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(logical_id, attribute)


def _join(argument: Any, scope: Scope) -> str:
    separator, parts = argument
    return str(separator.join(str(part) for part in resolve(parts, scope)))


def _select(argument: Any, scope: Scope) -> Any:
    index, values = resolve(argument, scope)
    return values[int(index)]


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, text = resolve(argument, scope)
    return list(text.split(separator))


def _sub(argument: Any, scope: Scope) -> str:
    text, given = (argument, {}) if isinstance(argument, str) else argument
    values = resolve(given, scope)

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in values:
            return str(values[name])
        logical_id, dot, attribute = name.partition(".")
        return str(scope.attribute(logical_id, attribute) if dot else scope.ref(name))

    return _LITERAL.sub(r"${\1}", _REFERENCE.sub(value, text))


def _import_value(argument: Any, scope: Scope) -> Any:
    return scope.imported(resolve(argument, scope))


def _stack_output(argument: Any, scope: Scope) -> Any:
    if "Region" in argument or "RoleArn" in argument:
        raise Unresolved("the output of a stack in another account or region")
    return scope.output(resolve(argument["StackName"], scope), argument["OutputName"])


_FUNCTIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ImportValue": _import_value,
    "Fn::GetStackOutput": _stack_output,
}
