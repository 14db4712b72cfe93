"""Registry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs_lib import (
    Access,
    CreationTemplate,
    EncryptionSpec,
    Place,
    PullThroughCache,
    Registry,
    RegistryPolicy,
    RegistryScanning,
    ReplicationRule,
    ReplicationSource,
    ScanningRule,
    SigningRule,
    TagImmutability,
)
from constructs_lib.rules.lifecycle.presets import standard
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

ECR = "AWS::ECR::"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-a1B2c3"
HUB = PullThroughCache(prefix="docker-hub", upstream="docker-hub", secret_arn=SECRET)
QUAY = PullThroughCache(prefix="quay", upstream="quay")
AWAY = Place.of("222222222222", "us-west-2")
AES256 = EncryptionSpec(kind="aes256")
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/"
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/images"


def made(**settings: Any) -> dict[str, Any]:
    """Return the template of a stack with a registry."""
    stack = stack_in()
    Registry(stack, "Registry", **settings)
    return template_of(stack)


def test_by_default_every_push_is_scanned_and_the_setting_is_kept() -> None:
    template = made()
    (scanning,) = template["Resources"].values()
    assert scanning["Type"] == f"{ECR}RegistryScanningConfiguration"
    assert scanning["Properties"] == {
        "ScanType": "BASIC",
        "Rules": [
            {
                "ScanFrequency": "SCAN_ON_PUSH",
                "RepositoryFilters": [{"Filter": "*", "FilterType": "WILDCARD"}],
            }
        ],
    }
    assert (scanning["DeletionPolicy"], scanning["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_without_scanning_the_registrys_own_stays() -> None:
    template = made(scanning=None, caches=[QUAY])
    assert resources(template, f"{ECR}RegistryScanningConfiguration") == []


def test_enhanced_scanning_has_a_rule_for_each_frequency() -> None:
    scanning = RegistryScanning(
        scan_type="ENHANCED",
        rules=(
            ScanningRule(filters=("prod/*",), frequency="CONTINUOUS_SCAN"),
            ScanningRule(),
        ),
    )
    properties = only(made(scanning=scanning), f"{ECR}RegistryScanningConfiguration")
    assert properties["ScanType"] == "ENHANCED"
    assert [rule["ScanFrequency"] for rule in properties["Rules"]] == [
        "CONTINUOUS_SCAN",
        "SCAN_ON_PUSH",
    ]


def test_a_cache_has_a_template_that_exists_before_the_first_pull() -> None:
    template = made(caches=[HUB], scanning=None)
    (rule,) = resources(template, f"{ECR}PullThroughCacheRule")
    assert rule["Properties"] == {
        "EcrRepositoryPrefix": "docker-hub",
        "UpstreamRegistry": "docker-hub",
        "UpstreamRegistryUrl": "registry-1.docker.io",
        "CredentialArn": SECRET,
    }
    (dependency,) = rule["DependsOn"]
    assert template["Resources"][dependency]["Type"] == f"{ECR}RepositoryCreationTemplate"
    created = only(template, f"{ECR}RepositoryCreationTemplate")
    assert created["Prefix"] == "docker-hub"
    assert created["AppliedFor"] == ["PULL_THROUGH_CACHE"]
    assert created["ImageTagMutability"] == "IMMUTABLE"
    assert created["LifecyclePolicy"] == standard().text()
    assert created["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert "Fn::GetAtt" in created["EncryptionConfiguration"]["KmsKey"]
    assert "Fn::GetAtt" in created["CustomRoleArn"]
    assert "RepositoryPolicy" not in created


def test_the_command_that_sets_a_secret_is_an_output_without_its_value() -> None:
    template = made(caches=[HUB, QUAY])
    (output,) = template["Outputs"].values()
    assert output["Value"] == (
        f"aws secretsmanager put-secret-value --region {REGION} --secret-id {SECRET} "
        "--secret-string file://credentials.json"
    )
    assert resources(template, "AWS::SecretsManager::Secret") == []


def test_a_cache_without_a_key_or_tags_requires_no_role() -> None:
    plain = PullThroughCache(prefix="quay", upstream="quay", encryption=AES256)
    template = made(caches=[plain])
    created = only(template, f"{ECR}RepositoryCreationTemplate")
    assert created["EncryptionConfiguration"] == {"EncryptionType": "AES256"}
    assert "CustomRoleArn" not in created
    assert resources(template, "AWS::IAM::Role") == []
    assert resources(template, "AWS::KMS::Key") == []


def test_ecr_creates_repositories_under_the_prefixes_alone_and_uses_the_key_through_ecr() -> None:
    template = made(
        caches=[HUB],
        templates=[
            CreationTemplate(
                prefix="team",
                applied_for=("CREATE_ON_PUSH",),
                encryption=EncryptionSpec(kind="customer-managed", key_arn=KEY_ARN),
            ),
            CreationTemplate(prefix="plain", applied_for=("REPLICATION",), encryption=AES256),
        ],
        key=kms.Key.from_key_arn(stack_in(), "Key", KEY_ARN),
    )
    role = only(template, "AWS::IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecr.amazonaws.com"}
    (policy,) = role["Policies"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            "Resource": [f"{REPOSITORY}docker-hub/*", f"{REPOSITORY}team/*"],
        },
        {
            "Effect": "Allow",
            "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            "Resource": KEY_ARN,
            "Condition": {"StringEquals": {"kms:ViaService": f"ecr.{REGION}.amazonaws.com"}},
        },
    ]


def test_the_key_of_aws_is_named_by_its_alias() -> None:
    managed = EncryptionSpec(kind="aws-managed")
    cache = PullThroughCache(prefix="quay", upstream="quay", encryption=managed)
    template = made(caches=[cache])
    created = only(template, f"{ECR}RepositoryCreationTemplate")
    assert created["EncryptionConfiguration"] == {"EncryptionType": "KMS"}
    (policy,) = only(template, "AWS::IAM::Role")["Policies"]
    statement = policy["PolicyDocument"]["Statement"][1]
    assert statement["Resource"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
    assert statement["Condition"]["ForAnyValue:StringEquals"] == {
        "kms:ResourceAliases": "alias/aws/ecr"
    }


def test_a_template_has_every_setting_of_a_repository() -> None:
    template = made(
        templates=[
            CreationTemplate(
                prefix="team/web",
                applied_for=("CREATE_ON_PUSH", "REPLICATION"),
                tag_immutability=TagImmutability(
                    mode="IMMUTABLE_WITH_EXCLUSION", exclusion_filters=("dev-*",)
                ),
                lifecycle=None,
                pull=Access(accounts=("222222222222",)),
                tags={"team": "web", "cost": "7"},
                description="Repositories of the web team",
            )
        ]
    )
    created = only(template, f"{ECR}RepositoryCreationTemplate")
    assert "LifecyclePolicy" not in created
    assert created["Description"] == "Repositories of the web team"
    assert created["ResourceTags"] == [
        {"Key": "cost", "Value": "7"},
        {"Key": "team", "Value": "web"},
    ]
    assert created["ImageTagMutabilityExclusionFilters"] == [
        {
            "ImageTagMutabilityExclusionFilterType": "WILDCARD",
            "ImageTagMutabilityExclusionFilterValue": "dev-*",
        }
    ]
    (statement,) = json.loads(created["RepositoryPolicy"])["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}


def test_replicas_arrive_after_their_template_exists() -> None:
    source = ReplicationSource(account="222222222222", repositories=("team/*",))
    template = made(
        templates=[CreationTemplate(prefix="team", applied_for=("REPLICATION",))],
        policy=RegistryPolicy(replication=(source,)),
    )
    (policy,) = resources(template, f"{ECR}RegistryPolicy")
    (dependency,) = policy["DependsOn"]
    assert template["Resources"][dependency]["Properties"]["Prefix"] == "team"
    (statement,) = policy["Properties"]["PolicyText"]["Statement"]
    assert statement["Resource"] == f"{REPOSITORY}team/*"


def test_replication_names_its_destinations_and_the_beginnings_of_names() -> None:
    rules = [
        ReplicationRule(destinations=(AWAY,), filters=("team/",)),
        ReplicationRule(destinations=(Place.of(ACCOUNT, "us-east-1"),), filters=("*",)),
    ]
    properties = only(made(replication=rules), f"{ECR}ReplicationConfiguration")
    assert properties["ReplicationConfiguration"]["Rules"] == [
        {
            "Destinations": [{"Region": "us-west-2", "RegistryId": "222222222222"}],
            "RepositoryFilters": [{"Filter": "team/", "FilterType": "PREFIX_MATCH"}],
        },
        # Without a filter, ECR replicates every repository.
        {"Destinations": [{"Region": "us-east-1", "RegistryId": ACCOUNT}]},
    ]


def test_a_cache_of_another_account_has_a_role_that_its_owner_must_allow() -> None:
    host = "222222222222.dkr.ecr.us-west-2.amazonaws.com"
    cache = PullThroughCache(
        prefix="shared", upstream="ecr", host=host, upstream_prefix="team", encryption=AES256
    )
    stack = stack_in()
    registry = Registry(stack, "Registry", caches=[cache])
    template = template_of(stack)
    rule = only(template, f"{ECR}PullThroughCacheRule")
    assert (rule["UpstreamRegistryUrl"], rule["UpstreamRepositoryPrefix"]) == (host, "team")
    assert "Fn::GetAtt" in rule["CustomRoleArn"]
    role = only(template, "AWS::IAM::Role")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "pullthroughcache.ecr.amazonaws.com"}
    token, read, write = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert read["Resource"] == [
        f"{REPOSITORY}shared/*",
        "arn:aws:ecr:us-west-2:222222222222:repository/team/*",
    ]
    assert "ecr:PutImage" in write["Action"]
    assert write["Resource"] == f"{REPOSITORY}shared/*"
    (statement,) = registry.upstream_statements
    assert statement["Action"] == read["Action"]
    (output,) = template["Outputs"].values()
    assert "ecr:BatchImportUpstreamImage" in json.dumps(output["Value"])


def test_a_cache_of_another_region_requires_no_role() -> None:
    host = f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com"
    cache = PullThroughCache(prefix="shared", upstream="ecr", host=host, encryption=AES256)
    assert resources(made(caches=[cache]), "AWS::IAM::Role") == []


def test_signing_makes_a_profile_that_is_kept_or_uses_an_existing_one() -> None:
    template = made(
        signing=[
            SigningRule(filters=("team/*",), validity_months=12),
            SigningRule(filters=("web",), profile_arn=PROFILE),
        ]
    )
    (profile,) = resources(template, "AWS::Signer::SigningProfile")
    assert profile["Properties"] == {
        "PlatformId": "Notation-OCI-SHA384-ECDSA",
        "SignatureValidityPeriod": {"Type": "MONTHS", "Value": 12},
    }
    assert profile["DeletionPolicy"] == "Retain"
    first, second = only(template, f"{ECR}SigningConfiguration")["Rules"]
    assert "Fn::GetAtt" in first["SigningProfileArn"]
    assert first["RepositoryFilters"] == [{"Filter": "team/*", "FilterType": "WILDCARD_MATCH"}]
    assert second["SigningProfileArn"] == PROFILE


def test_a_pusher_may_sign_with_the_profiles_of_its_repositories_alone() -> None:
    stack = stack_in()
    registry = Registry(
        stack,
        "Registry",
        signing=[
            SigningRule(filters=("team/*",)),
            SigningRule(filters=("web",), profile_arn=PROFILE),
        ],
    )
    role = iam.Role(stack, "Pusher", assumed_by=iam.AccountRootPrincipal())
    assert registry.grant_signing(role, repository_name="other") is None
    assert registry.grant_signing(role, repository_name="web") is not None
    template = template_of(stack)
    (statement,) = only(template, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert statement == {"Action": "signer:SignPayload", "Effect": "Allow", "Resource": PROFILE}


def test_a_principal_whose_pulls_do_not_count_is_excluded() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/security/scanner"
    assert only(made(exclusions=[arn]), f"{ECR}PullTimeUpdateExclusion") == {"PrincipalArn": arn}


def test_a_repository_behind_a_cache_has_a_name() -> None:
    registry = Registry(stack_in(), "Registry", caches=[QUAY])
    assert registry.repository_name("quay", "a/b") == "quay/a/b"
    with pytest.raises(ValueError, match=r"^Registry") as error:
        registry.repository_name("hub", "a/b")
    assert str(error.value) == (
        "Registry 'Registry': there is no cache with the prefix 'hub'. Known: quay."
    )


def test_a_refused_registry_leaves_nothing_in_the_tree() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="2 faults"):
        Registry(
            stack,
            "Registry",
            caches=[QUAY, QUAY],
            replication=[
                ReplicationRule(destinations=(Place.of(ACCOUNT, REGION),), filters=("*",))
            ],
        )
    assert stack.node.children == []


def test_a_stack_without_an_environment_names_its_own_account_at_deployment() -> None:
    stack = stack_in(None, None)
    source = ReplicationSource(account="222222222222", repositories=("team/*",))
    template = CreationTemplate(
        prefix="team", applied_for=("REPLICATION",), pull=Access(lambda_accounts=("222222222222",))
    )
    policy = RegistryPolicy(replication=(source,))
    Registry(stack, "Registry", policy=policy, templates=[template])
    found = template_of(stack)
    (statement,) = only(found, f"{ECR}RegistryPolicy")["PolicyText"]["Statement"]
    assert {"Ref": "AWS::Region"} in statement["Resource"]["Fn::Join"][1]
    created = only(found, f"{ECR}RepositoryCreationTemplate")
    assert {"Ref": "AWS::Region"} in created["RepositoryPolicy"]["Fn::Join"][1]
