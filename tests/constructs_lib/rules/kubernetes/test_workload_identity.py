"""Who may take the role of pods on EKS."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.kubernetes.workload_identity import (
    identity_documents,
    identity_faults,
    oidc_issuer,
    pod_identity_trust,
)

ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
PROVIDER = f"arn:aws:iam::111111111111:oidc-provider/{ISSUER}"
POD_IDENTITY: dict[str, Any] = {
    "service_account": "reader",
    "namespace": "team",
    "cluster_name": "main",
    "oidc_provider_arn": None,
    "role_name": None,
}
IRSA = POD_IDENTITY | {"cluster_name": None, "oidc_provider_arn": PROVIDER, "role_name": "reader"}


@pytest.mark.parametrize(
    "identity",
    [
        POD_IDENTITY,
        POD_IDENTITY | {"role_name": "r" * 64},
        POD_IDENTITY | {"cluster_name": "c" * 100},
        IRSA,
        IRSA | {"oidc_provider_arn": PROVIDER.replace("arn:aws:", "arn:aws-cn:")},
    ],
)
def test_an_identity_is_by_pod_identity_or_by_irsa(identity: dict[str, Any]) -> None:
    assert identity_faults(**identity) == []


@pytest.mark.parametrize(
    ("identity", "paths"),
    [
        (POD_IDENTITY | {"service_account": "R"}, ["service_account"]),
        (POD_IDENTITY | {"namespace": "a.b"}, ["namespace"]),
        (POD_IDENTITY | {"cluster_name": None}, [""]),
        (IRSA | {"cluster_name": "main"}, [""]),
        (POD_IDENTITY | {"cluster_name": "c" * 101}, ["cluster_name"]),
        (POD_IDENTITY | {"cluster_name": ""}, ["cluster_name"]),
        (POD_IDENTITY | {"role_name": "r" * 65}, ["role_name"]),
        (POD_IDENTITY | {"role_name": ""}, ["role_name"]),
        (IRSA | {"role_name": None}, ["role_name"]),
        (IRSA | {"oidc_provider_arn": ISSUER}, ["oidc_provider_arn"]),
        (IRSA | {"oidc_provider_arn": "", "role_name": None}, ["oidc_provider_arn", "role_name"]),
    ],
)
def test_an_identity_that_is_neither_or_named_wrongly_is_refused(
    identity: dict[str, Any], paths: list[str]
) -> None:
    assert [fault.path for fault in identity_faults(**identity)] == paths


def test_an_identity_of_no_kind_and_one_of_both_have_different_faults() -> None:
    (neither,) = identity_faults(**(POD_IDENTITY | {"cluster_name": None}))
    (both,) = identity_faults(**(IRSA | {"cluster_name": "main"}))
    assert neither.message != both.message


def test_pod_identity_trusts_the_pods_of_one_service_account_alone() -> None:
    trust = pod_identity_trust(
        "reader", "team", "main", account="111111111111", region="r", partition="aws-cn"
    )
    assert trust == {
        "StringEquals": {
            "aws:SourceAccount": "111111111111",
            "aws:RequestTag/kubernetes-namespace": "team",
            "aws:RequestTag/kubernetes-service-account": "reader",
        },
        "ArnEquals": {"aws:SourceArn": "arn:aws-cn:eks:r:111111111111:cluster/main"},
    }


def test_an_issuer_is_what_follows_in_the_providers_arn() -> None:
    assert oidc_issuer(PROVIDER) == ISSUER


def test_the_service_account_names_its_role_with_irsa_alone() -> None:
    (plain,) = identity_documents("reader", "team", None)
    assert plain == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "reader", "namespace": "team"},
        "automountServiceAccountToken": False,
    }
    (irsa,) = identity_documents("reader", "team", "arn:aws:iam::111111111111:role/reader")
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/reader"}
    assert irsa == plain | {"metadata": plain["metadata"] | {"annotations": annotations}}
