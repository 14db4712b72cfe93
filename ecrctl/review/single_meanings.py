"""Resource types that mean one thing to a review: they grant, hold, measure, protect or exempt."""

from collections.abc import Mapping

from .type_names import ACCESS_KEY, CERTIFICATE_PROFILE, ENDPOINT_SERVICE_PERMISSIONS

# Types that grant something.
GRANTING = (
    "AWS::ACMPCA::Permission",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "AWS::Cognito::UserPoolUserToGroupAttachment",
    ENDPOINT_SERVICE_PERMISSIONS,
    "AWS::Events::EventBusPolicy",
    ACCESS_KEY,
    "AWS::IAM::UserToGroupAddition",
    "AWS::IdentityStore::GroupMembership",
    "AWS::LakeFormation::Permissions",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::RAM::ResourceShare",
    CERTIFICATE_PROFILE,
    "AWS::RolesAnywhere::TrustAnchor",
    "AWS::S3::AccessGrant",
    "AWS::S3::AccessGrantsLocation",
    "AWS::SNS::Subscription",
    "AWS::SSO::ApplicationAssignment",
    "AWS::SSO::Assignment",
    "AWS::Signer::ProfilePermission",
)
# Types that contain data.
MORE_DATA = (
    "AWS::AppConfig::HostedConfigurationVersion",
    "AWS::Athena::WorkGroup",
    "AWS::Bedrock::KnowledgeBase",
    "AWS::BedrockAgentCore::Memory",
    "AWS::Cognito::UserPoolUser",
    "AWS::DAX::Cluster",
    "AWS::DirectoryService::MicrosoftAD",
    "AWS::DirectoryService::SimpleAD",
    "AWS::FSx::Snapshot",
    "AWS::FSx::Volume",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::Lightsail::Database",
    "AWS::Lightsail::Disk",
    "AWS::MSK::ServerlessCluster",
    "AWS::NeptuneGraph::Graph",
    "AWS::QLDB::Ledger",
    "AWS::RDS::GlobalCluster",
    "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::Table",
    "AWS::S3Vectors::Index",
    "AWS::S3Vectors::VectorBucket",
    "AWS::SageMaker::Domain",
    "AWS::SageMaker::FeatureGroup",
    "AWS::SageMaker::ModelPackageGroup",
)
# Types that measure or report something: what ends with them.
ALERTING: Mapping[str, str] = {
    "AWS::Budgets::Budget": "an alert about costs",
    "AWS::CE::AnomalySubscription": "an alert about costs",
    "AWS::CloudWatch::AnomalyDetector": "the range that alarms compare with",
    "AWS::CloudWatch::InsightRule": "a measurement that alarms may read",
    "AWS::Logs::LogAnomalyDetector": "the search for unusual logs",
    "AWS::Route53::HealthCheck": "a check of an endpoint's health",
    "AWS::SSMIncidents::ResponsePlan": "the response to an incident",
    "AWS::Synthetics::Canary": "a check of an endpoint's health",
}
# Types that protect something, and whose name is unique in a scope.
GUARDING = (
    ("AWS::OpenSearchServerless::SecurityPolicy", "the encryption or network", ("Type", "Name")),
    ("AWS::WAFv2::IPSet", "the addresses of a web filter", ("Scope", "Name")),
    ("AWS::WAFv2::RuleGroup", "the rules of a web filter", ("Scope", "Name")),
)
# Types that exempt something from what records or filters, with what they do.
EXEMPTING: Mapping[str, str] = {
    "AWS::CloudWatch::AlarmMuteRule": "alarms perform no actions for a time",
    "AWS::EC2::VPCBlockPublicAccessExclusion": "the internet is no longer blocked for a network",
    "AWS::GuardDuty::Filter": "findings of GuardDuty that match are hidden",
    "AWS::InspectorV2::Filter": "findings of Inspector that match are hidden",
}
