"""EcsImageTask."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from constructs_lib import (
    ContainerHardening,
    EcsContainer,
    EcsImageTask,
    FargateSize,
    Image,
    PrivateRepository,
)
from tests.support import only, resources, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
TASK_DEFINITION = "AWS::ECS::TaskDefinition"


CONTAINER_ARGUMENTS = {field.name for field in fields(EcsContainer)}


def task_in(stack: cdk.Stack, **arguments: Any) -> EcsImageTask:
    """Return a task that runs an image of this app; the container's arguments are passed on."""
    api = PrivateRepository.from_name(stack, "Api", repository_name="team/api")
    container: dict[str, Any] = {
        "image": Image(repository=api, digest=DIGEST),
        "memory_mib": 200,
        **{name: arguments.pop(name) for name in CONTAINER_ARGUMENTS & set(arguments)},
    }
    task: dict[str, Any] = {"family": "api", "container": EcsContainer(**container)}
    return EcsImageTask(stack, "Task", **task | arguments)


def template(**arguments: Any) -> dict[str, Any]:
    """Return the template of a task that runs an image of this app."""
    stack = stack_in()
    task_in(stack, **arguments)
    return template_of(stack)


def container(**arguments: Any) -> dict[str, Any]:
    """Return a task's only container."""
    (found,) = only(template(**arguments), TASK_DEFINITION)["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def test_the_image_is_deployed_by_its_digest_as_a_plain_string() -> None:
    uri = f"111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api@{DIGEST}"
    assert container()["Image"] == uri


def test_a_container_is_hardened_without_being_asked() -> None:
    found = container()
    assert found["ReadonlyRootFilesystem"] is True
    assert found["User"] == "65532:65532"
    assert found["LinuxParameters"] == {
        "Capabilities": {"Drop": ["ALL"]},
        "InitProcessEnabled": True,
    }
    assert "Privileged" not in found


def test_hardening_is_switched_off_by_name_and_leaves_no_trace() -> None:
    found = container(hardening=ContainerHardening.none())
    assert not {"ReadonlyRootFilesystem", "User", "LinuxParameters"} & set(found)


def test_each_restriction_can_be_lifted_alone() -> None:
    found = container(hardening=ContainerHardening(read_only_root_filesystem=False))
    assert "ReadonlyRootFilesystem" not in found
    assert found["User"] == "65532:65532"
    assert "LinuxParameters" in container(hardening=ContainerHardening(init_process=False))


def test_the_execution_role_pulls_from_this_repository_and_writes_its_logs_only() -> None:
    statements = only(template(), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    arn = "arn:aws:ecr:eu-west-1:111111111111:repository/team/api"
    by_resource = {json.dumps(item["Resource"]): item["Action"] for item in statements}
    assert by_resource.pop(json.dumps("*")) == "ecr:GetAuthorizationToken"
    assert sorted(by_resource.pop(json.dumps(arn))) == [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    ]
    assert list(by_resource.values()) == [["logs:CreateLogStream", "logs:PutLogEvents"]]


def test_environment_variables_arrive() -> None:
    assert container(environment={"A": "1"})["Environment"] == [{"Name": "A", "Value": "1"}]


def test_the_task_role_may_do_nothing() -> None:
    policies = resources(template(), "AWS::IAM::Policy")
    (attached,) = policies[0]["Properties"]["Roles"]
    assert "ExecutionRole" in attached["Ref"]
    assert len(policies) == 1


def test_logs_are_kept_for_a_year_in_a_group_of_their_own() -> None:
    found = only(template(), "AWS::Logs::LogGroup")
    assert found == {"RetentionInDays": 365}, "a name of its own would block a second deployment"
    assert container()["LogConfiguration"]["Options"]["awslogs-stream-prefix"] == "api"


@pytest.mark.parametrize("retention", [None, logs.RetentionDays.ONE_DAY])
def test_the_container_instance_pulls_if_pulled_by_requires_it(
    retention: logs.RetentionDays | None,
) -> None:
    found = template(pulled_by="container-instance", log_retention=retention)
    assert "ExecutionRoleArn" not in only(found, TASK_DEFINITION)
    assert resources(found, "AWS::IAM::Policy") == []
    if retention:
        (main,) = only(found, TASK_DEFINITION)["ContainerDefinitions"]
        assert main["LogConfiguration"]["Options"]["awslogs-stream-prefix"] == "api"


def test_a_task_role_that_exists_is_named_and_left_alone() -> None:
    stack = stack_in()
    arn = "arn:aws:iam::111111111111:role/app"
    task_in(stack, task_role=iam.Role.from_role_arn(stack, "Role", arn, mutable=False))
    assert only(template_of(stack), TASK_DEFINITION)["TaskRoleArn"] == arn


def test_any_repository_of_the_cdk_will_do() -> None:
    stack = stack_in()
    plain = ecr.Repository(stack, "Plain", image_tag_mutability=ecr.TagMutability.IMMUTABLE)
    task = task_in(stack, image=Image(repository=plain, tag="v1"))
    assert isinstance(task.task_definition, ecs.TaskDefinition)
    assert ":v1" in json.dumps(
        only(template_of(stack), TASK_DEFINITION)["ContainerDefinitions"][0]["Image"]
    )


def test_all_faults_are_raised_at_once_and_before_anything_is_created() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="EcsImageTask 'Task': 3 faults:") as refusal:
        task_in(stack, family="a b", memory_mib=1, cpu=0, name="api")
    assert (
        "memory_mib: memory_mib must be 6 to 33,554,432, got 1. Write it in MiB, 1024 for one GiB."
        in str(refusal.value)
    )
    assert stack.node.try_find_child("Task") is None


def test_an_image_whose_owner_does_not_allow_the_pull_is_refused_before_anything_is_created() -> (
    None
):
    stack = stack_in()
    theirs = PrivateRepository.from_name(
        stack, "Theirs", repository_name="team/api", account="222222222222"
    )
    image = Image(repository=theirs, digest=DIGEST)
    with pytest.raises(ValueError, match="EcsImageTask 'Task'") as refusal:
        task_in(stack, image=image)
    assert str(refusal.value) == (
        "EcsImageTask 'Task': image: a grant across accounts requires a statement in the "
        "policy of 'team/api', which a reference cannot write. Ask its owner to add "
        '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": '
        '["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}, '
        "then set `policy_declared_by_owner=True` here."
    )
    assert stack.node.try_find_child("Task") is None
    EcsImageTask(
        stack_in(),
        "Task",
        family="api",
        container=EcsContainer(image=image, memory_mib=200),
        pulled_by="container-instance",
    )


def test_an_image_is_refused_with_all_of_its_faults() -> None:
    api = PrivateRepository.from_name(stack_in(), "Api", repository_name="team/api")
    with pytest.raises(ValueError, match="cannot be deployed by the tag 'latest'"):
        Image(repository=api, tag="latest")
    with pytest.raises(ValueError, match="requires a digest or a tag, got neither"):
        Image(repository=api)


def test_a_size_puts_it_on_fargate_with_all_its_hardening() -> None:
    size = FargateSize.at_least(cpu=300, memory_mib=200)
    properties = only(template(cpu=300, fargate=size), TASK_DEFINITION)
    assert properties["RequiresCompatibilities"] == ["FARGATE"]
    assert (properties["Cpu"], properties["Memory"]) == ("512", "1024")
    assert properties["NetworkMode"] == "awsvpc"
    (found,) = properties["ContainerDefinitions"]
    assert found["ReadonlyRootFilesystem"] is True
    assert found["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert found["User"] == "65532:65532"


def test_a_container_larger_than_its_task_is_refused() -> None:
    with pytest.raises(ValueError, match="Task") as refusal:
        template(memory_mib=600, fargate=FargateSize(cpu=256, memory_mib=512))
    assert str(refusal.value) == (
        "EcsImageTask 'Task': fargate: the task's containers request 0 CPU units and 600 MiB, and "
        "its size has 256 and 512. Choose a larger size, or request less."
    )
