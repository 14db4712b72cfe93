"""EcsImageTask with several containers, secrets, volumes and a key for its logs."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from constructs_lib import (
    ContainerHardening,
    ContainerSecret,
    EcsContainer,
    EcsImageTask,
    FargateSize,
    HealthCheck,
    Image,
    PrivateRepository,
)
from constructs_lib.rules.ecs.hardening import hardened_faults
from tests.support import only, resources, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
SECRET = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-a1B2c3"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1234"


def repository(stack: Any, name: str) -> Any:
    """Refer to a repository of this account."""
    return PrivateRepository.from_name(stack, name, repository_name=f"team/{name}")


def container(stack: Any, **arguments: Any) -> EcsContainer:
    """Return a container with an image of this app."""
    image = Image(repository=repository(stack, "api"), digest=DIGEST, tag="v1")
    given: dict[str, Any] = {"image": image, "memory_mib": 200} | arguments
    return EcsContainer(**given)


def statements_of(stack: Any) -> list[dict[str, Any]]:
    """Return the statements of a stack's only policy, the execution role's."""
    policy = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def containers_of(stack: Any) -> list[dict[str, Any]]:
    """Return the containers of a stack's only task."""
    task = only(template_of(stack), "AWS::ECS::TaskDefinition")
    found: list[dict[str, Any]] = task["ContainerDefinitions"]
    return found


def test_a_sidecar_has_its_own_image_and_hardening_and_is_waited_for() -> None:
    stack = stack_in()
    proxy = EcsContainer(
        name="proxy",
        image=Image(repository=repository(stack, "proxy"), digest=DIGEST),
        memory_mib=64,
        health_check=HealthCheck(
            command=("CMD", "/healthy"),
            interval_seconds=11,
            timeout_seconds=7,
            retries=5,
            start_period_seconds=13,
        ),
        ports=(8080,),
    )
    main = container(stack, depends_on={"proxy": "HEALTHY"}, command=("serve",))
    EcsImageTask(stack, "Task", family="api", container=main, sidecars=[proxy])
    api, beside = containers_of(stack)
    assert api["DependsOn"] == [{"Condition": "HEALTHY", "ContainerName": "proxy"}]
    assert api["Command"] == ["serve"]
    assert api["DockerLabels"] == {"org.opencontainers.image.version": "v1"}
    assert beside["HealthCheck"] == {
        "Command": ["CMD", "/healthy"],
        "Interval": 11,
        "Timeout": 7,
        "Retries": 5,
        "StartPeriod": 13,
    }
    assert beside["PortMappings"][0]["ContainerPort"] == 8080
    assert [*hardened_faults(api), *hardened_faults(beside)] == []
    (pulled,) = [item["Resource"] for item in statements_of(stack) if "BatchGet" in str(item)]
    assert pulled == [
        f"arn:aws:ecr:eu-west-1:111111111111:repository/team/{name}" for name in ("api", "proxy")
    ]


def test_every_setting_of_a_container_reaches_its_definition() -> None:
    stack = stack_in()
    proxy, init = (
        EcsContainer(
            name=name,
            image=Image(repository=repository(stack, name), digest=DIGEST),
            memory_mib=64,
            essential=False,
        )
        for name in ("proxy", "init")
    )
    main = container(
        stack,
        cpu=10,
        entry_point=("/bin/api",),
        environment={"A": "1"},
        depends_on={"proxy": "COMPLETE", "init": "SUCCESS"},
    )
    EcsImageTask(stack, "Task", family="api", container=main, sidecars=[proxy, init])
    api, *beside = containers_of(stack)
    assert (api["Name"], api["Cpu"], api["Memory"], api["Essential"]) == ("api", 10, 200, True)
    assert api["EntryPoint"] == ["/bin/api"]
    assert "Command" not in api
    assert api["Environment"] == [{"Name": "A", "Value": "1"}]
    assert api["DependsOn"] == [
        {"Condition": "SUCCESS", "ContainerName": "init"},
        {"Condition": "COMPLETE", "ContainerName": "proxy"},
    ]
    assert [(item["Name"], item["Essential"]) for item in beside] == [
        ("proxy", False),
        ("init", False),
    ]


@pytest.mark.parametrize("mode", ["awsvpc", "bridge", "host", "none"])
def test_a_task_on_ec2_has_the_network_mode_that_it_names(mode: Any) -> None:
    stack = stack_in()
    EcsImageTask(stack, "Task", family="api", container=container(stack), network_mode=mode)
    assert only(template_of(stack), "AWS::ECS::TaskDefinition")["NetworkMode"] == mode


@pytest.mark.parametrize(
    ("hardening", "path"),
    [
        (ContainerHardening(read_only_root_filesystem=False), "ReadonlyRootFilesystem"),
        (ContainerHardening(user=None), "User"),
        (ContainerHardening(drop_capabilities=False), "LinuxParameters.Capabilities"),
        (ContainerHardening(init_process=False), "LinuxParameters.InitProcessEnabled"),
    ],
)
def test_each_hardening_that_is_stripped_is_found(hardening: ContainerHardening, path: str) -> None:
    stack = stack_in()
    EcsImageTask(stack, "Task", family="api", container=container(stack, hardening=hardening))
    (found,) = containers_of(stack)
    assert [fault.path for fault in hardened_faults(found)] == [path]


@pytest.mark.parametrize("key", ["LogConfiguration", "Memory"])
def test_a_container_without_logs_or_limit_or_with_privileges_is_found(key: str) -> None:
    stack = stack_in()
    EcsImageTask(stack, "Task", family="api", container=container(stack))
    (found,) = containers_of(stack)
    without = {name: value for name, value in found.items() if name != key}
    assert [fault.path for fault in hardened_faults(without)] == [key]
    assert [fault.path for fault in hardened_faults({**found, "Privileged": True})] == [
        "Privileged"
    ]


def test_a_writable_volume_is_mounted_and_the_rest_stays_read_only() -> None:
    stack = stack_in()
    main = container(stack, writable_volumes={"tmp": "/tmp"})
    EcsImageTask(stack, "Task", family="api", container=main)
    assert only(template_of(stack), "AWS::ECS::TaskDefinition")["Volumes"] == [{"Name": "tmp"}]
    (found,) = containers_of(stack)
    assert found["MountPoints"] == [
        {"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "tmp"}
    ]
    assert found["ReadonlyRootFilesystem"] is True


def test_the_execution_role_reads_only_its_secrets_and_decrypts_through_their_service() -> None:
    stack = stack_in()
    secret = secretsmanager.Secret.from_secret_complete_arn(stack, "Db", SECRET)
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Token", parameter_name="/api/token"
    )
    secrets = {
        "PASSWORD": ContainerSecret.from_secrets_manager(
            secret, field="password", key=kms.Key.from_key_arn(stack, "Key", KEY)
        ),
        "TOKEN": ContainerSecret.from_ssm_parameter(parameter, key="aws-managed"),
    }
    EcsImageTask(stack, "Task", family="api", container=container(stack, secrets=secrets))
    granted = [item for item in statements_of(stack) if isinstance(item["Action"], str)]
    by_action = {item["Action"]: item for item in granted}
    assert set(by_action) == {
        "ecr:GetAuthorizationToken",
        "kms:Decrypt",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameters",
    }
    assert by_action["kms:Decrypt"] == {
        "Action": "kms:Decrypt",
        "Effect": "Allow",
        "Resource": KEY,
        "Condition": {
            "StringEquals": {
                "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
                "kms:EncryptionContext:SecretARN": SECRET,
            }
        },
    }
    assert by_action["secretsmanager:GetSecretValue"]["Resource"] == SECRET
    assert "parameter/api/token" in str(by_action["ssm:GetParameters"]["Resource"])
    (found,) = containers_of(stack)
    assert {item["Name"]: item["ValueFrom"] for item in found["Secrets"]}["PASSWORD"] == (
        f"{SECRET}:password::"
    )


def granted_for(secret: Any, region: str = "eu-west-1") -> dict[str, dict[str, Any]]:
    """Return the statements for a secret with its own key, by action."""
    stack = stack_in(region=region)
    given = ContainerSecret.from_secrets_manager(
        secret(stack), field="password", key=kms.Key.from_key_arn(stack, "Key", KEY)
    )
    EcsImageTask(stack, "Task", family="api", container=container(stack, secrets={"P": given}))
    (found,) = containers_of(stack)[0]["Secrets"]
    assert found["ValueFrom"].endswith(":password::")
    return {item["Action"]: item for item in statements_of(stack) if "kms" in str(item)} | {
        item["Action"]: item for item in statements_of(stack) if "Secret" in str(item["Action"])
    }


def test_a_secret_by_its_name_is_granted_with_any_suffix() -> None:
    granted = granted_for(lambda stack: secretsmanager.Secret.from_secret_name_v2(stack, "S", "db"))
    pattern = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-??????"
    assert granted["secretsmanager:GetSecretValue"]["Resource"] == pattern
    assert granted["kms:Decrypt"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": pattern},
    }


def test_a_secure_string_is_decrypted_with_its_key_by_the_parameter_store_alone() -> None:
    stack = stack_in()
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Token", parameter_name="/api/token"
    )
    secret = ContainerSecret.from_ssm_parameter(
        parameter, key=kms.Key.from_key_arn(stack, "Key", KEY)
    )
    EcsImageTask(stack, "Task", family="api", container=container(stack, secrets={"T": secret}))
    (decrypt,) = [item for item in statements_of(stack) if item["Action"] == "kms:Decrypt"]
    assert decrypt["Resource"] == KEY
    assert decrypt["Condition"]["StringEquals"]["kms:ViaService"] == "ssm.eu-west-1.amazonaws.com"
    assert "kms:EncryptionContext:PARAMETER_ARN" in decrypt["Condition"]["StringEquals"]


def test_a_field_of_a_secret_is_one_for_the_cdk_as_well() -> None:
    stack = stack_in()
    secret = secretsmanager.Secret(stack, "Db")
    whole = ContainerSecret.from_secrets_manager(secret)
    field = ContainerSecret.from_secrets_manager(secret, field="password")
    assert (whole.for_ecs().has_field, field.for_ecs().has_field) == (False, True)


def test_a_secret_of_another_region_is_decrypted_by_the_service_there() -> None:
    arn = SECRET.replace("eu-west-1", "us-east-1")
    granted = granted_for(
        lambda stack: secretsmanager.Secret.from_secret_complete_arn(stack, "S", arn)
    )
    assert granted["kms:Decrypt"]["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": arn,
    }


def test_in_another_partition_the_service_goes_by_either_of_its_names() -> None:
    granted = granted_for(
        lambda stack: secretsmanager.Secret.from_secret_name_v2(stack, "S", "db"), "cn-north-1"
    )
    assert granted["kms:Decrypt"]["Condition"]["StringEquals"]["kms:ViaService"] == [
        "secretsmanager.cn-north-1.amazonaws.com.cn",
        "secretsmanager.cn-north-1.amazonaws.com",
    ]


def test_a_secret_whose_key_is_unknown_is_refused() -> None:
    stack = stack_in()
    secret = secretsmanager.Secret.from_secret_complete_arn(stack, "Db", SECRET)
    with pytest.raises(ValueError, match="ContainerSecret 'Db'") as refusal:
        ContainerSecret.from_secrets_manager(secret)
    assert str(refusal.value) == (
        "ContainerSecret 'Db': key: a secret requires its encryption key, because no task could "
        "start without a grant on the key, got none. Add `key`, or write key='aws-managed' for "
        "the key of Secrets Manager."
    )
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Token", parameter_name="/api/token"
    )
    with pytest.raises(ValueError, match="for the key of Parameter Store"):
        ContainerSecret.from_ssm_parameter(parameter)


def test_a_secret_of_this_app_is_granted_with_its_own_key() -> None:
    stack = stack_in()
    secret = secretsmanager.Secret(stack, "Db", encryption_key=kms.Key(stack, "Key"))
    secrets = {"PASSWORD": ContainerSecret.from_secrets_manager(secret)}
    EcsImageTask(stack, "Task", family="api", container=container(stack, secrets=secrets))
    assert [item["Action"] for item in statements_of(stack)].count("kms:Decrypt") == 1


def test_logs_are_encrypted_with_a_key_whose_policy_allows_it() -> None:
    stack = stack_in()
    key = kms.Key(stack, "Key")
    EcsImageTask(stack, "Task", family="api", container=container(stack), log_key=key)
    template = template_of(stack)
    assert "KmsKeyId" in only(template, "AWS::Logs::LogGroup")
    (allowed,) = [
        item
        for item in only(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        if item.get("Sid") == "LogsOfThisAccount"
    ]
    assert allowed["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert allowed["Action"] == [
        "kms:Decrypt*",
        "kms:Describe*",
        "kms:Encrypt*",
        "kms:GenerateDataKey*",
    ]
    assert allowed["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111111111111:log-group:*"
        }
    }


def test_an_architecture_is_declared_and_a_role_that_exists_is_used() -> None:
    stack = stack_in()
    role = iam.Role(stack, "App", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    EcsImageTask(
        stack,
        "Task",
        family="api",
        container=container(stack),
        architecture="ARM64",
        fargate=FargateSize(cpu=256, memory_mib=512),
        task_role=role,
    )
    task = only(template_of(stack), "AWS::ECS::TaskDefinition")
    assert task["RuntimePlatform"] == {
        "CpuArchitecture": "ARM64",
        "OperatingSystemFamily": "LINUX",
    }
    assert task["TaskRoleArn"]["Fn::GetAtt"][0].startswith("App")
    assert len(resources(template_of(stack), "AWS::IAM::Role")) == 2
