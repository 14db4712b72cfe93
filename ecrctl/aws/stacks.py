"""The resources that the stacks of an account deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clients import Aws

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef

# A skipped resource was retained when it was removed from the template.
_NOT_IN_STACK = ("DELETE_COMPLETE", "DELETE_SKIPPED")


def stacks_of_repositories(aws: Aws) -> dict[str, str]:
    """Return the stack of each repository that CloudFormation deploys, by the repository."""
    cloudformation = aws.cloudformation
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    return {
        repository: stack
        for stack in pages.search("Stacks[].StackName")
        for repository in repositories_of_stack(cloudformation, stack)
    }


def repositories_of_stack(cloudformation: CloudFormationClient, stack: str) -> list[str]:
    """Return the names of the repositories that a stack deploys."""
    return [
        resource["PhysicalResourceId"]
        for resource in resources_of_stack(cloudformation, stack)
        if resource["ResourceType"] == "AWS::ECR::Repository"
    ]


def resources_of_stack(
    cloudformation: CloudFormationClient, stack: str
) -> list[StackResourceSummaryTypeDef]:
    """Return the resources that a stack deploys."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        resource
        for resource in pages.search("StackResourceSummaries[]")
        if resource["ResourceStatus"] not in _NOT_IN_STACK
    ]
