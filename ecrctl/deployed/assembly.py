"""Deployed stacks, written as a cloud assembly that a review reads like any other."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecrctl.cdk.assemblies import NEWEST_SCHEMA
from ecrctl.errors import UserError
from ecrctl.files import file_errors
from ecrctl.review.sides.deployed import MARKER

from .responses import DeployedStack

_PATH = "aws:asset:path"
# Metadata is free text: no other folder, and no other kind of file, is written for it.
_NAME = re.compile(r"[\w.-]+\.json")


def write_assembly(environment: str, stacks: Sequence[DeployedStack], folder: Path) -> None:
    """Write the stacks of an environment as a cloud assembly with one stage, in an empty folder."""
    stage = f"assembly-{environment}"
    by_id = {one.id: one for one in stacks}
    outermost = [one for one in stacks if not one.is_nested]
    with file_errors(f"{folder} cannot be written"):
        (folder / stage).mkdir(parents=True)
        artifacts = {one.name: _artifact(environment, one) for one in outermost}
        _write(folder / stage / "manifest.json", _manifest(artifacts))
        for one in outermost:
            _write_templates(one, folder / stage / _file(one), by_id)
        properties = {"directoryName": stage, "displayName": environment}
        around = {stage: {"type": "cdk:cloud-assembly", "properties": properties}}
        _write(folder / "manifest.json", _manifest(around))
        _write(folder / MARKER, {"environment": environment})


def _manifest(artifacts: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": f"{NEWEST_SCHEMA}.0.0", "artifacts": artifacts}


def _file(stack: DeployedStack) -> str:
    return f"{stack.name}.template.json"


def _artifact(environment: str, stack: DeployedStack) -> dict[str, Any]:
    given = stack.description
    return {
        "type": "aws:cloudformation:stack",
        "environment": given.place,
        "displayName": f"{environment}/{stack.name.removeprefix(f'{environment}-')}",
        "properties": {
            "templateFile": _file(stack),
            "terminationProtection": given.EnableTerminationProtection,
            "tags": {one.Key: one.Value for one in given.Tags},
            "parameters": {one.ParameterKey: one.ParameterValue for one in given.Parameters},
            "notificationArns": given.NotificationARNs,
            "cloudFormationExecutionRoleArn": given.RoleARN,
        },
    }


def _write_templates(stack: DeployedStack, file: Path, by_id: Mapping[str, DeployedStack]) -> None:
    """Write the template of a stack, and of the nested stacks in it, which its metadata names."""
    if file.exists():
        raise UserError(
            f"the template of the stack {stack.name} must have a file of its own, got "
            f"'{file.name}', which is another one's. Deploy the stack with the CDK, which names "
            "each file once."
        )
    _write(file, stack.template)
    resources = stack.template.get("Resources", {})
    for logical_id, physical_id in stack.nested.items():
        resource = resources.get(logical_id)
        metadata = resource.get("Metadata") if isinstance(resource, Mapping) else None
        path = metadata.get(_PATH) if isinstance(metadata, Mapping) else None
        nested = by_id.get(physical_id)
        # A template that the CDK did not write names no file, and neither does the other side.
        if nested is not None and isinstance(path, str) and _NAME.fullmatch(path):
            _write_templates(nested, file.parent / path, by_id)


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(document), encoding="utf-8")
