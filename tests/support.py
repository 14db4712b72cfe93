"""Helpers of all tests: the CDK as it deploys, and environments that no user edits.

The files in ``environments/`` are their user's: tests read copies in ``tests/data/environments``,
and ``test_shipped_files.py`` and ``test_users_snapshots.py`` in ``tests/environments`` alone read
what a user wrote.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import build_app
from ecrctl.local.sample_image import sample_image
from ecrctl.pins.pinning import Target, write_pin
from environments.loading import environment_names

ROOT = Path(__file__).parent.parent
FROZEN_ENVIRONMENTS = ROOT / "tests" / "data" / "environments"
ENVIRONMENTS = tuple(environment_names(FROZEN_ENVIRONMENTS))
ACCOUNT = "111111111111"
REGION = "eu-west-1"

# In environments/, besides its files; the pins of `local` are those of the last `make local`.
_NO_ENVIRONMENTS = ("*.py", "__pycache__", "schema", "snapshots", "local.images.yaml")

Template = dict[str, Any]


def cdk_context() -> dict[str, Any]:
    """Return cdk.json's context: without it, feature flags differ from those of a deployment."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def stack_in(account: str | None = ACCOUNT, region: str | None = REGION) -> cdk.Stack:
    """Return a stack of an app of its own; account and region are unknown when ``None``."""
    app = cdk.App(analytics_reporting=False, context=cdk_context())
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=account, region=region))


def template_of(stack: cdk.Stack) -> Template:
    """Synthesise a stack's app and return the stack's template."""
    app = stack.node.root
    assert isinstance(app, cdk.App)
    template: Template = app.synth().get_stack_by_name(stack.stack_name).template
    return template


def resources(template: Template, resource_type: str) -> list[dict[str, Any]]:
    """Return a template's resources of a type."""
    return [item for item in template["Resources"].values() if item["Type"] == resource_type]


def only(template: Template, resource_type: str) -> dict[str, Any]:
    """Return the properties of a template's one resource of a type."""
    (resource,) = resources(template, resource_type)
    properties: dict[str, Any] = resource["Properties"]
    return properties


def copy_environments(directory: Path, source: Path = FROZEN_ENVIRONMENTS) -> Path:
    """Copy environments, by default the frozen ones, with the pin that ``ecrctl local`` writes."""
    shutil.copytree(source, directory, ignore=shutil.ignore_patterns(*_NO_ENVIRONMENTS))
    repository = "aws-nodejs-sample"
    local = directory / "local.yaml"
    if local.is_file() and f"name: {repository}" in local.read_text():
        write_pin(
            Target(directory, "local", repository),
            repository=repository,
            tag="v1",
            digest=sample_image().digest,
        )
    return directory


def synthesise(directory: Path, outdir: Path, environment: str | None = None) -> Path:
    """Synthesise environments as the CDK CLI runs the app, and return the assembly."""
    app = build_app(environment, directory=directory, context=cdk_context(), outdir=str(outdir))
    app.synth()
    return outdir
