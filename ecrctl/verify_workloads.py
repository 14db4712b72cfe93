"""Reading back workloads: all of a task definition that could be turned against its owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.kubernetes_job import NON_ROOT_USER, job_manifest
from constructs_lib.rules.yaml_text import yaml_text
from environments.settings import EcsTaskSettings, EksJobSettings, EnvironmentSettings

from .aws import Aws, or_none
from .checks import MISSING, NOT_GIVEN_BACK, Check, on_or_off


def check_task(task: EcsTaskSettings, settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Read back the newest revision of a task definition."""
    subject = f"task definition {task.family}"
    answer = or_none(lambda: aws.ecs.describe_task_definition(taskDefinition=task.family))
    if answer is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    found = answer["taskDefinition"]
    containers = {item.get("name", ""): item for item in found["containerDefinitions"]}
    yield Check(subject, "containers", task.name, ", ".join(sorted(containers)))
    if task.name in containers:
        yield from _check_container(subject, task, containers[task.name], aws)
    yield Check(subject, "runs on", _runs_on(task), _found_to_run_on(found))
    yield Check(
        subject, "task role", *_role(task.task_role_arn, found.get("taskRoleArn"), settings)
    )
    pulls = task.pulled_by == "execution-role"
    execution_role = _role(None, found.get("executionRoleArn"), settings)[1]
    yield Check(subject, "execution role", _made_by(settings) if pulls else MISSING, execution_role)


def _runs_on(task: EcsTaskSettings) -> str:
    size = task.fargate
    return f"FARGATE, {size.cpu} units, {size.memory_mib} MiB" if size else "EC2"


def _found_to_run_on(found: Mapping[str, Any]) -> str:
    asked = ", ".join(found.get("requiresCompatibilities", [])) or "EC2"
    size = (("cpu", "units"), ("memory", "MiB"))
    return ", ".join([asked, *(f"{found[key]} {unit}" for key, unit in size if key in found)])


def _check_container(
    subject: str, task: EcsTaskSettings, found: Mapping[str, Any], aws: Aws
) -> Iterator[Check]:
    hardened = task.hardening == "standard"
    capabilities = found.get("linuxParameters", {}).get("capabilities", {})
    dropped = "ALL" if hardened else "none"
    # There, and empty: AWS itself never answers that.
    unreadable = aws.endpoint_url is not None and found.get("linuxParameters") == {}
    logs = found.get("logConfiguration", {}).get("logDriver", "none")
    environment = {item["name"]: item["value"] for item in found.get("environment", [])}
    rows: tuple[tuple[str, object, object], ...] = (
        ("image", task.image.uri, found.get("image", MISSING)),
        ("cpu", f"{task.cpu or 0} units", f"{found.get('cpu', 0)} units"),
        ("memory", f"{task.memory_mib} MiB", f"{found.get('memory')} MiB"),
        (
            "read-only root file system",
            on_or_off(hardened),
            on_or_off(found.get("readonlyRootFilesystem")),
        ),
        (
            "user",
            f"{NON_ROOT_USER}:{NON_ROOT_USER}" if hardened else "the image's",
            found.get("user") or "the image's",
        ),
        ("privileged", "off", on_or_off(found.get("privileged"))),
        (
            "capabilities dropped",
            NOT_GIVEN_BACK if unreadable else dropped,
            NOT_GIVEN_BACK if unreadable else ", ".join(capabilities.get("drop", [])) or "none",
        ),
        ("capabilities added", "none", ", ".join(capabilities.get("add", [])) or "none"),
        ("environment", _variables(task.environment), _variables(environment)),
        ("secrets", "none", ", ".join(item["name"] for item in found.get("secrets", [])) or "none"),
        ("log driver", "awslogs" if task.logs else "none", logs),
    )
    for what, declared, read in rows:
        yield Check(subject, what, str(declared), str(read))


def _variables(environment: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={environment[name]}" for name in sorted(environment)) or "none"


def _role(
    declared: str | None, found: str | None, settings: EnvironmentSettings
) -> tuple[str, str]:
    """Compare a role with the one that is declared, or made by the stack of workloads."""
    made_here = f":role/{settings.name}-EcsWorkloads-" in (found or "")
    shown = _made_by(settings) if made_here else found or MISSING
    return declared or _made_by(settings), shown


def _made_by(settings: EnvironmentSettings) -> str:
    return f"made by {settings.name}-EcsWorkloads"


def check_job(job: EksJobSettings, settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Read back the manifest of a Job."""
    subject = f"Job {job.spec.name}"
    path = f"{job.spec.namespace}/{job.spec.name}" if job.spec.namespace else job.spec.name
    name = f"/{settings.name}-EksWorkloads/jobs/{path}"
    answer = or_none(lambda: aws.ssm.get_parameter(Name=name))
    declared = job_manifest(job.spec)
    found = answer["Parameter"]["Value"] if answer else MISSING
    if found == yaml_text(declared):
        shown = f"{declared['metadata']['name']}\n{job.image.uri}"
        yield Check(subject, "manifest", shown, shown)
    else:
        yield Check(subject, "manifest", yaml_text(declared), found)
