"""IAM roles of pods on EKS, by EKS Pod Identity or IRSA.

Sources: Amazon EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity"
and "Assign IAM roles to Kubernetes service accounts".
"""

import re
from collections.abc import Iterator

from constructs_lib.rules.aws.roles import role_name_faults
from constructs_lib.rules.aws.tokens import matches
from constructs_lib.rules.faults import Fault, faults_unless, under

from .manifest import Document, service_account_manifest
from .names import dns_label_faults, dns_subdomain_faults

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"

PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/([A-Za-z0-9.-]+/id/[A-Z0-9]+)")
CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def identity_faults(
    *,
    service_account: str,
    namespace: str,
    cluster_name: str | None,
    oidc_provider_arn: str | None,
    role_name: str | None,
) -> list[Fault]:
    """Check the arguments of a workload identity."""
    what = "a service account's name"
    return [
        *under("service_account", dns_subdomain_faults(what, service_account)),
        *under("namespace", dns_label_faults(namespace)),
        *_kind_faults(cluster_name, oidc_provider_arn, role_name),
    ]


def _kind_faults(
    cluster_name: str | None, oidc_provider_arn: str | None, role_name: str | None
) -> Iterator[Fault]:
    if (cluster_name is None) == (oidc_provider_arn is None):
        given = "neither" if cluster_name is None else "both"
        yield Fault(
            "",
            "an identity requires either cluster_name, for EKS Pod Identity, or "
            f"oidc_provider_arn, for IRSA, got {given}. Write one of the two.",
        )
    if cluster_name is not None:
        yield from under("cluster_name", cluster_name_faults(cluster_name))
    if oidc_provider_arn is not None:
        if not matches(PROVIDER_ARN, oidc_provider_arn):
            yield Fault(
                "oidc_provider_arn",
                f"'{oidc_provider_arn[:140]}' is not the ARN of a cluster's OIDC provider. Write "
                "it like 'arn:aws:iam::111111111111:oidc-provider/"
                "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'.",
            )
        if role_name is None:
            yield Fault(
                "role_name",
                "oidc_provider_arn requires role_name, because the service account's manifest "
                "contains the role's ARN, got none. Add one, such as role_name 'web-jobs'.",
            )
    yield from role_name_faults(role_name)


def cluster_name_faults(name: str) -> list[Fault]:
    """Check the name of an EKS cluster."""
    return faults_unless(
        matches(CLUSTER, name),
        "a cluster's name must have 1 to 100 letters, digits, '-' and '_', "
        f"got '{name[:120]}'. Write the cluster's name in EKS.",
    )


def oidc_issuer(provider_arn: str) -> str:
    """Return the issuer of an OIDC provider, as the keys of conditions have it."""
    return provider_arn.partition("oidc-provider/")[2]


def pod_identity_trust(
    service_account: str,
    namespace: str,
    cluster_name: str,
    *,
    account: str,
    region: str,
    partition: str,
) -> dict[str, dict[str, str]]:
    """Return the conditions for EKS to assume a role for the pods of one service account.

    EKS tags the request with the pod's namespace and service account, so no other association of
    the cluster can use the role.
    """
    return {
        "StringEquals": {
            "aws:SourceAccount": account,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        },
        "ArnEquals": {
            "aws:SourceArn": f"arn:{partition}:eks:{region}:{account}:cluster/{cluster_name}"
        },
    }


def identity_documents(
    service_account: str, namespace: str, role_arn: str | None
) -> list[Document]:
    """Return the documents that an identity adds to a manifest.

    :param role_arn: with IRSA, the role in the service account's annotation.
    """
    annotations = {ROLE_ANNOTATION: role_arn} if role_arn else {}
    return [service_account_manifest(service_account, namespace, annotations)]
