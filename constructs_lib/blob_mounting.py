"""Blob mounting of a registry, which has no resource type of CloudFormation."""

import pkgutil

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from .rules.registry.account_settings import blob_mounting_statement, blob_mounting_value

RESOURCE_TYPE = "Custom::ECRBlobMounting"

# Longer than the requests of the handler may take, and shorter than CloudFormation waits.
_FUNCTION_TIMEOUT_SECONDS = 120
_ANSWER_TIMEOUT_MINUTES = 10
_RUNTIME = "python3.14"


class BlobMounting(Construct):
    """Define the custom resource that sets blob mounting for a registry.

    A Lambda function, whose code is in the template, sets the account's setting; it may set no
    other. Deleting the resource leaves the setting as it is. Its logs are kept for a month and
    deleted with the stack.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param enabled: whether a push reuses layers of other repositories.

    Sources: Amazon ECR user guide, "Blob mounting in Amazon ECR"; AWS CloudFormation, "Custom
    resources".
    """

    def __init__(self, scope: Construct, construct_id: str, *, enabled: bool) -> None:
        super().__init__(scope, construct_id)
        group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        write_logs = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": group.log_group_arn,
        }
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Sets blob mounting for this registry",
            inline_policies={
                "SetBlobMounting": iam.PolicyDocument.from_json(
                    {
                        "Version": "2012-10-17",
                        "Statement": [dict(blob_mounting_statement()), write_logs],
                    }
                )
            },
        )
        code = pkgutil.get_data("constructs_lib.handlers", "blob_mounting.py") or b""
        # Not lambda_.Function, whose dependency on the role is one too many.
        function = lambda_.CfnFunction(
            self,
            "Function",
            code={"zipFile": code.decode()},
            handler="index.handler",
            runtime=_RUNTIME,
            memory_size=256,
            timeout=_FUNCTION_TIMEOUT_SECONDS,
            role=role.role_arn,
            logging_config={"logGroup": group.log_group_name},
            description="Sets blob mounting for this registry",
        )
        cdk.CustomResource(
            self,
            "Setting",
            resource_type=RESOURCE_TYPE,
            service_token=function.attr_arn,
            service_timeout=cdk.Duration.minutes(_ANSWER_TIMEOUT_MINUTES),
            properties={"Value": blob_mounting_value(enabled)},
        )
