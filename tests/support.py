"""What tests share: the CDK as it deploys, and the environments with a pin for ``local``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import build_app
from ecrctl.aws.pinning import Target, write_pin
from ecrctl.local.sample_image import sample_image
from environments.loading import DIRECTORY, environment_names, pins_path

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = tuple(environment_names())
ACCOUNT = "111111111111"
REGION = "eu-west-1"

Template = dict[str, Any]


def cdk_context() -> dict[str, Any]:
    """Give cdk.json's context: without it, feature flags differ from what deploys."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def stack_in(account: str | None = ACCOUNT, region: str | None = REGION) -> cdk.Stack:
    """Make a stack of an app of its own; account and region are unknown when ``None``."""
    app = cdk.App(analytics_reporting=False, context=cdk_context())
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=account, region=region))


def template_of(stack: cdk.Stack) -> Template:
    """Synthesise a stack's app and give the stack's template."""
    app = stack.node.root
    assert isinstance(app, cdk.App)
    template: Template = app.synth().get_stack_by_name(stack.stack_name).template
    return template


def resources(template: Template, resource_type: str) -> list[dict[str, Any]]:
    """Give a template's resources of a type."""
    return [item for item in template["Resources"].values() if item["Type"] == resource_type]


def only(template: Template, resource_type: str) -> dict[str, Any]:
    """Give the properties of a template's one resource of a type."""
    (resource,) = resources(template, resource_type)
    properties: dict[str, Any] = resource["Properties"]
    return properties


def copy_environments(directory: Path) -> Path:
    """Copy the environments, with the pin that ``make local`` would write and none of its own."""
    shutil.copytree(DIRECTORY, directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    pins_path("local", directory).unlink(missing_ok=True)
    write_pin(
        Target(directory, "local", "aws-nodejs-sample"),
        repository="aws-nodejs-sample",
        tag="v1",
        digest=sample_image().digest,
    )
    return directory


def synthesise(directory: Path, outdir: Path, environment: str | None = None) -> Path:
    """Synthesise environments the way the CDK CLI has it done, and give the assembly."""
    app = build_app(environment, directory=directory, context=cdk_context(), outdir=str(outdir))
    app.synth()
    return outdir
