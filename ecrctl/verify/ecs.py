"""ECS workloads, compared with AWS: every property that could harm the account if changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.ecs.container import ContainerSpec
from constructs_lib.rules.ecs.service import ServiceSpec
from ecrctl.aws.clients import Aws, or_none
from environments.names import ECS_WORKLOADS, stack_name
from environments.settings import EcsTaskSettings, EnvironmentSettings

from .check import MISSING, NOT_RETURNED, Check, on_or_off


def check_task(task: EcsTaskSettings, settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield the properties of the newest revision of a task definition."""
    subject = f"task definition {task.spec.family}"
    answer = or_none(lambda: aws.ecs.describe_task_definition(taskDefinition=task.spec.family))
    if answer is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    found = answer["taskDefinition"]
    containers = {item.get("name", ""): item for item in found["containerDefinitions"]}
    declared = {
        task.spec.name_of(container): (container, image)
        for container, image in zip(task.spec.containers.values(), task.images, strict=True)
    }
    yield Check(subject, "containers", ", ".join(sorted(declared)), ", ".join(sorted(containers)))
    for name, (container, image) in declared.items():
        if name in containers:
            for check in _check_container(subject, container, image, containers[name], aws):
                yield _with_container(check, name) if len(declared) > 1 else check
            yield Check(
                subject,
                "log driver" if len(declared) == 1 else f"{name}: log driver",
                "awslogs" if task.logs else "none",
                containers[name].get("logConfiguration", {}).get("logDriver", "none"),
            )
    yield Check(subject, "runs on", _launch_type(task), _found_launch_type(found))
    yield Check(
        subject, "task role", *_role(task.task_role_arn, found.get("taskRoleArn"), settings)
    )
    pulls = task.spec.pulled_by == "execution-role"
    execution_role = _role(None, found.get("executionRoleArn"), settings)[1]
    yield Check(
        subject, "execution role", _created_by_stack(settings) if pulls else MISSING, execution_role
    )


def _with_container(check: Check, name: str) -> Check:
    return Check(check.subject, f"{name}: {check.what}", check.declared, check.found)


def _launch_type(task: EcsTaskSettings) -> str:
    size = task.spec.size
    return f"FARGATE, {size.cpu} units, {size.memory_mib} MiB" if size else "EC2"


def _found_launch_type(found: Mapping[str, Any]) -> str:
    launch_types = ", ".join(found.get("requiresCompatibilities", [])) or "EC2"
    size = (("cpu", "units"), ("memory", "MiB"))
    return ", ".join(
        [launch_types, *(f"{found[key]} {unit}" for key, unit in size if key in found)]
    )


def _check_container(
    subject: str, spec: ContainerSpec, image: ImageSpec, found: Mapping[str, Any], aws: Aws
) -> Iterator[Check]:
    hardening = spec.hardening
    capabilities = found.get("linuxParameters", {}).get("capabilities", {})
    dropped = "ALL" if hardening.drop_capabilities else "none"
    # Present and empty: AWS itself never returns that.
    unreadable = aws.endpoint_url is not None and found.get("linuxParameters") == {}
    environment = {item["name"]: item["value"] for item in found.get("environment", [])}
    secrets = {item["name"]: item["valueFrom"] for item in found.get("secrets", [])}
    mounts = {item["sourceVolume"]: item["containerPath"] for item in found.get("mountPoints", [])}
    rows: tuple[tuple[str, object, object], ...] = (
        ("image", image.uri, found.get("image", MISSING)),
        ("cpu", f"{spec.cpu or 0} units", f"{found.get('cpu', 0)} units"),
        (
            "memory",
            f"{spec.memory_mib} MiB",
            f"{found['memory']} MiB" if "memory" in found else "none",
        ),
        (
            "read-only root file system",
            on_or_off(hardening.read_only_root_filesystem),
            on_or_off(found.get("readonlyRootFilesystem")),
        ),
        ("user", hardening.user or "the image's", found.get("user") or "the image's"),
        ("privileged", "off", on_or_off(found.get("privileged"))),
        (
            "capabilities dropped",
            NOT_RETURNED if unreadable else dropped,
            NOT_RETURNED if unreadable else ", ".join(capabilities.get("drop", [])) or "none",
        ),
        ("capabilities added", "none", ", ".join(capabilities.get("add", [])) or "none"),
        ("environment", _pairs(spec.environment), _pairs(environment)),
        (
            "secrets",
            _pairs({name: secret.value for name, secret in spec.secrets.items()}),
            _pairs(secrets),
        ),
        ("writable volumes", _pairs(spec.writable_volumes), _pairs(mounts)),
    )
    for what, declared, read in rows:
        yield Check(subject, what, str(declared), str(read))


def _pairs(values: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={values[name]}" for name in sorted(values)) or "none"


def _role(
    declared: str | None, found: str | None, settings: EnvironmentSettings
) -> tuple[str, str]:
    """Return the declared role and the found one; a role of the workloads' stack is not named."""
    is_of_stack = f":role/{_stack(settings)}-" in (found or "")
    shown = _created_by_stack(settings) if is_of_stack else found or MISSING
    return declared or _created_by_stack(settings), shown


def _created_by_stack(settings: EnvironmentSettings) -> str:
    return f"created by {_stack(settings)}"


def _stack(settings: EnvironmentSettings) -> str:
    return stack_name(settings.name, ECS_WORKLOADS)


def check_service(service: ServiceSpec, settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield the properties of a service: status, launch type, tasks and failure handling."""
    subject = f"service {service.name}"
    family = next(task.spec.family for task in settings.ecs_tasks if task.name == service.task)
    found = _service_of(family, settings, aws)
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    network = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    breaker = found.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    count = service.desired_count
    rows = (
        ("status", "ACTIVE", found.get("status", MISSING)),
        ("runs on", "FARGATE", found.get("launchType", MISSING)),
        ("tasks", f"{count} of {count}", f"{found['runningCount']} of {found['desiredCount']}"),
        ("public address", "DISABLED", network.get("assignPublicIp", "DISABLED")),
        (
            "circuit breaker",
            "on, with rollback",
            on_or_off(breaker.get("enable"))
            + (", with rollback" if breaker.get("rollback") else ""),
        ),
    )
    for what, declared, read in rows:
        yield Check(subject, what, declared, read)


def _service_of(family: str, settings: EnvironmentSettings, aws: Aws) -> Mapping[str, Any] | None:
    """Return the service of this environment that runs the newest revision of a family.

    The CDK chooses the service's name, so the stack's cluster and the revision identify it.
    """
    answer = or_none(lambda: aws.ecs.describe_task_definition(taskDefinition=family))
    newest = answer["taskDefinition"]["taskDefinitionArn"] if answer else MISSING
    prefix = f"{_stack(settings)}-"
    for cluster in _clusters(aws):
        if not cluster.rpartition("/")[2].startswith(prefix):
            continue
        for page in aws.ecs.get_paginator("list_services").paginate(cluster=cluster):
            services = page["serviceArns"]
            if not services:
                continue
            described = aws.ecs.describe_services(cluster=cluster, services=services)
            for service in described["services"]:
                if service.get("taskDefinition") == newest:
                    return dict(service)
    return None


def _clusters(aws: Aws) -> list[str]:
    pages = aws.ecs.get_paginator("list_clusters").paginate()
    return [cluster for page in pages for cluster in page["clusterArns"]]
