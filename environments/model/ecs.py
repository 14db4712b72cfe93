"""ECS tasks in an environment file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from checked_files.forms import word_or_mapping
from checked_files.models import FileModel, checked_by
from constructs_lib.rules.ecs.container import ContainerSpec
from constructs_lib.rules.ecs.fargate_sizes import FargateSize
from constructs_lib.rules.ecs.hardening import ContainerHardening
from constructs_lib.rules.ecs.secret import SecretSpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.kubernetes.names import dns_label_faults

from .field_types import RoleArn

Hardening = Annotated[
    ContainerHardening,
    word_or_mapping(ContainerHardening, standard=ContainerHardening, none=ContainerHardening.none),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarInFile(ContainerSpec):
    """A container beside the main one.

    :param name: the container's name.
    :param image: the name under which the image is pinned.
    :param secrets: environment variables whose values ECS fetches when the task starts.
    :param hardening: ``standard``, ``none``, or a mapping of single restrictions.
    """

    name: str
    image: str
    secrets: Mapping[str, SecretSpec] = field(default_factory=dict)
    hardening: Hardening = field(default_factory=ContainerHardening)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInFile(SidecarInFile):
    """The main container of a task.

    :param name: the name of the task and of its main container, an RFC 1123 label.
    """

    name: Annotated[str, checked_by(dns_label_faults)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInFile(TaskSpec):
    """A task definition, named after its main container.

    :param family: the family; the task's name by default.
    :param sidecars: more containers, each with a name.
    """

    family: str = ""
    container: Annotated[ContainerInFile, Field(alias="<container>")]
    sidecars: tuple[SidecarInFile, ...] = ()
    fargate: Annotated[
        FargateSize | Literal["smallest"] | None,
        word_or_mapping(FargateSize, smallest=lambda: "smallest"),
    ] = None

    def __post_init__(self) -> None:
        if not self.family:
            object.__setattr__(self, "family", self.container.name)
        TaskSpec.__post_init__(self)


class EcsTaskModel(FileModel):
    """An ECS task definition, described by its main container.

    :param awaiting_image: leaves the task out, with a notice, until its image has a pin.
    :param task_role_arn: the application's role; by default a new one without permissions.
    :param logs: whether logs are kept for a year; true by default.
    """

    spec: Annotated[TaskInFile, Field(alias="<spec>")]
    awaiting_image: bool = False
    task_role_arn: RoleArn | None = None
    logs: bool = True

    @property
    def name(self) -> str:
        """The name of the task."""
        return self.spec.container.name

    @property
    def images(self) -> dict[str, str]:
        """The names of the images it runs, by the path of the setting."""
        beside = {
            f"sidecars[{index}].image": one.image for index, one in enumerate(self.spec.sidecars)
        }
        return {"image": self.spec.container.image, **beside}
