"""How a manifest is delivered without a cluster: as a file, and as a parameter."""

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
    if is_token(stack.stack_name):
        return [
            Fault(
                "",
                "a nested stack has no name before it is deployed, and a manifest's file and "
                "parameter are named after it. Put the Job into a top-level stack.",
            )
        ]
    return faults_unless(
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
    # The CDK lets no construct add a file to the cloud assembly other than as an asset to
    # upload, so the file is put where the assembly of this stage will be.
    stage = cast("cdk.Stage", cdk.Stage.of(scope))  # there is always one: an App is a Stage
    folder = Path(stage.outdir, MANIFESTS_DIRECTORY, stack.stack_name)
    if stack not in _WRITTEN:
        # What an earlier synth left there is no Job of this one.
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
                "a manifest is also kept in an SSM parameter, which refuses '{{'. "
                "Remove it from the Job's arguments and labels.",
            )
        ]
    if is_token(text):
        return [
            Fault(
                "",
                "a manifest file cannot hold a value that is known only at deployment, and one of "
                "image, args, command or labels is. Give the stack, or the repository's "
                "reference, a concrete account and region, and the repository a name.",
            )
        ]
    return faults_unless(
        len(text) <= LARGEST_PARAMETER_CHARACTERS,
        f"a manifest is also kept in an SSM parameter, which holds "
        f"{LARGEST_PARAMETER_CHARACTERS:,} characters, got {len(text):,}. "
        "Move long arguments into the image or a ConfigMap.",
    )
