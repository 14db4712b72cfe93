"""Names and ARNs of resources that follow from the template.

Source: CloudFormation template reference, "Return values" of each type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_SERVICE = "arn:${AWS::Partition}:{0}:${AWS::Region}:${AWS::AccountId}:{1}"
_GLOBAL = "arn:${AWS::Partition}:{0}::${AWS::AccountId}:{1}"
_NAME, _PATH = "${Name}", "${Path}"
_Ref = Literal["name", "arn", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType:
    """A type whose resources can be referred to before they exist, because they have a name.

    :param name: the property with the name.
    :param ref: what ``Ref`` returns; a URL is not built here.
    :param attributes: what ``Fn::GetAtt`` returns, as a text for ``Fn::Sub``.
    """

    name: str
    ref: _Ref = "name"
    attributes: Mapping[str, str] = field(default_factory=dict)


def _regional(service: str, resource: str = _NAME) -> str:
    return _SERVICE.replace("{0}", service).replace("{1}", resource)


def _of_account(resource: str) -> str:
    return _GLOBAL.replace("{0}", "iam").replace("{1}", resource + _PATH + _NAME)


def _type(name: str, arn: str, ref: _Ref = "name", **more: str) -> NamedType:
    return NamedType(name=name, ref=ref, attributes={"Arn": arn, **more})


NAMED_TYPES: Mapping[str, NamedType] = {
    "AWS::CodeBuild::Project": _type("Name", _regional("codebuild", "project/" + _NAME)),
    "AWS::DynamoDB::Table": _type("TableName", _regional("dynamodb", "table/" + _NAME)),
    "AWS::ECR::Repository": _type(
        "RepositoryName",
        _regional("ecr", "repository/" + _NAME),
        RepositoryUri="${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + _NAME,
    ),
    "AWS::ECS::Cluster": _type("ClusterName", _regional("ecs", "cluster/" + _NAME)),
    "AWS::EKS::Cluster": _type("Name", _regional("eks", "cluster/" + _NAME)),
    "AWS::Events::EventBus": _type("Name", _regional("events", "event-bus/" + _NAME), Name=_NAME),
    "AWS::IAM::Group": _type("GroupName", _of_account("group")),
    "AWS::IAM::InstanceProfile": _type("InstanceProfileName", _of_account("instance-profile")),
    "AWS::IAM::ManagedPolicy": _type(
        "ManagedPolicyName", _of_account("policy"), "arn", PolicyArn=_of_account("policy")
    ),
    "AWS::IAM::Role": _type("RoleName", _of_account("role")),
    "AWS::IAM::User": _type("UserName", _of_account("user")),
    "AWS::KMS::Alias": NamedType(name="AliasName"),
    "AWS::Lambda::Function": _type("FunctionName", _regional("lambda", "function:" + _NAME)),
    "AWS::Logs::LogGroup": _type("LogGroupName", _regional("logs", "log-group:" + _NAME + ":*")),
    "AWS::S3::Bucket": _type("BucketName", "arn:${AWS::Partition}:s3:::" + _NAME),
    "AWS::SNS::Topic": _type(
        "TopicName",
        _regional("sns"),
        "arn",
        TopicArn=_regional("sns"),
        TopicName=_NAME,
    ),
    "AWS::SQS::Queue": NamedType(
        name="QueueName",
        ref="url",
        attributes={"Arn": _regional("sqs"), "QueueName": _NAME},
    ),
    "AWS::SSM::Parameter": NamedType(name="Name"),
    "AWS::StepFunctions::StateMachine": _type(
        "StateMachineName", _regional("states", "stateMachine:" + _NAME), "arn", Name=_NAME
    ),
}
