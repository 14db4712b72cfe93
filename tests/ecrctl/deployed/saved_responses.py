"""CloudFormation's responses, as AWS's own command line saves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "000000000000", "us-east-1"

# The description of a stack, its template and its resources.
Response = tuple[dict[str, Any], Any, list[Any]]
Responses = Mapping[str, Response]


def arn(name: str) -> str:
    """Return the ID of a stack."""
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1"


def description(name: str, **fields: Any) -> dict[str, Any]:
    """Return an entry of DescribeStacks."""
    return {
        "StackName": name,
        "StackId": arn(name),
        "StackStatus": "UPDATE_COMPLETE",
        "Tags": [],
        "EnableTerminationProtection": True,
    } | fields


def nested_description(name: str, around: str, **fields: Any) -> dict[str, Any]:
    """Return an entry of DescribeStacks for a stack inside of another one."""
    return description(name, ParentId=arn(around), RootId=arn(around), **fields)


def resource(logical_id: str, physical_id: str, kind: str = "") -> dict[str, Any]:
    """Return an entry of ListStackResources: a nested stack, or another kind of resource."""
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": kind or "AWS::CloudFormation::Stack",
    }


def template_of(path: Any, logical_id: str = "Child") -> dict[str, Any]:
    """Return a template with a nested stack whose template is in a file."""
    return {
        "Resources": {
            logical_id: {
                "Type": "AWS::CloudFormation::Stack",
                "Metadata": {"aws:asset:path": path},
                "Properties": {"TemplateURL": "https://s3/hash.json"},
            }
        }
    }


def save_responses(folder: Path, stacks: Responses) -> Path:
    """Write responses as AWS's own command line prints them."""
    for kind in ("templates", "resources"):
        (folder / kind).mkdir(parents=True)
    every = [one for one, _, _ in stacks.values()]
    (folder / "stacks.json").write_text(json.dumps({"Stacks": every}))
    for name, (_, template, resources) in stacks.items():
        (folder / "templates" / f"{name}.json").write_text(json.dumps({"TemplateBody": template}))
        summaries = json.dumps({"StackResourceSummaries": resources})
        (folder / "resources" / f"{name}.json").write_text(summaries)
    return folder
