"""Every resource type that an environment can deploy."""

from ecrctl.verify.readers import (
    ec2,
    ecr,
    ecr_public,
    ecs,
    eks,
    iam,
    kms,
    logs,
    notifications,
    registry,
    stack_sets,
)

from .resource_types import ResourceType

RESOURCE_TYPES: dict[str, ResourceType] = {
    one.name: one
    for service in (
        ec2,
        ecr,
        ecr_public,
        ecs,
        eks,
        iam,
        kms,
        logs,
        notifications,
        registry,
        stack_sets,
    )
    for one in service.TYPES
}
