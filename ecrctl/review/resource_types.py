"""The CloudFormation resource types that a review knows: one row each.

A type is listed once, with everything a review has to know about it: its names, its policy, the
data in it, what it protects, and whether it can exist twice. Every other type is shown by its
CloudFormation name, and judged by its properties alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

OIDC_PROVIDER = "AWS::IAM::OIDCProvider"
REPLICATION = "AWS::ECR::ReplicationConfiguration"
REPOSITORY = "AWS::ECR::Repository"
PUBLIC_REPOSITORY = "AWS::ECR::PublicRepository"
REGISTRY_POLICY = "AWS::ECR::RegistryPolicy"
TEMPLATE = "AWS::ECR::RepositoryCreationTemplate"
SCANNING = "AWS::ECR::RegistryScanningConfiguration"
SIGNING = "AWS::ECR::SigningConfiguration"
KEY = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
TASK_DEFINITION = "AWS::ECS::TaskDefinition"
SERVICE = "AWS::ECS::Service"
ROLE = "AWS::IAM::Role"
GROUP = "AWS::IAM::Group"
USER = "AWS::IAM::User"
MANAGED_POLICY = "AWS::IAM::ManagedPolicy"
PERMISSION_SET = "AWS::SSO::PermissionSet"
ACCESS_KEY = "AWS::IAM::AccessKey"
INSTANCE_PROFILE = "AWS::IAM::InstanceProfile"
IDENTITY_POOL = "AWS::Cognito::IdentityPool"
POD_IDENTITY = "AWS::EKS::PodIdentityAssociation"
ENDPOINT = "AWS::EC2::VPCEndpoint"
ENDPOINT_SERVICE_PERMISSIONS = "AWS::EC2::VPCEndpointServicePermissions"
EVENT_BUS = "AWS::Events::EventBus"
FUNCTION = "AWS::Lambda::Function"
LAYER_VERSION = "AWS::Lambda::LayerVersion"
LOG_GROUP = "AWS::Logs::LogGroup"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"
SECURITY_GROUP_RULES = ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress")
NETWORK_ACL_ENTRY = "AWS::EC2::NetworkAclEntry"
CLUSTER = "AWS::EKS::Cluster"
# Custom resources of the CDK: AwsCustomResource, the EKS cluster of its first version, an OIDC
# provider, and those that empty a repository or bucket before it is deleted.
AWS_CALLS = "Custom::AWS"
CDK_CLUSTER = "Custom::AWSCDK-EKS-Cluster"
CDK_OIDC_PROVIDER = "Custom::AWSCDKOpenIdConnectProvider"
CDK_EMPTIES_REPOSITORY = "Custom::ECRAutoDeleteImages"
CDK_EMPTIES_BUCKET = "Custom::S3AutoDeleteObjects"

# The resource types whose policies say what an identity may do.
IDENTITIES = (GROUP, ROLE, USER)
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
    holds: str = ""
    protects: str = ""
    once: tuple[str, ...] | None = None
    is_global: bool = False


_DATA = "data"
_IN_CLUSTER = "workloads and their data"


def _separate_policy(subject: str, name: str = "PolicyDocument") -> ResourceType:
    return ResourceType(policy_property=name, policy_subject=subject, is_separate_policy=True)


def _named(name: str, *, word: str = "", subject: str = "", holds: str = "") -> ResourceType:
    """Return a type whose name is unique in an account and region."""
    return ResourceType(
        word=word, name_property=name, policy_subject=subject, holds=holds, once=(name,)
    )


def _identity(name: str, *, word: str = "", subject: str = "") -> ResourceType:
    """Return a type of IAM, whose name is unique in an account."""
    return replace(_named(name, word=word, subject=subject), is_global=True)


def _data(name: str = "", holds: str = _DATA) -> ResourceType:
    return ResourceType(name_property=name, holds=holds)


# Types that grant something and have no other meaning here.
_GRANTING = (
    "AWS::ACMPCA::Permission",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    ENDPOINT_SERVICE_PERMISSIONS,
    "AWS::EKS::IdentityProviderConfig",
    "AWS::Events::EventBusPolicy",
    ACCESS_KEY,
    "AWS::IAM::UserToGroupAddition",
    "AWS::LakeFormation::Permissions",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::RAM::ResourceShare",
    "AWS::RolesAnywhere::Profile",
    "AWS::RolesAnywhere::TrustAnchor",
    "AWS::S3::AccessGrant",
    "AWS::SSO::Assignment",
    "AWS::Signer::ProfilePermission",
)
_KEY = ResourceType(word="key", policy_property="KeyPolicy")
# The data in these is found by rules of their own: repositories and keys.
RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "AWS::ACMPCA::CertificateAuthority": ResourceType(is_separate_policy=True),
    "AWS::AccessAnalyzer::Analyzer": ResourceType(protects="the analysis of external access"),
    "AWS::AmazonMQ::Broker": _data(holds="messages"),
    "AWS::Backup::BackupVault": _named("BackupVaultName", holds="backups"),
    "AWS::Cassandra::Table": _data(),
    "AWS::CloudTrail::EventDataStore": _data(),
    "AWS::CloudTrail::Trail": ResourceType(protects="the record of API calls"),
    "AWS::CodeArtifact::Repository": _data(holds="packages"),
    "AWS::CodeBuild::Project": _named("Name"),
    "AWS::CodeCommit::Repository": _data(holds="commits"),
    IDENTITY_POOL: ResourceType(),
    "AWS::Cognito::UserPool": _data(holds="users"),
    "AWS::Config::ConfigurationRecorder": ResourceType(
        protects="the record of configuration changes"
    ),
    "AWS::DSQL::Cluster": _data(),
    "AWS::DocDB::DBCluster": _data("DBClusterIdentifier"),
    "AWS::DocDBElastic::Cluster": _data(),
    "AWS::DynamoDB::GlobalTable": _named("TableName", holds=_DATA),
    "AWS::DynamoDB::Table": _named("TableName", holds=_DATA),
    "AWS::EC2::FlowLog": ResourceType(protects="the record of network traffic"),
    SECURITY_GROUP: ResourceType(word="security group", name_property="GroupName"),
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
    "AWS::ECS::CapacityProvider": ResourceType(name_property="Name"),
    "AWS::ECS::Cluster": ResourceType(name_property="ClusterName"),
    SERVICE: ResourceType(word="service", name_property="ServiceName"),
    TASK_DEFINITION: ResourceType(word="task definition", display_property="Family"),
    "AWS::EFS::FileSystem": _data(),
    "AWS::EKS::AccessEntry": ResourceType(grants=True, once=("ClusterName", "PrincipalArn")),
    CLUSTER: _named("Name", holds=_IN_CLUSTER),
    "AWS::EKS::Nodegroup": ResourceType(name_property="NodegroupName"),
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
    "AWS::Events::Rule": ResourceType(name_property="Name"),
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
    "AWS::Lambda::Url": ResourceType(
        policy_subject="URL of function", is_separate_policy=True, grants=True
    ),
    LOG_GROUP: _named("LogGroupName", word="log group", holds=_DATA),
    "AWS::MSK::Cluster": _data("ClusterName", "records"),
    "AWS::Macie::Session": ResourceType(protects="the search for sensitive data", once=()),
    "AWS::MemoryDB::Cluster": _named("ClusterName", holds=_DATA),
    "AWS::Neptune::DBCluster": _data("DBClusterIdentifier"),
    "AWS::Neptune::DBInstance": _data("DBInstanceIdentifier"),
    "AWS::NetworkFirewall::FirewallPolicy": ResourceType(protects="the filter of traffic"),
    "AWS::NetworkFirewall::LoggingConfiguration": ResourceType(protects="the firewall's log"),
    "AWS::OpenSearchServerless::Collection": _data("Name"),
    "AWS::OpenSearchService::Domain": _named("DomainName", holds=_DATA),
    "AWS::RDS::DBCluster": _data("DBClusterIdentifier"),
    "AWS::RDS::DBInstance": _data("DBInstanceIdentifier"),
    "AWS::Redshift::Cluster": _data("ClusterIdentifier"),
    "AWS::RedshiftServerless::Namespace": _data("NamespaceName"),
    "AWS::S3::Bucket": replace(_named("BucketName", holds=_DATA), is_global=True),
    "AWS::S3::BucketPolicy": _separate_policy("bucket policy"),
    "AWS::S3::MultiRegionAccessPointPolicy": _separate_policy("access point policy", "Policy"),
    "AWS::S3Express::BucketPolicy": _separate_policy("bucket policy"),
    "AWS::S3Express::DirectoryBucket": _data("BucketName"),
    "AWS::S3Tables::TableBucket": _data("TableBucketName"),
    "AWS::S3Tables::TableBucketPolicy": _separate_policy("bucket policy", "ResourcePolicy"),
    "AWS::SNS::Topic": _named("TopicName"),
    "AWS::SNS::TopicInlinePolicy": _separate_policy("topic policy"),
    "AWS::SNS::TopicPolicy": _separate_policy("topic policy"),
    "AWS::SQS::Queue": _named("QueueName", holds="messages"),
    "AWS::SQS::QueueInlinePolicy": _separate_policy("queue policy"),
    "AWS::SQS::QueuePolicy": _separate_policy("queue policy"),
    "AWS::SSM::Parameter": _named("Name"),
    "AWS::SSM::ResourcePolicy": _separate_policy("parameter policy", "Policy"),
    PERMISSION_SET: _identity("Name", subject="permission set"),
    "AWS::SecretsManager::ResourcePolicy": _separate_policy("secret policy", "ResourcePolicy"),
    "AWS::SecretsManager::Secret": _named("Name", holds=_DATA),
    "AWS::SecurityHub::Hub": ResourceType(protects="the security checks of the account", once=()),
    "AWS::Signer::SigningProfile": ResourceType(is_separate_policy=True),
    "AWS::StepFunctions::StateMachine": _named("StateMachineName"),
    "AWS::Timestream::Database": _data("DatabaseName"),
    "AWS::Timestream::Table": _data(),
    "AWS::VpcLattice::AuthPolicy": _separate_policy("service policy", "Policy"),
    "AWS::WAFv2::LoggingConfiguration": ResourceType(protects="the web firewall's log"),
    "AWS::WAFv2::WebACLAssociation": ResourceType(protects="the filter of web requests"),
    **{
        f"AWS::{name}::ResourcePolicy": _separate_policy("resource policy", policy)
        for name, policy in (
            ("CloudTrail", "ResourcePolicy"),
            ("Kinesis", "ResourcePolicy"),
            ("Lambda", "PolicyDocument"),
            ("Logs", "PolicyDocument"),
            ("VpcLattice", "Policy"),
            ("XRay", "PolicyDocument"),
        )
    },
    **dict.fromkeys(_GRANTING, ResourceType(grants=True)),
    **dict.fromkeys((*SECURITY_GROUP_RULES, NETWORK_ACL_ENTRY), ResourceType()),
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
