"""A container of an ECS task, with its image and its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from .container_secret import ContainerSecret
from .image import Image
from .rules.ecs.container import ContainerSpec, HealthCheck
from .rules.ecs.task_definition import PulledBy

VERSION_LABEL = "org.opencontainers.image.version"
_CONDITIONS = {
    "START": ecs.ContainerDependencyCondition.START,
    "COMPLETE": ecs.ContainerDependencyCondition.COMPLETE,
    "SUCCESS": ecs.ContainerDependencyCondition.SUCCESS,
    "HEALTHY": ecs.ContainerDependencyCondition.HEALTHY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsContainer(ContainerSpec):
    """A container of an ECS task with its image; all other fields are those of ``ContainerSpec``.

    :param image: the image to run.
    :param secrets: environment variables whose values ECS fetches when the task starts.

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
    added = task.add_container(
        name,
        container_name=name,
        image=_image(image, pulled_by),
        memory_limit_mib=container.memory_mib,
        cpu=container.cpu,
        essential=container.essential,
        command=list(container.command) or None,
        entry_point=list(container.entry_point) or None,
        environment=dict(container.environment) or None,
        secrets=_secrets(task, container) or None,
        docker_labels={VERSION_LABEL: version} if version else None,
        port_mappings=[ecs.PortMapping(container_port=port) for port in container.ports] or None,
        health_check=_health_check(container.health_check),
        readonly_root_filesystem=hardening.read_only_root_filesystem or None,
        user=hardening.user,
        linux_parameters=_linux_parameters(task, container, name),
        logging=logging,
    )
    if container.writable_volumes:
        added.add_mount_points(
            *(
                ecs.MountPoint(container_path=path, read_only=False, source_volume=volume)
                for volume, path in sorted(container.writable_volumes.items())
            )
        )
    if pulled_by == "container-instance":
        cdk.Annotations.of(added).acknowledge_warning(
            "@aws-cdk/aws-ecs:ecrImageRequiresPolicy",
            "The container instance's role pulls, as pulled_by states.",
        )
    return added


def depend(
    containers: Mapping[str, ecs.ContainerDefinition], name: str, container: ContainerSpec
) -> None:
    """Add the dependencies of a container on others of its task."""
    if container.depends_on:
        containers[name].add_container_dependencies(
            *(
                ecs.ContainerDependency(
                    container=containers[other], condition=_CONDITIONS[condition]
                )
                for other, condition in sorted(container.depends_on.items())
            )
        )


def _secrets(task: ecs.TaskDefinition, container: ContainerSpec) -> dict[str, ecs.Secret]:
    return {
        name: ContainerSecret.of(task, secret).for_ecs()
        for name, secret in container.secrets.items()
    }


def _image(image: Image, pulled_by: PulledBy) -> ecs.ContainerImage:
    if pulled_by == "container-instance":
        return ecs.ContainerImage.from_registry(image.uri)
    return image.for_ecs()


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
