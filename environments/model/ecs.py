"""The shape of ECS tasks and services in an environment file."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from checked_files.models import FileModel, convertible_by
from constructs_lib.rules.ecs.container import ContainerSpec, DependencyCondition, HealthCheck
from constructs_lib.rules.ecs.fargate_sizes import FargateSize
from constructs_lib.rules.ecs.hardening import ContainerHardening
from constructs_lib.rules.ecs.task_definition import (
    Architecture,
    NetworkMode,
    TaskSpec,
    task_faults,
)
from constructs_lib.rules.faults import Fault, raise_if_any

from .field_types import FamilyName, KeyWord, RoleArn, WorkloadName

_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}"
)
_PARAMETER_ARN = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+")


class HardeningModel(FileModel):
    """Define what a container is kept from doing; what is left out is the hardened default."""

    read_only_root_filesystem: bool = True
    user: str | None = Field(
        default=ContainerHardening().user, description="numeric, such as 1000:1000"
    )
    drop_capabilities: bool = True
    init_process: bool = True


Hardening = Annotated[
    Annotated[Literal["standard", "none"], Tag("<word>")]
    | Annotated[HardeningModel, Tag("<mapping>")],
    Discriminator(lambda value: "<word>" if isinstance(value, str) else "<mapping>"),
]


def _hardening(hardening: Hardening) -> ContainerHardening:
    if hardening == "none":
        return ContainerHardening.none()
    if isinstance(hardening, str):
        return ContainerHardening()
    return ContainerHardening(**hardening.model_dump())


class HealthCheckModel(FileModel):
    """Define how ECS asks a container whether it is well."""

    command: list[str]
    interval_seconds: int = 30
    timeout_seconds: int = 5
    retries: int = 3
    start_period_seconds: int = 0

    def check(self) -> HealthCheck:
        """Give the check as a value."""
        return HealthCheck(**{**self.model_dump(), "command": tuple(self.command)})


class SecretModel(FileModel):
    """Define a variable that ECS fetches when the task starts: a secret, or a parameter."""

    secret: str | None = Field(default=None, description="ARN of a secret, its suffix included")
    parameter: str | None = Field(default=None, description="ARN of an SSM parameter")
    field: str | None = Field(default=None, description="which value of a secret that is JSON")
    key: KeyWord | None = Field(
        default=None, description="what it is encrypted with: aws-managed, or the ARN of a KMS key"
    )

    def check(self) -> None:
        """Raise what is broken."""
        faults: list[Fault] = []
        if (self.secret is None) == (self.parameter is None):
            given = "neither" if self.secret is None else "both"
            faults.append(
                Fault("", f"a variable is a secret or a parameter, got {given}. Give one ARN.")
            )
        for path, arn, pattern, example in (
            (
                "secret",
                self.secret,
                _SECRET_ARN,
                "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3",
            ),
            (
                "parameter",
                self.parameter,
                _PARAMETER_ARN,
                "arn:aws:ssm:us-west-2:111111111111:parameter/api/token",
            ),
        ):
            if arn is not None and not pattern.fullmatch(arn):
                faults.append(
                    Fault(
                        path, f"'{arn[:120]}' does not have its form. Write it such as '{example}'."
                    )
                )
        if self.field is not None and self.parameter is not None:
            faults.append(Fault("field", "a parameter has no fields. Leave it out."))
        if self.key is None:
            faults.append(
                Fault(
                    "key",
                    "which key it is encrypted with is missing, and without a grant on it no task "
                    "would start. Write 'key: aws-managed', or the ARN of its KMS key.",
                )
            )
        raise_if_any("secrets", faults)


class ContainerModel(FileModel):
    """Define what every container of a task is given."""

    memory_mib: int = Field(description="hard limit, in MiB")
    cpu: int | None = Field(default=None, description="CPU units; 1024 are one vCPU")
    command: list[str] = []
    entry_point: list[str] = []
    environment: dict[str, str] = {}
    secrets: dict[str, Annotated[SecretModel, convertible_by(SecretModel.check)]] = {}
    ports: list[int] = []
    health_check: HealthCheckModel | None = None
    depends_on: dict[str, DependencyCondition] = Field(
        default={}, description="containers, and how far they must have come before"
    )
    writable_volumes: dict[str, str] = Field(
        default={}, description="names and paths of directories that can be written to"
    )
    hardening: Hardening = "standard"

    def container(self, name: str, *, essential: bool = True) -> ContainerSpec:
        """Give the container in the words of the rules."""
        return ContainerSpec(
            name=name,
            memory_mib=self.memory_mib,
            cpu=self.cpu,
            essential=essential,
            command=tuple(self.command),
            entry_point=tuple(self.entry_point),
            environment=dict(self.environment),
            ports=tuple(self.ports),
            health_check=self.health_check.check() if self.health_check else None,
            depends_on=dict(self.depends_on),
            writable_volumes=dict(self.writable_volumes),
            hardening=_hardening(self.hardening),
        )


class SidecarModel(ContainerModel):
    """Define a container beside the one that a task is about."""

    name: str
    image: str = Field(description="the name under which the image is pinned")
    essential: bool = Field(default=True, description="the task stops when this container does")


class FargateModel(FileModel):
    """Define the size of a task on Fargate, one of those that Fargate has."""

    cpu: int = Field(description="CPU units of the task; 1024 are one vCPU")
    memory_mib: int = Field(description="memory of the task, in MiB")

    def size(self) -> FargateSize:
        """Give the size as a value; it raises what is broken."""
        return FargateSize(cpu=self.cpu, memory_mib=self.memory_mib)


Fargate = Annotated[
    Annotated[Literal["smallest"], Tag("<word>")]
    | Annotated[FargateModel, convertible_by(FargateModel.size), Tag("<mapping>")],
    Discriminator(lambda value: "<word>" if isinstance(value, str) else "<mapping>"),
]


class EcsTaskModel(ContainerModel):
    """Define one ECS task definition, by the container it is about."""

    name: WorkloadName
    image: str = Field(description="the name under which the image is pinned")
    awaiting_image: bool = Field(
        default=False, description="leave the workload out, with a notice, until it has a pin"
    )
    family: FamilyName | None = Field(default=None, description="the name when left out")
    sidecars: list[SidecarModel] = []
    task_role_arn: RoleArn | None = None
    logs: bool = True
    pulled_by: Literal["execution-role", "container-instance"] = "execution-role"
    network_mode: NetworkMode | None = Field(default=None, description="on EC2; else awsvpc")
    architecture: Architecture | None = Field(
        default=None, description="on Fargate, as the images are"
    )
    fargate: Fargate | None = Field(
        default=None, description="on Fargate: a size, or the smallest that holds it; else on EC2"
    )

    @property
    def images(self) -> list[str]:
        """Give the names of all images it runs."""
        return [self.image, *(sidecar.image for sidecar in self.sidecars)]

    def spec(self) -> TaskSpec:
        """Give the task in the words of the rules; it raises what is broken."""
        models: dict[str, ContainerModel] = {"": self}
        specs = {"": self.container(self.name)}
        for index, sidecar in enumerate(self.sidecars):
            models[f"sidecars[{index}]"] = sidecar
            specs[f"sidecars[{index}]"] = sidecar.container(
                sidecar.name, essential=sidecar.essential
            )
        task = TaskSpec(
            family=self.family or self.name,
            containers=specs,
            pulled_by=self.pulled_by,
            fargate=self._size(list(specs.values())),
            network_mode=self.network_mode,
            architecture=self.architecture,
            secrets={path: tuple(model.secrets) for path, model in models.items()},
        )
        raise_if_any("ecs_tasks", task_faults(task))
        return task

    def _size(self, containers: list[ContainerSpec]) -> FargateSize | None:
        if isinstance(self.fargate, FargateModel):
            return self.fargate.size()
        if self.fargate is None:
            return None
        return FargateSize.at_least(
            cpu=sum(one.cpu or 0 for one in containers),
            memory_mib=sum(one.memory_mib for one in containers),
        )


class EcsServiceModel(FileModel):
    """Define a task that is kept running on Fargate, in the environment's private network."""

    name: WorkloadName
    task: str = Field(description="the name of one of ecs_tasks, which is for Fargate")
    desired_count: int = Field(default=1, ge=0, description="how many run")


class NetworkModel(FileModel):
    """Define a private network without a way out, whose endpoints let images be pulled."""

    cidr: str = Field(description="such as 10.20.0.0/24; /16 to /26")
    availability_zones: list[str] = Field(
        description="at least two, such as us-west-2a; written here, so that nothing is looked up"
    )

    def check(self) -> None:
        """Raise what is broken."""
        faults: list[Fault] = []
        if not re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}/(1[6-9]|2[0-6])", self.cidr):
            message = (
                f"a network's range is /16 to /26, got '{self.cidr[:40]}'. Write 10.20.0.0/24."
            )
            faults.append(Fault("cidr", message))
        if len(set(self.availability_zones)) < 2:  # noqa: PLR2004
            message = (
                "a network is in at least two availability zones, got "
                f"{len(set(self.availability_zones))}. Name two of the region."
            )
            faults.append(Fault("availability_zones", message))
        raise_if_any("network", faults)
