"""A container of an ECS task, with its image and its secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from .container_secret import ContainerSecret
from .image import Image
from .rules.ecs.container import ContainerSpec, HealthCheck
from .rules.ecs.task_definition import PulledBy
from .rules.types import checked_types

VERSION_LABEL = "org.opencontainers.image.version"


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class EcsContainer(ContainerSpec):
    """A container of a task: the fields of ``ContainerSpec``, and its image.

    :param image: the image to run.
    :param secrets: environment variables that ECS fetches when the task starts.

    >>> from constructs_lib import PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> EcsContainer(image=Image(repository=api, tag="v1"), memory_mib=200).essential
    True
    """

    image: Image
    secrets: Mapping[str, ContainerSecret] = field(default_factory=dict)


def add_container(
    task: ecs.TaskDefinition,
    container: ContainerSpec,
    image: Image,
    *,
    name: str,
    pulled_by: PulledBy,
    logging: ecs.LogDriver | None,
) -> ecs.ContainerDefinition:
    """Add a container to a task definition."""
    hardening = container.hardening
    version = image.version
    secrets = {
        variable: ContainerSecret.of(task, secret).for_ecs()
        for variable, secret in container.secrets.items()
    }
    added = task.add_container(
        name,
        container_name=name,
        image=(
            ecs.ContainerImage.from_registry(image.uri)
            if pulled_by == "container-instance"
            else image.for_ecs()
        ),
        memory_limit_mib=container.memory_mib,
        cpu=container.cpu,
        essential=container.essential,
        command=list(container.command) or None,
        entry_point=list(container.entry_point) or None,
        environment=dict(container.environment) or None,
        secrets=secrets or None,
        docker_labels={VERSION_LABEL: version} if version else None,
        port_mappings=[ecs.PortMapping(container_port=port) for port in container.ports] or None,
        health_check=_health_check(container.health_check),
        readonly_root_filesystem=hardening.read_only_root_filesystem or None,
        user=hardening.user,
        linux_parameters=_linux_parameters(task, container, name),
        logging=logging,
    )
    for volume, path in sorted(container.writable_volumes.items()):
        added.add_mount_points(
            ecs.MountPoint(container_path=path, read_only=False, source_volume=volume)
        )
    if pulled_by == "container-instance":
        cdk.Annotations.of(added).acknowledge_warning(
            "@aws-cdk/aws-ecs:ecrImageRequiresPolicy",
            "The container instance's role pulls, as pulled_by requires.",
        )
    return added


def add_dependencies(
    containers: Mapping[str, ecs.ContainerDefinition], name: str, container: ContainerSpec
) -> None:
    """Add the dependencies of a container on others of its task."""
    for other, condition in sorted(container.depends_on.items()):
        containers[name].add_container_dependencies(
            ecs.ContainerDependency(
                container=containers[other], condition=ecs.ContainerDependencyCondition[condition]
            )
        )


def _health_check(check: HealthCheck | None) -> ecs.HealthCheck | None:
    if check is None:
        return None
    return ecs.HealthCheck(
        command=list(check.command),
        interval=cdk.Duration.seconds(check.interval_seconds),
        timeout=cdk.Duration.seconds(check.timeout_seconds),
        retries=check.retries,
        start_period=cdk.Duration.seconds(check.start_period_seconds),
    )


def _linux_parameters(
    task: ecs.TaskDefinition, container: ContainerSpec, name: str
) -> ecs.LinuxParameters | None:
    hardening = container.hardening
    if not (hardening.init_process or hardening.drop_capabilities):
        return None
    parameters = ecs.LinuxParameters(
        task, f"LinuxParameters-{name}", init_process_enabled=hardening.init_process or None
    )
    if hardening.drop_capabilities:
        parameters.drop_capabilities(ecs.Capability.ALL)
    return parameters
