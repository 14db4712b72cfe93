"""The values of intrinsic functions in a template."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.verify.stacks.resolving import Unresolved, resolve


class Names:
    """The names of a template: each value shows how it was asked for."""

    def ref(self, name: str) -> Any:
        """Return a parameter, a list, or a value that is not deployed."""
        if name == "Gone":
            raise Unresolved("Gone is not deployed")
        return ["a", "b"] if name == "List" else f"ref {name}"

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return an attribute."""
        return f"{name} of {logical_id}"

    def imported(self, export: str) -> Any:
        """Return an export."""
        return f"import {export}"

    def output(self, stack: str, name: str) -> Any:
        """Return an output."""
        return f"output {name} of {stack}"


def resolved(value: Any) -> Any:
    """Return the value with its functions replaced."""
    return resolve(value, Names())


NAME = {"Ref": "Name"}
NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (1, 1),
        (None, None),
        (True, True),
        ([], []),
        ({}, {}),
        (NAME, "ref Name"),
        ({"A": [NAME, {"B": NAME}]}, {"A": ["ref Name", {"B": "ref Name"}]}),
        # Two keys are no function.
        ({"Ref": "a", "Other": "b"}, {"Ref": "a", "Other": "b"}),
        ({"A": NO_VALUE, "B": 1}, {"B": 1}),
        ([1, NO_VALUE, 2], [1, 2]),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "Arn of Key"),
        ({"Fn::GetAtt": "Key.Nested.Arn"}, "Nested.Arn of Key"),
        ({"Fn::Join": ["-", ["a", NAME, 1]]}, "a-ref Name-1"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Join": [",", ["a", NO_VALUE]]}, "a"),
        ({"Fn::Select": [1, ["a", NAME]]}, "ref Name"),
        ({"Fn::Select": ["0", {"Fn::Split": ["/", "x/y"]}]}, "x"),
        ({"Fn::Split": [" ", NAME]}, ["ref", "Name"]),
        ({"Fn::Sub": "${Name}-${Key.Arn}-${!Name}-$x"}, "ref Name-Arn of Key-${Name}-$x"),
        (
            {"Fn::Sub": ["${A}-${Name}", {"A": {"Fn::GetAtt": ["Key", "Arn"]}}]},
            "Arn of Key-ref Name",
        ),
        ({"Fn::Sub": "${ Name }"}, "ref Name"),
        ({"Fn::Sub": "plain"}, "plain"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-x"}}, "import ref Name-x"),
        (
            {"Fn::GetStackOutput": {"StackName": NAME, "OutputName": "Arn"}},
            "output Arn of ref Name",
        ),
    ],
)
def test_each_function_has_its_value(value: Any, expected: Any) -> None:
    assert resolved(value) == expected


ARGUMENTS = "the arguments of {} are not understood"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"Ref": "Gone"}, "Gone is not deployed"),
        ({"Fn::Join": ["", ["a", {"Ref": "Gone"}]]}, "Gone is not deployed"),
        ({"Fn::Sub": "${Gone}"}, "Gone is not deployed"),
        ({"Fn::If": ["a", "b", "c"]}, "Fn::If is not evaluated here"),
        ({"Fn::FindInMap": ["a", "b", "c"]}, "Fn::FindInMap is not evaluated here"),
        (
            "{{resolve:ssm:/a}}",
            "a dynamic reference, which CloudFormation resolves when it deploys",
        ),
        (
            {"Fn::GetStackOutput": {"StackName": "a", "OutputName": "b", "Region": "c"}},
            "the output of a stack in another account or region",
        ),
        (
            {"Fn::GetStackOutput": {"StackName": "a", "OutputName": "b", "RoleArn": "c"}},
            "the output of a stack in another account or region",
        ),
        ({"Fn::GetStackOutput": {"StackName": "a"}}, ARGUMENTS.format("Fn::GetStackOutput")),
        ({"Fn::Join": "text"}, ARGUMENTS.format("Fn::Join")),
        ({"Fn::Join": [1, ["a"]]}, ARGUMENTS.format("Fn::Join")),
        ({"Fn::Select": [2, ["a"]]}, ARGUMENTS.format("Fn::Select")),
        ({"Fn::Select": ["x", ["a"]]}, ARGUMENTS.format("Fn::Select")),
        ({"Fn::Split": ["/", 1]}, ARGUMENTS.format("Fn::Split")),
        ({"Fn::GetAtt": "Key"}, ARGUMENTS.format("Fn::GetAtt")),
        ({"Fn::Sub": 1}, ARGUMENTS.format("Fn::Sub")),
    ],
)
def test_what_cloudformation_alone_knows_has_a_reason(value: Any, reason: str) -> None:
    for nested in (value, [value], {"A": {"B": [value]}}):
        with pytest.raises(Unresolved) as unknown:
            resolved(nested)
        assert str(unknown.value) == reason
