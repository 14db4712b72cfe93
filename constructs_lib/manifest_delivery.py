"""The delivery of a manifest without a cluster: as a file, and as a parameter."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .rules.faults import Fault, faults_unless
from .rules.kubernetes.delivery import parameter_name
from .stack_facts import is_token

MANIFESTS_DIRECTORY = "manifests"
STANDARD_PARAMETER_CHARACTERS = 4_096
LARGEST_PARAMETER_CHARACTERS = 8_192

_WRITTEN: WeakKeyDictionary[cdk.Stack, set[str]] = WeakKeyDictionary()


def manifest_faults(stack: cdk.Stack, path: str, text: str) -> list[Fault]:
    """Check that a manifest can be a file and a parameter."""
    return [*_text_faults(text), *place_faults(stack, path)]


def place_faults(stack: cdk.Stack, path: str) -> list[Fault]:
    """Check that a stack has a name, and no other Job of that path."""
    return faults_unless(
        not is_token(stack.stack_name),
        "a Job with a manifest cannot be in a nested stack, whose name is unknown before its "
        "deployment: file and parameter are named after the stack. Move it to a top-level stack.",
    ) + faults_unless(
        path not in _WRITTEN.get(stack, ()),
        f"another Job of this stack has the name '{path}'. Choose another name.",
        path="name",
    )


def deliver_manifest(scope: Construct, stack: cdk.Stack, path: str, text: str) -> None:
    """Write a manifest's file and add the parameter that holds the same bytes."""
    is_large = len(text) > STANDARD_PARAMETER_CHARACTERS
    ssm.CfnParameter(
        scope,
        "Resource",
        name=parameter_name(stack.stack_name, path),
        type="String",
        tier="Advanced" if is_large else "Standard",
        description=f"The manifest of the Kubernetes Job {path.rpartition('/')[2]}",
        value=text,
    )
    _write(scope, stack, path, text)


def _write(scope: Construct, stack: cdk.Stack, path: str, text: str) -> None:
    # The CDK adds files to the cloud assembly only as assets to upload, so this file is written
    # directly into the folder of the stage's assembly.
    stage = cast("cdk.Stage", cdk.Stage.of(scope))  # an App is a Stage, too
    folder = Path(stage.outdir, MANIFESTS_DIRECTORY, stack.stack_name)
    if stack not in _WRITTEN:
        # Files of an earlier synth are no Jobs of this one.
        shutil.rmtree(folder, ignore_errors=True)
    _WRITTEN.setdefault(stack, set()).add(path)
    file = folder / f"{path}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _text_faults(text: str) -> list[Fault]:
    if "{{" not in text and is_token(text):
        message = (
            "a manifest cannot have a value that is known only at deployment, such as in image, "
            "args, command or labels. Set account and region of the stack, or of the repository's "
            "reference, and the repository's name."
        )
        return [Fault("", message)]
    return faults_unless(
        "{{" not in text,
        "a manifest cannot have '{{', which its SSM parameter refuses. Remove it from the Job's "
        "arguments and labels.",
    ) or faults_unless(
        len(text) <= LARGEST_PARAMETER_CHARACTERS,
        f"a manifest can have at most {LARGEST_PARAMETER_CHARACTERS:,} characters, because it is "
        f"also an SSM parameter, got {len(text):,}. Move long arguments into the image or a "
        "ConfigMap.",
    )
