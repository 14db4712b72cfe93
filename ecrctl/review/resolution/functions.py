"""The values of intrinsic functions in one stack, before it is deployed.

Source: CloudFormation user guide, "Intrinsic function reference".
"""

import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from .canonical import NO_VALUE, function_of, is_decided, is_scalar, joined, text_of

_SUBSTITUTED = re.compile(r"\$\{(!?)([^{}]+)\}")
_DEFAULT = "DefaultValue"
_IPV4_BITS, _IPV6_BITS = 32, 128
_MOST_SUBNETS = 256


class Scope(Protocol):
    """What the names in a stack's template stand for."""

    def ref(self, name: str) -> Any:
        """Return the value of ``Ref``."""

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return the value of ``Fn::GetAtt``."""

    def imported(self, export: Any) -> Any:
        """Return the value of ``Fn::ImportValue``."""

    def output(self, argument: Mapping[str, Any]) -> Any:
        """Return the value of ``Fn::GetStackOutput``."""

    def mapped(self, mapping: Any, first: Any, second: Any) -> Any:
        """Return an entry of a mapping; ``None`` where there is none."""

    def condition(self, name: Any) -> bool | None:
        """Return whether a condition is met; ``None`` where only the deployment knows."""

    def condition_text(self, name: Any) -> Any:
        """Return a condition in the form that each spelling of it has."""

    def arn_part(self, logical_id: str, index: int) -> Any:
        """Return a part of a resource's ARN; ``None`` where only the deployment knows."""


def resolve(value: Any, scope: Scope) -> Any:
    """Return a value with every function resolved that can be resolved."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        found = function_of(value)
        if found is not None:
            return _function(*found, scope)
        items = ((str(key), resolve(item, scope)) for key, item in value.items())
        return {key: item for key, item in items if item is not NO_VALUE}
    if isinstance(value, list):
        return [one for item in value if (one := resolve(item, scope)) is not NO_VALUE]
    return value


def _function(name: str, argument: Any, scope: Scope) -> Any:
    evaluate = FUNCTIONS.get(name)
    if evaluate is not None:
        try:
            return evaluate(argument, scope)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            pass  # CloudFormation refuses these arguments, or they are known at deployment only
    return {name: resolve(argument, scope)}


def _ref(argument: str, scope: Scope) -> Any:
    return NO_VALUE if argument == "AWS::NoValue" else scope.ref(argument)


def _get_att(argument: Any, scope: Scope) -> Any:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(logical_id, text_of(resolve(attribute, scope)))


def _join(argument: Any, scope: Scope) -> Any:
    separator, parts = argument
    if not isinstance(separator, str):
        raise TypeError(separator)
    found = resolve(parts, scope)
    if not isinstance(found, list):
        return {"Fn::Join": [separator, found]}
    between = itertools.repeat(separator, max(len(found) - 1, 0))
    return joined(
        itertools.chain.from_iterable(itertools.zip_longest(found, between, fillvalue=""))
    )


def _sub(argument: Any, scope: Scope) -> Any:
    text, given = (argument, {}) if isinstance(argument, str) else argument
    values = resolve(given, scope)
    return joined(_parts(text, values, scope))


def _parts(text: str, values: Mapping[str, Any], scope: Scope) -> Iterator[Any]:
    end = 0
    for match in _SUBSTITUTED.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        literal, name = match[1], match[2].strip()
        if literal:
            yield f"${{{match[2]}}}"
        elif name in values:
            yield values[name]
        else:
            logical_id, dot, attribute = name.partition(".")
            yield scope.attribute(logical_id, attribute) if dot else scope.ref(name)
    yield text[end:]


def _select(argument: Any, scope: Scope) -> Any:
    index, values = resolve(argument, scope)
    if isinstance(values, list):
        return values[int(index)]
    found = None
    split = values.get("Fn::Split") if isinstance(values, Mapping) else None
    if split and split[0] == ":" and [*split[1]] == ["Fn::GetAtt"]:
        logical_id, attribute = split[1]["Fn::GetAtt"]
        found = scope.arn_part(logical_id, int(index)) if attribute.endswith("Arn") else None
    return {"Fn::Select": [text_of(index), values]} if found is None else found


def _split(argument: Any, scope: Scope) -> Any:
    separator, text = resolve(argument, scope)
    return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}


def _if(argument: Any, scope: Scope) -> Any:
    name, yes, no = argument
    is_met = scope.condition(name)
    if is_met is not None:
        return resolve(yes if is_met else no, scope)
    sides = [resolve(one, scope) for one in (yes, no)]
    if sides[0] == sides[1]:
        return sides[0]
    sides = [{"Ref": "AWS::NoValue"} if one is NO_VALUE else one for one in sides]
    return {"Fn::If": [scope.condition_text(name), *sides]}


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = [resolve(one, scope) for one in argument[:3]]
    found = scope.mapped(*keys)
    if found is not None:
        return found
    if all(map(is_scalar, keys)) and len(argument) > len(keys):
        return resolve(argument[3][_DEFAULT], scope)
    return {"Fn::FindInMap": [*keys, *(resolve(one, scope) for one in argument[3:])]}


def _cidr(argument: Any, scope: Scope) -> Any:
    block, count, *rest = resolve(argument, scope)
    if not all(map(is_scalar, (block, count, *rest))):
        return {"Fn::Cidr": [block, count, *rest]}
    network = ipaddress.ip_network(block)
    bits = int(rest[0]) if rest else _IPV4_BITS - 24
    width = _IPV4_BITS if network.version == 4 else _IPV6_BITS  # noqa: PLR2004 - the IP version
    subnets = network.subnets(new_prefix=width - bits)
    return [str(one) for one in itertools.islice(subnets, min(int(count), _MOST_SUBNETS))]


def _length(argument: Any, scope: Scope) -> Any:
    values = resolve(argument, scope)
    return len(values) if isinstance(values, list) else {"Fn::Length": values}


def _to_json_string(argument: Any, scope: Scope) -> Any:
    value = resolve(argument, scope)
    if is_decided(value) and not _has_function(value):
        return json.dumps(value, separators=(",", ":"))
    return {"Fn::ToJsonString": value}


def _has_function(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_function, value))
    if isinstance(value, Mapping):
        return function_of(value) is not None or any(map(_has_function, value.values()))
    return False


FUNCTIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetStackOutput": lambda argument, scope: scope.output(resolve(argument, scope)),
    "Fn::If": _if,
    "Fn::ImportValue": lambda argument, scope: scope.imported(resolve(argument, scope)),
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
}
