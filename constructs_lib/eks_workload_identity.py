"""The AWS identity of pods on EKS: an IAM role, and the service account that has it."""

from collections.abc import Sequence

import aws_cdk as cdk
import jsii
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from .rules.faults import raise_if_any
from .rules.kubernetes.manifest import Document
from .rules.kubernetes.workload_identity import (
    identity_documents,
    identity_faults,
    oidc_issuer,
    pod_identity_trust,
)
from .rules.types import checked_types
from .stack_facts import facts_of, is_token, stack_of


@checked_types
@jsii.implements(iam.IGrantable)
class EksWorkloadIdentity(Construct):
    """Define the AWS identity of pods on EKS: a role, and the service account that has it.

    With ``cluster_name``, EKS Pod Identity associates the role with the service account; the
    cluster must run the Pod Identity agent. With ``oidc_provider_arn``, the service account names
    the role (IRSA). Either way, only pods of this service account in this namespace can assume the
    role. The role has only the permissions that it is granted. The service account is part of the
    manifest of each Job that has the identity.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param service_account: the service account's name.
    :param namespace: the service account's namespace, which has no default, because a role is for
        one namespace.
    :param cluster_name: with EKS Pod Identity, the cluster's name.
    :param oidc_provider_arn: with IRSA, the ARN of the cluster's OIDC provider in IAM.
    :param role_name: the role's name. IRSA requires a name, because the manifest contains the
        role's ARN; with Pod Identity the CDK generates a name by default.
    :param statements: the permissions of the pods; by default none. The CDK's ``grant`` methods
        can add more, because an identity is an ``iam.IGrantable``.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``role`` is the role; ``documents`` are the documents of the service account.

    Sources: Amazon EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS
    services" and "IAM roles for service accounts".

    >>> import aws_cdk as cdk
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> reader = EksWorkloadIdentity(stack, "Reader", cluster_name="main", namespace="batch",
    ...     service_account="reader")
    >>> reader.documents[0]["kind"]
    'ServiceAccount'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service_account: str,
        namespace: str,
        cluster_name: str | None = None,
        oidc_provider_arn: str | None = None,
        role_name: str | None = None,
        statements: Sequence[iam.PolicyStatement] = (),
    ) -> None:
        raise_if_any(
            f"EksWorkloadIdentity '{construct_id}'",
            identity_faults(
                service_account=service_account,
                namespace=namespace,
                cluster_name=cluster_name,
                oidc_provider_arn=oidc_provider_arn,
                role_name=role_name,
            ),
        )
        super().__init__(scope, construct_id)
        self.service_account = service_account
        self.namespace = namespace
        facts = facts_of(stack_of(scope))
        role_arn = None
        if oidc_provider_arn:
            principal = self._irsa_principal(oidc_provider_arn)
            role_arn = f"arn:{facts.partition}:iam::{facts.account}:role/{role_name}"
        else:
            principal = _pod_identity_principal(
                pod_identity_trust(
                    service_account,
                    namespace,
                    str(cluster_name),
                    account=facts.account,
                    region=facts.region,
                    partition=facts.partition,
                )
            )
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            assumed_by=principal,
            description=f"Pods of the service account {namespace}/{service_account}",
        )
        for statement in statements:
            self.role.add_to_policy(statement)
        if cluster_name:
            eks.CfnPodIdentityAssociation(
                self,
                "Association",
                cluster_name=cluster_name,
                namespace=namespace,
                service_account=service_account,
                role_arn=self.role.role_arn,
            )
        self.documents: list[Document] = identity_documents(service_account, namespace, role_arn)

    def _irsa_principal(self, provider_arn: str) -> iam.IPrincipal:
        subject = f"system:serviceaccount:{self.namespace}:{self.service_account}"
        if not is_token(provider_arn):
            issuer = oidc_issuer(provider_arn)
            required = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}
            return iam.WebIdentityPrincipal(provider_arn, {"StringEquals": required})
        # The issuer is part of the condition's keys, and CloudFormation resolves values alone: the
        # CDK's custom resource makes the condition.
        issuer = cdk.Fn.select(1, cdk.Fn.split("oidc-provider/", provider_arn))
        condition = cdk.CfnJson(
            self,
            "Condition",
            value={f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject},
        )
        return iam.WebIdentityPrincipal(provider_arn, {"StringEquals": condition})

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The principal that receives grants."""
        return self.role


def _pod_identity_principal(conditions: dict[str, dict[str, str]]) -> iam.IPrincipal:
    service = iam.ServicePrincipal("pods.eks.amazonaws.com")
    # EKS tags each session with the cluster, the namespace and the service account.
    return iam.SessionTagsPrincipal(iam.PrincipalWithConditions(service, conditions))
