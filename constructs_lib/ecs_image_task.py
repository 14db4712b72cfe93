"""An ECS task definition that runs an image, on EC2 or on Fargate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .ecs_container import EcsContainer, add_container, depend
from .rules.ecs.fargate_sizes import FargateSize
from .rules.ecs.task_definition import Architecture, NetworkMode, PulledBy, TaskSpec, task_faults
from .rules.faults import raise_if_any
from .stack_facts import facts_of, stack_of

_NETWORK_MODES = {
    "awsvpc": ecs.NetworkMode.AWS_VPC,
    "bridge": ecs.NetworkMode.BRIDGE,
    "host": ecs.NetworkMode.HOST,
    "none": ecs.NetworkMode.NONE,
}
_ARCHITECTURES = {
    "X86_64": lambda: ecs.CpuArchitecture.X86_64,
    "ARM64": lambda: ecs.CpuArchitecture.ARM64,
}


class EcsImageTask(Construct):
    """Define an ECS task definition whose containers run images by their URIs.

    It is for EC2, or with a size for Fargate.

    By default it has an execution role that may pull from exactly the repositories used, read
    exactly the secrets given and write to exactly its log group; a task role without
    permissions; a log group kept for a year. Each container has a read-only root file system, a
    numeric non-root user and no Linux capabilities, and is never privileged. Any change makes a
    new revision; nothing that runs is replaced before a service says so.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param family: the task definition's family, 1 to 255 letters, digits, ``-`` and ``_``.
    :param container: the container the task is about; named like the family by default.
    :param sidecars: containers beside it, each with a name.
    :param fargate: the size of the task on Fargate, checked or chosen, such as
        ``FargateSize.at_least(cpu=200, memory_mib=400)``; by default it runs on EC2.
    :param architecture: on Fargate ``X86_64``, ECS' own default, or ``ARM64``, as the images are.
    :param network_mode: on EC2 ``bridge`` by default; on Fargate always ``awsvpc``.
    :param task_role: the role the application has, made here, imported by its ARN or given; by
        default a new one without permissions.
    :param log_retention: how long logs are kept, a year by default. ``None`` means no log
        group and no log driver of ours.
    :param log_key: the KMS key that logs are encrypted with; by default CloudWatch's own. The
        policy of a key of this app is extended for that; that of any other must allow it.
    :param pulled_by: ``execution-role`` by default. ``container-instance`` makes no execution
        role: the EC2 instance's own role pulls and writes logs, and must be allowed to.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``task_definition`` is an ``ecs.FargateTaskDefinition`` or an
    ``ecs.Ec2TaskDefinition``, which services, schedules and ``aws_ecs_patterns`` take;
    ``container`` its main container; ``images`` the images it runs; ``endpoint_services`` the
    AWS services that it needs a way to when it starts.

    Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS
    task execution IAM role".

    >>> import aws_cdk as cdk
    >>> from constructs_lib import Image, PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> task = EcsImageTask(stack, "Task", family="api",
    ...     container=EcsContainer(image=Image(repository=api, tag="v1"), memory_mib=200))
    >>> task.task_definition.family
    'api'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        family: str,
        container: EcsContainer,
        sidecars: Sequence[EcsContainer] = (),
        fargate: FargateSize | None = None,
        architecture: Architecture | None = None,
        network_mode: NetworkMode | None = None,
        task_role: iam.IRole | None = None,
        log_retention: logs.RetentionDays | None = logs.RetentionDays.ONE_YEAR,
        log_key: kms.IKey | None = None,
        pulled_by: PulledBy = "execution-role",
    ) -> None:
        by_path = {
            "container": container,
            **{f"sidecars[{index}]": sidecar for index, sidecar in enumerate(sidecars)},
        }
        spec = TaskSpec(
            family=family,
            containers=by_path,
            pulled_by=pulled_by,
            fargate=fargate,
            network_mode=network_mode,
            architecture=architecture,
            secrets={path: tuple(one.secrets) for path, one in by_path.items()},
        )
        faults = task_faults(spec)
        if pulled_by == "execution-role":
            account = facts_of(stack_of(scope)).account
            for path, one in by_path.items():
                faults += [fault.under(f"{path}.image") for fault in one.image.pull_faults(account)]
        raise_if_any(f"EcsImageTask '{construct_id}'", faults)
        super().__init__(scope, construct_id)
        volumes = [ecs.Volume(name=name) for name in _volumes(by_path.values())] or None
        # Of the CDK's own kinds: its patterns take no other.
        self.task_definition: ecs.TaskDefinition = (
            ecs.FargateTaskDefinition(
                self,
                "Resource",
                cpu=fargate.cpu,
                memory_limit_mib=fargate.memory_mib,
                family=family,
                runtime_platform=_platform(architecture),
                task_role=task_role,
                volumes=volumes,
            )
            if fargate
            else ecs.Ec2TaskDefinition(
                self,
                "Resource",
                family=family,
                network_mode=_NETWORK_MODES[network_mode] if network_mode else None,
                task_role=task_role,
                volumes=volumes,
            )
        )
        logging = self._log_driver(family, log_retention, log_key, pulled_by)
        added = {
            spec.name_of(path): add_container(
                self.task_definition,
                one,
                name=spec.name_of(path),
                pulled_by=pulled_by,
                logging=logging,
            )
            for path, one in by_path.items()
        }
        for path, one in by_path.items():
            depend(added, spec.name_of(path), one)
        self.container = added[spec.name_of("container")]
        self.images = tuple(one.image for one in by_path.values())
        self.endpoint_services = _endpoint_services(
            by_path.values(), logs_are_written=log_retention is not None
        )

    def _log_driver(
        self,
        family: str,
        retention: logs.RetentionDays | None,
        key: kms.IKey | None,
        pulled_by: PulledBy,
    ) -> ecs.LogDriver | None:
        if retention is None:
            return None
        # Without a name of its own it stands in nobody's way: a kept group of that name would
        # block the next deployment.
        group = logs.LogGroup(self, "Logs", retention=retention, encryption_key=key)
        if key:
            self._allow_logs(key)
        if pulled_by == "execution-role":
            return ecs.LogDrivers.aws_logs(log_group=group, stream_prefix=family)
        # The CDK's own driver would make an execution role, which ECS would then pull with.
        options = {
            "awslogs-group": group.log_group_name,
            "awslogs-region": cdk.Stack.of(self).region,
            "awslogs-stream-prefix": family,
        }
        return ecs.GenericLogDriver(log_driver="awslogs", options=options)

    def _allow_logs(self, key: kms.IKey) -> None:
        stack = cdk.Stack.of(self)
        # Which group it is, is known only once the group is there, which needs the key.
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


def _platform(architecture: Architecture | None) -> ecs.RuntimePlatform | None:
    if architecture is None:
        return None
    return ecs.RuntimePlatform(
        cpu_architecture=_ARCHITECTURES[architecture](),
        operating_system_family=ecs.OperatingSystemFamily.LINUX,
    )


def _volumes(containers: Iterable[EcsContainer]) -> list[str]:
    return sorted({name for one in containers for name in one.writable_volumes})


def _endpoint_services(
    containers: Iterable[EcsContainer], *, logs_are_written: bool
) -> tuple[str, ...]:
    needed = {"logs"} if logs_are_written else set()
    for one in containers:
        if one.image.account is not None:
            needed |= {"ecr.api", "ecr.dkr", "s3"}
        needed |= {secret.service for secret in one.secrets.values()}
    return tuple(sorted(needed))
