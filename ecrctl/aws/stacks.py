"""The repositories that the stacks of an account deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clients import Aws

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def stacks_of_repositories(aws: Aws) -> dict[str, str]:
    """Return the stack of each repository that CloudFormation deploys, by the repository."""
    cloudformation = aws.cloudformation
    listed = cloudformation.get_paginator("describe_stacks").paginate()
    stacks = [stack["StackName"] for page in listed for stack in page["Stacks"]]
    return {
        repository: stack
        for stack in stacks
        for repository in repositories_of_stack(cloudformation, stack)
    }


def repositories_of_stack(cloudformation: CloudFormationClient, stack: str) -> list[str]:
    """Return the names of the repositories that a stack deploys."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::ECR::Repository"
        and resource["ResourceStatus"] != "DELETE_COMPLETE"
    ]
