"""Delivery of a manifest without a cluster: as a file and as an SSM parameter."""

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
    """Check that a stack has a name, and no other Job with this path."""
    if is_token(stack.stack_name):
        return [
            Fault(
                "",
                "a Job cannot be in a nested stack, because the manifest's file and parameter are "
                "named after the stack, which has no name before it is deployed. Put the Job into "
                "a top-level stack.",
            )
        ]
    return faults_unless(
        path not in _WRITTEN.get(stack, ()),
        f"another Job of this stack has the name '{path}'. Choose another name.",
        path="name",
    )


def deliver_manifest(scope: Construct, stack: cdk.Stack, path: str, text: str) -> None:
    """Write a manifest's file, and define the parameter with the same bytes."""
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
    # A construct can add a file to the cloud assembly only as an asset to upload. So the file is
    # written to the directory of this stage's assembly.
    stage = cast("cdk.Stage", cdk.Stage.of(scope))  # never None, because an App is a Stage
    folder = Path(stage.outdir, MANIFESTS_DIRECTORY, stack.stack_name)
    if stack not in _WRITTEN:
        # An earlier synthesis may have left files of Jobs that this one does not have.
        shutil.rmtree(folder, ignore_errors=True)
    _WRITTEN.setdefault(stack, set()).add(path)
    file = folder / f"{path}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _text_faults(text: str) -> list[Fault]:
    if "{{" in text:
        return [
            Fault(
                "",
                "a manifest cannot contain '{{', which an SSM parameter refuses. "
                "Remove '{{' from the Job's arguments and labels.",
            )
        ]
    if is_token(text):
        return [
            Fault(
                "",
                "a manifest file cannot contain a value that is known only at deployment, got one "
                "in image, args, command or labels. Set a concrete account and region for the "
                "stack, or for the reference to the repository, and a repository name.",
            )
        ]
    return faults_unless(
        len(text) <= LARGEST_PARAMETER_CHARACTERS,
        f"a manifest can have at most {LARGEST_PARAMETER_CHARACTERS:,} characters, the limit of an "
        f"SSM parameter, got {len(text):,}. Move long arguments into the image or a ConfigMap.",
    )
