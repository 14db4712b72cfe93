"""RegistryBaseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    CreationTemplate,
    EncryptionSpec,
    PullThroughCache,
    Registry,
    RegistryBaseline,
    RegistryPolicy,
    ReplicationSource,
    SigningRule,
)
from constructs_lib.rules.lifecycle.presets import standard
from tests.support import ACCOUNT, REGION, cdk_context, only, resources, stack_in, template_of

UNIT, OTHER_UNIT = "ou-ab12-11111111", "ou-ab12-22222222"
QUAY = PullThroughCache(prefix="quay", upstream="quay")
CENTRAL = PullThroughCache(
    prefix="central", upstream="ecr", host=f"222222222222.dkr.ecr.{REGION}.amazonaws.com"
)
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-a1B2c3"
HUB = PullThroughCache(prefix="hub", upstream="docker-hub", secret_arn=SECRET)
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
KEY = EncryptionSpec(kind="customer-managed", key_arn=KEY_ARN)
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/images"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/caches"


def baseline(stack: cdk.Stack, **settings: Any) -> RegistryBaseline:
    """Return a baseline for one organizational unit and region."""
    given = {
        "stack_set_name": "registry",
        "organizational_units": [UNIT],
        "regions": [REGION],
        **settings,
    }
    return RegistryBaseline(stack, "Baseline", **given)


def made(**settings: Any) -> dict[str, Any]:
    """Return the properties of a baseline's stack set."""
    stack = stack_in()
    baseline(stack, **settings)
    return only(template_of(stack), "AWS::CloudFormation::StackSet")


def test_by_default_accounts_follow_each_other_and_keep_the_settings() -> None:
    properties = made()
    template = json.loads(properties.pop("TemplateBody"))
    assert properties == {
        "StackSetName": "registry",
        "Description": "Settings of the private registry of this account and region",
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "SELF",
        "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
        "ManagedExecution": {"Active": True},
        "OperationPreferences": {"MaxConcurrentPercentage": 10, "FailureTolerancePercentage": 0},
        "StackInstancesGroup": [
            {"DeploymentTargets": {"OrganizationalUnitIds": [UNIT]}, "Regions": [REGION]}
        ],
    }
    assert template["Resources"]["RegistryScanning6CEAD07B"]["DeletionPolicy"] == "Retain"
    assert len(template["Resources"]) == 1


def test_every_choice_reaches_the_stack_set() -> None:
    properties = made(
        organizational_units=[UNIT, OTHER_UNIT],
        regions=["us-west-2", REGION],
        max_concurrent_percentage=100,
        failure_tolerance_percentage=25,
        retain_on_account_removal=False,
        delegated_administrator=True,
    )
    assert properties["CallAs"] == "DELEGATED_ADMIN"
    assert properties["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert properties["OperationPreferences"] == {
        "MaxConcurrentPercentage": 100,
        "FailureTolerancePercentage": 25,
    }
    assert properties["StackInstancesGroup"] == [
        {
            "DeploymentTargets": {"OrganizationalUnitIds": [UNIT, OTHER_UNIT]},
            "Regions": ["us-west-2", REGION],
        }
    ]


def test_without_auto_deployment_nothing_is_said_about_accounts_that_leave() -> None:
    assert made(auto_deployment=False)["AutoDeployment"] == {"Enabled": False}


def test_the_template_can_be_deployed_to_any_account_and_region() -> None:
    policy = RegistryPolicy(
        replication=(ReplicationSource(account="222222222222", repositories=("team/*",)),)
    )
    settings = {"caches": [QUAY, CENTRAL], "signing": [SigningRule()], "policy": policy}
    properties = made(**settings)
    text = properties["TemplateBody"]
    template = json.loads(text)
    assert properties["Capabilities"] == ["CAPABILITY_IAM"]
    # No asset, no parameter of the bootstrap stack, no function, and nothing of this account.
    assert template.keys() == {"Description", "Resources", "Outputs"}
    assert {one["Type"] for one in template["Resources"].values()} == {
        "AWS::ECR::PullThroughCacheRule",
        "AWS::ECR::RegistryPolicy",
        "AWS::ECR::RegistryScanningConfiguration",
        "AWS::ECR::RepositoryCreationTemplate",
        "AWS::ECR::SigningConfiguration",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Signer::SigningProfile",
    }
    for word in (ACCOUNT, "${Token", "cdk-"):
        assert word not in text
    (statement,) = only(template, "AWS::ECR::RegistryPolicy")["PolicyText"]["Statement"]
    assert {"Ref": "AWS::AccountId"} in statement["Resource"]["Fn::Join"][1]
    key = resources(template, "AWS::ECR::RepositoryCreationTemplate")[0]["Properties"]
    assert "Fn::GetAtt" in key["EncryptionConfiguration"]["KmsKey"]
    assert key["LifecyclePolicy"] == standard().text()
    # The address of ECR in every partition.
    assert '".",{"Ref":"AWS::URLSuffix"}' in text
    assert '.amazonaws.com"]]}}}' not in text


def test_without_roles_no_capability_is_acknowledged() -> None:
    aes256 = EncryptionSpec(kind="aes256")
    quay = PullThroughCache(prefix="quay", upstream="quay", encryption=aes256)
    assert "Capabilities" not in made(caches=[quay])


def test_a_stack_set_leaves_the_apps_own_assembly_and_registry_alone(tmp_path: Path) -> None:
    app = cdk.App(context=cdk_context(), outdir=str(tmp_path), analytics_reporting=False)
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account=ACCOUNT, region=REGION))
    baseline(stack)
    Registry(stack, "Registry")
    assert [one.stack_name for one in app.synth().stacks] == ["Stack"]
    assert [one.name for one in tmp_path.glob("*.template.json")] == ["Stack.template.json"]


def test_two_syntheses_have_the_same_bytes() -> None:
    settings = {"caches": [QUAY, CENTRAL], "signing": [SigningRule()]}
    assert made(**settings)["TemplateBody"] == made(**settings)["TemplateBody"]


def test_the_root_is_a_target_as_a_token_is() -> None:
    assert made(organizational_units=["r-ab12"])["StackInstancesGroup"][0]["DeploymentTargets"] == {
        "OrganizationalUnitIds": ["r-ab12"]
    }
    unit = cdk.Fn.import_value("unit")
    given = made(organizational_units=[unit])["StackInstancesGroup"][0]["DeploymentTargets"]
    assert given == {"OrganizationalUnitIds": [{"Fn::ImportValue": "unit"}]}


OWN = "Declare it in an environment of the account."
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a name with a dot": (
        {"stack_set_name": "my.registry"},
        "stack_set_name: a stack set's name must have 1 to 128 letters, digits and '-' and begin "
        "with a letter, got 'my.registry'. Write it like 'registry-baseline'.",
    ),
    "a name that is too long": (
        {"stack_set_name": "a" * 129},
        "stack_set_name: a stack set's name must have 1 to 128 letters, digits and '-' and begin "
        f"with a letter, got '{'a' * 80}'. Write it like 'registry-baseline'.",
    ),
    "no organizational unit": (
        {"organizational_units": []},
        "organizational_units: a baseline requires at least one organizational unit, got none. "
        "Write its ID, such as 'ou-ab12-11111111'.",
    ),
    "an account as an organizational unit": (
        {"organizational_units": [UNIT, "222222222222"]},
        "organizational_units[1]: '222222222222' is not the ID of an organizational unit. Write it "
        "like 'ou-ab12-11111111', or 'r-ab12' for the root.",
    ),
    "an organizational unit twice": (
        {"organizational_units": [UNIT, UNIT]},
        f"organizational_units[1]: an organizational unit can be listed once, got {UNIT} also in "
        "organizational_units[0]. Remove one.",
    ),
    "the root and a unit": (
        {"organizational_units": ["r-ab12", UNIT]},
        "organizational_units: the root r-ab12 contains every organizational unit, got 2. Write "
        "the root alone.",
    ),
    "no region": (
        {"regions": []},
        "regions: a baseline requires at least one region, got none. Write one such as "
        "'us-west-2'.",
    ),
    "a zone as a region": (
        {"regions": ["us-west-2a"]},
        "regions[0]: 'us-west-2a' is not a region's name. Write one such as 'us-west-2'.",
    ),
    "a region twice": (
        {"regions": [REGION, REGION]},
        f"regions[1]: a region can be listed once, got {REGION} also in regions[0]. Remove one.",
    ),
    "a region of another partition": (
        {"regions": [REGION, "cn-north-1"]},
        "regions[1]: a stack set deploys in its own partition aws, got cn-north-1 of aws-cn. "
        "Declare a baseline in an account of that partition.",
    ),
    "no account at once": (
        {"max_concurrent_percentage": 0},
        "max_concurrent_percentage: max_concurrent_percentage must be 1 to 100, got 0. Write 100 "
        "for all accounts at once.",
    ),
    "more than all accounts at once": (
        {"max_concurrent_percentage": 101},
        "max_concurrent_percentage: max_concurrent_percentage must be 1 to 100, got 101. Write 100 "
        "for all accounts at once.",
    ),
    "less than no failure": (
        {"failure_tolerance_percentage": -1},
        "failure_tolerance_percentage: failure_tolerance_percentage must be 0 to 100, got -1. "
        "Write 0 to stop at the first failure.",
    ),
    "more failures than accounts": (
        {"failure_tolerance_percentage": 101},
        "failure_tolerance_percentage: failure_tolerance_percentage must be 0 to 100, got 101. "
        "Write 0 to stop at the first failure.",
    ),
    "retaining without auto-deployment": (
        {"auto_deployment": False, "retain_on_account_removal": True},
        "retain_on_account_removal: retain_on_account_removal is for stacks that auto_deployment "
        "adds and removes, which is off. Remove one of the two.",
    ),
    "a cache with a secret": (
        {"caches": [QUAY, HUB]},
        "caches[1].upstream: a cache of Docker Hub requires a secret in each account and "
        "region, which a baseline cannot name, got docker-hub. Declare the cache in an environment "
        "of one account, and cache that registry here with the upstream ecr.",
    ),
    "a cache with a role": (
        {
            "caches": [
                PullThroughCache(prefix="central", upstream="ecr", host=CENTRAL.host, role_arn=ROLE)
            ]
        },
        "caches[0].role_arn: a baseline makes a role in each account, got the ARN of one. "
        "Remove role_arn.",
    ),
    "a template with a key of one account": (
        {
            "templates": [
                CreationTemplate(prefix="team", applied_for=("CREATE_ON_PUSH",), encryption=KEY)
            ]
        },
        "templates[0].encryption: a key is of one account and region, and a baseline is "
        "for many, got the ARN of one. Write customer-managed for a key in each of them, or "
        "aws-managed.",
    ),
    "a cache with a key of one account": (
        {"caches": [PullThroughCache(prefix="quay", upstream="quay", encryption=KEY)]},
        "caches[0].encryption: a key is of one account and region, and a baseline is for "
        "many, got the ARN of one. Write customer-managed for a key in each of them, or "
        "aws-managed.",
    ),
    "an existing signing profile": (
        {"signing": [SigningRule(profile_arn=PROFILE)]},
        "signing[0].profile_arn: a baseline makes a signing profile in each account and "
        "region, got the ARN of one. Remove profile_arn.",
    ),
    "statements of a registry policy": (
        {
            "policy": RegistryPolicy(
                statements=(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": ROLE},
                        "Action": "ecr:ReplicateImage",
                        "Resource": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/*",
                    },
                )
            )
        },
        "policy.statements: policy.statements names the repositories of one account, and a "
        f"baseline is for many, got 1. {OWN}",
    ),
}


@pytest.mark.parametrize(("settings", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_baseline_is_refused_before_anything_is_created(
    settings: dict[str, Any], sentence: str
) -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match=r"^RegistryBaseline") as error:
        baseline(stack, **settings)
    assert str(error.value) == f"RegistryBaseline 'Baseline': {sentence}"
    assert stack.node.children == []


def test_china_has_no_trusted_access() -> None:
    stack = stack_in(region="cn-north-1")
    with pytest.raises(ValueError, match=r"^RegistryBaseline") as error:
        baseline(stack, regions=["cn-north-1"])
    assert str(error.value) == (
        "RegistryBaseline 'Baseline': CloudFormation StackSets cannot be trusted by an "
        "organization in China, got an account in cn-north-1. Declare a registry for each account."
    )


def templates(description: str) -> list[CreationTemplate]:
    """Return many creation templates, of which the last has a description."""
    aes256 = EncryptionSpec(kind="aes256")
    return [
        CreationTemplate(
            prefix=f"team{index}",
            applied_for=("CREATE_ON_PUSH",),
            encryption=aes256,
            description=description if index == count - 1 else "x" * 256,
        )
        for count in [42]
        for index in range(count)
    ]


def test_a_template_has_at_most_51_200_bytes() -> None:
    shortest = len(made(templates=templates("x"))["TemplateBody"])
    missing = 51_200 - shortest
    assert 0 < missing < 255
    assert len(made(templates=templates("x" * (missing + 1)))["TemplateBody"]) == 51_200
    stack = stack_in()
    with pytest.raises(ValueError, match=r"^RegistryBaseline") as error:
        baseline(stack, templates=templates("x" * (missing + 2)))
    assert str(error.value) == (
        "RegistryBaseline 'Baseline': the template of a baseline can have at most 51,200 bytes, "
        "got 51,201. Declare fewer caches and templates, or shorter lifecycle policies."
    )
    assert stack.node.children == []
