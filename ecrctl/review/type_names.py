"""The names of the CloudFormation resource types that the rules of a review are about."""

OIDC_PROVIDER = "AWS::IAM::OIDCProvider"
REPLICATION = "AWS::ECR::ReplicationConfiguration"
REPOSITORY = "AWS::ECR::Repository"
PUBLIC_REPOSITORY = "AWS::ECR::PublicRepository"
REGISTRY_POLICY = "AWS::ECR::RegistryPolicy"
TEMPLATE = "AWS::ECR::RepositoryCreationTemplate"
SCANNING = "AWS::ECR::RegistryScanningConfiguration"
SIGNING = "AWS::ECR::SigningConfiguration"
STACK_SET = "AWS::CloudFormation::StackSet"
BLOB_MOUNTING = "Custom::ECRBlobMounting"
# The settings of a whole registry.
REGISTRY_TYPES = (
    BLOB_MOUNTING,
    "AWS::ECR::PullThroughCacheRule",
    "AWS::ECR::PullTimeUpdateExclusion",
    REGISTRY_POLICY,
    REPLICATION,
    SCANNING,
    SIGNING,
    TEMPLATE,
)
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
CERTIFICATE_PROFILE = "AWS::RolesAnywhere::Profile"
EVENT_BUS = "AWS::Events::EventBus"
FUNCTION = "AWS::Lambda::Function"
FUNCTION_URL = "AWS::Lambda::Url"
LAYER_VERSION = "AWS::Lambda::LayerVersion"
LOG_GROUP = "AWS::Logs::LogGroup"
LOG_RETENTION = "Custom::LogRetention"
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
