"""Ask for the report of an account of moto."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from ecrctl.aws.clients import Aws
from ecrctl.images.report.output.json import SCHEMA
from tests.ecrctl.images.scanning.accounts import ACCOUNT, REGION, REPOSITORY

from .conftest import Run

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


def report(run: Run, *options: str) -> Any:
    """Return the report as data, which is valid by the published schema."""
    end = run("report", "dev", "--format", "json", *options)
    assert end.code == 0, end.err
    document = json.loads(end.out)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    return document


def repository_of(document: Any) -> Any:
    """Return the only repository of a report."""
    (found,) = document["repositories"]
    return found


def run_service(aws: Aws, reference: str) -> None:
    """Let a service of ECS start an image of ``team/api``."""
    aws.ecs.create_cluster(clusterName="main")
    container: Any = {"name": "api", "image": f"{HOST}/{REPOSITORY}{reference}", "memory": 64}
    definition = aws.ecs.register_task_definition(family="api", containerDefinitions=[container])
    aws.ecs.create_service(
        cluster="main",
        serviceName="api",
        taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
    )
