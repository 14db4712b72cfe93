"""The elements that every statement of a policy has, and the faults in them.

Source: IAM user guide, "IAM JSON policy elements reference".
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, faults_unless, under

from .lists import as_list

_OPERATOR = re.compile(
    r"(?:ForAnyValue:|ForAllValues:)?(?:"
    r"String(?:Not)?Equals(?:IgnoreCase)?|String(?:Not)?Like|Arn(?:Not)?(?:Equals|Like)"
    r"|Numeric(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Date(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)"
    r"|Bool|(?:Not)?IpAddress)(?:IfExists)?|BinaryEquals|Null"
)


def not_a_mapping(statement: object, elements: str) -> Fault:
    """Return the fault of a statement that is no mapping.

    :param elements: the elements to write.
    """
    return Fault(
        "", f"a statement must be a mapping, got {statement!r:.80}. Write one with {elements}."
    )


def key_faults(
    statement: Mapping[Any, Any], known: Collection[str], refused: Mapping[str, str]
) -> Iterator[Fault]:
    """Yield a fault for each element that a statement cannot have.

    :param refused: the messages about elements of other policies, with ``{}`` for the element.
    """
    for key in statement:
        if key in refused:
            yield Fault(key, refused[key].format(key, key))
        elif key not in known:
            yield Fault(
                str(key)[:80],
                f"a statement cannot have the element {str(key)[:80]!r}. "
                f"Use one of {', '.join(known)}.",
            )


def sid_faults(statement: Mapping[Any, Any], form: re.Pattern[str], characters: str) -> list[Fault]:
    """Check the name of a statement.

    :param characters: the permitted characters, in words.
    """
    sid = statement.get("Sid")
    return faults_unless(
        sid is None or (isinstance(sid, str) and form.fullmatch(sid)),
        f"a Sid must be text of up to 100 {characters}, got {sid!r:.80}. Write one such as "
        "'PullFromPartner'.",
        path="Sid",
    )


def effect_faults(statement: Mapping[Any, Any]) -> list[Fault]:
    """Check the effect of a statement."""
    effect = statement.get("Effect")
    return faults_unless(
        effect in ("Allow", "Deny"),
        f"Effect must be Allow or Deny, got {effect!r:.80}.",
        path="Effect",
    )


def one_of_faults(
    statement: Mapping[Any, Any], element: str, rule: Callable[[Any], Iterable[Fault]]
) -> Iterator[Fault]:
    """Yield the faults of an element that a statement has in one of two forms.

    :param element: its name, such as ``Action``; the other form begins with ``Not``.
    :param rule: checks the element's value.
    """
    given = [key for key in (element, f"Not{element}") if key in statement]
    yield from faults_unless(
        len(given) == 1,
        f"a statement requires either {element} or Not{element}, got "
        f"{'both' if given else 'neither'}. Write one of the two.",
        path=element,
    )
    for key in given:
        yield from under(key, rule(statement[key]))


def condition_faults(condition: Any) -> Iterator[Fault]:
    """Yield the faults of a condition."""
    if not isinstance(condition, Mapping):
        yield Fault(
            "Condition",
            "Condition must be a mapping of operators, such as "
            f"{{StringEquals: {{aws:PrincipalOrgID: o-a1b2c3d4e5}}}}, got {condition!r:.80}.",
        )
        return
    for operator, keys in condition.items():
        path = f"Condition.{str(operator)[:80]}"
        if not isinstance(operator, str) or not _OPERATOR.fullmatch(operator):
            yield Fault(
                path,
                f"a condition operator must be one of IAM's, got {str(operator)[:80]!r}. "
                "Write one such as 'ArnEquals'.",
            )
        elif not isinstance(keys, Mapping) or not keys:
            yield Fault(
                path,
                "a condition operator requires keys with values, such as "
                f"{{aws:PrincipalOrgID: o-a1b2c3d4e5}}, got {keys!r:.80}.",
            )
        else:
            yield from under(path, _condition_key_faults(operator, keys))


def _condition_key_faults(operator: str, keys: Mapping[Any, Any]) -> Iterator[Fault]:
    for key, values in keys.items():
        if not isinstance(key, str) or not key:
            yield Fault("", f"a condition key must be text, got {key!r:.80}. Write it in quotes.")
        if not as_list(values):
            yield Fault(
                str(key)[:80],
                "a condition key requires at least one value, got none. "
                "Add one, or remove the key.",
            )
        for value in as_list(values):
            if not is_known_at_deployment(value):
                found = _value_faults(operator, value, in_list=isinstance(values, list | tuple))
                yield from under(key if isinstance(key, str) else "", found)


def _value_faults(operator: str, value: Any, *, in_list: bool) -> Iterator[Fault]:
    if operator == "Null" and value not in ("true", "false", True, False):
        yield Fault("", f"the value of Null must be true or false, got {value!r:.80}.")
    elif in_list and not isinstance(value, str):
        yield Fault(
            "", f"a condition value in a list must be text, got {value!r:.80}. Write it in quotes."
        )
    elif not isinstance(value, str | int | float):
        yield Fault(
            "",
            f"a condition value must be text, a number or a boolean, got {value!r:.80}. "
            "Write it in quotes.",
        )


def is_known_at_deployment(value: Any) -> bool:
    """Return whether a value is a token or a CloudFormation intrinsic function."""
    if isinstance(value, Mapping):
        return bool(value) and all(
            isinstance(key, str) and (key == "Ref" or key.startswith("Fn::")) for key in value
        )
    return isinstance(value, str) and is_token(value)
