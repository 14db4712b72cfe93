"""The permissions of Kubernetes Jobs in AWS, compared with AWS."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.kubernetes.workload_identity import oidc_issuer, pod_identity_trust
from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from constructs_lib.rules.policy.statements import VERSION, statements_of
from ecrctl.policies.patterns import matches
from ecrctl.verify.check import MISSING, NONE, Check
from environments.model.eks import Identity
from environments.names import EKS_WORKLOADS
from environments.settings import EksJobSettings

from .lookup import Lookup
from .text import listed, permission_rows, policy_rows


def check_identity(job: EksJobSettings, lookup: Lookup) -> Iterator[Check]:
    """Yield who may assume the role of a Job's pods, and what the role may do."""
    identity, spec = job.identity, job.spec
    if identity is None:
        return
    subject = f"role of the Job {spec.name}"
    construct_id = f"{spec.name}Identity"
    role_id = identity.role_name or lookup.id_of(EKS_WORKLOADS, construct_id, "Role", "Resource")
    live = lookup.live("AWS::IAM::Role", role_id)
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    found = live.properties
    trust = _trust(identity, job, lookup)
    yield Check(subject, "trust policy", *policy_rows(trust, found["AssumeRolePolicyDocument"]))
    policies = lookup.inline_policies(live).values()
    permissions = [one for document in policies for one in statements_of(document)]
    yield Check(
        subject,
        "permissions",
        *permission_rows(identity.statements, permissions),
    )
    yield Check(subject, "managed policies", NONE, listed(found["ManagedPolicyArns"]))
    if identity.cluster_name:
        yield from _association(subject, job, identity.cluster_name, live.attributes["Arn"], lookup)


def _document(statements: list[Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": statements}


def _trust(identity: Identity, job: EksJobSettings, lookup: Lookup) -> dict[str, Any]:
    settings = lookup.settings
    if identity.oidc_provider_arn:
        issuer = oidc_issuer(identity.oidc_provider_arn)
        account = f"system:serviceaccount:{job.spec.namespace}:{job.spec.service_account}"
        statement = {
            "Principal": {"Federated": identity.oidc_provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": account}
            },
        }
    else:
        statement = {
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": pod_identity_trust(
                str(job.spec.service_account),
                str(job.spec.namespace),
                str(identity.cluster_name),
                account=settings.account,
                region=settings.region,
                partition=partition_of(settings.region).name,
            ),
        }
    return _document([{"Effect": "Allow", **statement}])


def _association(
    subject: str, job: EksJobSettings, cluster: str, role_arn: str, lookup: Lookup
) -> Iterator[Check]:
    association_id = lookup.id_of(EKS_WORKLOADS, f"{job.spec.name}Identity", "Association")
    live = lookup.live("AWS::EKS::PodIdentityAssociation", association_id, ClusterName=cluster)
    declared = f"{job.spec.namespace}/{job.spec.service_account} of {cluster}: {role_arn}"
    shown = MISSING
    if live:
        found = live.properties
        shown = f"{found['Namespace']}/{found['ServiceAccount']} of {cluster}: {found['RoleArn']}"
    yield Check(subject, "association", declared, shown)


def check_node_role(job: EksJobSettings, lookup: Lookup) -> Iterator[Check]:
    """Yield whether the role that the kubelet uses may pull a Job's image."""
    image = job.image
    if job.node_role_arn is None or image.account is None or image.region is None:
        return
    role = job.node_role_arn.rpartition("/")[2]
    subject = f"role {role}"
    live = lookup.live("AWS::IAM::Role", role)
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    arn = repository_arn(image.account, image.region, image.repository)
    statements = [
        one for document in lookup.inline_policies(live).values() for one in statements_of(document)
    ]
    required = {**dict.fromkeys(PULL_ACTIONS, arn), "ecr:GetAuthorizationToken": "*"}
    absent = [
        action
        for action, resource in required.items()
        if not any(_allows(statement, action, resource) for statement in statements)
    ]
    found = f"not in its inline policies: {', '.join(absent)}" if absent else "allowed"
    yield Check(subject, f"pull of {image.repository}", "allowed", found)


def _allows(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    """Return whether a statement allows an action on a resource under no condition."""
    actions, resources = (as_list(statement.get(key, [])) for key in ("Action", "Resource"))
    return (
        statement["Effect"] == "Allow"
        and not statement.get("Condition")
        and any(matches(one.lower(), action.lower()) for one in actions)
        and any(matches(one, resource) for one in resources)
    )
