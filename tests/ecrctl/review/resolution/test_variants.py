"""The variants of a resource under the conditions that only the deployment knows."""

from __future__ import annotations

from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resolution.variants import variants_of

CONDITION = {"Condition": "IsProduction"}


def test_a_resource_under_a_condition_has_the_values_of_that_condition() -> None:
    chosen = {"Fn::If": [CONDITION, "yes", "no"]}
    resource = {"Type": "X::Y::Z", "Condition": CONDITION, "Properties": {"A": chosen}}
    found: list[Any] = [one.resource for one in variants_of(resource)]
    assert [one and one["Properties"] for one in found] == [{"A": "yes"}, None]
    negated = {**resource, "Condition": {"Fn::Not": [CONDITION]}}
    found = [one.resource for one in variants_of(negated)]
    assert [one and one["Properties"] for one in found] == [None, {"A": "no"}]


def test_the_order_of_an_unresolved_functions_arguments_means_nothing() -> None:
    values = Values(stack=Stack(name="a", account="1", region="r", template={}))
    one, other = {"Fn::Transform": {"a": 1, "b": 2}}, {"Fn::Transform": {"b": 2, "a": 1}}
    assert values.text(one) == values.text(other) == "${?{'Fn::Transform': {'a': 1, 'b': 2}}}"
