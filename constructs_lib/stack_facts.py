"""Account, region and partition of a stack, read once, because every read is a call into Node."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from constructs import Construct

from .rules.aws.partitions import partition_of
from .rules.aws.places import Place
from .rules.aws.tokens import is_token

__all__ = ["StackFacts", "child_of", "facts_of", "is_token", "stack_of"]

Child = TypeVar("Child")


@dataclass(frozen=True, slots=True)
class StackFacts(Place):
    """The place that a stack is deployed to, and the suffix of its host names."""

    url_suffix: str


_FACTS: WeakKeyDictionary[cdk.Stack, StackFacts] = WeakKeyDictionary()


def stack_of(scope: Construct) -> cdk.Stack:
    """Return the stack that a construct is in."""
    return scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope)


def facts_of(stack: cdk.Stack) -> StackFacts:
    """Return a stack's facts."""
    if stack not in _FACTS:
        _FACTS[stack] = _read_facts(stack)
    return _FACTS[stack]


def child_of(scope: Construct, construct_id: str, make: Callable[[Construct, str], Child]) -> Child:
    """Return the child with an ID, which is created on the first call."""
    existing = scope.node.try_find_child(construct_id)
    return make(scope, construct_id) if existing is None else cast("Child", existing)


def _read_facts(stack: cdk.Stack) -> StackFacts:
    region = stack.region
    if is_token(region):
        return StackFacts(stack.account, region, stack.partition, stack.url_suffix)
    partition = partition_of(region)
    return StackFacts(stack.account, region, partition.name, partition.url_suffix)
