"""The CloudFormation resource types that a review knows: one row each.

A type is listed once, with everything a review has to know about its name and its policy. Every
other type is shown by its CloudFormation name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
FUNCTION = "AWS::Lambda::Function"
LOG_GROUP = "AWS::Logs::LogGroup"

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
    :param is_separate_policy: whether the resource is only the policy of another one, which remains
        when the policy is deleted.
    """

    word: str = ""
    name_property: str = ""
    display_property: str = ""
    policy_property: str = ""
    policy_subject: str = ""
    policy_kind: PolicyKind = "resource"
    is_separate_policy: bool = False


def _separate_policy(subject: str, name: str = "PolicyDocument") -> ResourceType:
    return ResourceType(policy_property=name, policy_subject=subject, is_separate_policy=True)


_KEY = ResourceType(word="key", policy_property="KeyPolicy")
RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "AWS::CodeBuild::Project": ResourceType(name_property="Name"),
    "AWS::DynamoDB::Table": ResourceType(name_property="TableName"),
    "AWS::EC2::SecurityGroup": ResourceType(name_property="GroupName"),
    "AWS::EC2::VPCEndpoint": ResourceType(
        policy_property="PolicyDocument", policy_subject="endpoint", policy_kind="endpoint"
    ),
    PUBLIC_REPOSITORY: ResourceType(
        word="public repository",
        name_property="RepositoryName",
        policy_property="RepositoryPolicyText",
    ),
    "AWS::ECR::PullThroughCacheRule": ResourceType(
        word="pull-through cache rule", name_property="EcrRepositoryPrefix"
    ),
    REGISTRY_POLICY: ResourceType(
        word="registry policy",
        policy_property="PolicyText",
        policy_subject="registry",
        is_separate_policy=True,
    ),
    SCANNING: ResourceType(word="scanning configuration"),
    REPLICATION: ResourceType(word="replication configuration"),
    REPOSITORY: ResourceType(
        word="repository", name_property="RepositoryName", policy_property="RepositoryPolicyText"
    ),
    TEMPLATE: ResourceType(
        word="repository creation template",
        name_property="Prefix",
        policy_property="RepositoryPolicy",
        policy_subject="repositories made for",
    ),
    SIGNING: ResourceType(word="signing configuration"),
    "AWS::ECS::CapacityProvider": ResourceType(name_property="Name"),
    "AWS::ECS::Cluster": ResourceType(name_property="ClusterName"),
    SERVICE: ResourceType(word="service", name_property="ServiceName"),
    TASK_DEFINITION: ResourceType(word="task definition", display_property="Family"),
    "AWS::EKS::Cluster": ResourceType(name_property="Name"),
    "AWS::EKS::Nodegroup": ResourceType(name_property="NodegroupName"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ResourceType(name_property="Name"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ResourceType(name_property="Name"),
    "AWS::Events::EventBus": ResourceType(name_property="Name"),
    "AWS::Events::Rule": ResourceType(name_property="Name"),
    GROUP: ResourceType(name_property="GroupName", policy_subject="group"),
    "AWS::IAM::InstanceProfile": ResourceType(name_property="InstanceProfileName"),
    MANAGED_POLICY: ResourceType(
        name_property="ManagedPolicyName", policy_subject="an identity with the policy"
    ),
    ROLE: ResourceType(word="role", name_property="RoleName"),
    USER: ResourceType(name_property="UserName", policy_subject="user"),
    "AWS::KMS::Alias": ResourceType(name_property="AliasName"),
    **dict.fromkeys(KEY, _KEY),
    FUNCTION: ResourceType(name_property="FunctionName", policy_subject="function"),
    LOG_GROUP: ResourceType(word="log group", name_property="LogGroupName"),
    "AWS::S3::Bucket": ResourceType(name_property="BucketName"),
    "AWS::S3::BucketPolicy": _separate_policy("bucket policy"),
    "AWS::SNS::Topic": ResourceType(name_property="TopicName"),
    "AWS::SNS::TopicPolicy": _separate_policy("topic policy"),
    "AWS::SQS::Queue": ResourceType(name_property="QueueName"),
    "AWS::SQS::QueuePolicy": _separate_policy("queue policy"),
    "AWS::SSM::Parameter": ResourceType(name_property="Name"),
    "AWS::SecretsManager::ResourcePolicy": _separate_policy("secret policy", "ResourcePolicy"),
    "AWS::SecretsManager::Secret": ResourceType(name_property="Name"),
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
