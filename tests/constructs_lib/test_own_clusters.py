"""Jobs and identities on an EKS cluster of the same app, of both modules of the CDK."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks_v1
from aws_cdk import aws_eks_v2 as eks_v2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from constructs_lib import (
    ClusterDelivery,
    CronSchedule,
    EksImageCronJob,
    EksImageJob,
    EksWorkloadIdentity,
    Image,
    JobRun,
)
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

APPLIED = "Custom::AWSCDK-EKS-KubernetesResource"
WAITED = "Custom::AWSCDK-EKS-KubernetesObjectValue"
IMAGE = Image(repository="public.ecr.aws/docker/library/busybox", digest=f"sha256:{'a' * 64}")
LAYER = f"arn:aws:lambda:{REGION}:111111111111:layer:kubectl:1"
FUNCTION = f"arn:aws:lambda:{REGION}:111111111111:function:kubectl"
ROLE = "arn:aws:iam::111111111111:role/kubectl"
MODULES = ("aws_eks", "aws_eks_v2")
REFERENCE = "Fn::GetStackOutput"


def cluster_in(stack: cdk.Stack, module: str) -> Any:
    """Return a cluster of an app, as its developer defines it."""
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=[f"{REGION}a", f"{REGION}b"],
        restrict_default_security_group=False,
    )
    layer = layer_in(stack)
    if module == "aws_eks":
        return eks_v1.Cluster(
            *(stack, "Cluster"),
            version=eks_v1.KubernetesVersion.V1_33,
            vpc=vpc,
            kubectl_layer=layer,
            default_capacity=0,
        )
    return eks_v2.Cluster(
        *(stack, "Cluster"),
        version=eks_v2.KubernetesVersion.V1_33,
        vpc=vpc,
        kubectl_provider_options=eks_v2.KubectlProviderOptions(kubectl_layer=layer),
    )


def layer_in(stack: cdk.Stack) -> lambda_.ILayerVersion:
    """Refer to the layer with kubectl."""
    return lambda_.LayerVersion.from_layer_version_arn(stack, "Layer", LAYER)


def applied_in(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources that apply documents of a kind."""
    return [
        item
        for item in resources(template, APPLIED)
        if f'"kind":"{kind}"' in str(item["Properties"]["Manifest"])
    ]


@pytest.mark.parametrize("module", MODULES)
def test_a_job_with_pod_identity_runs_on_a_cluster_of_the_same_app(module: str) -> None:
    stack = stack_in()
    cluster = cluster_in(stack, module)
    identity = EksWorkloadIdentity(
        stack,
        "Reader",
        cluster_name=cluster.cluster_name,
        namespace="batch",
        service_account="reader",
        statements=[iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])],
    )
    EksImageJob(
        stack,
        "Job",
        name="list",
        image=IMAGE,
        service_account=identity,
        run=JobRun(active_deadline_seconds=300),
        delivery=ClusterDelivery(cluster=cluster, wait_for_completion=cdk.Duration.minutes(6)),
    )
    template = template_of(stack)
    (association,) = resources(template, "AWS::EKS::PodIdentityAssociation")
    assert list(association["Properties"]["ClusterName"]) == ["Ref"]
    (job,) = applied_in(template, "Job")
    assert "PruneLabel" not in job["Properties"]
    before = {template["Resources"][name]["Type"] for name in job["DependsOn"]}
    assert {"AWS::EKS::PodIdentityAssociation", "AWS::IAM::Policy", APPLIED} <= before
    assert len(applied_in(template, "ServiceAccount")) == 1
    (waited,) = resources(template, WAITED)
    assert waited["Properties"]["ServiceToken"] == job["Properties"]["ServiceToken"]
    assert waited["Properties"].get("RoleArn") == job["Properties"].get("RoleArn")


@pytest.mark.parametrize("module", MODULES)
def test_a_cron_job_with_irsa_runs_on_a_cluster_of_the_same_app(module: str) -> None:
    stack = stack_in()
    cluster = cluster_in(stack, module)
    identity = EksWorkloadIdentity(
        stack,
        "Reader",
        oidc_provider_arn=cluster.open_id_connect_provider.open_id_connect_provider_arn,
        role_name="reader",
        namespace="batch",
        service_account="reader",
    )
    EksImageCronJob(
        stack,
        "Nightly",
        name="list",
        schedule=CronSchedule(schedule="15 3 * * *"),
        image=IMAGE,
        service_account=identity,
        delivery=ClusterDelivery(cluster=cluster),
    )
    template = template_of(stack)
    (statement,) = (
        statement
        for one in resources(template, "AWS::IAM::Role")
        for statement in one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if "Federated" in statement["Principal"]
    )
    provider = statement["Principal"]["Federated"]["Ref"]
    assert "OIDC" in template["Resources"][provider]["Type"].upper()
    assert list(statement["Condition"]["StringEquals"]) == ["Fn::GetAtt"]
    (account,) = applied_in(template, "ServiceAccount")
    arn = "arn:aws:iam::111111111111:role/reader"
    assert arn in str(account["Properties"]["Manifest"])
    assert len(applied_in(template, "CronJob")) == 1


@pytest.mark.parametrize("module", MODULES)
def test_jobs_of_another_stack_run_on_the_cluster(module: str) -> None:
    stack = stack_in()
    cluster = cluster_in(stack, module)
    app = stack.node.root
    assert isinstance(app, cdk.App)
    jobs = cdk.Stack(app, "Jobs", env=cdk.Environment(account=ACCOUNT, region=REGION))
    identity = EksWorkloadIdentity(
        jobs,
        "Reader",
        oidc_provider_arn=cluster.open_id_connect_provider.open_id_connect_provider_arn,
        role_name="reader",
        namespace="batch",
        service_account="reader",
    )
    delivery = ClusterDelivery(cluster=cluster)
    EksImageJob(jobs, "Job", name="list", image=IMAGE, service_account=identity, delivery=delivery)
    template = template_of(jobs)
    assert len(applied_in(template, "Job")) == 1
    assert REFERENCE in json.dumps(only_service_token(template))
    assert REFERENCE not in json.dumps(template_of(stack))


def only_service_token(template: dict[str, Any]) -> Any:
    """Return the function that applies the Job."""
    (job,) = applied_in(template, "Job")
    return job["Properties"]["ServiceToken"]


def imported(stack: cdk.Stack, **attributes: Any) -> eks_v1.ICluster:
    """Refer to an existing cluster with the first module."""
    return eks_v1.Cluster.from_cluster_attributes(stack, "Main", cluster_name="main", **attributes)


def test_a_job_runs_on_a_cluster_that_the_first_module_imports() -> None:
    for attributes in ("provider", "role"):
        stack = stack_in()
        if attributes == "provider":
            provider = eks_v1.KubectlProvider.from_kubectl_provider_attributes(
                stack,
                "Provider",
                function_arn=FUNCTION,
                kubectl_role_arn=ROLE,
                handler_role=iam.Role.from_role_arn(stack, "Handler", ROLE),
            )
            cluster = imported(stack, kubectl_provider=provider)
        else:
            cluster = imported(stack, kubectl_role_arn=ROLE, kubectl_layer=layer_in(stack))
        EksImageJob(
            *(stack, "Job"),
            name="list",
            image=IMAGE,
            delivery=ClusterDelivery(cluster=cluster),
        )
        job = only(template_of(stack), APPLIED)
        assert (job["ClusterName"], job["RoleArn"]) == ("main", ROLE)
        assert (job["ServiceToken"] == FUNCTION) == (attributes == "provider")


@pytest.mark.parametrize("missing", ["both", "layer", "role"])
def test_an_imported_cluster_that_kubectl_cannot_reach_is_refused(missing: str) -> None:
    stack = stack_in()
    attributes: dict[str, Any] = {}
    if missing == "layer":
        attributes = {"kubectl_role_arn": ROLE}
    elif missing == "role":
        attributes = {"kubectl_layer": layer_in(stack)}
    cluster = imported(stack, **attributes)
    with pytest.raises(ValueError, match="ClusterDelivery") as refusal:
        ClusterDelivery(cluster=cluster)
    assert str(refusal.value) == (
        "ClusterDelivery: cluster: a Job can be applied only to a cluster that kubectl can reach, "
        "got 'Main', imported by aws_eks without a provider. Set kubectl_provider, or "
        "kubectl_role_arn and kubectl_layer; or import it with aws_eks_v2.Cluster."
    )


def test_a_construct_that_is_no_cluster_is_refused() -> None:
    stack = stack_in()
    given: Any = eks_v1.CfnCluster(
        *(stack, "Bare"),
        role_arn=ROLE,
        resources_vpc_config=eks_v1.CfnCluster.ResourcesVpcConfigProperty(subnet_ids=["subnet-a"]),
    )
    with pytest.raises(ValueError, match="ClusterDelivery") as refusal:
        ClusterDelivery(cluster=given)
    assert str(refusal.value) == (
        "ClusterDelivery: cluster: a Job can be applied only to a cluster of aws_eks_v2 or "
        "aws_eks, got a CfnCluster. Write an aws_eks_v2.Cluster, or "
        "ClusterDelivery.from_attributes(...) for a cluster that exists."
    )
