"""An app of another team that uses every public name, which a test type-checks and synthesises."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_eks as eks_v1
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm

from constructs_lib import (
    Access,
    Administrators,
    CatalogData,
    ClusterDelivery,
    ContainerHardening,
    ContainerSecret,
    ContainerSpec,
    CreationTemplate,
    CronSchedule,
    EcsContainer,
    EcsImageService,
    EcsImageTask,
    EcsTask,
    EksImageCronJob,
    EksImageJob,
    EksWorkload,
    EksWorkloadIdentity,
    Encryption,
    EncryptionSpec,
    FargateSize,
    GitHubImagePusher,
    GitHubSubject,
    HealthCheck,
    Image,
    ImageEvents,
    ImageNotifications,
    JobPod,
    JobRun,
    JobSpec,
    LifecyclePolicy,
    LifecycleRule,
    NetworkSpec,
    Place,
    PodHardening,
    PrivateRepository,
    PrivateServices,
    PublicRepository,
    PublicRepositorySpec,
    PulledFrom,
    PullThroughCache,
    Registry,
    RegistryBaseline,
    RegistryBaselineSpec,
    RegistryEndpoints,
    RegistryPolicy,
    RegistryScanning,
    RegistrySpec,
    ReplicationRule,
    ReplicationSource,
    RepositoryKey,
    RepositorySpec,
    Resources,
    ScanningRule,
    SecretKey,
    ServiceSpec,
    SigningRule,
    SpecifiedPublicRepository,
    SpecifiedRepository,
    TagImmutability,
    TaskSpec,
    Toleration,
    Volume,
)

ACCOUNT = "111111111111"
REGION = "us-east-1"
ZONES = (f"{REGION}a", f"{REGION}b")
DIGEST = f"sha256:{'a' * 64}"
HOURLY = cdk.Duration.hours(1)
LIVE = LifecycleRule(
    tag_status="tagged",
    tag_patterns=["live-*"],
    count_type="imageCountMoreThan",
    count_number=1_000_000,
)
OLD = LifecycleRule(count_type="sinceImagePushed", count_number=30)
CI = f"arn:aws:iam::{ACCOUNT}:role/ci"


class Repositories(cdk.Stack):
    """Repositories, and the principals that can pull and push."""

    def __init__(self, scope: cdk.App, construct_id: str, environment: cdk.Environment) -> None:
        super().__init__(scope, construct_id, env=environment)
        self.key = RepositoryKey(self, "Key", alias="ecr/every")
        kms.Alias(self, "Alias", alias_name="alias/ecr/second", target_key=self.key)
        self.api: ecr.IRepository = PrivateRepository(
            self,
            "Api",
            repository_name="team/api",
            tag_immutability=TagImmutability.immutable_except_signatures(),
            encryption=Encryption.customer_managed(self.key),
            lifecycle=LifecyclePolicy(rules=(LIVE, OLD)),
            pull=Access(accounts=["222222222222"]),
            administrators=Administrators(
                role_arns=(CI,), break_glass_role_arn=f"arn:aws:iam::{ACCOUNT}:role/glass"
            ),
        )
        place = Place.of(ACCOUNT, REGION)
        web = SpecifiedRepository(
            self,
            "Web",
            RepositorySpec(
                name="team/web",
                place=place,
                encryption=EncryptionSpec(kind="aes256"),
                lifecycle=LifecyclePolicy(rules=(LIVE,)),
            ),
        )
        web.add_lifecycle_rule(max_image_age=cdk.Duration.days(14))
        cli = PublicRepository(
            self,
            "Cli",
            repository_name="tools/cli",
            catalog_data=CatalogData(description="A command line", architectures=["ARM 64"]),
        )
        SpecifiedPublicRepository(self, "Site", PublicRepositorySpec(name="site", place=place))
        GitHubImagePusher(
            self,
            "Push",
            repositories=[self.api, web],
            public_repositories=[cli],
            subjects=[GitHubSubject(repository="acme/api", ref="refs/heads/main")],
        )
        ImageNotifications(
            self, "Events", topic=sns.Topic(self, "Topic"), events=ImageEvents(pushes=True)
        )


class Registries(cdk.Stack):
    """The settings of a registry, and those of the registries of many accounts."""

    def __init__(self, scope: cdk.App, construct_id: str, environment: cdk.Environment) -> None:
        super().__init__(scope, construct_id, env=environment)
        other = Place.of("222222222222", "eu-west-1")
        spec = RegistrySpec(
            place=Place.of(ACCOUNT, REGION),
            scanning=RegistryScanning(rules=[ScanningRule(filters=["prod*"])]),
            replication=[ReplicationRule(destinations=[other], filters=["prod/"])],
            caches=(PullThroughCache(prefix="quay", upstream="quay"),),
            templates=(CreationTemplate(prefix="prod", applied_for=["REPLICATION"]),),
            signing=(SigningRule(filters=("prod/*",)),),
            policy=RegistryPolicy(
                replication=(ReplicationSource(account="222222222222", repositories=["prod/*"]),)
            ),
        )
        Registry(
            self,
            "Registry",
            scanning=spec.scanning,
            replication=spec.replication,
            caches=spec.caches,
            templates=spec.templates,
            signing=spec.signing,
            policy=spec.policy,
            key=kms.Key(self, "Key"),
        )
        baseline = RegistryBaselineSpec(
            place=spec.place,
            organizational_units=["ou-ab12-11111111"],
            regions=(REGION,),
            registry=RegistrySpec(place=spec.place),
        )
        RegistryBaseline(
            self,
            "Baseline",
            stack_set_name="registry",
            organizational_units=baseline.organizational_units,
            regions=baseline.regions,
        )


class OnEcs(cdk.Stack):
    """Tasks, and the services and schedules of the CDK that run them."""

    def __init__(
        self, scope: cdk.App, construct_id: str, environment: cdk.Environment, image: Image
    ) -> None:
        super().__init__(scope, construct_id, env=environment)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=list(ZONES),
            restrict_default_security_group=False,
        )
        RegistryEndpoints(
            self,
            "Endpoints",
            vpc=vpc,
            pulled_from=PulledFrom(accounts=(ACCOUNT,)),
            secrets_from=("ssm", "secretsmanager"),
        )
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc)
        password = secretsmanager.Secret(self, "Password")
        token = ssm.StringParameter.from_secure_string_parameter_attributes(
            self, "Token", parameter_name="/api/token"
        )
        api = EcsImageTask(
            self,
            "Api",
            family="api",
            container=EcsContainer(
                image=image,
                memory_mib=200,
                ports=(8080,),
                secrets={
                    "PASSWORD": ContainerSecret.from_secrets_manager(password, key="aws-managed"),
                    "TOKEN": ContainerSecret.from_ssm_parameter(token, key="aws-managed"),
                },
                health_check=HealthCheck(command=("CMD", "/healthy")),
                hardening=ContainerHardening(user="1000:1000"),
            ),
            fargate=FargateSize(cpu=256, memory_mib=512),
            architecture="ARM64",
            task_role=iam.Role(
                self,
                "Role",
                # For pyright, the CDK's own principal does not implement its interface.
                assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com").grant_principal,
            ),
            log_key=kms.Key(self, "LogKey"),
        )
        EcsImageService(
            self,
            "Service",
            task=api,
            cluster=cluster,
            subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
        )
        patterns.ApplicationLoadBalancedFargateService(
            self, "Balanced", cluster=cluster, task_definition=api.task_definition
        )
        patterns.ScheduledFargateTask(
            self,
            "Hourly",
            cluster=cluster,
            schedule=scaling.Schedule.rate(HOURLY),
            scheduled_fargate_task_definition_options=(
                patterns.ScheduledFargateTaskDefinitionOptions(task_definition=api.task_definition)
            ),
        )
        on_ec2 = EcsImageTask(
            self, "OnEc2", family="on-ec2", container=EcsContainer(image=image, memory_mib=64)
        )
        self.on_ec2 = on_ec2.task_definition
        spec = TaskSpec(family="web", container=ContainerSpec(memory_mib=64), fargate="smallest")
        web = EcsTask(self, "Web", spec, images=[image])
        PrivateServices(
            self,
            "Private",
            tasks={"web": web, "api": api},
            services=[ServiceSpec(name="web", task="web")],
            network=NetworkSpec(cidr="10.20.0.0/24", availability_zones=ZONES),
        )


class OnEks(cdk.Stack):
    """Jobs on a cluster of the same app, and Jobs as files."""

    def __init__(
        self, scope: cdk.App, construct_id: str, environment: cdk.Environment, image: Image
    ) -> None:
        super().__init__(scope, construct_id, env=environment)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            availability_zones=list(ZONES),
            restrict_default_security_group=False,
        )
        layer = lambda_.LayerVersion.from_layer_version_arn(
            self, "Kubectl", f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:kubectl:1"
        )
        cluster = eks.Cluster(
            self,
            "Cluster",
            version=eks.KubernetesVersion.V1_33,
            vpc=vpc,
            kubectl_provider_options=eks.KubectlProviderOptions(kubectl_layer=layer),
        )
        older = eks_v1.Cluster(
            self,
            "Older",
            version=eks_v1.KubernetesVersion.V1_33,
            vpc=vpc,
            kubectl_layer=layer,
            default_capacity=0,
        )
        reader = EksWorkloadIdentity(
            self,
            "Reader",
            service_account="reader",
            namespace="batch",
            cluster_name=cluster.cluster_name,
        )
        job = EksImageJob(
            self,
            "List",
            name="list",
            image=image,
            service_account=reader,
            pod=JobPod(
                args=["s3", "ls"],
                secrets={"TOKEN": SecretKey(secret="api", key="token")},
                volumes=(Volume(name="scratch", path="/tmp", size_limit="64Mi"),),
                resources=Resources(limits={"memory": "128Mi"}, requests={"memory": "128Mi"}),
                tolerations=(Toleration(key="batch"),),
                hardening=PodHardening(user=1000),
            ),
            run=JobRun(backoff_limit=2, active_deadline_seconds=300),
            delivery=ClusterDelivery(cluster=cluster, wait_for_completion=cdk.Duration.minutes(6)),
        )
        cdk.CfnOutput(self, "Job", value=job.job_name)
        EksImageCronJob(
            self,
            "Nightly",
            name="nightly",
            image=image,
            schedule=CronSchedule(schedule="15 3 * * *"),
            delivery=ClusterDelivery(cluster=older),
        )
        EksWorkload(self, "File", JobSpec(name="file"), image=image)
        bucket_reader = iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])
        reader.grant_principal.add_to_principal_policy(bucket_reader)


def whole_app(outdir: str) -> cdk.App:
    """Return the app, with stacks that have an account and a region."""
    app = cdk.App(outdir=outdir, analytics_reporting=False)
    environment = cdk.Environment(account=ACCOUNT, region=REGION)
    repositories = Repositories(app, "Repositories", environment)
    image = Image(repository=repositories.api, digest=DIGEST)
    Registries(app, "Registries", environment)
    OnEcs(app, "OnEcs", environment, image)
    OnEks(app, "OnEks", environment, image)
    return app


def refused_by_type_checkers(on_ecs: OnEcs) -> None:
    """Hand over the task definition of the other launch type: strict mypy requires the comment."""
    patterns.ApplicationLoadBalancedFargateService(
        on_ecs,
        "Refused",
        task_definition=on_ecs.on_ec2,  # type: ignore[arg-type]
    )
