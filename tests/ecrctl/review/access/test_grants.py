"""Grants of types other than IAM's: every type of the tables, with what it grants and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.access.grants.sharing import READERS, attachments
from ecrctl.review.access.grants.statements import PERMISSIONS, permission_policy
from ecrctl.review.resolution.texts import Values

ACCOUNT = "111111111111"
OTHER = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
VALUES = Values(stack=Stack(name="dev/Web", account=ACCOUNT, region="us-west-2", template={}))
# By type: properties, and the principals with what each is granted.
SHARED: dict[str, list[tuple[Mapping[str, Any], list[str]]]] = {
    "AWS::IAM::AccessKey": [
        ({"UserName": "a"}, ["AWS::IAM::User a: the access key `dev/Web/It`"]),
        ({"UserName": "a", "Status": "Inactive"}, []),
        ({}, ["AWS::IAM::User ?: the access key `dev/Web/It`"]),
    ],
    "AWS::Cognito::IdentityPoolRoleAttachment": [
        (
            {
                "IdentityPoolId": "p",
                "Roles": {"authenticated": ROLE},
                "RoleMappings": {"google": {"Type": "Token"}},
            },
            [
                f"AWS::Cognito::IdentityPool p: the role for authenticated users `{ROLE}`",
                'AWS::Cognito::IdentityPool p: the role mapping of google `{"Type":"Token"}`',
            ],
        ),
        ({}, []),
    ],
    "AWS::Cognito::UserPoolUserToGroupAttachment": [
        ({"Username": "a", "GroupName": "g"}, ["user a: the permissions of the group `g`"]),
        ({}, ["user ?: the permissions of the group `?`"]),
    ],
    "AWS::EC2::VPCEndpointServicePermissions": [
        (
            {"ServiceId": "s", "AllowedPrincipals": [OTHER, ROLE]},
            [
                f"account {OTHER}: the endpoint service `s`",
                f"principal {ROLE}: the endpoint service `s`",
            ],
        ),
        ({}, []),
    ],
    "AWS::EKS::AccessEntry": [
        (
            {
                "PrincipalArn": ROLE,
                "ClusterName": "c",
                "AccessPolicies": [
                    {"PolicyArn": "p", "AccessScope": {"Type": "namespace", "Namespaces": ["n"]}},
                    {"PolicyArn": "q"},
                ],
                "KubernetesGroups": ["g"],
                "Username": "u",
                "Type": "EC2_LINUX",
            },
            [
                "AWS::IAM::Role ci: the access policy `p` in the cluster `c` in n",
                "AWS::IAM::Role ci: the access policy `q` in the cluster `c`",
                "AWS::IAM::Role ci: the permissions of the group `g` in the cluster `c`",
                "AWS::IAM::Role ci: the Kubernetes user `u` in the cluster `c`",
                "AWS::IAM::Role ci: the access of the type `EC2_LINUX` in the cluster `c`",
            ],
        ),
        ({"PrincipalArn": ROLE, "ClusterName": "c", "Type": "STANDARD"}, []),
        ({}, []),
    ],
    "AWS::IAM::InstanceProfile": [
        (
            {"InstanceProfileName": "p", "Roles": ["a"]},
            ["AWS::IAM::InstanceProfile p: the role `a`"],
        ),
        ({"Roles": ["a"]}, ["AWS::IAM::InstanceProfile dev/Web/It: the role `a`"]),
    ],
    "AWS::IAM::UserToGroupAddition": [
        (
            {"GroupName": "g", "Users": ["a", "b"]},
            [
                "AWS::IAM::User a: the permissions of the group `g`",
                "AWS::IAM::User b: the permissions of the group `g`",
            ],
        ),
        ({}, []),
    ],
    "AWS::IdentityStore::GroupMembership": [
        (
            {"GroupId": "g", "MemberId": {"UserId": "a"}},
            ["user a: the permissions of the group `g`"],
        ),
        ({"MemberId": "a"}, ["user a: the permissions of the group `?`"]),
        ({"MemberId": {}}, ["user ?: the permissions of the group `?`"]),
    ],
    "AWS::LakeFormation::Permissions": [
        (
            {"DataLakePrincipal": {"DataLakePrincipalIdentifier": OTHER}, "Permissions": ["ALL"]},
            [f"account {OTHER}: the Lake Formation permission `ALL on null`"],
        ),
        ({"Permissions": ["ALL"]}, ["principal ?: the Lake Formation permission `ALL on null`"]),
    ],
    "AWS::LakeFormation::PrincipalPermissions": [
        (
            {
                "Principal": {"DataLakePrincipalIdentifier": ROLE},
                "Resource": {"Catalog": {}},
                "Permissions": ["SELECT"],
                "PermissionsWithGrantOption": ["ALTER"],
            },
            [
                f'principal {ROLE}: the Lake Formation permission `SELECT on {{"Catalog":{{}}}}`',
                f"principal {ROLE}: the Lake Formation permission to grant "
                '`ALTER on {"Catalog":{}}`',
            ],
        ),
    ],
    "AWS::RAM::ResourceShare": [
        (
            {
                "ResourceArns": ["r"],
                "PermissionArns": ["p"],
                "Principals": [OTHER],
                "Sources": [OTHER],
            },
            [
                f"account {OTHER}: the shared resource `r`",
                f"account {OTHER}: the permission of the share `p`",
                "every principal outside of the organization: the invitation to the resource "
                "share `dev/Web/It`",
                f"source account {OTHER}: the resource share `dev/Web/It`",
            ],
        ),
        ({"AllowExternalPrincipals": False}, []),
    ],
    "AWS::RolesAnywhere::Profile": [
        ({"RoleArns": [ROLE]}, [f"AWS::RolesAnywhere::Profile dev/Web/It: the role `{ROLE}`"]),
    ],
    "AWS::SNS::Subscription": [
        (
            {"Endpoint": "a@b.c", "TopicArn": "t"},
            ["subscriber a@b.c: the messages of the topic `t`"],
        ),
        (
            {"Endpoint": f"arn:aws:sqs:us-west-2:{OTHER}:q"},
            [f"subscriber arn:aws:sqs:us-west-2:{OTHER}:q: the messages of the topic `?`"],
        ),
        ({"Endpoint": f"arn:aws:sqs:us-west-2:{ACCOUNT}:q"}, []),
        ({"Endpoint": "arn:aws:s3:::b"}, []),
    ],
    "AWS::SSO::ApplicationAssignment": [
        (
            {"PrincipalType": "GROUP", "PrincipalId": "g", "ApplicationArn": "a"},
            ["group g: the application `a`"],
        ),
        ({}, ["principal ?: the application `?`"]),
    ],
    "AWS::SSO::Assignment": [
        (
            {
                "PrincipalType": "USER",
                "PrincipalId": "u",
                "PermissionSetArn": "p",
                "TargetId": OTHER,
            },
            [f"user u: the permission set `p` in the account {OTHER}"],
        ),
        ({}, ["principal ?: the permission set `?` in the account ?"]),
    ],
}


def test_every_type_that_grants_something_as_a_whole_has_an_example() -> None:
    assert SHARED.keys() == READERS.keys()


@pytest.mark.parametrize("kind", SHARED)
def test_a_type_grants_what_it_names(kind: str) -> None:
    for given, expected in SHARED[kind]:
        found = [
            f"{subject.type} {subject.name}: {attachment.text}"
            for subject, attachment in attachments(VALUES, "It", kind, given)
        ]
        assert found == expected, given
    assert list(attachments(VALUES, "It", "AWS::S3::Bucket", {})) == []


PERMITTED: dict[str, list[tuple[Mapping[str, Any], tuple[str, str], Mapping[str, Any]]]] = {
    "AWS::ACMPCA::Permission": [
        (
            {
                "CertificateAuthorityArn": "a",
                "Actions": ["acm-pca:GetCertificate"],
                "Principal": "acm.amazonaws.com",
                "SourceAccount": OTHER,
            },
            ("AWS::ACMPCA::CertificateAuthority", "a"),
            {
                "Principal": {"Service": "acm.amazonaws.com"},
                "Action": ["acm-pca:GetCertificate"],
                "Condition": {"StringEquals": {"aws:SourceAccount": OTHER}},
            },
        )
    ],
    "AWS::Events::EventBusPolicy": [
        (
            {
                "Principal": "*",
                "Action": "events:PutEvents",
                "Condition": {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"},
            },
            ("AWS::Events::EventBus", "default"),
            {
                "Principal": {"AWS": "*"},
                "Action": "events:PutEvents",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
        ),
        (
            {"EventBusName": "b", "Principal": OTHER, "Condition": {}},
            ("AWS::Events::EventBus", "b"),
            {
                "Principal": {"AWS": OTHER},
                "Action": "lambda:InvokeFunction",
                "Condition": {"?": {"?": "?"}},
            },
        ),
    ],
    "AWS::Lambda::LayerVersionPermission": [
        (
            {"LayerVersionArn": "l", "Principal": "*", "Action": "a", "OrganizationId": "o-1"},
            ("AWS::Lambda::LayerVersion", "l"),
            {
                "Principal": {"AWS": "*"},
                "Action": "a",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
        )
    ],
    "AWS::Lambda::Permission": [
        (
            {
                "FunctionName": "arn:aws:lambda:us-west-2:111111111111:function:f",
                "Principal": "s3.amazonaws.com",
                "EventSourceToken": "t",
                "FunctionUrlAuthType": "NONE",
                "InvokedViaFunctionUrl": True,
                "PrincipalOrgID": "o-1",
                "SourceArn": "arn:aws:s3:::b",
            },
            ("AWS::Lambda::Function", "f"),
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Condition": {
                    "StringEquals": {
                        "lambda:EventSourceToken": "t",
                        "lambda:FunctionUrlAuthType": "NONE",
                        "aws:PrincipalOrgID": "o-1",
                    },
                    "Bool": {"lambda:InvokedViaFunctionUrl": True},
                    "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"},
                },
            },
        ),
        (
            {"Principal": ROLE},
            ("AWS::Lambda::Function", "?"),
            {"Principal": {"AWS": ROLE}, "Action": "lambda:InvokeFunction", "Condition": {}},
        ),
    ],
    "AWS::Signer::ProfilePermission": [
        (
            {"ProfileName": "p", "Principal": OTHER, "Action": "signer:SignPayload"},
            ("AWS::Signer::SigningProfile", "p"),
            {"Principal": {"AWS": OTHER}, "Action": "signer:SignPayload", "Condition": {}},
        )
    ],
}


def test_every_permission_that_is_a_resource_has_an_example() -> None:
    assert PERMITTED.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("kind", PERMITTED)
def test_a_permission_is_the_statement_that_the_service_creates(kind: str) -> None:
    for given, subject, statement in PERMITTED[kind]:
        found = permission_policy(VALUES, "It", kind, given)
        assert found is not None
        assert (found[0].type, found[0].name) == subject
        expected = {"Effect": "Allow", **statement}
        assert found[1] == {"Version": "2012-10-17", "Statement": expected}


def test_the_statement_that_a_layer_or_bus_declares_itself_is_kept() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents"}
    found = permission_policy(VALUES, "It", "AWS::Events::EventBusPolicy", {"Statement": statement})
    assert found is not None
    assert found[1] == {"Version": "2012-10-17", "Statement": statement}
    assert permission_policy(VALUES, "It", "AWS::S3::Bucket", {}) is None
