"""A Kubernetes CronJob that runs one image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from constructs import Construct

from .eks_workload import (
    DEFAULT_RUN,
    HARDENED_POD,
    EksWorkload,
    ServiceAccount,
    identity_of,
    names_of,
)
from .image import Image
from .rules.faults import reported_by
from .rules.kubernetes.cron_job import CronSchedule
from .rules.kubernetes.job import JobRun, JobSpec
from .rules.kubernetes.pod import JobPod
from .rules.types import checked_types

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery


@checked_types
class EksImageCronJob(EksWorkload):
    """Define a ``batch/v1`` CronJob that runs an image on a schedule.

    A CronJob can change in place, so its name has no hash, and the next run uses a new image. Pod,
    identity, pulling and delivery are those of ``EksImageJob``. By default a run is skipped while
    the previous one lasts.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param name: the CronJob's name, an RFC 1123 label of up to 52 characters.
    :param schedule: the times of the runs; see ``CronSchedule``.
    :param image: the image to run.
    :param service_account: the name of an existing service account, or an ``EksWorkloadIdentity``.
    :param namespace: the namespace; by default the identity's, or the one in which the manifest is
        applied.
    :param pod: the container, its volumes and its restrictions; see ``JobPod``.
    :param run: the retries, the deadline and the parallelism of each run; see ``JobRun``.
    :param pulled_by: the role that pulls: the nodes' role, or the pod execution role.
    :param delivery: a ``ClusterDelivery``; by default the manifest is a file and a parameter. A
        delivery that waits is refused, because a CronJob never ends.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: those of ``EksImageJob``, without ``job_name``.

    Source: Kubernetes API reference, "CronJob v1 batch".

    >>> import aws_cdk as cdk
    >>> from constructs_lib import PrivateRepository, TagImmutability
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository.from_name(stack, "Api", repository_name="team/api",
    ...     account="111111111111", region="eu-west-1", tag_immutability=TagImmutability())
    >>> nightly = EksImageCronJob(stack, "Nightly", name="report", schedule=CronSchedule(
    ...     schedule="15 3 * * *"), image=Image(repository=api, tag="v1"))
    >>> nightly.manifest["spec"]["concurrencyPolicy"]
    'Forbid'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        schedule: CronSchedule,
        image: Image,
        service_account: ServiceAccount = None,
        namespace: str | None = None,
        pod: JobPod = HARDENED_POD,
        run: JobRun = DEFAULT_RUN,
        pulled_by: iam.IGrantable | None = None,
        delivery: ClusterDelivery | None = None,
    ) -> None:
        account, namespace = names_of(service_account, namespace)
        with reported_by(f"EksImageCronJob '{construct_id}'"):
            spec = JobSpec(
                name=name,
                service_account=account,
                namespace=namespace,
                pod=pod,
                run=run,
                name_suffix="none",
            )
        super().__init__(
            scope,
            construct_id,
            spec,
            image=image,
            schedule=schedule,
            identity=identity_of(service_account),
            pulled_by=pulled_by,
            delivery=delivery,
        )
