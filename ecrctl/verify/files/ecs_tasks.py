"""ECS task definitions, compared with AWS: every property that the file declares."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.ecs.container import ContainerSpec, HealthCheck
from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import statements_of
from ecrctl.verify.check import MISSING, NONE, NOT_RETURNED, Check, on_or_off
from ecrctl.verify.readers.ecs import newest_revision
from ecrctl.verify.stacks.resource_types import Live
from environments.names import ECS_WORKLOADS, stack_name
from environments.settings import EcsTaskSettings, EnvironmentSettings

from .lookup import Lookup
from .text import listed, pairs

_RETENTION_DAYS = 365
_IMAGES_OWN = "the image's"
Row = tuple[str, str, str]


def check_task(task: EcsTaskSettings, lookup: Lookup) -> Iterator[Check]:
    """Yield the properties of the newest revision of a task definition."""
    subject = f"task definition {task.spec.family}"
    found = newest_revision(lookup.reading, task.spec.family)
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    containers = {item.get("name", ""): item for item in found["containerDefinitions"]}
    declared = {
        task.spec.name_of(container): (container, image)
        for container, image in zip(task.spec.containers.values(), task.images, strict=True)
    }
    yield Check(subject, "containers", listed(declared), listed(containers))
    for name, (container, image) in declared.items():
        prefix = f"{name}: " if len(declared) > 1 else ""
        if name in containers:
            for what, *values in _container_rows(container, image, containers[name], lookup):
                yield _row(subject, f"{prefix}{what}", *values)
            log_rows = _log_rows(task, containers[name], lookup)
            yield from (Check(subject, f"{prefix}{what}", *values) for what, *values in log_rows)
    yield Check(subject, "decrypts with", *_keys(task, found.get("executionRoleArn"), lookup))
    rows = _task_rows(task, found, lookup.settings, is_emulated=lookup.reading.is_emulated)
    for what, *values in rows:
        yield _row(subject, what, *values)


def _row(subject: str, what: str, declared: str, found: str) -> Check:
    if found == NOT_RETURNED:
        return Check.not_compared(subject, what, NOT_RETURNED)
    return Check(subject, what, declared, found)


def _task_rows(
    task: EcsTaskSettings,
    found: Mapping[str, Any],
    settings: EnvironmentSettings,
    *,
    is_emulated: bool,
) -> list[Row]:
    spec, created = task.spec, f"created by {_stack(settings)}"
    network = "awsvpc" if spec.size else spec.network_mode or "bridge"
    platform = found.get("runtimePlatform", {})
    rows = [
        ("runs on", _launch_type(task), _found_launch_type(found)),
        ("network mode", network, found.get("networkMode") or "bridge"),
        ("task role", task.task_role_arn or created, _role(found.get("taskRoleArn"), settings)),
        (
            "execution role",
            created if spec.pulled_by == "execution-role" else MISSING,
            _role(found.get("executionRoleArn"), settings),
        ),
        ("volumes", listed(_volumes(task)), _found_volumes(found, is_emulated=is_emulated)),
    ]
    if spec.architecture:
        absent = NOT_RETURNED if is_emulated else NONE
        rows.append(("architecture", spec.architecture, platform.get("cpuArchitecture", absent)))
    return rows


def _keys(task: EcsTaskSettings, role_arn: str | None, lookup: Lookup) -> tuple[str, str]:
    """Return the keys of the task's secrets, which its execution role may use."""
    secrets = [secret for one in task.spec.containers.values() for secret in one.secrets.values()]
    declared = {secret.key_arn for secret in secrets if secret.key_arn}
    role = lookup.live("AWS::IAM::Role", (role_arn or "").rpartition("/")[2])
    found = {
        str(resource)
        for document in lookup.inline_policies(role).values()
        for statement in statements_of(document)
        if "kms:Decrypt" in as_list(statement.get("Action", []))
        for resource in as_list(statement.get("Resource", []))
    }
    return listed(declared), listed(found)


def _volumes(task: EcsTaskSettings) -> set[str]:
    return {name for one in task.spec.containers.values() for name in one.writable_volumes}


def _found_volumes(found: Mapping[str, Any], *, is_emulated: bool) -> str:
    volumes = found.get("volumes", [])
    if is_emulated and _is_blank(volumes):
        return NOT_RETURNED
    return listed(one["name"] for one in volumes)


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
    spec: ContainerSpec, image: ImageSpec, found: Mapping[str, Any], lookup: Lookup
) -> list[Row]:
    """Return the properties of a container, each as its name, declared value and found value."""
    hardening = spec.hardening
    memory = f"{found['memory']} MiB" if "memory" in found else NONE
    rows = [
        ("image", image.uri, found.get("image", MISSING)),
        ("cpu", f"{spec.cpu or 0} units", f"{found.get('cpu', 0)} units"),
        ("memory", f"{spec.memory_mib} MiB", memory),
        ("essential", on_or_off(spec.essential), on_or_off(found.get("essential", True))),
        ("command", _words(spec.command), _words(found.get("command"))),
        ("entry point", _words(spec.entry_point), _words(found.get("entryPoint"))),
        ("ports", listed(spec.ports), listed(_ports(found))),
        (
            "read-only root file system",
            on_or_off(hardening.read_only_root_filesystem),
            on_or_off(found.get("readonlyRootFilesystem")),
        ),
        ("user", str(hardening.user or _IMAGES_OWN), found.get("user") or _IMAGES_OWN),
        ("privileged", "off", on_or_off(found.get("privileged"))),
        (
            "environment",
            pairs(spec.environment.items()),
            pairs(_named(found, "environment", "value")),
        ),
        ("writable volumes", pairs(spec.writable_volumes.items()), pairs(_mounts(found))),
    ]
    for key, nested in _NESTED_ROWS.items():
        if lookup.reading.is_emulated and _is_blank(found.get(key)):
            rows += [(what, declared, NOT_RETURNED) for what, declared, _ in nested(spec, {})]
        else:
            rows += nested(spec, found)
    return rows


def _is_blank(value: Any) -> bool:
    """Return whether a value is there and empty: AWS itself never returns that."""
    return value == {} or (isinstance(value, list) and {} in value)


def _secret_rows(spec: ContainerSpec, found: Mapping[str, Any]) -> list[Row]:
    secrets = [(name, secret.value) for name, secret in spec.secrets.items()]
    return [("secrets", pairs(secrets), pairs(_named(found, "secrets", "valueFrom")))]


def _health_rows(spec: ContainerSpec, found: Mapping[str, Any]) -> list[Row]:
    check = found.get("healthCheck")
    return [("health check", _health(spec.health_check), _found_health(check))]


def _dependency_rows(spec: ContainerSpec, found: Mapping[str, Any]) -> list[Row]:
    return [("depends on", pairs(spec.depends_on.items()), pairs(_dependencies(found)))]


def _linux_rows(spec: ContainerSpec, found: Mapping[str, Any]) -> list[Row]:
    hardening, linux = spec.hardening, found.get("linuxParameters", {})
    capabilities = linux.get("capabilities", {})
    dropped = "ALL" if hardening.drop_capabilities else NONE
    return [
        ("capabilities dropped", dropped, listed(capabilities.get("drop", ()))),
        ("capabilities added", NONE, listed(capabilities.get("add", ()))),
        (
            "init process",
            on_or_off(hardening.init_process),
            on_or_off(linux.get("initProcessEnabled")),
        ),
    ]


# By their key in ECS, which the embedded AWS can return empty.
_NESTED_ROWS: Mapping[str, Callable[[ContainerSpec, Mapping[str, Any]], list[Row]]] = {
    "secrets": _secret_rows,
    "healthCheck": _health_rows,
    "dependsOn": _dependency_rows,
    "linuxParameters": _linux_rows,
}


def _words(words: Any) -> str:
    return " ".join(words) if words else _IMAGES_OWN


def _ports(found: Mapping[str, Any]) -> list[str]:
    """Return the ports of a container; all but TCP ones with their protocol."""
    return [
        str(port["containerPort"])
        if port.get("protocol", "tcp") == "tcp"
        else f"{port['containerPort']}/{port['protocol']}"
        for port in found.get("portMappings", ())
    ]


def _health(check: HealthCheck | None) -> str:
    if check is None:
        return NONE
    return _health_text(
        check.command,
        check.interval_seconds,
        check.timeout_seconds,
        check.retries,
        check.start_period_seconds,
    )


def _found_health(found: Mapping[str, Any] | None) -> str:
    if not found:
        return NONE
    return _health_text(
        found["command"],
        found.get("interval", 30),
        found.get("timeout", 5),
        found.get("retries", 3),
        found.get("startPeriod", 0),
    )


def _health_text(command: Any, interval: int, timeout: int, retries: int, start: int) -> str:
    return (
        f"{' '.join(command)}, every {interval} s, at most {timeout} s, {retries} retries, "
        f"after {start} s"
    )


def _dependencies(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(one["containerName"], one["condition"]) for one in found.get("dependsOn", ())]


def _named(found: Mapping[str, Any], key: str, value: str) -> list[tuple[str, str]]:
    return [(one["name"], one[value]) for one in found.get(key, ())]


def _mounts(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            one["sourceVolume"],
            f"{one['containerPath']}, read only" if one.get("readOnly") else one["containerPath"],
        )
        for one in found.get("mountPoints", ())
    ]


def _log_rows(task: EcsTaskSettings, found: Mapping[str, Any], lookup: Lookup) -> Iterator[Row]:
    logging = found.get("logConfiguration", {})
    driver = logging.get("logDriver", NONE)
    yield ("log driver", "awslogs" if task.logs else NONE, driver)
    if not task.logs:
        return
    options = logging.get("options", {})
    declared = lookup.id_of(ECS_WORKLOADS, task.name, "Logs", "Resource") or "that of its stack"
    group = options.get("awslogs-group", NONE)
    yield ("log group", declared, group)
    yield ("log region", lookup.settings.region, options.get("awslogs-region", NONE))
    yield ("log stream prefix", task.spec.family, options.get("awslogs-stream-prefix", NONE))
    live = lookup.live("AWS::Logs::LogGroup", group)
    yield ("logs are kept", f"{_RETENTION_DAYS} days", _found_retention(live))


def _found_retention(group: Live | None) -> str:
    if group is None:
        return MISSING
    days = group.properties["RetentionInDays"]
    return f"{days} days" if days else "without end"


def _role(found: str | None, settings: EnvironmentSettings) -> str:
    """Return a role that was found; a role of the workloads' stack is not named."""
    is_of_stack = f":role/{_stack(settings)}-" in (found or "")
    return f"created by {_stack(settings)}" if is_of_stack else found or MISSING


def _stack(settings: EnvironmentSettings) -> str:
    return stack_name(settings.name, ECS_WORKLOADS)
