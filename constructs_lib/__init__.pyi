# The public names of this package, listed once: __init__.py loads them from here when first used.

from .cluster_delivery import ClusterDelivery as ClusterDelivery
from .container_secret import ContainerSecret as ContainerSecret
from .ecs_container import EcsContainer as EcsContainer
from .ecs_image_service import EcsImageService as EcsImageService
from .ecs_image_task import EcsImageTask as EcsImageTask
from .eks_image_cron_job import EksImageCronJob as EksImageCronJob
from .eks_image_job import EksImageJob as EksImageJob
from .eks_workload_identity import EksWorkloadIdentity as EksWorkloadIdentity
from .encryption import Encryption as Encryption
from .github_image_pusher import GitHubImagePusher as GitHubImagePusher
from .image import Image as Image
from .image_notifications import ImageNotifications as ImageNotifications
from .private_repository import PrivateRepository as PrivateRepository
from .private_services import PrivateServices as PrivateServices
from .registry_endpoints import RegistryEndpoints as RegistryEndpoints
from .repository_key import RepositoryKey as RepositoryKey
from .rules.aws.networks import NetworkSpec as NetworkSpec
from .rules.aws.places import Place as Place
from .rules.ecr.endpoint_policies import PulledFrom as PulledFrom
from .rules.ecr.image_events import ImageEvents as ImageEvents
from .rules.ecr.repository import EncryptionSpec as EncryptionSpec
from .rules.ecr.repository import RepositorySpec as RepositorySpec
from .rules.ecr.tag_immutability import TagImmutability as TagImmutability
from .rules.ecs.container import HealthCheck as HealthCheck
from .rules.ecs.fargate_sizes import FargateSize as FargateSize
from .rules.ecs.hardening import ContainerHardening as ContainerHardening
from .rules.ecs.service import ServiceSpec as ServiceSpec
from .rules.ecs.task_definition import TaskSpec as TaskSpec
from .rules.kubernetes.cron_job import CronSchedule as CronSchedule
from .rules.kubernetes.hardening import PodHardening as PodHardening
from .rules.kubernetes.job import JobRun as JobRun
from .rules.kubernetes.job import JobSpec as JobSpec
from .rules.kubernetes.pod import JobPod as JobPod
from .rules.kubernetes.pod import Resources as Resources
from .rules.kubernetes.pod import SecretKey as SecretKey
from .rules.kubernetes.pod import Toleration as Toleration
from .rules.kubernetes.pod import Volume as Volume
from .rules.lifecycle.policy import LifecyclePolicy as LifecyclePolicy
from .rules.lifecycle.rule import LifecycleRule as LifecycleRule
from .rules.policy.access import Access as Access
from .rules.policy.access import Administrators as Administrators
from .rules.policy.github_oidc import GitHubSubject as GitHubSubject

__all__: list[str]  # noqa: PYI035 - computed from this file
