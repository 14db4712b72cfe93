"""An ECS task definition that runs one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from .image import Image
from .rules.fargate_sizes import FargateSize
from .rules.faults import refuse
from .rules.kubernetes_job import NON_ROOT_USER
from .rules.task_definition import PulledBy, task_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHardening:
    """Define what a container is kept from doing; by default all that most never need.

    :param read_only_root_filesystem: the image's files cannot be written to.
    :param user: the numeric user and group the container runs as; ``None`` leaves the image's.
    :param drop_capabilities: no Linux capability is left.
    :param init_process: a first process forwards signals and reaps what is left over.
    """

    read_only_root_filesystem: bool = True
    user: str | None = f"{NON_ROOT_USER}:{NON_ROOT_USER}"
    drop_capabilities: bool = True
    init_process: bool = True

    @staticmethod
    def none() -> ContainerHardening:
        """Give no hardening at all: whatever the image and the host say."""
        return ContainerHardening(
            read_only_root_filesystem=False,
            user=None,
            drop_capabilities=False,
            init_process=False,
        )


HARDENED = ContainerHardening()


class EcsImageTask(Construct):
    """Define an ECS task definition whose one container runs an image of a repository.

    It is for EC2, or with a size for Fargate.

    By default it has an execution role that may pull from exactly that repository and write to
    exactly its log group, a task role without permissions, a log group kept for a year, a
    read-only root file system, a numeric non-root user and no Linux capabilities. Any change
    makes a new revision; nothing that runs is replaced before a service says so.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param family: the task definition's family, 1 to 255 letters, digits, ``-`` and ``_``.
    :param image: the image to run.
    :param memory_mib: the container's hard memory limit in MiB, at least 6.
    :param cpu: CPU units reserved, 1024 being one vCPU; none by default.
    :param container_name: the container's name; the family by default.
    :param task_role: the role the application has; by default a new one without permissions.
    :param environment: environment variables; never secrets.
    :param hardening: what the container is kept from doing; see ``ContainerHardening``.
    :param log_retention: how long logs are kept, a year by default. ``None`` means no log
        group and no log driver of ours.
    :param pulled_by: ``execution-role`` by default. ``container-instance`` makes no execution
        role: the EC2 instance's own role pulls and writes logs, and must be allowed to.
    :param fargate: the size of the task on Fargate, checked or chosen, such as
        ``FargateSize.at_least(cpu=200, memory_mib=400)``; by default it runs on EC2.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``task_definition`` is the ``ecs.TaskDefinition``; ``container`` its container.

    Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS
    task execution IAM role".

    >>> import aws_cdk as cdk
    >>> from constructs_lib import PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> task = EcsImageTask(stack, "Task", family="api",
    ...     image=Image(repository=api, tag="v1"), memory_mib=200)
    >>> task.task_definition.family
    'api'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        family: str,
        image: Image,
        memory_mib: int,
        cpu: int | None = None,
        container_name: str | None = None,
        task_role: iam.IRole | None = None,
        environment: Mapping[str, str] | None = None,
        hardening: ContainerHardening = HARDENED,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        pulled_by: PulledBy = "execution-role",
        fargate: FargateSize | None = None,
    ) -> None:
        name = container_name or family
        refuse(
            f"EcsImageTask '{construct_id}'",
            task_faults(
                family=family,
                container_name=name,
                cpu=cpu,
                memory_mib=memory_mib,
                pulled_by=pulled_by,
                fargate=fargate,
            ),
        )
        super().__init__(scope, construct_id)
        self.task_definition = ecs.TaskDefinition(
            self,
            "Resource",
            compatibility=ecs.Compatibility.FARGATE if fargate else ecs.Compatibility.EC2,
            cpu=str(fargate.cpu) if fargate else None,
            memory_mib=str(fargate.memory_mib) if fargate else None,
            family=family,
            task_role=task_role,
        )
        self.container = self.task_definition.add_container(
            name,
            container_name=name,
            image=_container_image(image, pulled_by),
            memory_limit_mib=memory_mib,
            cpu=cpu,
            essential=True,
            environment=environment,
            readonly_root_filesystem=hardening.read_only_root_filesystem or None,
            user=hardening.user,
            linux_parameters=self._linux_parameters(hardening),
            logging=self._log_driver(family, log_retention, pulled_by),
        )
        if pulled_by == "container-instance":
            cdk.Annotations.of(self.container).acknowledge_warning(
                "@aws-cdk/aws-ecs:ecrImageRequiresPolicy",
                "The container instance's role pulls; pulled_by says so.",
            )

    def _linux_parameters(self, hardening: ContainerHardening) -> ecs.LinuxParameters | None:
        if not (hardening.init_process or hardening.drop_capabilities):
            return None
        parameters = ecs.LinuxParameters(
            self, "LinuxParameters", init_process_enabled=hardening.init_process or None
        )
        if hardening.drop_capabilities:
            parameters.drop_capabilities(ecs.Capability.ALL)
        return parameters

    def _log_driver(
        self, family: str, retention: logs.RetentionDays | None, pulled_by: PulledBy
    ) -> ecs.LogDriver | None:
        if retention is None:
            return None
        # Without a name of its own it stands in nobody's way: a kept group of that name would
        # block the next deployment.
        group = logs.LogGroup(self, "Logs", retention=retention)
        if pulled_by == "execution-role":
            return ecs.LogDrivers.aws_logs(log_group=group, stream_prefix=family)
        # The CDK's own driver would make an execution role, which ECS would then pull with.
        options = {
            "awslogs-group": group.log_group_name,
            "awslogs-region": cdk.Stack.of(self).region,
            "awslogs-stream-prefix": family,
        }
        return ecs.GenericLogDriver(log_driver="awslogs", options=options)


def _container_image(image: Image, pulled_by: PulledBy) -> ecs.ContainerImage:
    if pulled_by == "container-instance":
        return ecs.ContainerImage.from_registry(image.uri)
    # This form lets the execution role pull from exactly this repository.
    return ecs.ContainerImage.from_ecr_repository(image.repository, image.digest or image.tag)
