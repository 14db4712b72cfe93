"""CloudFormation's responses about the stacks of an environment, from AWS or from files.

A workflow saves the responses with AWS's own command line, in a job that runs no code of the
repository: ``stacks.json``, and ``templates/STACK.json`` and ``resources/STACK.json`` for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from checked_files.fault_text import faults_of
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json

from .descriptions import Description, Descriptions, Model, Resources, Template

NESTED = "AWS::CloudFormation::Stack"
# Nothing is deployed by a stack that was never created, or whose creation was rolled back.
_NOT_DEPLOYED = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE")
_CURE = "Save the responses again."
_AWS = "the answer of AWS"
_CHECK_ENDPOINT = "Check AWS_ENDPOINT_URL and the proxy settings."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """One stack, as CloudFormation describes it.

    :param template: the template as it was given to CloudFormation.
    :param nested: the IDs of the nested stacks by logical ID.
    """

    description: Description
    template: Mapping[str, Any]
    nested: Mapping[str, str]

    @property
    def name(self) -> str:
        """CloudFormation's name of the stack."""
        return self.description.StackName

    @property
    def id(self) -> str:
        """CloudFormation's ID of the stack, an ARN."""
        return self.description.StackId

    @property
    def is_nested(self) -> bool:
        """Whether another stack deploys this one."""
        return self.description.ParentId is not None


def stacks_in_aws(environment: str, others: Sequence[str], aws: Aws) -> list[DeployedStack]:
    """Return the deployed stacks of an environment.

    :param others: the names of all environments.
    """
    cloudformation = aws.cloudformation

    def deployed(one: Description) -> DeployedStack:
        template = cloudformation.get_template(StackName=one.StackId, TemplateStage="Original")
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=one.StackId)
        resources = {"StackResourceSummaries": [*pages.search("StackResourceSummaries[]")]}
        return _deployed_stack(
            one, _read_as(Template, template, _AWS), _read_as(Resources, resources, _AWS)
        )

    with as_user_errors(f"Reading the stacks of '{environment}'"):
        pages = cloudformation.get_paginator("describe_stacks").paginate()
        found = _read_as(Descriptions, {"Stacks": [*pages.search("Stacks[]")]}, _AWS)
        return [deployed(one) for one in _of_environment(found.Stacks, environment, others)]


def stacks_in_files(environment: str, others: Sequence[str], folder: Path) -> list[DeployedStack]:
    """Return the stacks of an environment from saved responses.

    :param others: the names of all environments.
    """

    def read(model: type[Model], name: str) -> Model:
        file = folder / name
        return _read_as(model, read_json(file, _CURE, exit_code=ExitCode.TOOL_ERROR), str(file))

    return [
        _deployed_stack(
            one,
            read(Template, f"templates/{one.StackName}.json"),
            read(Resources, f"resources/{one.StackName}.json"),
        )
        for one in _of_environment(read(Descriptions, "stacks.json").Stacks, environment, others)
    ]


def _read_as(model: type[Model], response: Any, where: str) -> Model:
    try:
        return model.model_validate(response)
    except ValidationError as error:
        place = faults_of(error, None)[0].path or "the whole"
        raise UserError(
            f"{where} is not a response of CloudFormation: {place} is missing or not valid. "
            f"{_CHECK_ENDPOINT if where == _AWS else _CURE}"
        ) from None


def _of_environment(
    descriptions: Sequence[Description], environment: str, others: Sequence[str]
) -> Iterator[Description]:
    """Yield the descriptions of an environment's stacks, which are named after it."""
    # Another environment may have a name with the same beginning: dev-eu beside dev.
    longer = tuple(f"{one}-" for one in others if one.startswith(f"{environment}-"))
    for one in descriptions:
        name = one.outermost_name
        if not name.startswith(f"{environment}-") or name.startswith(longer):
            continue
        if one.StackStatus in _NOT_DEPLOYED:
            continue
        if one.StackStatus.endswith("_IN_PROGRESS"):
            raise UserError(
                f"the stack {one.StackName} is being changed ({one.StackStatus}). Wait until that "
                "has ended."
            )
        yield one


def _deployed_stack(
    description: Description, template: Template, resources: Resources
) -> DeployedStack:
    return DeployedStack(
        description=description,
        template=_template(description.StackName, template.TemplateBody),
        nested={
            one.LogicalResourceId: one.PhysicalResourceId
            for one in resources.StackResourceSummaries
            if one.ResourceType == NESTED
        },
    )


class _Loader(yaml.SafeLoader):
    """A loader of plain data in which a date is text, as CloudFormation reads it."""


def _text(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def _template(stack: str, body: Any) -> Mapping[str, Any]:
    if isinstance(body, str):
        try:
            # Every JSON document is YAML, too; a template in YAML stays text.
            body = yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader
            json.dumps(body)
        except (yaml.YAMLError, RecursionError, TypeError, ValueError):
            raise UserError(
                f"the template of the stack {stack} is YAML with forms that ecrctl does not read, "
                "such as !Ref. Deploy the stack with the CDK, which writes JSON."
            ) from None
    if not isinstance(body, Mapping) or not isinstance(body.get("Resources", {}), Mapping):
        raise UserError(
            f"the template of the stack {stack} must be a mapping, with resources by logical ID. "
            "Deploy the stack again, or save the responses again."
        )
    return body
