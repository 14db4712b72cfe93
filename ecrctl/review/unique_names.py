"""What no two resources of a type have in common: the name, or the names together.

The rows of the types that a review knows better are in ``resource_types``.

Source: CloudFormation template reference, the page of each type.
"""

from collections.abc import Mapping

# The properties in an account and region. The first one of several is what the resource belongs to.
UNIQUE_NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Account": (),
    "AWS::AppRunner::Service": ("ServiceName",),
    "AWS::Batch::JobQueue": ("JobQueueName",),
    "AWS::Batch::ComputeEnvironment": ("ComputeEnvironmentName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::ECR::PullTimeUpdateExclusion": ("PrincipalArn",),
    "AWS::EKS::Addon": ("ClusterName", "AddonName"),
    "AWS::EKS::FargateProfile": ("ClusterName", "FargateProfileName"),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Logs::LogStream": ("LogGroupName", "LogStreamName"),
    "AWS::Logs::SubscriptionFilter": ("LogGroupName", "FilterName"),
    "AWS::OpenSearchServerless::AccessPolicy": ("Type", "Name"),
    "AWS::RDS::DBSubnetGroup": ("DBSubnetGroupName",),
    "AWS::Route53::RecordSet": ("HostedZoneId", "Name", "Type"),
    "AWS::S3::AccessPoint": ("Name",),
    "AWS::SSM::Document": ("Name",),
    "AWS::Scheduler::Schedule": ("GroupName", "Name"),
    "AWS::Scheduler::ScheduleGroup": ("Name",),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("Vpc", "Name"),
    "AWS::StepFunctions::Activity": ("Name",),
}
# In all regions of an account together.
GLOBAL_NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::IAM::ServerCertificate": ("ServerCertificateName",),
}
# What CloudFormation takes for a property that is missing.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "AWS::ECS::Service": {"Cluster": "default"},
    "AWS::Events::Rule": {"EventBusName": "default"},
    "AWS::Scheduler::Schedule": {"GroupName": "default"},
}
