"""The CloudFormation types that run images, beside task definitions: one row each.

Source: CloudFormation template reference, the page of each type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecrctl.review.resolution.canonical import function_of

# In a path: every item of a list.
_EACH = "*"
# The nodes of a parallel job of Batch.
_NODES = "NodeProperties.NodeRangeProperties.*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProperties:
    """Where a type names its images.

    :param word: its display name.
    :param images: the properties with an image, as paths; ``*`` is each item of a list.
    :param identities: the properties with a role of the workload.
    """

    word: str
    images: tuple[str, ...]
    identities: tuple[str, ...] = ()


def _monitoring(word: str, specification: str) -> ImageProperties:
    return ImageProperties(
        word=word, images=(f"{specification}.ImageUri",), identities=("RoleArn",)
    )


IMAGE_PROPERTIES: Mapping[str, ImageProperties] = {
    "AWS::AppRunner::Service": ImageProperties(
        word="App Runner service",
        images=("SourceConfiguration.ImageRepository.ImageIdentifier",),
        identities=(
            "InstanceConfiguration.InstanceRoleArn",
            "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
        ),
    ),
    "AWS::Batch::JobDefinition": ImageProperties(
        word="Batch job definition",
        images=(
            "ContainerProperties.Image",
            "EcsProperties.TaskProperties.*.Containers.*.Image",
            "EksProperties.PodProperties.Containers.*.Image",
            "EksProperties.PodProperties.InitContainers.*.Image",
            f"{_NODES}.Container.Image",
            f"{_NODES}.EcsProperties.TaskProperties.*.Containers.*.Image",
            f"{_NODES}.EksProperties.PodProperties.Containers.*.Image",
            f"{_NODES}.EksProperties.PodProperties.InitContainers.*.Image",
        ),
        identities=(
            "ContainerProperties.ExecutionRoleArn",
            "ContainerProperties.JobRoleArn",
            "EcsProperties.TaskProperties.*.ExecutionRoleArn",
            "EcsProperties.TaskProperties.*.TaskRoleArn",
            "EksProperties.PodProperties.ServiceAccountName",
            f"{_NODES}.Container.ExecutionRoleArn",
            f"{_NODES}.Container.JobRoleArn",
            f"{_NODES}.EcsProperties.TaskProperties.*.ExecutionRoleArn",
            f"{_NODES}.EcsProperties.TaskProperties.*.TaskRoleArn",
            f"{_NODES}.EksProperties.PodProperties.ServiceAccountName",
        ),
    ),
    "AWS::BedrockAgentCore::Harness": ImageProperties(
        word="agent harness",
        images=("EnvironmentArtifact.ContainerConfiguration.ContainerUri",),
        identities=("ExecutionRoleArn",),
    ),
    "AWS::BedrockAgentCore::Runtime": ImageProperties(
        word="agent runtime",
        images=("AgentRuntimeArtifact.ContainerConfiguration.ContainerUri",),
        identities=("RoleArn",),
    ),
    "AWS::CleanRoomsML::ConfiguredModelAlgorithm": ImageProperties(
        word="model algorithm",
        images=("InferenceContainerConfig.ImageUri", "TrainingContainerConfig.ImageUri"),
        identities=("RoleArn",),
    ),
    "AWS::CodeBuild::Project": ImageProperties(
        word="CodeBuild project",
        images=("Environment.Image",),
        identities=("BuildBatchConfig.ServiceRole", "ServiceRole"),
    ),
    "AWS::ECS::DaemonTaskDefinition": ImageProperties(
        word="daemon task definition",
        images=("ContainerDefinitions.*.Image",),
        identities=("ExecutionRoleArn", "TaskRoleArn"),
    ),
    "AWS::ECS::ExpressGatewayService": ImageProperties(
        word="express service",
        images=("PrimaryContainer.Image",),
        identities=("ExecutionRoleArn", "InfrastructureRoleArn", "TaskRoleArn"),
    ),
    "AWS::EMRServerless::Application": ImageProperties(
        word="EMR application",
        images=(
            "ImageConfiguration.ImageUri",
            "WorkerTypeSpecifications.*.ImageConfiguration.ImageUri",
        ),
    ),
    "AWS::ElasticBeanstalk::ApplicationVersion": ImageProperties(
        word="application version",
        images=("BuildConfiguration.Image",),
        identities=(
            "BuildConfiguration.CodeBuildServiceRole",
            "ImageConfiguration.Build.CodeBuildServiceRole",
        ),
    ),
    "AWS::GameLift::ContainerGroupDefinition": ImageProperties(
        word="container group",
        images=("GameServerContainerDefinition.ImageUri", "SupportContainerDefinitions.*.ImageUri"),
    ),
    "AWS::ImageBuilder::ContainerRecipe": ImageProperties(
        word="container recipe", images=("ParentImage",)
    ),
    "AWS::IoTAnalytics::Dataset": ImageProperties(
        word="dataset",
        images=("Actions.*.ContainerAction.Image",),
        identities=("Actions.*.ContainerAction.ExecutionRoleArn",),
    ),
    "AWS::IoTSiteWise::Task": ImageProperties(
        word="SiteWise task",
        images=("TaskConfiguration.ContainerTaskConfiguration.EcrUri",),
        identities=("TaskConfiguration.ContainerTaskConfiguration.TaskExecutionRole",),
    ),
    "AWS::Lambda::Function": ImageProperties(
        word="function", images=("Code.ImageUri",), identities=("Role",)
    ),
    "AWS::Lightsail::Container": ImageProperties(
        word="Lightsail service", images=("ContainerServiceDeployment.Containers.*.Image",)
    ),
    **dict.fromkeys(
        ("AWS::Omics::Workflow", "AWS::Omics::WorkflowVersion"),
        ImageProperties(
            word="workflow", images=("ContainerRegistryMap.ImageMappings.*.DestinationImage",)
        ),
    ),
    "AWS::SageMaker::Algorithm": ImageProperties(
        word="algorithm",
        images=("InferenceSpecification.Containers.*.Image", "TrainingSpecification.TrainingImage"),
    ),
    "AWS::SageMaker::DataQualityJobDefinition": _monitoring(
        "data quality job", "DataQualityAppSpecification"
    ),
    "AWS::SageMaker::ImageVersion": ImageProperties(word="SageMaker image", images=("BaseImage",)),
    "AWS::SageMaker::InferenceComponent": ImageProperties(
        word="inference component",
        images=("Specification.Container.Image", "Specifications.*.Container.Image"),
    ),
    "AWS::SageMaker::Model": ImageProperties(
        word="model",
        images=("Containers.*.Image", "PrimaryContainer.Image"),
        identities=("ExecutionRoleArn",),
    ),
    "AWS::SageMaker::ModelBiasJobDefinition": _monitoring("bias job", "ModelBiasAppSpecification"),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": _monitoring(
        "explainability job", "ModelExplainabilityAppSpecification"
    ),
    "AWS::SageMaker::ModelPackage": ImageProperties(
        word="model package",
        images=(
            "AdditionalInferenceSpecifications.*.Containers.*.Image",
            "AdditionalInferenceSpecificationsToAdd.*.Containers.*.Image",
            "InferenceSpecification.Containers.*.Image",
        ),
    ),
    "AWS::SageMaker::MonitoringSchedule": ImageProperties(
        word="monitoring schedule",
        images=(
            "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringAppSpecification.ImageUri",
        ),
        identities=("MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn",),
    ),
    "AWS::SageMaker::ModelQualityJobDefinition": _monitoring(
        "model quality job", "ModelQualityAppSpecification"
    ),
    "AWS::SageMaker::ProcessingJob": ImageProperties(
        word="processing job", images=("AppSpecification.ImageUri",), identities=("RoleArn",)
    ),
}


def values_at(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the values at a path, each with its place, such as ``Containers.0.Image``.

    Where only the deployment knows a part of the path, that part is the value.
    """
    yield from _values(value, path.split("."), ())


def _values(value: Any, steps: list[str], place: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not steps or function_of(value) is not None:
        yield ".".join(place), value
        return
    first, *rest = steps
    for name, item in _entries(value, first):
        if item is not None:
            yield from _values(item, rest, (*place, str(name)))


def _entries(value: Any, step: str) -> list[tuple[object, Any]]:
    if isinstance(value, Mapping):
        return [*value.items()] if step == _EACH else [(step, value.get(step))]
    return [*enumerate(value)] if step == _EACH and isinstance(value, list) else []
