"""A task definition that has every property, and its rows."""

from __future__ import annotations

from typing import Any

from ecrctl.verify.files.ecs_tasks import check_task
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import IMAGE, Row, always, lookup, missing, rows, stacks_with

SECRET = "arn:aws:ssm:us-west-2:111111111111:parameter/token"
ROLES = "arn:aws:iam::111111111111:role/dev-EcsWorkloads-"
OF_STACK = "created by dev-EcsWorkloads"
IMAGES_OWN = "the image's"
TASK = f"""
ecs_tasks:
  - name: api
    family: web-api
    image: api
    memory_mib: 200
    cpu: 10
    command: [serve, --quiet]
    entry_point: [/app, -x]
    environment: {{MODE: fast, A: b}}
    ports: [8080, 9090]
    health_check:
      {{command: [CMD, /healthy], interval_seconds: 10, timeout_seconds: 3, retries: 2,
       start_period_seconds: 5}}
    writable_volumes: {{tmp: /tmp, cache: /var/cache}}
    secrets: {{TOKEN: {{parameter: "{SECRET}", key: aws-managed}}}}
"""
CONTAINER: dict[str, Any] = {
    "name": "api",
    "image": IMAGE,
    "cpu": 10,
    "memory": 200,
    "essential": True,
    "command": ["serve", "--quiet"],
    "entryPoint": ["/app", "-x"],
    "portMappings": [
        {"containerPort": 9090, "hostPort": 0, "protocol": "tcp"},
        {"containerPort": 8080},
    ],
    "healthCheck": {
        "command": ["CMD", "/healthy"],
        "interval": 10,
        "timeout": 3,
        "retries": 2,
        "startPeriod": 5,
    },
    "readonlyRootFilesystem": True,
    "user": "65532:65532",
    "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
    "environment": [{"name": "MODE", "value": "fast"}, {"name": "A", "value": "b"}],
    "secrets": [{"name": "TOKEN", "valueFrom": SECRET}],
    "mountPoints": [
        {"sourceVolume": "tmp", "containerPath": "/tmp"},
        {"sourceVolume": "cache", "containerPath": "/var/cache"},
    ],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "dev-logs",
            "awslogs-region": "us-west-2",
            "awslogs-stream-prefix": "web-api",
        },
    },
}
DEFINITION: dict[str, Any] = {
    "networkMode": "bridge",
    "requiresCompatibilities": ["EC2"],
    "taskRoleArn": f"{ROLES}Task",
    "executionRoleArn": f"{ROLES}Execution",
    "volumes": [{"name": "tmp"}, {"name": "cache"}],
    "status": "ACTIVE",
}


def task_rows(
    settings: EnvironmentSettings,
    found: dict[str, Any],
    *,
    retention: int | None = 365,
    groups: tuple[str, ...] = ("dev-logs-of-others", "dev-logs"),
    is_emulated: bool = False,
) -> list[Row]:
    """Return the rows of the environment's one task."""
    definition = {"taskDefinitionArn": "arn", **found}
    ecs = StubClient(describe_task_definition=always({"taskDefinition": definition}))
    listed = [
        {
            "logGroupName": name,
            "arn": f"arn:{name}:*",
            **({"retentionInDays": retention} if retention and name == "dev-logs" else {}),
        }
        for name in groups
    ]
    logs = StubClient(
        describe_log_groups=always([{"logGroups": listed[:1]}, {"logGroups": listed[1:]}]),
        list_tags_for_resource=always({"tags": {}}),
        describe_subscription_filters=always([{"subscriptionFilters": []}]),
    )
    (task,) = settings.ecs_tasks
    where = lookup(
        settings,
        is_emulated=is_emulated,
        ecs=ecs,
        logs=logs,
        iam=StubClient(get_role=missing("GetRole", "NoSuchEntity")),
        cloudformation=stacks_with(EcsWorkloads={("api", "Logs", "Resource"): "dev-logs"}),
    )
    checks = rows(check_task(task, where), f"task definition {task.spec.family}")
    assert ecs.requests == [
        ("describe_task_definition", {"taskDefinition": task.spec.family, "include": ["TAGS"]})
    ]
    return checks


def definition_of(container: Any = None, **changes: Any) -> dict[str, Any]:
    """Return the declared definition, with changes; without what is ``None``."""
    one = {
        key: item for key, item in {**CONTAINER, **(container or {})}.items() if item is not None
    }
    found = {**DEFINITION, "containerDefinitions": [one], **changes}
    return {key: item for key, item in found.items() if item is not None}


HEALTH = "CMD /healthy, every 10 s, at most 3 s, 2 retries, after 5 s"
VOLUMES = "cache=/var/cache\ntmp=/tmp"
EXPECTED = {
    "containers": "api",
    "image": IMAGE,
    "cpu": "10 units",
    "memory": "200 MiB",
    "essential": "on",
    "command": "serve --quiet",
    "entry point": "/app -x",
    "ports": "8080, 9090",
    "read-only root file system": "on",
    "user": "65532:65532",
    "privileged": "off",
    "environment": "A=b\nMODE=fast",
    "writable volumes": VOLUMES,
    "secrets": f"TOKEN={SECRET}",
    "health check": HEALTH,
    "depends on": "none",
    "capabilities dropped": "ALL",
    "capabilities added": "none",
    "init process": "on",
    "log driver": "awslogs",
    "log group": "dev-logs",
    "log region": "us-west-2",
    "log stream prefix": "web-api",
    "logs are kept": "365 days",
    "decrypts with": "none",
    "runs on": "EC2",
    "network mode": "bridge",
    "task role": OF_STACK,
    "execution role": OF_STACK,
    "volumes": "cache, tmp",
}
