"""ECS task definitions that run images, on EC2 or on Fargate."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Generic, Literal, cast, overload

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from .cdk_types import Key, Role
from .ecs_container import EcsContainer, add_container, add_dependencies
from .image import Image
from .rules.ecs.fargate_sizes import FargateSize
from .rules.ecs.task_definition import Architecture, NetworkMode, PulledBy, TaskSpec
from .rules.faults import raise_if_any, reported_by
from .rules.types import checked_types
from .stack_facts import facts_of, stack_of

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Definition_co = TypeVar(
        "Definition_co", bound=ecs.TaskDefinition, default=ecs.TaskDefinition, covariant=True
    )
else:
    # Only Python 3.13 and type checkers know the default, with which `EcsImageTask` needs no
    # parameter as a type.
    from typing import TypeVar

    Definition_co = TypeVar("Definition_co", covariant=True)

_NETWORK_MODES = {
    "awsvpc": ecs.NetworkMode.AWS_VPC,
    "bridge": ecs.NetworkMode.BRIDGE,
    "host": ecs.NetworkMode.HOST,
    "none": ecs.NetworkMode.NONE,
}


class EcsTask(Construct, Generic[Definition_co]):
    """Define an ECS task definition by its spec, which is checked without the CDK.

    ``EcsImageTask`` is the same with the spec's fields as arguments.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param spec: the task.
    :param images: the image of each container: the main one's, then those of the sidecars in
        their order.
    :param task_role: as for ``EcsImageTask``, as are ``log_retention`` and ``log_key``.
    :raises ValueError: when the task may not pull one of its images.

    Attributes: those of ``EcsImageTask``.

    Source: Amazon ECS developer guide, "Amazon ECS task definition parameters".

    >>> from constructs_lib import ContainerSpec, TaskSpec
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> busybox = Image(
    ...     repository="public.ecr.aws/docker/library/busybox", tag="1.37", tag_may_move=True)
    >>> spec = TaskSpec(family="list", container=ContainerSpec(memory_mib=64))
    >>> EcsTask(stack, "Task", spec, images=[busybox]).task_definition.family
    'list'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        spec: TaskSpec,
        *,
        images: Sequence[Image],
        task_role: Role | None = None,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        log_key: Key | None = None,
    ) -> None:
        by_path = dict(zip(spec.containers, images, strict=True))
        if spec.pulled_by == "execution-role":
            account = facts_of(stack_of(scope)).account
            faults = [
                fault.under("image").under(path)
                for path, image in by_path.items()
                for fault in image.pull_faults(account)
            ]
            raise_if_any(f"EcsImageTask '{construct_id}'", faults)
        super().__init__(scope, construct_id)
        # The overloads of EcsImageTask declare the class.
        self.task_definition = cast("Definition_co", self._task_definition(spec, task_role))
        logging = self._log_driver(spec, log_retention, log_key)
        added = {
            spec.name_of(one): add_container(
                self.task_definition,
                one,
                by_path[path],
                name=spec.name_of(one),
                pulled_by=spec.pulled_by,
                logging=logging,
            )
            for path, one in spec.containers.items()
        }
        for one in spec.containers.values():
            add_dependencies(added, spec.name_of(one), one)
        self.container = added[spec.name_of(spec.container)]
        self.images = tuple(images)
        self.endpoint_services = _endpoint_services(
            spec, images, logs_are_written=log_retention is not None
        )

    def _task_definition(self, spec: TaskSpec, task_role: Role | None) -> ecs.TaskDefinition:
        """Define the task definition, of one of the CDK's classes that its patterns accept."""
        volumes = [ecs.Volume(name=name) for name in _volumes(spec)] or None
        if spec.size:
            return ecs.FargateTaskDefinition(
                self,
                "Resource",
                cpu=spec.size.cpu,
                memory_limit_mib=spec.size.memory_mib,
                family=spec.family,
                runtime_platform=_platform(spec.architecture),
                task_role=task_role,
                volumes=volumes,
            )
        return ecs.Ec2TaskDefinition(
            self,
            "Resource",
            family=spec.family,
            network_mode=_NETWORK_MODES[spec.network_mode] if spec.network_mode else None,
            task_role=task_role,
            volumes=volumes,
        )

    def _log_driver(
        self, spec: TaskSpec, retention: logs.RetentionDays | None, key: Key | None
    ) -> ecs.LogDriver | None:
        if retention is None:
            return None
        # The group has no fixed name, because a retained group with the same name would make the
        # next deployment fail.
        group = logs.LogGroup(self, "Logs", retention=retention, encryption_key=key)
        if key:
            self._allow_logs(key)
        if spec.pulled_by == "execution-role":
            return ecs.LogDrivers.aws_logs(log_group=group, stream_prefix=spec.family)
        # The CDK's own driver would create an execution role, with which ECS would then pull.
        options = {
            "awslogs-group": group.log_group_name,
            "awslogs-region": cdk.Stack.of(self).region,
            "awslogs-stream-prefix": spec.family,
        }
        return ecs.GenericLogDriver(log_driver="awslogs", options=options)

    def _allow_logs(self, key: Key) -> None:
        stack = cdk.Stack.of(self)
        # The ARN of the one group is unknown here, because the group requires the key.
        groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name="*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )


@checked_types
class EcsImageTask(EcsTask[Definition_co]):
    """Define an ECS task definition whose containers run images by their URIs, on EC2 or Fargate.

    By default the task has an execution role that may only pull from the repositories of its
    images, read its secrets and write to its log group; a task role without permissions; and a log
    group that keeps logs for a year. Each container has a read-only root file system, a numeric
    non-root user and no Linux capabilities, and is never privileged. Each change registers a new
    revision, and running tasks are replaced only when a service deploys that revision.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param family: the task definition's family, 1 to 255 letters, digits, ``-`` and ``_``.
    :param container: the main container; named like the family by default.
    :param sidecars: more containers of the task, each with a name.
    :param fargate: the size of the task on Fargate, or ``smallest`` for the smallest size that is
        large enough for its containers; by default the task runs on EC2.
    :param architecture: on Fargate, the architecture of the images: ``X86_64`` by default, or
        ``ARM64``.
    :param network_mode: on EC2 ``bridge`` by default; on Fargate always ``awsvpc``.
    :param task_role: the application's role; by default a new one without permissions.
    :param log_retention: the time that logs are kept, a year by default. ``None`` creates no log
        group and configures no log driver.
    :param log_key: the KMS key that encrypts the logs; by default CloudWatch's own. A statement is
        added to the policy of a key of this app; the policy of any other key must already allow
        CloudWatch Logs.
    :param pulled_by: ``execution-role`` by default. ``container-instance`` creates no execution
        role: the role of the EC2 instance pulls and writes logs, and must have the permissions.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``task_definition`` is an ``ecs.FargateTaskDefinition`` with ``fargate``, and
    otherwise an ``ecs.Ec2TaskDefinition``, which services, schedules and ``aws_ecs_patterns``
    accept;
    ``container`` is the main container; ``images`` are the images of all containers;
    ``endpoint_services`` are the AWS services that the task must reach when it starts.

    Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS
    task execution IAM role".

    >>> from constructs_lib import Image, PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> task = EcsImageTask(stack, "Task", family="api",
    ...     container=EcsContainer(image=Image(repository=api, tag="v1"), memory_mib=200))
    >>> task.task_definition.family
    'api'
    """

    @overload
    def __init__(
        self: "EcsImageTask[ecs.FargateTaskDefinition]",
        scope: Construct,
        construct_id: str,
        *,
        family: str,
        container: EcsContainer,
        sidecars: Sequence[EcsContainer] = (),
        fargate: FargateSize | Literal["smallest"],
        architecture: Architecture | None = None,
        network_mode: NetworkMode | None = None,
        task_role: Role | None = None,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        log_key: Key | None = None,
        pulled_by: PulledBy = "execution-role",
    ) -> None: ...

    @overload
    def __init__(
        self: "EcsImageTask[ecs.Ec2TaskDefinition]",
        scope: Construct,
        construct_id: str,
        *,
        family: str,
        container: EcsContainer,
        sidecars: Sequence[EcsContainer] = (),
        fargate: None = None,
        architecture: None = None,
        network_mode: NetworkMode | None = None,
        task_role: Role | None = None,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        log_key: Key | None = None,
        pulled_by: PulledBy = "execution-role",
    ) -> None: ...

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        family: str,
        container: EcsContainer,
        sidecars: Sequence[EcsContainer] = (),
        fargate: FargateSize | Literal["smallest"] | None = None,
        architecture: Architecture | None = None,
        network_mode: NetworkMode | None = None,
        task_role: Role | None = None,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        log_key: Key | None = None,
        pulled_by: PulledBy = "execution-role",
    ) -> None:
        with reported_by(f"EcsImageTask '{construct_id}'"):
            spec = TaskSpec(
                family=family,
                container=container,
                sidecars=tuple(sidecars),
                pulled_by=pulled_by,
                fargate=fargate,
                network_mode=network_mode,
                architecture=architecture,
            )
        super().__init__(
            scope,
            construct_id,
            spec,
            images=[one.image for one in (container, *sidecars)],
            task_role=task_role,
            log_retention=log_retention,
            log_key=log_key,
        )


def _platform(architecture: Architecture | None) -> ecs.RuntimePlatform | None:
    if architecture is None:
        return None
    return ecs.RuntimePlatform(
        cpu_architecture=ecs.CpuArchitecture.of(architecture),
        operating_system_family=ecs.OperatingSystemFamily.LINUX,
    )


def _volumes(spec: TaskSpec) -> list[str]:
    return sorted({name for one in spec.containers.values() for name in one.writable_volumes})


def _endpoint_services(
    spec: TaskSpec, images: Iterable[Image], *, logs_are_written: bool
) -> tuple[str, ...]:
    needed = {"logs"} if logs_are_written else set()
    if any(image.account is not None for image in images):
        needed |= {"ecr.api", "ecr.dkr", "s3"}
    needed |= {
        secret.service
        for container in spec.containers.values()
        for secret in container.secrets.values()
    }
    return tuple(sorted(needed))
