"""The images that ECS runs, from scripted answers."""

from __future__ import annotations

from typing import Any

from ecrctl.aws.unread import Unread
from ecrctl.images.usage.ecs import ecs_uses
from tests.ecrctl.aws.stubs import StubClient, stub_aws

REGISTRY = "111111111111.dkr.ecr.us-east-1.amazonaws.com"
ARN = "arn:aws:ecs:us-east-1:111111111111"
DIGEST = f"sha256:{'a' * 64}"


def client(*tasks: Any, services: Any = (), definitions: Any = None) -> StubClient:
    """Return ECS with one cluster."""
    by_arn = {one["taskArn"]: one for one in tasks}
    by_name = {one["serviceName"]: one for one in services}

    def describe_services(cluster: str, services: list[str]) -> Any:
        assert (cluster, len(services) <= 10) == (f"{ARN}:cluster/main", True)
        return {"services": [by_name[one] for one in services]}

    def describe_tasks(cluster: str, tasks: list[str]) -> Any:
        assert (cluster, len(tasks) <= 100) == (f"{ARN}:cluster/main", True)
        return {"tasks": [by_arn[one] for one in tasks if one in by_arn], "failures": []}

    def describe_task_definition(taskDefinition: str) -> Any:  # noqa: N803 - AWS's word
        containers = [{"image": one} for one in (definitions or {})[taskDefinition]]
        return {"taskDefinition": {"containerDefinitions": containers}}

    return StubClient(
        list_clusters=lambda: [{"clusterArns": [f"{ARN}:cluster/main"]}],
        list_tasks=lambda cluster: [{"taskArns": [*by_arn, f"{ARN}:task/main/ended"]}],  # noqa: ARG005
        describe_tasks=describe_tasks,
        list_services=lambda cluster: [{"serviceArns": [one]} for one in by_name],  # noqa: ARG005
        describe_services=describe_services,
        describe_task_definition=describe_task_definition,
    )


def task(name: str, image: str, group: str = "family:api", **container: Any) -> Any:
    """Return a task with one container."""
    containers = [{"image": image, **container}]
    return {"taskArn": f"{ARN}:task/main/{name}", "group": group, "containers": containers}


def uses(ecs: StubClient) -> list[tuple[str, str, str, str]]:
    """Return the uses: their kind and name, and the repository and reference of the image."""
    unread = Unread()
    found = ecs_uses(stub_aws(ecs=ecs), unread)
    assert not unread
    return [(one.kind, one.name, one.image.repository, one.image.reference) for one in found]


def test_a_task_uses_the_digest_that_it_runs() -> None:
    ecs = client(
        task("1", f"{REGISTRY}/team/api:v1", imageDigest=DIGEST),
        task("2", f"{REGISTRY}/team/web:v2"),
        task("3", "docker.io/library/nginx"),
    )
    assert uses(ecs) == [
        ("ECS task", "main/1", "team/api", DIGEST),
        ("ECS task", "main/2", "team/web", "v2"),
    ]


def test_the_tasks_of_a_service_are_one_use() -> None:
    tasks = [task(str(n), f"{REGISTRY}/team/api:v1", "service:api") for n in range(250)]
    assert uses(client(*tasks)) == [("ECS service", "main/api", "team/api", "v1")]


def test_a_service_uses_the_images_of_all_its_deployments() -> None:
    service = {
        "serviceName": "api",
        "taskDefinition": "new",
        "deployments": [{"taskDefinition": "new"}, {"taskDefinition": "old"}],
        "taskSets": [{"taskDefinition": "set"}],
    }
    definitions = {
        "new": [f"{REGISTRY}/team/api:v2", "docker.io/library/nginx"],
        "old": [f"{REGISTRY}/team/api:v1"],
        "set": [f"{REGISTRY}/team/web@{DIGEST}"],
    }
    assert sorted(uses(client(services=[service], definitions=definitions))) == [
        ("ECS service", "main/api", "team/api", "v1"),
        ("ECS service", "main/api", "team/api", "v2"),
        ("ECS service", "main/api", "team/web", DIGEST),
    ]


def test_a_task_definition_is_read_once() -> None:
    services = [{"serviceName": f"s{number}", "taskDefinition": "one"} for number in range(25)]
    ecs = client(services=services, definitions={"one": [f"{REGISTRY}/team/api:v1"]})
    assert len(uses(ecs)) == 25
    assert [name for name, _ in ecs.requests].count("describe_task_definition") == 1
