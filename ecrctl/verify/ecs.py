"""ECS workloads, compared with AWS: every property that could harm the account if changed."""

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
        prefix = f"{name}: " if len(declared) > 1 else ""
        if name in containers:
            rows = _container_rows(container, image, containers[name], logs=task.logs, aws=aws)
            yield from (Check(subject, f"{prefix}{what}", *values) for what, *values in rows)
    yield Check(subject, "runs on", _launch_type(task), _found_launch_type(found))
    created = f"created by {_stack(settings)}"
    role = _role(found.get("taskRoleArn"), settings)
    yield Check(subject, "task role", task.task_role_arn or created, role)
    pulls = task.spec.pulled_by == "execution-role"
    role = _role(found.get("executionRoleArn"), settings)
    yield Check(subject, "execution role", created if pulls else MISSING, role)


def _launch_type(task: EcsTaskSettings) -> str:
    size = task.spec.size
    return f"FARGATE, {size.cpu} units, {size.memory_mib} MiB" if size else "EC2"


def _found_launch_type(found: Mapping[str, Any]) -> str:
    launch_types = ", ".join(found.get("requiresCompatibilities", [])) or "EC2"
    size = (("cpu", "units"), ("memory", "MiB"))
    return ", ".join(
        [launch_types, *(f"{found[key]} {unit}" for key, unit in size if key in found)]
    )


def _container_rows(
    spec: ContainerSpec, image: ImageSpec, found: Mapping[str, Any], *, logs: bool, aws: Aws
) -> list[tuple[str, str, str]]:
    """Return the properties of a container, each as its name, declared value and found value."""
    hardening = spec.hardening
    capabilities = found.get("linuxParameters", {}).get("capabilities", {})
    dropped = "ALL" if hardening.drop_capabilities else "none"
    # Present and empty: AWS itself never returns that.
    unreadable = aws.endpoint_url is not None and found.get("linuxParameters") == {}
    environment = {item["name"]: item["value"] for item in found.get("environment", [])}
    secrets = {name: secret.value for name, secret in spec.secrets.items()}
    found_secrets = {item["name"]: item["valueFrom"] for item in found.get("secrets", [])}
    mounts = {item["sourceVolume"]: item["containerPath"] for item in found.get("mountPoints", [])}
    return [
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
        ("user", str(hardening.user or "the image's"), found.get("user") or "the image's"),
        ("privileged", "off", on_or_off(found.get("privileged"))),
        (
            "capabilities dropped",
            NOT_RETURNED if unreadable else dropped,
            NOT_RETURNED if unreadable else ", ".join(capabilities.get("drop", [])) or "none",
        ),
        ("capabilities added", "none", ", ".join(capabilities.get("add", [])) or "none"),
        ("environment", _pairs(spec.environment), _pairs(environment)),
        ("secrets", _pairs(secrets), _pairs(found_secrets)),
        ("writable volumes", _pairs(spec.writable_volumes), _pairs(mounts)),
        (
            "log driver",
            "awslogs" if logs else "none",
            found.get("logConfiguration", {}).get("logDriver", "none"),
        ),
    ]


def _pairs(values: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={values[name]}" for name in sorted(values)) or "none"


def _role(found: str | None, settings: EnvironmentSettings) -> str:
    """Return a role that was found; a role of the workloads' stack is not named."""
    is_of_stack = f":role/{_stack(settings)}-" in (found or "")
    return f"created by {_stack(settings)}" if is_of_stack else found or MISSING


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
    rollback = ", with rollback" if breaker.get("rollback") else ""
    count = service.desired_count
    rows = (
        ("status", "ACTIVE", found.get("status", MISSING)),
        ("runs on", "FARGATE", found.get("launchType", MISSING)),
        ("tasks", f"{count} of {count}", f"{found['runningCount']} of {found['desiredCount']}"),
        ("public address", "DISABLED", network.get("assignPublicIp", "DISABLED")),
        ("circuit breaker", "on, with rollback", f"{on_or_off(breaker.get('enable'))}{rollback}"),
    )
    yield from (Check(subject, *row) for row in rows)


def _service_of(family: str, settings: EnvironmentSettings, aws: Aws) -> Mapping[str, Any] | None:
    """Return the service of this environment that runs the newest revision of a family.

    The CDK chooses the service's name, so the stack's cluster and the revision identify it.
    """
    answer = or_none(lambda: aws.ecs.describe_task_definition(taskDefinition=family))
    newest = answer["taskDefinition"]["taskDefinitionArn"] if answer else MISSING
    prefix = f"{_stack(settings)}-"
    for cluster in aws.ecs.get_paginator("list_clusters").paginate().search("clusterArns[]"):
        if not cluster.rpartition("/")[2].startswith(prefix):
            continue
        for page in aws.ecs.get_paginator("list_services").paginate(cluster=cluster):
            if services := page["serviceArns"]:
                described = aws.ecs.describe_services(cluster=cluster, services=services)
                for service in described["services"]:
                    if service.get("taskDefinition") == newest:
                        return dict(service)
    return None
