"""A Kubernetes CronJob that runs one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from .eks_workload import (
    DEFAULT_RUN,
    HARDENED_POD,
    EksWorkload,
    ServiceAccount,
    identity_of,
    job_spec,
)
from .eks_workload_identity import EksWorkloadIdentity
from .image import Image
from .rules.faults import raise_if_any, reported_by
from .rules.kubernetes.cron_job import CronSchedule, cron_name_faults
from .rules.kubernetes.delivery import cron_delivery_faults
from .rules.kubernetes.job import JobRun, JobSpec
from .rules.kubernetes.manifest import cron_job_manifest
from .rules.kubernetes.pod import JobPod

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery


class EksImageCronJob(EksWorkload):
    """Define a ``batch/v1`` CronJob that runs an image by a schedule.

    Kubernetes changes a CronJob in place, so its name has no hash, and the next run uses a new
    image. Pod, identity, pulling and delivery are those of ``EksImageJob``. By default a run is
    skipped while the last one lasts.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param name: the CronJob's name, an RFC 1123 label of up to 52 characters.
    :param schedule: when it runs; see ``CronSchedule``.
    :param image: the image to run.
    :param service_account: the name of one that exists, or an ``EksWorkloadIdentity``.
    :param namespace: as for ``EksImageJob``, as is ``pod``.
    :param run: the retries, the deadline and the TTL of each run; see ``JobRun``.
    :param pulled_by: as for ``EksImageJob``.
    :param delivery: a ``ClusterDelivery``; by default a manifest. One with
        ``wait_for_completion`` is refused, because a CronJob never ends.
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
        with reported_by(_who(construct_id)):
            spec = job_spec(name, service_account, namespace, pod, run, "none")
        identity = identity_of(service_account)
        self._define(scope, construct_id, spec, schedule, image, identity, pulled_by, delivery)

    @staticmethod
    def of(
        scope: Construct,
        construct_id: str,
        spec: JobSpec,
        schedule: CronSchedule,
        *,
        image: Image,
        identity: EksWorkloadIdentity | None = None,
        pulled_by: iam.IGrantable | None = None,
        delivery: ClusterDelivery | None = None,
    ) -> EksImageCronJob:
        """Define the CronJob of a spec.

        :param scope: the construct this one belongs to.
        :param construct_id: its ID there.
        :param spec: the Job of each run.
        :param schedule: when the CronJob runs.
        :param image: the image to run.
        :param identity: as for ``EksImageJob.of``, as are ``pulled_by`` and ``delivery``.
        :raises ValueError: when the manifest cannot be delivered.
        """
        return _SpecifiedCronJob(
            scope, construct_id, spec, schedule, image, identity, pulled_by, delivery
        )

    def _define(  # noqa: PLR0917 - both constructors call it alike
        self,
        scope: Construct,
        construct_id: str,
        spec: JobSpec,
        schedule: CronSchedule,
        image: Image,
        identity: EksWorkloadIdentity | None,
        pulled_by: iam.IGrantable | None,
        delivery: ClusterDelivery | None,
    ) -> None:
        waits = delivery is not None and delivery.wait_for_completion is not None
        raise_if_any(
            _who(construct_id),
            [*cron_name_faults(spec.name), *cron_delivery_faults(waits=waits)],
        )
        super().__init__(
            scope,
            construct_id,
            who=_who(construct_id),
            spec=spec,
            document=cron_job_manifest(spec, image, schedule),
            image=image,
            identity=identity,
            pulled_by=pulled_by,
            delivery=delivery,
        )


class _SpecifiedCronJob(EksImageCronJob):
    """A CronJob whose spec exists already."""

    def __init__(self, *arguments: Any) -> None:
        self._define(*arguments)


def _who(construct_id: str) -> str:
    return f"EksImageCronJob '{construct_id}'"
