"""Deployed stacks, written as a cloud assembly that a review reads like any other."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ecrctl.cdk.assemblies import NEWEST_SCHEMA
from ecrctl.files import file_errors
from ecrctl.review.sides.deployed import MARKER

from .responses import DeployedStack

_PATH = "aws:asset:path"


def write_assembly(environment: str, stacks: Sequence[DeployedStack], folder: Path) -> None:
    """Write the stacks of an environment as a cloud assembly with one stage."""
    stage = f"assembly-{environment}"
    with file_errors(f"{folder} cannot be written"):
        (folder / stage).mkdir(parents=True, exist_ok=True)
        by_id = {one.id: one for one in stacks}
        artifacts = {one.name: _artifact(environment, one) for one in stacks if not one.is_nested}
        for one in stacks:
            if not one.is_nested:
                _write_templates(one, f"{one.name}.template.json", by_id, folder / stage)
        _write(folder / stage / "manifest.json", _manifest(artifacts))
        properties = {"directoryName": stage, "displayName": environment}
        around = {stage: {"type": "cdk:cloud-assembly", "properties": properties}}
        _write(folder / "manifest.json", _manifest(around))
        _write(folder / MARKER, {"version": 1, "environment": environment})


def _manifest(artifacts: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": f"{NEWEST_SCHEMA}.0.0", "artifacts": artifacts}


def _artifact(environment: str, stack: DeployedStack) -> dict[str, Any]:
    given = stack.description
    # arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
    _, _, _, region, account, _ = stack.id.split(":", 5)
    parameters = {
        one["ParameterKey"]: one.get("ParameterValue", "") for one in given.get("Parameters", ())
    }
    properties = {
        "templateFile": f"{stack.name}.template.json",
        "stackName": stack.name,
        "terminationProtection": given.get("EnableTerminationProtection", False),
        "tags": {one["Key"]: one["Value"] for one in given.get("Tags", ())},
        "parameters": parameters,
        "notificationArns": list(given.get("NotificationARNs", ())),
        **({"cloudFormationExecutionRoleArn": given["RoleARN"]} if given.get("RoleARN") else {}),
    }
    return {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{account}/{region}",
        "displayName": f"{environment}/{stack.name.removeprefix(f'{environment}-')}",
        "properties": properties,
    }


def _write_templates(
    stack: DeployedStack, file: str, by_id: Mapping[str, DeployedStack], folder: Path
) -> None:
    """Write the template of a stack, and of the nested stacks in it, which its metadata names."""
    _write(folder / file, stack.template)
    resources = stack.template.get("Resources", {})
    for logical_id, physical_id in stack.nested.items():
        resource = resources.get(logical_id) if isinstance(resources, Mapping) else None
        metadata = resource.get("Metadata") if isinstance(resource, Mapping) else None
        path = metadata.get(_PATH) if isinstance(metadata, Mapping) else None
        nested = by_id.get(physical_id)
        # A template that the CDK did not write names no file, and neither does the other side.
        if nested is not None and isinstance(path, str) and _is_plain(path):
            _write_templates(nested, path, by_id, folder)


def _is_plain(path: str) -> bool:
    return len(PurePosixPath(path).parts) == 1 and path.endswith(".json")


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
