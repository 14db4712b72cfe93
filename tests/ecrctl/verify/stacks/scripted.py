"""A synthesised stack beside a deployed one, with scripted answers of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ecrctl.aws.clients import Aws
from ecrctl.cdk.assemblies import Stack
from ecrctl.verify.check import Check
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.deployed import DeployedEnvironment, DeployedStack
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import EMULATOR, always

NAME = "dev-A"
STACK_ID = "arn:aws:cloudformation:us-west-2:111111111111:stack/dev-A/1"


def stack_with(
    resources: Mapping[str, Any], name: str = NAME, *, is_protected: bool = False
) -> Stack:
    """Return a synthesised stack."""
    return Stack(
        name=name.replace("-", "/"),
        account="111111111111",
        region="us-west-2",
        template={"Resources": dict(resources)},
        stack_name=name,
        is_protected=is_protected,
    )


def cloudformation_with(
    resources: Mapping[str, str],
    template: Any = None,
    statuses: Mapping[str, str] | None = None,
    exports: Mapping[str, str] | None = None,
    operations: Mapping[str, Callable[..., Any]] | None = None,
    **description: Any,
) -> StubClient:
    """Return a client of an account with one deployed stack.

    :param resources: physical IDs by logical IDs.
    :param statuses: the statuses of resources that are not complete.
    :param operations: more answers.
    """
    summaries = [
        {
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": "AWS::SNS::Topic",
            "ResourceStatus": (statuses or {}).get(logical_id, "CREATE_COMPLETE"),
        }
        for logical_id, physical_id in resources.items()
    ]
    stack = {"StackId": STACK_ID, "StackStatus": "UPDATE_COMPLETE", **description}
    exported = [{"Name": name, "Value": value} for name, value in (exports or {}).items()]
    answers: dict[str, Callable[..., Any]] = {
        "describe_stacks": always({"Stacks": [stack]}),
        "list_stack_resources": always(
            [{"StackResourceSummaries": summaries[:1]}, {"StackResourceSummaries": summaries[1:]}]
        ),
        "get_template": always({"TemplateBody": {} if template is None else template}),
        "list_exports": always([{"Exports": exported[:1]}, {"Exports": exported[1:]}]),
        **(operations or {}),
    }
    return StubClient(**answers)


def aws_with(*, is_emulated: bool = False, **clients: StubClient) -> Aws:
    """Return an AWS that has these clients."""
    return replace(stub_aws(**clients), endpoint_url=EMULATOR if is_emulated else None)


@contextmanager
def deployed(aws: Aws, *stacks: Stack) -> Iterator[DeployedStack]:
    """Yield the first of some stacks, beside the deployed ones."""
    with ThreadPoolExecutor(4) as pool:
        yield DeployedEnvironment(stacks, Reading(aws), pool).stacks[0]


def differing(checks: list[Check]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the declared and the deployed value of each check that differs."""
    return {(one.subject, one.what): (one.declared, one.found) for one in checks if one.differs}


def unknown(checks: list[Check]) -> dict[tuple[str, str], str]:
    """Return the reason of each check that was not compared, but a topic's subscriptions."""
    return {
        (one.subject, one.what): one.reason
        for one in checks
        if one.reason and one.what != "Subscriptions"
    }
