"""Deployed stacks and their replacements: paired by stack name and place, not by path."""

from __future__ import annotations

from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.comparison import pairs_of

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
QUEUE = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}


def _stack(name: str, template: dict[str, Any] = TOPIC, **given: str) -> Stack:
    facts: dict[str, Any] = {
        "account": "111111111111",
        "region": "us-west-2",
        "stack_name": name,
        **given,
    }
    return Stack(name=name, template=template, **facts)


def test_another_stack_name_is_another_stack() -> None:
    base, head = _stack("dev/R", stack_name="old"), _stack("dev/R", stack_name="new")
    pairs = pairs_of([base], [head])
    assert [(pair.name, pair.base is None, pair.head is None) for pair in pairs] == [
        ("dev/R", True, False),
        ("dev/R (old in 111111111111/us-west-2)", False, True),
    ]


def test_another_path_of_the_same_stack_changes_nothing() -> None:
    assert not pairs_of([_stack("dev/R", stack_name="R")], [_stack("test/R", stack_name="R")])


def test_a_stack_that_gets_an_account_remains_the_same_stack() -> None:
    anywhere = _stack("R", account="unknown-account", region="unknown-region")
    fixed = _stack("R")
    (pair,) = pairs_of([anywhere], [fixed])
    assert (pair.base, pair.head) == (anywhere, fixed)


def test_a_removed_nested_stack_is_deleted_with_its_resources() -> None:
    nested = _stack("dev/R/Inner", stack_name="dev-R/Inner")
    around, later = (
        _stack("dev/R", template, stack_name="dev-R")
        for template in ({"Resources": {"Inner": {"DeletionPolicy": "Delete"}}}, QUEUE)
    )
    _, inner = pairs_of([around, nested], [later])
    assert inner.head is not None
    assert inner.head.template == {"Resources": {}}


def test_a_nested_stack_remains_if_it_is_retained_or_its_parent_leaves_the_app() -> None:
    nested = _stack("dev/R/Inner", stack_name="dev-R/Inner")
    kept = {"Resources": {"Inner": {"DeletionPolicy": "Retain"}}}
    around = _stack("dev/R", kept, stack_name="dev-R")
    later = _stack("dev/R", QUEUE, stack_name="dev-R")
    assert [pair.head for pair in pairs_of([around, nested], [later])][1] is None
    assert [pair.head for pair in pairs_of([around, nested], [])] == [None, None]
