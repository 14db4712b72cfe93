"""CloudFormation's responses about the stacks of an environment, from AWS or from files.

A workflow saves the responses with AWS's own command line, in a job that runs no code of the
repository: ``stacks.json``, and ``templates/STACK.json`` and ``resources/STACK.json`` for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json

NESTED = "AWS::CloudFormation::Stack"
# Nothing is deployed by a stack that was never created, or whose creation was rolled back.
_NOT_DEPLOYED = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE")
_CURE = "Save the responses again."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One stack, as CloudFormation describes it.

    :param description: an entry of ``DescribeStacks``.
    :param template: the template as it was given to CloudFormation.
    :param nested: the IDs of the nested stacks by logical ID.
    """

    description: Mapping[str, Any]
    template: Mapping[str, Any]
    nested: Mapping[str, str]

    @property
    def name(self) -> str:
        """CloudFormation's name of the stack."""
        return str(self.description["StackName"])

    @property
    def id(self) -> str:
        """CloudFormation's ID of the stack, an ARN."""
        return str(self.description["StackId"])

    @property
    def is_nested(self) -> bool:
        """Whether another stack deploys this one."""
        return "ParentId" in self.description


def stacks_in_aws(environment: str, others: Sequence[str], aws: Aws) -> list[DeployedStack]:
    """Return the deployed stacks of an environment.

    :param others: the names of all environments.
    """
    cloudformation = aws.cloudformation
    with as_user_errors(f"Reading the stacks of '{environment}'"):
        pages = cloudformation.get_paginator("describe_stacks").paginate()
        descriptions = [*pages.search("Stacks[]")]
        return [
            _deployed_stack(
                one,
                cloudformation.get_template(StackName=one["StackId"], TemplateStage="Original"),
                _resources(aws, one["StackId"]),
            )
            for one in _of_environment(descriptions, environment, others)
        ]


def _resources(aws: Aws, stack: str) -> Mapping[str, Any]:
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {"StackResourceSummaries": [*pages.search("StackResourceSummaries[]")]}


def stacks_in_files(environment: str, others: Sequence[str], folder: Path) -> list[DeployedStack]:
    """Return the stacks of an environment from saved responses.

    :param others: the names of all environments.
    """

    def read(name: str) -> Any:
        found = read_json(folder / name, _CURE, exit_code=ExitCode.TOOL_ERROR)
        if not isinstance(found, Mapping):
            raise UserError(f"{folder / name} is not a response of CloudFormation. {_CURE}")
        return found

    descriptions = read("stacks.json").get("Stacks")
    if not isinstance(descriptions, list):
        raise UserError(f"{folder / 'stacks.json'} has no list of stacks. {_CURE}")
    return [
        _deployed_stack(
            one, read(f"templates/{_file(one)}.json"), read(f"resources/{_file(one)}.json")
        )
        for one in _of_environment(descriptions, environment, others)
    ]


def _file(description: Mapping[str, Any]) -> str:
    name = str(description["StackName"])
    if "/" in name or name.startswith("."):
        raise UserError(f"a stack's name must have no '/', got '{name}'. {_CURE}")
    return name


def _of_environment(
    descriptions: Sequence[Any], environment: str, others: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the descriptions of an environment's stacks, which are named after it."""
    # Another environment may have a name with the same beginning: dev-eu beside dev.
    longer = tuple(f"{one}-" for one in others if one.startswith(f"{environment}-"))
    for one in descriptions:
        try:
            name, status = one["StackName"], one["StackStatus"]
            top = one.get("RootId", one["StackId"]).split("/")[1]
        except (AttributeError, IndexError, KeyError, TypeError):
            raise UserError(
                f"CloudFormation's description of a stack is not valid. {_CURE}"
            ) from None
        if not top.startswith(f"{environment}-") or (longer and top.startswith(longer)):
            continue
        if status in _NOT_DEPLOYED:
            continue
        if status.endswith("_IN_PROGRESS"):
            raise UserError(
                f"the stack {name} is being changed ({status}). Wait until that has ended."
            )
        yield one


def _deployed_stack(
    description: Mapping[str, Any], template: Mapping[str, Any], resources: Mapping[str, Any]
) -> DeployedStack:
    name = description["StackName"]
    return DeployedStack(
        description=description,
        template=_template(name, template.get("TemplateBody")),
        nested={
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in resources.get("StackResourceSummaries", ())
            if one["ResourceType"] == NESTED and one.get("PhysicalResourceId")
        },
    )


def _template(stack: str, body: Any) -> Mapping[str, Any]:
    if isinstance(body, str):
        try:
            # Every JSON document is YAML, too; a template in YAML stays text.
            body = yaml.safe_load(body)
        except (yaml.YAMLError, RecursionError):
            raise UserError(
                f"the template of the stack {stack} is YAML with short forms such as !Ref, which "
                "ecrctl does not read. Deploy the stack with the CDK, which writes none."
            ) from None
    if not isinstance(body, Mapping):
        raise UserError(f"the template of the stack {stack} is not a mapping. {_CURE}")
    return body
