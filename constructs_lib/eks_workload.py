"""A Job or a CronJob on EKS by its spec: identity, pulling and delivery."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .eks_workload_identity import EksWorkloadIdentity
from .image import Image
from .manifest_delivery import deliver_manifest, manifest_faults
from .named_repository import ReferencedRepository
from .rules.faults import Fault, raise_if_any
from .rules.kubernetes.cron_job import CronSchedule, cron_name_faults
from .rules.kubernetes.delivery import cron_delivery_faults, parameter_name
from .rules.kubernetes.job import JobRun, JobSpec
from .rules.kubernetes.manifest import cron_job_manifest, job_manifest, manifests_text
from .rules.kubernetes.pod import JobPod
from .rules.policy.cross_account import owners_statement
from .rules.policy.repository_policy import PULL_ACTIONS
from .rules.policy.statements import Statement
from .stack_facts import facts_of, is_token, stack_of

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery

HARDENED_POD = JobPod()
DEFAULT_RUN = JobRun()
ServiceAccount = str | EksWorkloadIdentity | None


def identity_of(account: ServiceAccount) -> EksWorkloadIdentity | None:
    """Return the identity whose service account is part of the manifest, if there is one."""
    return account if isinstance(account, EksWorkloadIdentity) else None


def names_of(account: ServiceAccount, namespace: str | None) -> tuple[str | None, str | None]:
    """Return the name of a service account, and the namespace, by default the identity's."""
    if isinstance(account, EksWorkloadIdentity):
        return account.service_account, namespace or account.namespace
    return account, namespace


class EksWorkload(Construct):
    """Define a Job or a CronJob on EKS by its spec, which is checked without the CDK.

    ``EksImageJob`` and ``EksImageCronJob`` are the same with the spec's fields as arguments.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param spec: the Job, or the Job of each run of the CronJob.
    :param image: the image to run.
    :param schedule: the schedule of a CronJob; by default the workload is a Job.
    :param identity: the identity whose service account the spec names, if that service account is
        to be part of the manifest.
    :param pulled_by: as for ``EksImageJob``, as is ``delivery``.
    :raises ValueError: when the manifest cannot be delivered.

    Attributes: those of ``EksImageJob``, without ``job_name``.

    Source: Kubernetes API reference, "Job v1 batch" and "CronJob v1 batch".

    >>> from constructs_lib import JobSpec
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> busybox = Image(
    ...     repository="public.ecr.aws/docker/library/busybox", tag="1.37", tag_may_move=True)
    >>> EksWorkload(stack, "Job", JobSpec(name="list"), image=busybox).manifest["kind"]
    'Job'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        spec: JobSpec,
        *,
        image: Image,
        schedule: CronSchedule | None = None,
        identity: EksWorkloadIdentity | None = None,
        pulled_by: iam.IGrantable | None = None,
        delivery: ClusterDelivery | None = None,
    ) -> None:
        stack = stack_of(scope)
        who = f"EksImage{'CronJob' if schedule else 'Job'} '{construct_id}'"
        if schedule:
            raise_if_any(who, _cron_faults(spec, delivery))
            self.manifest = cron_job_manifest(spec, image, schedule)
        else:
            raise_if_any(who, delivery.faults(spec.run) if delivery else ())
            # A token's text differs in every process, so the hash is of the resolved value.
            self.manifest = job_manifest(spec, image, meaning=stack.resolve if delivery else None)
        self.documents = [*(identity.documents if identity else ()), self.manifest]
        self.manifest_yaml = manifests_text(self.documents)
        if delivery is None:
            raise_if_any(who, manifest_faults(stack, spec.path, self.manifest_yaml))
        super().__init__(scope, construct_id)
        self.parameter_name: str | None = None
        self.owners_statement = _owners_statement(image, stack)
        pull = image.grant_pull(pulled_by) if pulled_by else None
        if delivery:
            self._apply(delivery, identity, pull)
        else:
            deliver_manifest(self, stack, spec.path, self.manifest_yaml)
            self.parameter_name = parameter_name(stack.stack_name, spec.path)
        if self.owners_statement:
            cdk.CfnOutput(
                self,
                "RepositoryOwnerMustAllow",
                description=f"To the policy of {image.uri.partition('@')[0]}",
                value=json.dumps(self.owners_statement),
            )

    def _apply(
        self,
        delivery: ClusterDelivery,
        identity: EksWorkloadIdentity | None,
        pull: iam.Grant | None,
    ) -> None:
        if identity:
            delivery.deliver_identity(identity)
        applied = delivery.deliver(self, [self.manifest])
        # A Job runs as soon as it is applied, so its role's permissions must exist before.
        if identity:
            applied.node.add_dependency(identity)
        if pull:
            pull.apply_before(applied)
        if self.manifest["kind"] == "Job":
            delivery.wait(self, applied, self.manifest)


def _cron_faults(spec: JobSpec, delivery: ClusterDelivery | None) -> Iterable[Fault]:
    waits = delivery is not None and delivery.wait_for_completion is not None
    return [*cron_name_faults(spec.name), *cron_delivery_faults(waits=waits)]


def _owners_statement(image: Image, stack: cdk.Stack) -> Statement | None:
    """Return the statement that the owner of another account's repository must add for a pull."""
    account, owner = facts_of(stack).account, image.account
    if owner is None or is_token(owner) or is_token(account) or owner == account:
        return None
    repository = image.repository
    if isinstance(repository, ReferencedRepository) and repository.policy_declared_by_owner:
        return None
    wanted = {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Principal": {"AWS": account}}
    return owners_statement(wanted, account=account, partition=facts_of(stack).partition)
