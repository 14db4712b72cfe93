"""A Kubernetes Job that runs one image."""

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
from .rules.kubernetes.job import JobRun, JobSpec, NameSuffix
from .rules.kubernetes.pod import JobPod
from .rules.types import checked_types

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery


@checked_types
class EksImageJob(EksWorkload):
    """Define a ``batch/v1`` Job that runs an image.

    By default the Job's name ends with a hash of the fields that Kubernetes cannot change in
    place. So a new image creates a new Job instead of a failing apply, and the logical ID stays.
    The pod runs as a numeric non-root user under the restricted Pod Security Standard, with a
    read-only root file system, a memory limit and no API token.

    By default the manifest is delivered twice, with the same bytes: as a file in the cloud
    assembly, ``manifests/<stack name>/<name>.yaml`` (below the namespace, if there is one), and as
    an SSM parameter, from which the deployed manifest can be read or applied. With ``delivery``,
    CloudFormation applies the manifest to a cluster.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param name: the Job's name, an RFC 1123 label of up to 52 characters (63 without a hash).
    :param image: the image to run. In a manifest file, the image's URI must be known at synthesis:
        the stack, or the reference to the repository, names an account and a region.
    :param service_account: the name of an existing Kubernetes service account, or an
        ``EksWorkloadIdentity``, whose service account becomes part of the manifest; by default
        the namespace's default service account, which has no identity in AWS.
    :param namespace: the namespace; by default the identity's, or the one in which the manifest is
        applied.
    :param pod: the container, its volumes and its restrictions; see ``JobPod``.
    :param run: the retries, the deadline and the parallelism; see ``JobRun``.
    :param pulled_by: the role that pulls, which is granted the pull: the role of the cluster's
        nodes, or on Fargate the pod execution role, never the service account's; by default no
        role is granted anything.
    :param name_suffix: ``hash`` by default. ``none`` keeps the name unchanged, and a changed Job
        must then be deleted in the cluster before it can be applied again.
    :param delivery: a ``ClusterDelivery``; by default the manifest is a file and a parameter.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``documents`` are the manifest's documents, the Job's last; ``manifest`` is the
    Job's, ``manifest_yaml`` the text of all; ``job_name`` is the Job's full name;
    ``parameter_name`` the SSM parameter with the text; ``owners_statement`` the statement that the
    owner of another account's repository must add to its policy, or ``None``.

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
        account, namespace = names_of(service_account, namespace)
        with reported_by(f"EksImageJob '{construct_id}'"):
            spec = JobSpec(
                name=name,
                service_account=account,
                namespace=namespace,
                pod=pod,
                run=run,
                name_suffix=name_suffix,
            )
        super().__init__(
            scope,
            construct_id,
            spec,
            image=image,
            identity=identity_of(service_account),
            pulled_by=pulled_by,
            delivery=delivery,
        )
        self.job_name: str = self.manifest["metadata"]["name"]
