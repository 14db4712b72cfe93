"""A Kubernetes Job that runs one image."""

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
from .rules.faults import reported_by
from .rules.kubernetes.job import JobRun, JobSpec, NameSuffix
from .rules.kubernetes.manifest import job_manifest
from .rules.kubernetes.pod import JobPod
from .stack_facts import stack_of

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery


class EksImageJob(EksWorkload):
    """Define a ``batch/v1`` Job that runs an image.

    By default the Job's name ends with a hash of every field that Kubernetes cannot change in
    place, so a new image makes a new Job instead of an apply that fails. The logical ID stays. The
    pod runs as a numeric non-root user under the restricted Pod Security Standard, with a read-only
    root file system, without an API token, and with a memory limit.

    By default the manifest is delivered twice, with the same bytes: as a file in the cloud
    assembly, ``manifests/<stack name>/<name>.yaml`` (in a folder of its namespace, if it has one),
    and as an SSM parameter, from which the deployed manifest can be read back or applied. With
    ``delivery``, CloudFormation applies it to a cluster.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param name: the Job's name, an RFC 1123 label of up to 52 characters (63 without a hash).
    :param image: the image to run. In a manifest file its URI must be known at synthesis: the
        stack, or the repository's reference, names an account and a region.
    :param service_account: the name of an existing Kubernetes service account, or an
        ``EksWorkloadIdentity``, whose service account becomes part of the manifest; by default
        the namespace's default account, which has no identity in AWS.
    :param namespace: the namespace; by default that of the identity, or else the one in which the
        manifest is applied.
    :param pod: the pod's container and its restrictions; see ``JobPod``.
    :param run: the retries, the deadline and the TTL; see ``JobRun``.
    :param pulled_by: the role that pulls the image, which is granted the pull: the role of the
        cluster's nodes, or the pod execution role on Fargate (never the service account). By
        default nothing is granted.
    :param name_suffix: ``hash`` by default. With ``none``, a changed Job must be deleted in the
        cluster before it can be applied again.
    :param delivery: a ``ClusterDelivery``; by default a manifest.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``documents`` are the manifest's documents, the Job's last; ``manifest`` is the
    Job's, ``manifest_yaml`` the text of all, ``job_name`` the Job's full name, ``parameter_name``
    the SSM parameter with the text; ``owners_statement`` is the statement that the owner of a
    repository in another account must add to its policy, or ``None``.

    Sources: Kubernetes API reference, "Job v1 batch"; Kubernetes documentation, "Pod Security
    Standards".

    >>> import aws_cdk as cdk
    >>> from constructs_lib import PrivateRepository, TagImmutability
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository.from_name(stack, "Api", repository_name="team/api",
    ...     account="111111111111", region="eu-west-1", tag_immutability=TagImmutability())
    >>> job = EksImageJob(stack, "Job", name="list", image=Image(repository=api, tag="v1"),
    ...     service_account="reader", pod=JobPod(args=("s3", "ls")))
    >>> job.manifest["kind"], job.job_name.startswith("list-")
    ('Job', True)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        image: Image,
        service_account: ServiceAccount = None,
        namespace: str | None = None,
        pod: JobPod = HARDENED_POD,
        run: JobRun = DEFAULT_RUN,
        pulled_by: iam.IGrantable | None = None,
        name_suffix: NameSuffix = "hash",
        delivery: ClusterDelivery | None = None,
    ) -> None:
        with reported_by(_who(construct_id)):
            spec = job_spec(name, service_account, namespace, pod, run, name_suffix)
        identity = identity_of(service_account)
        self._define(scope, construct_id, spec, image, identity, pulled_by, delivery)

    @staticmethod
    def of(
        scope: Construct,
        construct_id: str,
        spec: JobSpec,
        *,
        image: Image,
        identity: EksWorkloadIdentity | None = None,
        pulled_by: iam.IGrantable | None = None,
        delivery: ClusterDelivery | None = None,
    ) -> EksImageJob:
        """Define the Job of a spec.

        :param scope: the construct this one belongs to.
        :param construct_id: its ID there.
        :param spec: the Job.
        :param image: the image to run.
        :param identity: the identity whose service account the spec names, if it is part of the
            manifest.
        :param pulled_by: as for ``EksImageJob``, as is ``delivery``.
        :raises ValueError: when the manifest cannot be delivered.
        """
        return _SpecifiedJob(scope, construct_id, spec, image, identity, pulled_by, delivery)

    def _define(  # noqa: PLR0917 - both constructors call it alike
        self,
        scope: Construct,
        construct_id: str,
        spec: JobSpec,
        image: Image,
        identity: EksWorkloadIdentity | None,
        pulled_by: iam.IGrantable | None,
        delivery: ClusterDelivery | None,
    ) -> None:
        if delivery:
            delivery.check(_who(construct_id), spec.run)
        # The text of a token differs from process to process, so its meaning is hashed.
        meaning = stack_of(scope).resolve if delivery else None
        super().__init__(
            scope,
            construct_id,
            who=_who(construct_id),
            spec=spec,
            document=job_manifest(spec, image, meaning=meaning),
            image=image,
            identity=identity,
            pulled_by=pulled_by,
            delivery=delivery,
        )
        self.job_name: str = self.manifest["metadata"]["name"]


class _SpecifiedJob(EksImageJob):
    """A Job whose spec exists already."""

    def __init__(self, *arguments: Any) -> None:
        self._define(*arguments)


def _who(construct_id: str) -> str:
    return f"EksImageJob '{construct_id}'"
