"""The properties of a stack's registry, compared with scripted answers of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ecrctl.verify.readers import registry as reader
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.forms import are_same
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import always, missing
from tests.ecrctl.verify.registries import (
    ACCOUNT,
    DEPLOYED,
    KEY_ARN,
    PROFILE,
    ROLE,
    SCANNER,
    SECRET,
    ecr_with,
)
from tests.ecrctl.verify.test_readers import Given

TEMPLATE = DEPLOYED["describe_repository_creation_templates"]["repositoryCreationTemplates"][2]

DECLARED: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
    "AWS::ECR::RegistryScanningConfiguration": (
        ACCOUNT,
        {
            "ScanType": "ENHANCED",
            "Rules": [
                {
                    "ScanFrequency": "CONTINUOUS_SCAN",
                    "RepositoryFilters": [{"Filter": "team/*", "FilterType": "WILDCARD"}],
                },
                {
                    "ScanFrequency": "SCAN_ON_PUSH",
                    "RepositoryFilters": [{"Filter": "*", "FilterType": "WILDCARD"}],
                },
            ],
        },
        {"ScanType": "BASIC", "Rules": []},
    ),
    "AWS::ECR::ReplicationConfiguration": (
        ACCOUNT,
        {
            "ReplicationConfiguration": {
                "Rules": [
                    {
                        "Destinations": [{"Region": "eu-west-1", "RegistryId": "444444444444"}],
                        "RepositoryFilters": [{"Filter": "team/", "FilterType": "PREFIX_MATCH"}],
                    }
                ]
            }
        },
        {"ReplicationConfiguration": {"Rules": []}},
    ),
    "AWS::ECR::RegistryPolicy": (
        ACCOUNT,
        {"PolicyText": DEPLOYED["get_registry_policy"]["policyText"]},
        {"PolicyText": {"Version": "2012-10-17", "Statement": []}},
    ),
    "AWS::ECR::SigningConfiguration": (
        ACCOUNT,
        {
            "Rules": [
                {
                    "SigningProfileArn": PROFILE,
                    "RepositoryFilters": [{"Filter": "team/*", "FilterType": "WILDCARD_MATCH"}],
                }
            ]
        },
        {"Rules": []},
    ),
    "AWS::ECR::RepositoryCreationTemplate": (
        "team",
        {
            "Prefix": "team",
            "AppliedFor": ["CREATE_ON_PUSH"],
            "Description": "New repositories",
            "EncryptionConfiguration": {"EncryptionType": "KMS", "KmsKey": KEY_ARN},
            "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "ImageTagMutabilityExclusionFilters": [
                {
                    "ImageTagMutabilityExclusionFilterType": "WILDCARD",
                    "ImageTagMutabilityExclusionFilterValue": "dev*",
                }
            ],
            "LifecyclePolicy": TEMPLATE["lifecyclePolicy"],
            "RepositoryPolicy": TEMPLATE["repositoryPolicy"],
            "ResourceTags": [{"Key": "team", "Value": "web"}],
            "CustomRoleArn": ROLE,
        },
        {
            "Prefix": "other",
            "AppliedFor": ["REPLICATION"],
            "Description": "Other",
            "EncryptionConfiguration": {"EncryptionType": "AES256"},
            "ImageTagMutability": "MUTABLE",
            "ImageTagMutabilityExclusionFilters": [],
            "LifecyclePolicy": None,
            "RepositoryPolicy": None,
            "ResourceTags": [],
            "CustomRoleArn": None,
        },
    ),
    "AWS::ECR::PullThroughCacheRule": (
        "hub",
        {
            "EcrRepositoryPrefix": "hub",
            "UpstreamRegistry": "docker-hub",
            "UpstreamRegistryUrl": "registry-1.docker.io",
            "UpstreamRepositoryPrefix": "ROOT",
            "CredentialArn": SECRET,
            "CustomRoleArn": None,
        },
        {
            "EcrRepositoryPrefix": "other",
            "UpstreamRegistry": "quay",
            "UpstreamRegistryUrl": "quay.io",
            "UpstreamRepositoryPrefix": "base",
            "CredentialArn": None,
            "CustomRoleArn": ROLE,
        },
    ),
    "AWS::ECR::PullTimeUpdateExclusion": (
        SCANNER,
        {"PrincipalArn": SCANNER},
        {"PrincipalArn": ROLE},
    ),
    "Custom::ECRBlobMounting": (
        "BLOB_MOUNTING",
        {"Value": "ENABLED"},
        {"Value": "DISABLED"},
    ),
    "AWS::Signer::SigningProfile": (
        PROFILE,
        {
            "ProfileName": "images",
            "PlatformId": "Notation-OCI-SHA384-ECDSA",
            "SignatureValidityPeriod": {"Type": "MONTHS", "Value": 12},
            "Tags": [{"Key": "team", "Value": "web"}],
        },
        {
            "ProfileName": "other",
            "PlatformId": "AWSLambda-SHA384-ECDSA",
            "SignatureValidityPeriod": {"Type": "MONTHS", "Value": 11},
            "Tags": [],
        },
    ),
}
SIGNING_PROFILE = {
    "profileName": "images",
    "platformId": "Notation-OCI-SHA384-ECDSA",
    "signatureValidityPeriod": {"type": "MONTHS", "value": 12},
    "status": "Active",
    "arn": PROFILE,
    "tags": {"team": "web"},
}


def test_every_type_of_a_registry_is_tried() -> None:
    assert {one.name for one in reader.TYPES} == DECLARED.keys()


@pytest.mark.parametrize("name", DECLARED)
def test_the_properties_of_a_stack_are_read(name: str) -> None:
    physical_id, declared, others = DECLARED[name]
    resource_type = RESOURCE_TYPES[name]
    assert resource_type.read
    signer = StubClient(get_signing_profile=always(SIGNING_PROFILE))
    live = resource_type.read(Reading(stub_aws(ecr=ecr_with(), signer=signer)), Given(physical_id))
    assert live
    assert declared.keys() == resource_type.properties.keys() == live.properties.keys()
    for part, value in declared.items():
        form = resource_type.properties[part].form
        assert are_same(form, value, live.properties[part]), part
        assert not are_same(form, others[part], live.properties[part]), part


@pytest.mark.parametrize(
    ("name", "physical_id", "answers"),
    [
        (
            "AWS::ECR::RegistryPolicy",
            ACCOUNT,
            {"get_registry_policy": missing("Get", "RegistryPolicyNotFoundException")},
        ),
        (
            "AWS::ECR::SigningConfiguration",
            ACCOUNT,
            {"get_signing_configuration": missing("Get", "SigningConfigurationNotFoundException")},
        ),
        ("AWS::ECR::RepositoryCreationTemplate", "absent", {}),
        ("AWS::ECR::PullThroughCacheRule", "absent", {}),
        ("AWS::ECR::PullTimeUpdateExclusion", ROLE, {}),
    ],
)
def test_a_setting_that_does_not_exist_is_missing(
    name: str, physical_id: str, answers: Mapping[str, Any]
) -> None:
    read = RESOURCE_TYPES[name].read
    assert read
    assert read(Reading(stub_aws(ecr=ecr_with(**answers))), Given(physical_id)) is None


@pytest.mark.parametrize(
    "answer",
    [
        always({**SIGNING_PROFILE, "status": "Canceled"}),
        missing("Get", "ResourceNotFoundException"),
    ],
)
def test_a_cancelled_profile_does_not_exist(answer: Any) -> None:
    read = RESOURCE_TYPES["AWS::Signer::SigningProfile"].read
    assert read
    signer = StubClient(get_signing_profile=answer)
    assert read(Reading(stub_aws(signer=signer)), Given(PROFILE)) is None


def test_exclusions_are_read_from_every_page() -> None:
    pages = {
        None: {"pullTimeUpdateExclusions": [ROLE], "nextToken": "2"},
        "2": {"pullTimeUpdateExclusions": [SCANNER]},
    }
    ecr = StubClient(
        list_pull_time_update_exclusions=lambda **request: pages[request.get("nextToken")]
    )
    assert reader.exclusions_of(Reading(stub_aws(ecr=ecr))) == [ROLE, SCANNER]
