"""PrivateRepository."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs_lib import Access, Encryption, PrivateRepository, RepositoryKey, TagImmutability
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

REPOSITORY = "AWS::ECR::Repository"
OTHER = "222222222222"


def rendered(**arguments: Any) -> dict[str, Any]:
    """Return the properties of a repository with these arguments."""
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api", **arguments)
    return only(template_of(stack), REPOSITORY)


def test_a_repository_is_safe_without_being_asked() -> None:
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api")
    template = template_of(stack)
    (repository,) = resources(template, REPOSITORY)
    properties = repository["Properties"]
    policy = json.loads(properties["LifecyclePolicy"].pop("LifecyclePolicyText"))
    assert properties == {
        "RepositoryName": "team/api",
        "ImageTagMutability": "IMMUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "EncryptionConfiguration": {
            "EncryptionType": "KMS",
            "KmsKey": {"Fn::GetAtt": ["RepositoryKey31FBB829", "Arn"]},
        },
        "LifecyclePolicy": {},
    }
    assert policy["rules"][0]["selection"]["tagPatternList"] == ["live-*"]
    assert repository["DeletionPolicy"] == repository["UpdateReplacePolicy"] == "Retain"


def test_its_key_rotates_and_is_kept_and_shared_by_its_stack() -> None:
    stack = stack_in()
    for name in ("team/api", "team/web"):
        PrivateRepository(stack, name.replace("/", "-"), repository_name=name)
    (key,) = resources(template_of(stack), "AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"


def test_the_key_policy_names_the_own_account_alone() -> None:
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api")
    statements = only(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert [item["Sid"] for item in statements] == [
        "AdministeredByTheAccount",
        "UsedThroughEcrAlone",
    ]
    for statement in statements:
        assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert statements[1]["Condition"] == {
        "StringEquals": {"kms:ViaService": f"ecr.{REGION}.amazonaws.com"}
    }


def test_name_arn_and_uri_are_plain_strings_where_the_environment_is_known() -> None:
    api = PrivateRepository(stack_in(), "Api", repository_name="team/api")
    assert api.repository_name == "team/api"
    assert api.repository_arn == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/api"
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api"
    assert api.repository_uri == uri
    assert api.repository_uri_for_tag_or_digest("v1") == f"{uri}:v1"
    assert api.repository_uri_for_tag_or_digest("sha256:1") == f"{uri}@sha256:1"
    assert api.repository_uri_for_tag_or_digest() == uri


def test_it_works_where_account_and_region_are_unknown() -> None:
    stack = stack_in(account=None, region=None)
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    cdk.CfnOutput(stack, "Uri", value=api.repository_uri)
    value = template_of(stack)["Outputs"]["Uri"]["Value"]["Fn::Join"][1]
    assert {"Ref": "AWS::AccountId"} in value
    assert "/team/api" in value


def test_the_logical_id_follows_from_the_name_alone() -> None:
    stack = stack_in()
    for construct_id, name in (("One", "team/api"), ("Two", "team-api"), ("Three", "team.api")):
        PrivateRepository(stack, construct_id, repository_name=name)
    found = template_of(stack)["Resources"]
    assert {item for item in found if found[item]["Type"] == REPOSITORY} == {
        "RepositoryteamSlashapi",
        "RepositoryteamDashapi",
        "RepositoryteamDotapi",
    }


def test_aws_managed_encryption_names_no_key() -> None:
    properties = rendered(encryption=Encryption.aws_managed())
    assert properties["EncryptionConfiguration"] == {"EncryptionType": "KMS"}


def test_aes256_writes_no_block_that_would_replace_an_imported_repository() -> None:
    assert "EncryptionConfiguration" not in rendered(encryption=Encryption.aes256())


def test_an_existing_key_is_used_and_none_is_made() -> None:
    stack = stack_in()
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    key = kms.Key.from_key_arn(stack, "Key", arn)
    api = PrivateRepository(
        stack, "Api", repository_name="team/api", encryption=Encryption.customer_managed(key)
    )
    template = template_of(stack)
    assert only(template, REPOSITORY)["EncryptionConfiguration"]["KmsKey"] == arn
    assert resources(template, "AWS::KMS::Key") == []
    assert api.encryption_key is not None


def test_a_key_of_its_own_rotates_and_goes_where_the_images_go() -> None:
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api", encryption=Encryption.own_key())
    PrivateRepository(
        stack,
        "Web",
        repository_name="team/web",
        encryption=Encryption.own_key(),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    keys = resources(template_of(stack), "AWS::KMS::Key")
    assert [key["DeletionPolicy"] for key in keys] == ["Retain", "Delete"]
    assert all(key["Properties"]["EnableKeyRotation"] for key in keys)


def test_dual_layer_encryption_is_there_in_govcloud_only() -> None:
    govcloud = stack_in(region="us-gov-west-1")
    PrivateRepository(govcloud, "Api", repository_name="team/api", encryption=Encryption.dsse())
    found = only(template_of(govcloud), REPOSITORY)["EncryptionConfiguration"]
    assert found == {"EncryptionType": "KMS_DSSE"}
    with pytest.raises(ValueError, match="Api") as refusal:
        rendered(encryption=Encryption.dsse())
    assert str(refusal.value) == (
        "PrivateRepository 'Api': encryption: dual-layer encryption (dsse) requires a GovCloud "
        "region, got 'eu-west-1'. Choose customer-managed encryption."
    )


def test_tags_are_rendered_in_a_fixed_order_and_checked() -> None:
    found = rendered(tags={"team": "web", "cost-center": "42"})["Tags"]
    assert found == [
        {"Key": "cost-center", "Value": "42"},
        {"Key": "team", "Value": "web"},
    ]
    with pytest.raises(ValueError, match="Api") as refusal:
        rendered(tags={"aws:team": "web"})
    assert str(refusal.value) == (
        "PrivateRepository 'Api': tags.aws:team: a tag's key cannot begin with 'aws:', which AWS "
        "reserves, got 'aws:team'. Choose another key."
    )


def test_what_is_switched_off_by_name_is_off() -> None:
    properties = rendered(
        tag_immutability=TagImmutability(mode="MUTABLE"), scan_on_push=False, lifecycle=None
    )
    assert properties["ImageTagMutability"] == "MUTABLE"
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": False}
    assert "LifecyclePolicy" not in properties


def test_exclusion_filters_arrive() -> None:
    properties = rendered(tag_immutability=TagImmutability.immutable_except_signatures())
    assert properties["ImageTagMutabilityExclusionFilters"][0] == {
        "ImageTagMutabilityExclusionFilterType": "WILDCARD",
        "ImageTagMutabilityExclusionFilterValue": "sha256-*.sig",
    }


def test_accounts_pull_and_roles_push() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    policy = rendered(pull=Access(accounts=(OTHER,)), push=Access(role_arns=(role,)))[
        "RepositoryPolicyText"
    ]
    pull, push = policy["Statement"]
    assert pull["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    assert pull["Action"] == list(PULL_ACTIONS)
    assert push["Principal"] == {"AWS": role}
    assert "ecr:PutImage" in push["Action"]


def test_a_grant_of_the_cdk_joins_what_was_declared() -> None:
    stack = stack_in()
    api = PrivateRepository(
        stack, "Api", repository_name="team/api", pull=Access(accounts=(OTHER,))
    )
    api.grant_pull(iam.AccountPrincipal("333333333333"))
    api.grant_pull(iam.AccountPrincipal("444444444444"))
    statements = only(template_of(stack), REPOSITORY)["RepositoryPolicyText"]["Statement"]
    text = json.dumps(statements)
    assert all(account in text for account in (OTHER, "333333333333", "444444444444"))


def test_a_grant_to_a_role_of_the_same_account_leaves_the_repository_policy_alone() -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    api.grant_pull(role)
    template = template_of(stack)
    assert "RepositoryPolicyText" not in only(template, REPOSITORY)
    statements = only(template, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert [item["Resource"] for item in statements] == [api.repository_arn, "*"]


def test_a_statement_that_ecr_refuses_is_refused_when_added() -> None:
    api = PrivateRepository(stack_in(), "Api", repository_name="team/api")
    statement = iam.PolicyStatement(
        actions=["ecr:*"], resources=["*"], principals=[iam.AnyPrincipal()]
    )
    with pytest.raises(ValueError, match="cannot have Resource, because the") as refusal:
        api.add_to_resource_policy(statement)
    assert str(refusal.value).startswith("PrivateRepository 'Api': ")


def test_destroying_images_requires_two_settings() -> None:
    stack = stack_in()
    PrivateRepository(
        stack,
        "Api",
        repository_name="team/api",
        removal_policy=cdk.RemovalPolicy.DESTROY,
        empty_on_delete=True,
    )
    (repository,) = resources(template_of(stack), REPOSITORY)
    assert repository["DeletionPolicy"] == "Delete"
    assert repository["Properties"]["EmptyOnDelete"] is True


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"repository_name": "Team"},
            "PrivateRepository 'Api': a repository's name must consist of lower-case letters and "
            "digits, joined by single '/', '-', '_' or '.', got 'Team'. Write it like "
            "'team/api'.",
        ),
        (
            {"repository_name": "team/api", "removal_policy": cdk.RemovalPolicy.SNAPSHOT},
            "PrivateRepository 'Api': removal: removal must be one of retain, destroy, "
            "retain-on-update-or-delete, got 'snapshot'. Choose retain, which keeps the images.",
        ),
        (
            {"repository_name": "team/api", "empty_on_delete": True},
            "PrivateRepository 'Api': empty_on_delete: empty_on_delete requires removal "
            "'destroy', got 'retain'. Choose destroy, or remove empty_on_delete.",
        ),
    ],
)
def test_a_fault_is_raised_before_anything_is_created(
    arguments: dict[str, Any], sentence: str
) -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="PrivateRepository 'Api'") as refusal:
        PrivateRepository(stack, "Api", **arguments)
    assert str(refusal.value) == sentence
    assert stack.node.try_find_child("Api") is None


def test_a_token_passes_unchecked() -> None:
    stack = stack_in()
    parameter = cdk.CfnParameter(stack, "Name")
    PrivateRepository(stack, "Api", repository_name=parameter.value_as_string)
    assert only(template_of(stack), REPOSITORY)["RepositoryName"] == {"Ref": "Name"}


def test_more_statements_are_added_to_those_that_grant_pulls() -> None:
    own = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "ecr:DescribeImages"}
    policy = rendered(pull=Access(accounts=(OTHER,)), statements=[own])["RepositoryPolicyText"]
    assert [item.get("Sid") for item in policy["Statement"]] == ["PullFromAccounts", None]
    assert policy["Statement"][1] == own


def test_grants_to_several_roles_are_merged_into_one_statement() -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    for name in ("One", "Two"):
        role = iam.Role(stack, name, assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
        api.add_to_resource_policy(
            iam.PolicyStatement(principals=[role], actions=["ecr:BatchGetImage"])
        )
    template = template_of(stack)
    (statement,) = only(template, REPOSITORY)["RepositoryPolicyText"]["Statement"]
    roles = [name for name, item in template["Resources"].items() if "Role" in item["Type"]]
    assert statement["Principal"] == {"AWS": [{"Fn::GetAtt": [name, "Arn"]} for name in roles]}


def test_a_statement_that_does_not_hold_is_named_by_its_place() -> None:
    with pytest.raises(ValueError, match="Api") as refusal:
        rendered(statements=[{"Effect": "Allow", "Action": "ecr:PutImage"}])
    assert str(refusal.value) == (
        "PrivateRepository 'Api': statements[0].Principal: "
        "a statement requires either Principal or NotPrincipal, got neither. Write one of the two."
    )


def adopted(**arguments: Any) -> dict[str, Any]:
    """Return the resource of a repository that is adopted unchanged."""
    stack = stack_in()
    existing: dict[str, Any] = {
        "existing_policy": None,
        "encryption": Encryption.aes256(),
        "tag_immutability": TagImmutability(mode="MUTABLE"),
        "scan_on_push": False,
        "lifecycle": None,
    }
    PrivateRepository.adopt(stack, "Api", repository_name="team/api", **existing | arguments)
    (resource,) = resources(template_of(stack), REPOSITORY)
    return resource


def test_an_adopted_repository_is_declared_without_a_property_that_would_replace_it() -> None:
    resource = adopted()
    assert resource["Properties"] == {
        "RepositoryName": "team/api",
        "ImageTagMutability": "MUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": False},
    }
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_an_adopted_repository_keeps_its_policy() -> None:
    lambdas = {
        "Sid": "LambdaECRImageRetrievalPolicy",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    text = json.dumps({"Version": "2008-10-17", "Statement": [lambdas]})
    properties = adopted(existing_policy=text, pull=Access(accounts=(OTHER,)))["Properties"]
    first, second = properties["RepositoryPolicyText"]["Statement"]
    assert (first["Sid"], second) == ("PullFromAccounts", lambdas)


@pytest.mark.parametrize("encryption", [Encryption.customer_managed(), Encryption.own_key()])
def test_an_adopted_repository_creates_no_key(encryption: Encryption) -> None:
    with pytest.raises(ValueError, match="Api") as refusal:
        adopted(encryption=encryption)
    assert str(refusal.value) == (
        "PrivateRepository 'Api': encryption: an adopted repository requires the key that it "
        "was created with, got a new key. Write "
        "Encryption.customer_managed(kms.Key.from_key_arn(...))."
    )


def test_a_prefix_with_a_wildcard_is_for_an_adopted_repository_alone() -> None:
    never = LifecycleRule(
        description="Keep what runs, it was meant",
        tag_status="tagged",
        tag_prefixes=("live-*",),
        count_type="imageCountMoreThan",
        count_number=9,
    )
    lifecycle = LifecyclePolicy((never,), allow_touching_live_images=True)
    text = adopted(lifecycle=lifecycle)["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    assert json.loads(text)["rules"][0]["selection"]["tagPrefixList"] == ["live-*"]
    with pytest.raises(ValueError, match="lifecycle: a tag prefix has no wildcards, got 'live-"):
        rendered(lifecycle=lifecycle)


def test_what_is_adopted_must_be_stated() -> None:
    with pytest.raises(TypeError, match="existing_policy"):
        PrivateRepository.adopt(stack_in(), "Api", repository_name="team/api")  # type: ignore[call-arg]


@pytest.mark.parametrize("alias", ["alias/ecr/dev", "aws/ecr", "", "a b"])
def test_an_alias_that_kms_refuses_is_refused(alias: str) -> None:
    with pytest.raises(ValueError, match="Key") as refusal:
        RepositoryKey(stack_in(), "Key", alias=alias)
    assert str(refusal.value) == (
        "RepositoryKey 'Key': alias: a key's alias must have 1 to 250 letters, digits, '/', '_' "
        f"and '-', and cannot begin with 'aws/' or 'alias/', got '{alias}'. "
        "Write it like 'ecr/dev'."
    )


def test_a_statement_is_added_to_the_policy_and_reported_as_added() -> None:
    api = PrivateRepository(
        stack_in(), "Api", repository_name="team/api", tags={"b": "1", "a": "2"}
    )
    statement = iam.PolicyStatement(
        actions=["ecr:BatchGetImage"], principals=[iam.AccountPrincipal(OTHER)]
    )
    added = api.add_to_resource_policy(statement)
    assert added.statement_added
    template = template_of(cdk.Stack.of(api))
    assert [tag["Key"] for tag in only(template, REPOSITORY)["Tags"]] == ["a", "b"]
