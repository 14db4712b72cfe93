"""An environment with every field of the model, deployed to the embedded AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ecrctl.aws.clients import Aws
from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.local.sample_image import sample_image
from tests.ecrctl.images.pushing import push
from tests.support import ROOT, synthesise

EVERYTHING = ROOT / "tests" / "data" / "verify"
NAME = "everything"
_ORDER = ("Encryption", "Repositories", "GitHubAccess", "Notifications", "Ecs", "Eks")
# The embedded AWS cannot create these from a template.
UNSUPPORTED = ("AWS::EKS::PodIdentityAssociation",)
# The roles and the cluster that the environment refers to and does not create.
_ROLES = ("platform", "break-glass", "ci-image-push", "batch", "nodes")
_TRUST = '{"Version": "2012-10-17", "Statement": []}'


def synthesised(outdir: Path, directory: Path = EVERYTHING) -> list[Stack]:
    """Return the synthesised stacks of the environment, in the order of their deployment."""
    stacks = [_supported(stack) for stack in stacks_of(synthesise(directory, outdir, NAME))]
    return sorted(
        stacks, key=lambda one: [one.name.split("/")[1].startswith(x) for x in _ORDER][::-1]
    )


def _supported(stack: Stack) -> Stack:
    resources = {
        logical_id: resource
        for logical_id, resource in stack.template["Resources"].items()
        if resource["Type"] not in UNSUPPORTED
    }
    return replace(stack, template={**stack.template, "Resources": resources})


def deploy(aws: Aws, stacks: list[Stack]) -> None:
    """Create what the environment refers to, then its stacks."""
    iam = aws.client("iam")
    for role in _ROLES:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=_TRUST)
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )
    aws.ssm.put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="33", Type="String", Overwrite=True
    )
    cloudformation = aws.cloudformation
    for stack in stacks:
        cloudformation.create_stack(
            StackName=stack.stack_name,
            TemplateBody=json.dumps(stack.template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack.stack_name, WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
        )
    for repository, tag in (("team/api", "v1"), ("team/web", "v2")):
        push(aws, aws.account(), repository, tag, sample_image())
