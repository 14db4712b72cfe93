"""Repositories, keys and tasks compared with the embedded AWS, and the names of differences."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import EncryptionSpec
from ecrctl.aws.clients import Aws
from ecrctl.verify.check import MISSING, NOT_RETURNED, Check
from ecrctl.verify.command import verify
from ecrctl.verify.report import table_of, verdict
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.assemblies import stacks_of
from tests.support import resources

Properties = dict[str, Any]
NAME = "aws-nodejs-sample"
STACK = "local-Repositories-web"


@pytest.fixture
def settings(environments: Path) -> EnvironmentSettings:
    """Return the settings of ``local``."""
    return load_environment("local", environments)


@pytest.fixture
def properties(assembly: Path) -> Properties:
    """Return the declared properties of the sample's repository in ``local``."""
    for stack in stacks_of(assembly):
        if (stack.environment, stack.name) == ("local", "Repositories-web"):
            (repository,) = resources(stack.template, "AWS::ECR::Repository")
            found: Properties = repository["Properties"]
            return found
    raise AssertionError


def create(aws: Aws, settings: EnvironmentSettings, properties: Properties) -> None:
    """Deploy the sample's repository with some properties, in the stack it belongs to."""
    arn = key_arn(aws, f"alias/ecr/{settings.name}")
    if "EncryptionConfiguration" in properties:
        encryption = {"EncryptionType": "KMS", "KmsKey": arn}
        properties = {**properties, "EncryptionConfiguration": encryption}
    resource = {"Type": "AWS::ECR::Repository", "Properties": properties}
    remove(aws)
    aws.cloudformation.create_stack(
        StackName=STACK, TemplateBody=json.dumps({"Resources": {"Sample": resource}})
    )
    aws.cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 0}
    )


def remove(aws: Aws) -> None:
    """Remove the stack and the repository, where they exist."""
    aws.cloudformation.delete_stack(StackName=STACK)
    aws.cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 0}
    )
    if NAME in {item["repositoryName"] for item in aws.ecr.describe_repositories()["repositories"]}:
        aws.ecr.delete_repository(repositoryName=NAME, force=True)


def key_arn(aws: Aws, alias: str) -> str:
    """Return the ARN of the environment's key, which is created where it is missing."""
    names = {item.get("AliasName"): item for item in aws.kms.list_aliases()["Aliases"]}
    if alias not in names:
        key = aws.kms.create_key()["KeyMetadata"]
        aws.kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
        aws.kms.enable_key_rotation(KeyId=key["KeyId"])
    return aws.kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"]


def differing(settings: EnvironmentSettings, aws: Aws) -> list[str]:
    """Return the properties that differ at the sample's repository."""
    checks = verify(settings, aws)
    return [
        check.what
        for check in checks
        if check.subject == f"repository {NAME}" and not check.matches
    ]


def test_what_is_declared_is_read_back(
    aws: Aws, settings: EnvironmentSettings, properties: Properties
) -> None:
    create(aws, settings, properties)
    assert differing(settings, aws) == []


@pytest.mark.parametrize(
    ("without", "what"),
    [
        ("ImageTagMutability", "tag immutability"),
        ("ImageScanningConfiguration", "scan on push"),
        ("EncryptionConfiguration", "encryption"),
        ("RepositoryPolicyText", "repository policy"),
        ("LifecyclePolicy", "lifecycle policy"),
    ],
)
def test_a_property_that_a_construct_omits_is_named(
    aws: Aws, settings: EnvironmentSettings, properties: Properties, without: str, what: str
) -> None:
    create(aws, settings, {key: item for key, item in properties.items() if key != without})
    assert differing(settings, aws) == [what]


@pytest.mark.parametrize(("kind", "matches"), [("KMS_DSSE", True), ("KMS", False)])
def test_dual_layer_encryption_differs_from_single_layer_encryption(
    aws: Aws, settings: EnvironmentSettings, kind: Any, *, matches: bool
) -> None:
    remove(aws)
    key = key_arn(aws, f"alias/ecr/{settings.name}")
    aws.ecr.create_repository(
        repositoryName=NAME, encryptionConfiguration={"encryptionType": kind, "kmsKey": key}
    )
    # Declared for a region that has it; the embedded AWS has it everywhere.
    changes: dict[str, Any] = {
        "place": Place.of(settings.account, "us-gov-west-1"),
        "encryption": EncryptionSpec(kind="dsse"),
    }
    declared = tuple(
        replace(item, spec=replace(item.spec, **changes)) for item in settings.repositories
    )
    found = verify(replace(settings, repositories=declared), aws)
    (check,) = [item for item in found if item.what == "encryption"][:1]
    assert check.declared == "KMS_DSSE alias/ecr/local"
    assert check.matches is matches


@pytest.mark.parametrize("by", ["KeyId", "Arn"])
def test_a_repository_encrypted_with_another_key_is_named(
    aws: Aws, settings: EnvironmentSettings, by: str
) -> None:
    remove(aws)
    own = aws.kms.describe_key(KeyId=key_arn(aws, f"alias/ecr/{settings.name}"))["KeyMetadata"]
    other = aws.kms.create_key()["KeyMetadata"]
    for key, difference in ((own, []), (other, ["encryption"])):
        aws.ecr.create_repository(
            repositoryName=NAME,
            encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key[by]},  # type: ignore[literal-required]
        )
        checks = [check for check in verify(settings, aws) if check.what == "encryption"]
        found = {check.subject: check for check in checks}[f"repository {NAME}"]
        aws.ecr.delete_repository(repositoryName=NAME)
        assert [found.what] * (not found.matches) == difference
        assert found.declared == "KMS alias/ecr/local"
        assert found.matches or found.found == f"KMS {other[by]}"  # type: ignore[literal-required]


def test_a_repository_that_no_stack_deploys_is_explained(
    aws: Aws, settings: EnvironmentSettings
) -> None:
    remove(aws)
    aws.ecr.create_repository(repositoryName=NAME)
    (check,) = [item for item in verify(settings, aws) if item.what == "stack"][:1]
    assert check.declared == STACK
    assert check.found == (
        "not in this stack: the repository was retained when it was removed from the file, or was "
        "created elsewhere. A deployment would fail with AlreadyExists; first run "
        "`ecrctl import local`"
    )


def _widen_policy(aws: Aws) -> None:
    policy = json.loads(aws.ecr.get_repository_policy(repositoryName=NAME)["policyText"])
    policy["Statement"][0]["Principal"] = "*"
    aws.ecr.set_repository_policy(repositoryName=NAME, policyText=json.dumps(policy))


def _drop_shield(aws: Aws) -> None:
    text = aws.ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"]
    policy = {"rules": json.loads(text)["rules"][1:]}
    aws.ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=json.dumps(policy))


@pytest.mark.parametrize(
    ("change", "what"),
    [(_widen_policy, "repository policy"), (_drop_shield, "lifecycle policy")],
)
def test_a_repository_changed_by_hand_is_named(
    aws: Aws,
    settings: EnvironmentSettings,
    properties: Properties,
    change: Callable[[Aws], None],
    what: str,
) -> None:
    create(aws, settings, properties)
    change(aws)
    assert differing(settings, aws) == [what]


def test_a_policy_in_another_order_is_no_difference(
    aws: Aws, settings: EnvironmentSettings, properties: Properties
) -> None:
    statements = properties["RepositoryPolicyText"]["Statement"]
    turned = [{**item, "Action": item["Action"][::-1]} for item in statements[::-1]]
    policy = {**properties["RepositoryPolicyText"], "Statement": turned}
    create(aws, settings, {**properties, "RepositoryPolicyText": policy})
    assert differing(settings, aws) == []


def test_a_key_that_does_not_rotate_is_named(
    aws: Aws, settings: EnvironmentSettings, properties: Properties
) -> None:
    create(aws, settings, properties)
    key = aws.kms.describe_key(KeyId="alias/ecr/local")["KeyMetadata"]["KeyId"]
    aws.kms.disable_key_rotation(KeyId=key)
    named = [check.what for check in verify(settings, aws) if not check.matches]
    aws.kms.enable_key_rotation(KeyId=key)
    assert "rotation" in named


def test_missing_resources_are_named(
    aws: Aws, settings: EnvironmentSettings, properties: Properties
) -> None:
    create(aws, settings, properties)
    missing = {check.subject: check.found for check in verify(settings, aws) if not check.matches}
    assert missing["repository team/api"] == MISSING
    assert missing["task definition sample-app"] == MISSING
    assert missing["Job eks-iam-test-s3"] == MISSING


HARDENED: dict[str, Any] = {
    "name": "sample-app",
    "memory": 200,
    "cpu": 10,
    "essential": True,
    "readonlyRootFilesystem": True,
    "user": "65532:65532",
    "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
    "logConfiguration": {"logDriver": "awslogs"},
}
ROLES = {
    "taskRoleArn": "arn:aws:iam::000000000000:role/local-EcsWorkloads-Task",
    "executionRoleArn": "arn:aws:iam::000000000000:role/local-EcsWorkloads-Execution",
}
EVIL = {"name": "evil", "image": "evil", "memory": 6}


def task_differences(
    settings: EnvironmentSettings, aws: Aws, container: dict[str, Any], **changes: Any
) -> list[str]:
    """Register a revision by hand and return the properties that differ."""
    image = {"image": settings.ecs_tasks[0].images[0].uri}
    definition = {"containerDefinitions": [image | HARDENED | container], **ROLES} | changes
    aws.ecs.register_task_definition(family="sample-app", **definition)
    checks = verify(settings, aws)
    return [
        check.what
        for check in checks
        if check.subject == "task definition sample-app" and not check.matches
    ]


def test_a_task_definition_as_declared_has_no_difference(
    aws: Aws, settings: EnvironmentSettings
) -> None:
    assert task_differences(settings, aws, {}) == []


@pytest.mark.parametrize(
    ("container", "what"),
    [
        ({"image": "evil"}, "image"),
        ({"cpu": 999}, "cpu"),
        ({"memory": 999}, "memory"),
        ({"readonlyRootFilesystem": False}, "read-only root file system"),
        ({"user": "0:0"}, "user"),
        ({"privileged": True}, "privileged"),
        ({"linuxParameters": {"initProcessEnabled": True}}, "capabilities dropped"),
        (
            {"linuxParameters": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}},
            "capabilities added",
        ),
        ({"environment": [{"name": "LD_PRELOAD", "value": "x"}]}, "environment"),
        ({"secrets": [{"name": "KEY", "valueFrom": "x"}]}, "secrets"),
        ({"logConfiguration": {"logDriver": "none"}}, "log driver"),
        (
            {"mountPoints": [{"sourceVolume": "extra", "containerPath": "/etc"}]},
            "writable volumes",
        ),
    ],
)
def test_a_container_changed_by_hand_is_named(
    aws: Aws, settings: EnvironmentSettings, container: dict[str, Any], what: str
) -> None:
    assert task_differences(settings, aws, container) == [what]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"taskRoleArn": "arn:aws:iam::000000000000:role/admin"}, "task role"),
        ({"executionRoleArn": "arn:aws:iam::000000000000:role/admin"}, "execution role"),
    ],
)
def test_a_role_changed_by_hand_is_named(
    aws: Aws, settings: EnvironmentSettings, changes: dict[str, Any], what: str
) -> None:
    assert task_differences(settings, aws, {}, **changes) == [what]


def test_a_container_added_by_hand_is_named(aws: Aws, settings: EnvironmentSettings) -> None:
    image = {"image": settings.ecs_tasks[0].images[0].uri}
    both = [image | HARDENED, EVIL]
    assert task_differences(settings, aws, {}, containerDefinitions=both) == ["containers"]


def test_a_policy_whose_one_statement_is_not_a_list_is_read(
    aws: Aws, settings: EnvironmentSettings, properties: Properties
) -> None:
    policy = properties["RepositoryPolicyText"]
    create(aws, settings, properties)
    text = json.dumps({**policy, "Statement": policy["Statement"][0]})
    aws.ecr.set_repository_policy(repositoryName=NAME, policyText=text)
    assert differing(settings, aws) == ["repository policy"]


def test_another_account_is_named(aws: Aws, settings: EnvironmentSettings) -> None:
    (check, *_) = verify(replace(settings, account="111111111111"), aws)
    assert (check.what, check.declared, check.found) == (
        "account",
        "111111111111",
        "000000000000",
    )


def test_markup_in_what_is_read_back_is_shown_as_it_is() -> None:
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table_of("t", [Check("repository a", "lifecycle policy", "[/x]", "[red]")]))
    assert "[red]" in shown.get()
    assert "[/x]" in shown.get()


def test_the_verdict_names_every_difference() -> None:
    checks = [
        Check("repository a", "scan on push", "on", "off"),
        Check("repository a", "tag immutability", "IMMUTABLE", "IMMUTABLE"),
    ]
    assert verdict("dev", checks) == ("dev: 1 of 2 checks differ: repository a, scan on push.")
    unknown = Check("task definition a", "user", NOT_RETURNED, NOT_RETURNED)
    assert verdict("dev", [checks[1], unknown]) == (
        "dev: all 1 checks match the declaration; 1 more not returned by this endpoint."
    )
    assert verdict("dev", checks[1:]) == "dev: all 1 checks match the declaration."
