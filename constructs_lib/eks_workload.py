"""The common part of a Job and a CronJob on EKS: identity, pull and delivery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .eks_workload_identity import EksWorkloadIdentity
from .image import Image
from .manifest_delivery import deliver_manifest, manifest_faults
from .named_repository import ReferencedRepository
from .rules.faults import raise_if_any
from .rules.kubernetes.delivery import parameter_name
from .rules.kubernetes.job import JobRun, JobSpec, NameSuffix
from .rules.kubernetes.manifest import Document, manifests_text
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


def job_spec(  # noqa: PLR0917 - both kinds of workload call it alike
    name: str,
    service_account: ServiceAccount,
    namespace: str | None,
    pod: JobPod,
    run: JobRun,
    name_suffix: NameSuffix,
) -> JobSpec:
    """Return the spec of a Job whose service account exists, or is part of the manifest."""
    if isinstance(service_account, EksWorkloadIdentity):
        namespace = namespace or service_account.namespace
        service_account = service_account.service_account
    return JobSpec(
        name=name,
        service_account=service_account,
        namespace=namespace,
        pod=pod,
        run=run,
        name_suffix=name_suffix,
    )


class EksWorkload(Construct):
    """Define a workload of Kubernetes that is delivered as a manifest, or to a cluster."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        who: str,
        spec: JobSpec,
        document: Document,
        image: Image,
        identity: EksWorkloadIdentity | None,
        pulled_by: iam.IGrantable | None,
        delivery: ClusterDelivery | None,
    ) -> None:
        self.documents = [*identity.documents, document] if identity else [document]
        self.manifest = document
        self.manifest_yaml = manifests_text(self.documents)
        stack = stack_of(scope)
        if delivery is None:
            raise_if_any(who, manifest_faults(stack, spec.path, self.manifest_yaml))
        super().__init__(scope, construct_id)
        self.parameter_name: str | None = None
        self.owners_statement = _owners_statement(image, stack)
        pull = image.grant_pull(pulled_by) if pulled_by else None
        if delivery:
            if identity:
                delivery.deliver_identity(identity)
            applied = delivery.deliver(self, [document])
            # The Job runs as soon as it is applied, with the permissions that its role has by then.
            if identity:
                applied.node.add_dependency(identity)
            if pull:
                pull.apply_before(applied)
            if document["kind"] == "Job":
                delivery.wait(self, applied, document)
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


def _owners_statement(image: Image, stack: cdk.Stack) -> Statement | None:
    """Return the statement that the owner of another account's repository must add for a pull."""
    ours, theirs = facts_of(stack).account, image.account
    if theirs is None or is_token(theirs) or is_token(ours) or theirs == ours:
        return None
    repository = image.repository
    if isinstance(repository, ReferencedRepository) and repository.policy_declared_by_owner:
        return None
    wanted = {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Principal": {"AWS": ours}}
    return owners_statement(wanted, account=ours, partition=facts_of(stack).partition)
