"""EksImageJob on a cluster, and its identity."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
import yaml
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from constructs_lib import (
    ClusterDelivery,
    EksImageJob,
    EksWorkloadIdentity,
    Image,
    JobRun,
    PrivateRepository,
)
from tests.support import only, resources, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
APPLIED = "Custom::AWSCDK-EKS-KubernetesResource"
WAITED = "Custom::AWSCDK-EKS-KubernetesObjectValue"
PROVIDER = (
    "arn:aws:iam::111111111111:oidc-provider/"
    "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
)


def image_in(stack: cdk.Stack, digest: str = DIGEST, **reference: Any) -> Image:
    """Return an image of a repository by its digest."""
    api = PrivateRepository.from_name(stack, "Api", repository_name="team/api", **reference)
    return Image(repository=api, digest=digest)


def cluster_in(stack: cdk.Stack) -> eks.ICluster:
    """Refer to a cluster that exists, with the provider that its own app made."""
    function = "arn:aws:lambda:eu-west-1:111111111111:function:kubectl"
    return eks.Cluster.from_cluster_attributes(
        stack,
        "Cluster",
        cluster_name="main",
        kubectl_provider=eks.KubectlProvider.from_kubectl_provider_attributes(
            stack, "Provider", service_token=function
        ),
    )


def delivered(digest: str = DIGEST, run: JobRun | None = None, **delivery: Any) -> dict[str, Any]:
    """Return the template of a Job that CloudFormation applies."""
    stack = stack_in()
    EksImageJob(
        stack,
        "Job",
        name="list",
        image=image_in(stack, digest),
        run=run or JobRun(),
        delivery=ClusterDelivery(cluster=cluster_in(stack), **delivery),
    )
    return template_of(stack)


def job_of(template: dict[str, Any]) -> dict[str, Any]:
    """Return the Job that a template applies."""
    (job,) = json.loads(only(template, APPLIED)["Manifest"])
    assert isinstance(job, dict)
    return job


def test_what_cloudformation_applies_is_never_pruned_and_keeps_its_logical_id() -> None:
    before, after = delivered(), delivered(OTHER)
    assert "PruneLabel" not in only(before, APPLIED)
    assert set(before["Resources"]) == set(after["Resources"])
    assert job_of(before)["metadata"]["name"] != job_of(after)["metadata"]["name"]
    assert resources(before, WAITED) == []
    assert resources(before, "AWS::SSM::Parameter") == []


def test_a_deployment_can_wait_for_the_job_to_succeed() -> None:
    template = delivered(
        run=JobRun(active_deadline_seconds=300), wait_for_completion=cdk.Duration.minutes(6)
    )
    waited = only(template, WAITED)
    assert waited["ObjectName"] == job_of(template)["metadata"]["name"]
    assert waited["JsonPath"] == ".status.completionTime"
    assert waited["TimeoutSeconds"] == 360
    (resource,) = resources(template, WAITED)
    assert resource["DependsOn"]


def applied_after(template: dict[str, Any], kind: str) -> list[set[str]]:
    """Return the types of the resources on which each applied manifest of a kind depends."""
    return [
        {template["Resources"][name]["Type"] for name in item.get("DependsOn", [])}
        for item in resources(template, APPLIED)
        if f'\\"kind\\":\\"{kind}\\"' in json.dumps(item["Properties"]["Manifest"])
    ]


def test_a_job_runs_after_what_it_may_do_and_its_service_account_is_applied_once() -> None:
    stack = stack_in()
    listing = iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])
    identity = identity_of(stack, cluster_name="main", statements=[listing])
    nodes = iam.Role(stack, "Nodes", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    delivery, image = ClusterDelivery(cluster=cluster_in(stack)), image_in(stack)
    jobs = [
        EksImageJob(
            stack,
            f"Job{name}",
            name=name,
            image=image,
            service_account=identity,
            delivery=delivery,
            pulled_by=pulled_by,
        )
        for name, pulled_by in (("one", None), ("two", nodes))
    ]
    template = template_of(stack)
    assert applied_after(template, "ServiceAccount") == [set()]
    identified = {
        "AWS::EKS::PodIdentityAssociation",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        APPLIED,
    }
    assert applied_after(template, "Job") == [identified, identified]
    policies = {name for name, item in template["Resources"].items() if "Policy" in item["Type"]}
    (_, second) = (
        item["DependsOn"] for item in resources(template, APPLIED) if "DependsOn" in item
    )
    assert policies < set(second), "the nodes' as well"
    assert [len(job.documents) for job in jobs] == [2, 2]


def test_a_job_is_applied_after_its_nodes_may_pull() -> None:
    stack = stack_in()
    nodes = iam.Role(stack, "Nodes", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    delivery = ClusterDelivery(cluster=cluster_in(stack))
    EksImageJob(stack, "Job", name="a", image=image_in(stack), delivery=delivery, pulled_by=nodes)
    assert applied_after(template_of(stack), "Job") == [{"AWS::IAM::Policy"}]


def test_a_cluster_without_a_kubectl_provider_is_refused() -> None:
    stack = stack_in()
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        restrict_default_security_group=False,
    )
    layer = "arn:aws:lambda:eu-west-1:111111111111:layer:kubectl:1"
    provided = eks.KubectlProviderOptions(
        kubectl_layer=lambda_.LayerVersion.from_layer_version_arn(stack, "Layer", layer)
    )
    version = eks.KubernetesVersion.V1_33
    own = eks.Cluster(stack, "Own", version=version, vpc=vpc, kubectl_provider_options=provided)
    EksImageJob(
        stack, "Job", name="a", image=image_in(stack), delivery=ClusterDelivery(cluster=own)
    )
    assert "a-" in str(only(template_of(stack), APPLIED)["Manifest"])
    bare = eks.Cluster.from_cluster_attributes(stack_in(), "Bare", cluster_name="bare")
    with pytest.raises(ValueError, match="ClusterDelivery") as refusal:
        ClusterDelivery(cluster=bare)
    assert str(refusal.value) == (
        "ClusterDelivery: cluster: a Job can be applied only to a cluster with a kubectl "
        "provider, got 'Bare' without one. Set kubectl_provider_options for a cluster of this "
        "app, or kubectl_provider for an imported cluster."
    )


@pytest.mark.parametrize(
    ("run", "delivery", "sentence"),
    [
        (
            JobRun(ttl_seconds_after_finished=60),
            {},
            "EksImageJob 'Job': ttl_seconds_after_finished: a TTL requires a rollback window "
            "that is no longer, because a rollback runs a deleted Job again, got a TTL of 60 "
            "seconds and no window. Add a rollback window, or remove the TTL.",
        ),
        (
            JobRun(ttl_seconds_after_finished=60),
            {"rollback_window": cdk.Duration.hours(1)},
            "EksImageJob 'Job': ttl_seconds_after_finished: a TTL must be at least as long as "
            "the rollback window, because a rollback runs a deleted Job again, got a TTL of 60 "
            "seconds and a window of 3600. Raise the TTL to 3600 seconds.",
        ),
        (
            JobRun(active_deadline_seconds=60, ttl_seconds_after_finished=60),
            {
                "rollback_window": cdk.Duration.seconds(60),
                "wait_for_completion": cdk.Duration.minutes(5),
            },
            "EksImageJob 'Job': ttl_seconds_after_finished: a TTL must be at least as long as "
            "the deployment waits, because a Job that is deleted meanwhile looks failed, got a "
            "TTL of 60 seconds and 300 seconds of waiting. Raise the TTL to 300 seconds.",
        ),
        (
            JobRun(active_deadline_seconds=60),
            {"wait_for_completion": cdk.Duration.hours(1)},
            "EksImageJob 'Job': wait_for_completion: a deployment can wait up to 14 minutes for "
            "a Job, got 3600 seconds. Wait for less, or watch the Job with another tool.",
        ),
        (
            JobRun(),
            {"wait_for_completion": cdk.Duration.minutes(5)},
            "EksImageJob 'Job': active_deadline_seconds: a deployment that waits for a Job "
            "requires an active_deadline_seconds that is no longer, because the Job would "
            "otherwise run on after the deployment has failed, got no active_deadline_seconds "
            "and 300 seconds of waiting. Write active_deadline_seconds 300 or less.",
        ),
    ],
)
def test_what_would_run_twice_or_wait_too_long_is_refused(
    run: JobRun, delivery: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match="EksImageJob 'Job': ") as refusal:
        delivered(run=run, **delivery)
    assert str(refusal.value) == sentence


def test_a_ttl_as_long_as_the_rollback_window_is_taken() -> None:
    run = JobRun(ttl_seconds_after_finished=3600)
    job = job_of(delivered(run=run, rollback_window=cdk.Duration.hours(1)))
    assert job["spec"]["ttlSecondsAfterFinished"] == 3600


def test_on_a_cluster_an_image_may_be_known_only_at_deployment() -> None:
    names: set[str] = set()
    for others in (0, 3):
        # The CDK numbers its tokens; the Job's name must not depend on that.
        for number in range(others):
            cdk.Token.as_string({"Ref": f"Other{number}"})
        stack = stack_in()
        image = Image(repository=ecr.Repository(stack, "Plain"), digest=DIGEST)
        delivery = ClusterDelivery(cluster=cluster_in(stack))
        names.add(EksImageJob(stack, "Job", name="a", image=image, delivery=delivery).job_name)
        assert "Fn::Join" in json.dumps(only(template_of(stack), APPLIED))
    assert len(names) == 1


def identity_of(stack: cdk.Stack, **arguments: Any) -> EksWorkloadIdentity:
    """Return the identity of pods."""
    names = {"service_account": "reader", "namespace": "batch"}
    return EksWorkloadIdentity(stack, "Identity", **names | arguments)


def test_the_cdk_grants_permissions_to_an_identity() -> None:
    stack = stack_in()
    identity = identity_of(stack, cluster_name="main")
    ecr.Repository(stack, "Plain").grant_pull(identity)
    assert identity.grant_principal == identity.role
    (policy,) = resources(template_of(stack), "AWS::IAM::Policy")
    assert "ecr:BatchGetImage" in json.dumps(policy)


def test_pod_identity_is_a_role_for_one_service_account_of_one_cluster() -> None:
    stack = stack_in()
    listing = iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])
    identity = identity_of(stack, cluster_name="main", statements=[listing])
    job = EksImageJob(stack, "Job", name="list", image=image_in(stack), service_account=identity)
    template = template_of(stack)
    (trust,) = only(template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert set(trust["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": "111111111111",
            "aws:RequestTag/kubernetes-namespace": "batch",
            "aws:RequestTag/kubernetes-service-account": "reader",
        },
        "ArnEquals": {"aws:SourceArn": "arn:aws:eks:eu-west-1:111111111111:cluster/main"},
    }
    association = only(template, "AWS::EKS::PodIdentityAssociation")
    assert (association["Namespace"], association["ServiceAccount"]) == ("batch", "reader")
    account, found = yaml.safe_load_all(job.manifest_yaml)
    assert account == identity.documents[0]
    assert account["automountServiceAccountToken"] is False
    assert found["spec"]["template"]["spec"]["serviceAccountName"] == "reader"
    assert found["metadata"]["namespace"] == "batch"
    (policy,) = resources(template, "AWS::IAM::Policy")
    assert policy["Properties"]["PolicyDocument"]["Statement"][0]["Action"] == "s3:ListAllMyBuckets"


def test_irsa_names_the_role_and_trusts_one_service_account() -> None:
    stack = stack_in()
    identity = identity_of(stack, oidc_provider_arn=PROVIDER, role_name="reader")
    (trust,) = only(template_of(stack), "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    issuer = PROVIDER.partition("oidc-provider/")[2]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": "system:serviceaccount:batch:reader",
        }
    }
    (account,) = identity.documents
    assert account["metadata"]["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/reader"
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {},
            "EksWorkloadIdentity 'Identity': an identity requires either cluster_name, for EKS "
            "Pod Identity, or oidc_provider_arn, for IRSA, got neither. Write one of the two.",
        ),
        (
            {"cluster_name": "a", "oidc_provider_arn": PROVIDER, "role_name": "r"},
            "EksWorkloadIdentity 'Identity': an identity requires either cluster_name, for EKS "
            "Pod Identity, or oidc_provider_arn, for IRSA, got both. Write one of the two.",
        ),
        (
            {"cluster_name": "-a"},
            "EksWorkloadIdentity 'Identity': cluster_name: a cluster's name must have 1 to 100 "
            "letters, digits, '-' and '_', got '-a'. Write the cluster's name in EKS.",
        ),
        (
            {"oidc_provider_arn": "x", "role_name": "r"},
            "EksWorkloadIdentity 'Identity': oidc_provider_arn: 'x' is not the ARN of a "
            "cluster's OIDC provider. Write it like "
            "'arn:aws:iam::111111111111:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'.",
        ),
        (
            {"oidc_provider_arn": PROVIDER},
            "EksWorkloadIdentity 'Identity': role_name: oidc_provider_arn requires role_name, "
            "because the service account's manifest contains the role's ARN, got none. Add one, "
            "such as role_name 'web-jobs'.",
        ),
        (
            {"cluster_name": "a", "role_name": "a b"},
            "EksWorkloadIdentity 'Identity': role_name: a role's name must have 1 to 64 letters, "
            "digits and '+=,.@_-', got 'a b'. Choose another name.",
        ),
        (
            {"cluster_name": "a", "namespace": "A"},
            "EksWorkloadIdentity 'Identity': namespace: a name must have 1 to 63 lower-case "
            "letters, digits and '-', and begin and end with a letter or digit (RFC 1123), got "
            "'A'. Choose another name.",
        ),
        (
            {"cluster_name": "a", "service_account": "A"},
            "EksWorkloadIdentity 'Identity': service_account: a service account's name must "
            "have up to 253 lower-case letters, digits, '-' and '.', got 'A'. Write its name in "
            "the cluster.",
        ),
    ],
)
def test_an_identity_that_could_not_be_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match="EksWorkloadIdentity 'Identity': ") as refusal:
        identity_of(stack_in(), **arguments)
    assert str(refusal.value) == sentence


def test_only_the_nodes_that_pull_are_granted_the_pull() -> None:
    stack = stack_in()
    nodes = iam.Role(stack, "Nodes", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    EksImageJob(stack, "Job", name="list", image=image_in(stack), pulled_by=nodes)
    policy = only(template_of(stack), "AWS::IAM::Policy")
    arn = "arn:aws:ecr:eu-west-1:111111111111:repository/team/api"
    assert {item["Resource"] for item in policy["PolicyDocument"]["Statement"]} == {arn, "*"}
    (role,) = policy["Roles"]
    assert role["Ref"].startswith("Nodes")


def test_the_owners_statement_names_the_account_in_its_partition() -> None:
    stack = stack_in(region="cn-north-1")
    job = EksImageJob(stack, "Job", name="list", image=image_in(stack, account="222222222222"))
    assert job.owners_statement is not None
    assert job.owners_statement["Principal"] == {"AWS": "arn:aws-cn:iam::111111111111:root"}


def test_an_output_has_the_statement_for_the_owner_of_another_accounts_repository() -> None:
    stack = stack_in()
    job = EksImageJob(stack, "Job", name="list", image=image_in(stack, account="222222222222"))
    (output,) = template_of(stack)["Outputs"].values()
    assert json.loads(output["Value"]) == job.owners_statement
    assert job.owners_statement == {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ],
    }
    stack = stack_in()
    declared = image_in(stack, account="222222222222", policy_declared_by_owner=True)
    assert EksImageJob(stack, "Job", name="list", image=declared).owners_statement is None
