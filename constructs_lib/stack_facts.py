"""What a construct asks its stack for, asked once a stack: every question crosses into Node."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from constructs import Construct

from .rules.aws.partitions import partition_of
from .rules.aws.places import Place

# How the CDK marks a token inside a string. `Token.is_unresolved` says the same, across jsii.
_TOKEN = "${Token["  # noqa: S105


def is_token(text: str) -> bool:
    """Say whether a string holds a value that is known only at deployment."""
    return _TOKEN in text


@dataclass(frozen=True, slots=True)
class StackFacts(Place):
    """The place that a stack is deployed to, and the suffix of its host names."""

    url_suffix: str


_FACTS: WeakKeyDictionary[cdk.Stack, StackFacts] = WeakKeyDictionary()


def stack_of(scope: Construct) -> cdk.Stack:
    """Give the stack that a construct is in."""
    return scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope)


def facts_of(stack: cdk.Stack) -> StackFacts:
    """Give a stack's facts."""
    if stack not in _FACTS:
        _FACTS[stack] = _asked(stack)
    return _FACTS[stack]


def _asked(stack: cdk.Stack) -> StackFacts:
    region = stack.region
    if is_token(region):
        return StackFacts(stack.account, region, stack.partition, stack.url_suffix)
    partition = partition_of(region)
    return StackFacts(stack.account, region, partition.name, partition.url_suffix)
