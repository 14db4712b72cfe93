"""The CloudFormation resource types that a review knows: one row each.

A type is listed once, with everything a review has to know about it: its names, its policy, the
data in it, what it protects, and whether it can exist twice. Every other type is shown by its
CloudFormation name, and judged by its properties alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .single_meanings import ALERTING, GRANTING, GUARDING, MORE_DATA
from .type_names import (
    BLOB_MOUNTING,
    CDK_CLUSTER,
    CDK_OIDC_PROVIDER,
    CLUSTER,
    ENDPOINT,
    EVENT_BUS,
    FUNCTION,
    FUNCTION_URL,
    GROUP,
    IDENTITY_POOL,
    INSTANCE_PROFILE,
    KEY,
    LAYER_VERSION,
    LOG_GROUP,
    LOG_RETENTION,
    MANAGED_POLICY,
    NETWORK_ACL_ENTRY,
    OIDC_PROVIDER,
    PERMISSION_SET,
    POD_IDENTITY,
    PUBLIC_REPOSITORY,
    REGISTRY_POLICY,
    REPLICATION,
    REPOSITORY,
    ROLE,
    SCANNING,
    SECURITY_GROUP,
    SECURITY_GROUP_RULES,
    SERVICE,
    SIGNING,
    STACK_SET,
    TASK_DEFINITION,
    TEMPLATE,
    USER,
)
from .unique_names import GLOBAL_NAMES, UNIQUE_NAMES

PolicyKind = Literal["resource", "endpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A resource type.

    :param word: its display name; by default the CloudFormation type.
    :param name_property: the property that names the resource. CloudFormation creates the new
        resource before it deletes the old one, so it cannot replace one with an explicit name.
    :param display_property: a property whose value is shown as the resource's name although a
        replacement may keep it.
    :param policy_property: the property that contains the resource's own policy.
    :param policy_subject: the display name of the policy's subject; by default ``word``.
    :param policy_kind: whether the policy grants access, or limits access as an endpoint's does.
    :param is_separate_policy: whether the policies of the type are separate resources: they go, and
        the resource that they grant access to remains.
    :param grants: whether its properties grant something without a policy of IAM's form.
    :param is_judged: whether rules judge every property of it that matters.
    :param holds: what is lost with the resource, such as ``data``; empty for nothing.
    :param protects: what ends with the resource, such as a record of the traffic; empty for none.
    :param once: the properties of which no two resources have the same values, or none of them for
        a type that an account has once in each region; ``None`` where the values may be the same.
    :param is_global: whether that is so in all regions of an account together.
    """

    word: str = ""
    name_property: str = ""
    display_property: str = ""
    policy_property: str = ""
    policy_subject: str = ""
    policy_kind: PolicyKind = "resource"
    is_separate_policy: bool = False
    grants: bool = False
    is_judged: bool = False
    holds: str = ""
    protects: str = ""
    once: tuple[str, ...] | None = None
    is_global: bool = False


_DATA = "data"
_IN_CLUSTER = "workloads and their data"


def _separate_policy(subject: str, name: str = "PolicyDocument", *, of: str = "") -> ResourceType:
    """Return a type of policies.

    :param of: the property with the resource, which has only one policy of the type, or with the
        policy's own name; empty where there may be several.
    """
    return ResourceType(
        policy_property=name,
        policy_subject=subject,
        is_separate_policy=True,
        once=(of,) if of else None,
    )


def _named(name: str, *, word: str = "", subject: str = "", holds: str = "") -> ResourceType:
    """Return a type whose name is unique in an account and region."""
    return ResourceType(
        word=word, name_property=name, policy_subject=subject, holds=holds, once=(name,)
    )


def _identity(name: str, *, word: str = "", subject: str = "") -> ResourceType:
    """Return a type of IAM, whose name is unique in an account."""
    return replace(_named(name, word=word, subject=subject), is_global=True)


def _data(name: str = "", holds: str = _DATA) -> ResourceType:
    return ResourceType(name_property=name, holds=holds, once=(name,) if name else None)


def _unique(names: tuple[str, ...]) -> ResourceType:
    return ResourceType(name_property=names[-1] if names else "", once=names)


def _guard(protects: str, name: str = "") -> ResourceType:
    return ResourceType(name_property=name, protects=protects, once=(name,) if name else None)


_KEY = ResourceType(word="key", policy_property="KeyPolicy")
# The data in these is found by rules of their own: repositories and keys.
RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "AWS::ACMPCA::CertificateAuthority": ResourceType(
        is_separate_policy=True, holds="certificates"
    ),
    "AWS::AccessAnalyzer::Analyzer": _guard("the analysis of external access", "AnalyzerName"),
    "AWS::AmazonMQ::Broker": _data(holds="messages"),
    "AWS::Backup::BackupPlan": _guard("the schedule of backups"),
    "AWS::Backup::BackupSelection": _guard("the choice of what is backed up"),
    "AWS::Backup::BackupVault": _named("BackupVaultName", holds="backups"),
    "AWS::Cassandra::Table": _data(),
    "AWS::CloudTrail::EventDataStore": _data(),
    "AWS::CloudWatch::Alarm": _guard("an alarm", "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": _guard("an alarm", "AlarmName"),
    "AWS::CloudTrail::Trail": _guard("the record of API calls", "TrailName"),
    "AWS::CodeArtifact::Repository": _data(holds="packages"),
    "AWS::CodeBuild::Project": _named("Name"),
    "AWS::CodeCommit::Repository": _data(holds="commits"),
    IDENTITY_POOL: ResourceType(),
    "AWS::Config::DeliveryChannel": ResourceType(
        protects="the record of configuration changes", once=()
    ),
    "AWS::Cognito::UserPool": _data(holds="users"),
    "AWS::Config::ConfigRule": _guard("a check of the configuration", "ConfigRuleName"),
    "AWS::Config::ConfigurationRecorder": ResourceType(
        protects="the record of configuration changes", once=()
    ),
    STACK_SET: ResourceType(word="stack set", name_property="StackSetName", once=("StackSetName",)),
    "AWS::DLM::LifecyclePolicy": _guard("the schedule of snapshots"),
    "AWS::DSQL::Cluster": _data(),
    "AWS::DocDB::DBCluster": _data("DBClusterIdentifier"),
    "AWS::DocDBElastic::Cluster": _data(),
    "AWS::DynamoDB::GlobalTable": _named("TableName", holds=_DATA),
    "AWS::DynamoDB::Table": _named("TableName", holds=_DATA),
    "AWS::Detective::Graph": _guard("the investigation of findings"),
    "AWS::EC2::FlowLog": ResourceType(protects="the record of network traffic"),
    SECURITY_GROUP: ResourceType(
        word="security group",
        name_property="GroupName",
        is_judged=True,
        once=("VpcId", "GroupName"),
    ),
    "AWS::EC2::SnapshotBlockPublicAccess": ResourceType(
        protects="the block of public snapshots", once=()
    ),
    ENDPOINT: ResourceType(
        policy_property="PolicyDocument", policy_subject="endpoint", policy_kind="endpoint"
    ),
    "AWS::EC2::Volume": _data(),
    PUBLIC_REPOSITORY: ResourceType(
        word="public repository",
        name_property="RepositoryName",
        policy_property="RepositoryPolicyText",
        holds="images",
        once=("RepositoryName",),
    ),
    "AWS::ECR::PullThroughCacheRule": _named("EcrRepositoryPrefix", word="pull-through cache rule"),
    REGISTRY_POLICY: ResourceType(
        word="registry policy",
        policy_property="PolicyText",
        policy_subject="registry",
        is_separate_policy=True,
        once=(),
    ),
    SCANNING: ResourceType(word="scanning configuration", once=()),
    REPLICATION: ResourceType(word="replication configuration", once=()),
    REPOSITORY: ResourceType(
        word="repository", name_property="RepositoryName", policy_property="RepositoryPolicyText"
    ),
    TEMPLATE: ResourceType(
        word="repository creation template",
        name_property="Prefix",
        policy_property="RepositoryPolicy",
        policy_subject="repositories made for",
        once=("Prefix",),
    ),
    SIGNING: ResourceType(word="signing configuration", once=()),
    "AWS::ECS::CapacityProvider": _named("Name"),
    "AWS::ECS::Cluster": _named("ClusterName"),
    SERVICE: ResourceType(
        word="service", name_property="ServiceName", once=("Cluster", "ServiceName")
    ),
    TASK_DEFINITION: ResourceType(word="task definition", display_property="Family"),
    "AWS::EFS::FileSystem": _data(),
    "AWS::EKS::AccessEntry": ResourceType(grants=True, once=("ClusterName", "PrincipalArn")),
    CLUSTER: _named("Name", holds=_IN_CLUSTER),
    "AWS::EKS::Nodegroup": _unique(("ClusterName", "NodegroupName")),
    # A cluster trusts one OIDC provider.
    "AWS::EKS::IdentityProviderConfig": ResourceType(grants=True, once=("ClusterName",)),
    POD_IDENTITY: ResourceType(
        word="Pod Identity association",
        grants=True,
        once=("ClusterName", "Namespace", "ServiceAccount"),
    ),
    "AWS::ElastiCache::CacheCluster": _data("ClusterName"),
    "AWS::ElastiCache::ReplicationGroup": _data("ReplicationGroupId"),
    "AWS::ElastiCache::ServerlessCache": _data("ServerlessCacheName"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _named("Name"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _named("Name"),
    "AWS::Elasticsearch::Domain": _named("DomainName", holds=_DATA),
    EVENT_BUS: ResourceType(name_property="Name", is_separate_policy=True, once=("Name",)),
    "AWS::Events::Rule": _unique(("EventBusName", "Name")),
    "AWS::FSx::FileSystem": _data(),
    "AWS::GuardDuty::Detector": ResourceType(protects="the detection of threats", once=()),
    GROUP: _identity("GroupName", subject="group"),
    INSTANCE_PROFILE: _identity("InstanceProfileName", subject="instance profile"),
    MANAGED_POLICY: _identity("ManagedPolicyName", subject="an identity with the policy"),
    OIDC_PROVIDER: ResourceType(word="OIDC provider", once=("Url",), is_global=True),
    ROLE: _identity("RoleName", word="role"),
    "AWS::IAM::SAMLProvider": _identity("Name"),
    USER: _identity("UserName", subject="user"),
    "AWS::KMS::Alias": _named("AliasName"),
    **dict.fromkeys(KEY, _KEY),
    "AWS::Kinesis::Stream": _named("Name", holds="records"),
    FUNCTION: ResourceType(
        name_property="FunctionName",
        policy_subject="function",
        is_separate_policy=True,
        once=("FunctionName",),
    ),
    LAYER_VERSION: ResourceType(policy_subject="layer", is_separate_policy=True),
    FUNCTION_URL: ResourceType(
        policy_subject="URL of function", is_separate_policy=True, grants=True
    ),
    LOG_GROUP: _named("LogGroupName", word="log group", holds=_DATA),
    "AWS::KinesisFirehose::DeliveryStream": _guard("the delivery of records", "DeliveryStreamName"),
    "AWS::Logs::MetricFilter": ResourceType(
        name_property="FilterName",
        protects="a measurement that alarms may read",
        once=("LogGroupName", "FilterName"),
    ),
    "AWS::MSK::Cluster": _data("ClusterName", "records"),
    "AWS::Macie::Session": ResourceType(protects="the search for sensitive data", once=()),
    "AWS::MemoryDB::Cluster": _named("ClusterName", holds=_DATA),
    "AWS::Neptune::DBCluster": _data("DBClusterIdentifier"),
    "AWS::Neptune::DBInstance": _data("DBInstanceIdentifier"),
    "AWS::NetworkFirewall::FirewallPolicy": ResourceType(protects="the filter of traffic"),
    "AWS::NetworkFirewall::LoggingConfiguration": ResourceType(protects="the firewall's log"),
    "AWS::NetworkFirewall::Firewall": _guard("the filter of traffic", "FirewallName"),
    "AWS::OpenSearchServerless::Collection": _data("Name"),
    "AWS::OpenSearchService::Domain": _named("DomainName", holds=_DATA),
    "AWS::Organizations::Policy": _guard("a limit of accounts"),
    "AWS::RDS::DBCluster": _data("DBClusterIdentifier"),
    "AWS::RDS::DBInstance": _data("DBInstanceIdentifier"),
    "AWS::Redshift::Cluster": _data("ClusterIdentifier"),
    "AWS::RedshiftServerless::Namespace": _data("NamespaceName"),
    "AWS::Route53::HostedZone": _data(holds="records"),
    "AWS::Route53Resolver::FirewallRuleGroupAssociation": _guard("the filter of DNS"),
    "AWS::S3::Bucket": replace(_named("BucketName", holds=_DATA), is_global=True),
    "AWS::S3::BucketPolicy": _separate_policy("bucket policy", of="Bucket"),
    "AWS::S3::MultiRegionAccessPointPolicy": _separate_policy(
        "access point policy", "Policy", of="MrapName"
    ),
    "AWS::S3Express::BucketPolicy": _separate_policy("bucket policy", of="Bucket"),
    "AWS::S3Express::DirectoryBucket": _data("BucketName"),
    "AWS::S3Tables::TableBucket": _data("TableBucketName"),
    "AWS::S3Tables::TableBucketPolicy": _separate_policy(
        "bucket policy", "ResourcePolicy", of="TableBucketARN"
    ),
    "AWS::SNS::Topic": _named("TopicName"),
    "AWS::SNS::TopicInlinePolicy": _separate_policy("topic policy"),
    "AWS::SNS::TopicPolicy": _separate_policy("topic policy"),
    "AWS::SQS::Queue": _named("QueueName", holds="messages"),
    "AWS::SQS::QueueInlinePolicy": _separate_policy("queue policy"),
    "AWS::SQS::QueuePolicy": _separate_policy("queue policy"),
    "AWS::SSM::Parameter": _named("Name"),
    "AWS::SSM::ResourcePolicy": _separate_policy("parameter policy", "Policy"),
    PERMISSION_SET: _identity("Name", subject="permission set"),
    "AWS::SecretsManager::ResourcePolicy": _separate_policy(
        "secret policy", "ResourcePolicy", of="SecretId"
    ),
    "AWS::SecretsManager::RotationSchedule": _guard("the rotation of a secret"),
    "AWS::SecretsManager::Secret": _named("Name", holds=_DATA),
    "AWS::SecurityHub::Hub": ResourceType(protects="the security checks of the account", once=()),
    "AWS::Shield::Protection": _guard("the protection from floods of requests"),
    "AWS::Signer::SigningProfile": ResourceType(is_separate_policy=True),
    "AWS::StepFunctions::StateMachine": _named("StateMachineName"),
    "AWS::Timestream::Database": _data("DatabaseName"),
    "AWS::Timestream::Table": _data(),
    "AWS::VpcLattice::AuthPolicy": _separate_policy(
        "service policy", "Policy", of="ResourceIdentifier"
    ),
    "AWS::WAFv2::LoggingConfiguration": ResourceType(protects="the web firewall's log"),
    "AWS::WAFv2::WebACL": ResourceType(
        name_property="Name", protects="the filter of web requests", once=("Scope", "Name")
    ),
    "AWS::WAFv2::WebACLAssociation": ResourceType(protects="the filter of web requests"),
    **{
        f"AWS::{name}::ResourcePolicy": _separate_policy("resource policy", policy, of=of)
        for name, policy, of in (
            ("CloudTrail", "ResourcePolicy", "ResourceArn"),
            ("Kinesis", "ResourcePolicy", "ResourceArn"),
            ("Lambda", "PolicyDocument", ""),
            ("Logs", "PolicyDocument", "PolicyName"),
            ("VpcLattice", "Policy", "ResourceArn"),
            ("XRay", "PolicyDocument", "PolicyName"),
        )
    },
    **dict.fromkeys(GRANTING, ResourceType(grants=True)),
    **{
        name: ResourceType(name_property=once[-1], protects=protects, once=once)
        for name, protects, once in GUARDING
    },
    **{name: _guard(protects) for name, protects in ALERTING.items()},
    **dict.fromkeys(MORE_DATA, ResourceType(holds=_DATA)),
    **{name: _unique(names) for name, names in UNIQUE_NAMES.items()},
    **{name: replace(_unique(names), is_global=True) for name, names in GLOBAL_NAMES.items()},
    **dict.fromkeys((*SECURITY_GROUP_RULES, NETWORK_ACL_ENTRY), ResourceType(is_judged=True)),
    LOG_RETENTION: _guard("the retention of a log group"),
    BLOB_MOUNTING: ResourceType(word="blob mounting", once=()),
    "Custom::VpcRestrictDefaultSG": _guard("the closed default security group of a network"),
    CDK_CLUSTER: ResourceType(holds=_IN_CLUSTER),
    CDK_OIDC_PROVIDER: ResourceType(word="OIDC provider", once=("Url",), is_global=True),
}
_UNKNOWN = ResourceType()


def resource_type(name: object) -> ResourceType:
    """Return the row of a type; an empty one for a type that is not listed."""
    return RESOURCE_TYPES.get(str(name), _UNKNOWN)


def word_of(name: str) -> str:
    """Return the display name of a type."""
    return resource_type(name).word or name


def policy_subject_of(name: str) -> str:
    """Return the display name of the subject of a type's policies."""
    row = resource_type(name)
    return row.policy_subject or row.word or name
