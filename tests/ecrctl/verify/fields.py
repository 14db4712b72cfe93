"""For each field of an environment file, a change that ``ecrctl verify`` must name, or a reason.

A field without an entry fails a test, and so does an entry without a field.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from environments.json_schema import schemas


@dataclass(frozen=True)
class Change:
    """Another value of a field.

    :param path: the place in ``everything.yaml``.
    :param more: changes that the field requires.
    """

    path: tuple[str | int, ...]
    value: Any
    more: tuple[Change, ...] = ()

    def apply(self, document: Any) -> Any:
        """Return a copy of a document with the change."""
        changed = copy.deepcopy(document)
        for one in (self, *self.more):
            place = changed
            for step in one.path[:-1]:
                place = place[step] if isinstance(step, int) else place.setdefault(step, {})
            if one.value is None:
                place.pop(one.path[-1])
            else:
                place[one.path[-1]] = one.value
        return changed


def field_paths() -> Iterator[str]:
    """Yield the fields that have a value of their own, from the published schema.

    The rules of all lifecycle policies are one form, and so are all containers.
    """
    schema = schemas()["environment.schema.json"]
    found = list(dict.fromkeys(map(_one_form, _paths(schema, schema, "", ()))))
    for path in found:
        if not any(other.startswith((f"{path}.", f"{path}[")) for other in found):
            yield path


def _one_form(path: str) -> str:
    path = re.sub(r"\.lifecycle(\.rules)?\[\]\.", ".lifecycle[].", path)
    path = path.removesuffix(".lifecycle.rules")
    for part in (".lifecycle[].", ".lifecycle.", ".tag_immutability."):
        path = path.replace(f"repository_defaults{part}", f"repositories[]{part}")
    return path.replace("ecs_tasks[].sidecars[].", "ecs_tasks[].")


def _paths(
    schema: Mapping[str, Any], node: Mapping[str, Any], path: str, seen: tuple[str, ...]
) -> Iterator[str]:
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from _paths(schema, schema["$defs"][name], path, (*seen, name))
        return
    for keyword in ("anyOf", "oneOf", "allOf"):
        for one in node.get(keyword, ()):
            yield from _paths(schema, one, path, seen)
    for name, one in node.get("properties", {}).items():
        inner = f"{path}.{name}" if path else name
        yield inner
        yield from _paths(schema, one, inner, seen)
    if isinstance(node.get("items"), Mapping):
        yield from _paths(schema, node["items"], f"{path}[]", seen)
    if isinstance(node.get("additionalProperties"), Mapping):
        yield from _paths(schema, node["additionalProperties"], f"{path}.*", seen)


API, WEB, BACKUP, SCANNER = (("repositories", index) for index in range(4))
RULE = (*WEB, "lifecycle", 1)
TASK, BATCH, QUIET = (("ecs_tasks", index) for index in range(3))
SIDECAR = (*TASK, "sidecars", 0)
JOB, CRON = (("eks_jobs", index) for index in range(2))
ROLE = "arn:aws:iam::000000000000:role/another"
USER = "arn:aws:iam::000000000000:user/another"
SESSION = "arn:aws:sts::000000000000:assumed-role/another/alice"
PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter/another"
KMS_KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:api-AbCdEf"
GITHUB = (*API, "push", "github", 0)
ARCHIVED = {
    "tag_status": "any",
    "storage_class": "archive",
    "count_type": "sinceImageTransitioned",
    "count_number": 90,
}
VOLUME = {"name": "cache", "path": "/cache"}
TOLERATION = {"key": "batch", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
APPLIED = "CloudFormation applies the Job to the cluster, which alone knows its state"
RULE_FOR_FILES = "a rule for the files; what they declare is compared"


def _created(place: str) -> Iterator[str]:
    """Yield the fields of repositories that ECR creates."""
    lifecycle = ("count_type", "count_number", "tag_status", "tag_patterns", "tag_prefixes")
    more = ("storage_class", "action", "priority", "description")
    for field in (
        *("tag_immutability.mode", "tag_immutability.exclusion_filters", "encryption", "tags"),
        *(f"lifecycle[].{one}" for one in (*lifecycle, *more)),
        "lifecycle.allow_touching_live_images",
    ):
        yield f"{place}.{field}"


def _registry() -> Iterator[str]:
    """Yield the fields of a registry."""
    yield from (
        *("scanning.scan_type", "scanning.rules[].filters", "scanning.rules[].frequency"),
        *("replication[].destinations", "replication[].filters", "exclusions"),
        *("signing[].filters", "signing[].profile_arn", "signing[].validity_months"),
        *("policy.organization_pull", "policy.statements", "blob_mounting"),
        *_created("caches[]"),
        *("caches[].prefix", "caches[].upstream", "caches[].secret_arn", "caches[].host"),
        *("caches[].upstream_prefix", "caches[].role_arn"),
        *_created("templates[]"),
        *("templates[].prefix", "templates[].applied_for", "templates[].description"),
        *("templates[].statements", "templates[].pull.lambda_accounts"),
        *("templates[].pull.codebuild_projects", "templates[].pull.lambda_functions"),
        *(
            f"{place}.{kind}"
            for place in ("caches[].pull", "templates[].pull", "templates[].push")
            for kind in (
                *("accounts", "roles", "users", "sessions"),
                *("organization", "organizations", "organization_paths"),
            )
        ),
    )


REASONS = {
    "account": "credentials of another account are an error before anything is read",
    "required_tags": f"{RULE_FOR_FILES}: the tags of each repository",
    "scan_gate.fail_on": "a rule for promotions, which ask for the findings themselves",
    "scan_gate.unscannable": "a rule for promotions, which ask for the findings themselves",
    "repositories[].lifecycle.allow_touching_live_images": RULE_FOR_FILES,
    "repositories[].adopted": RULE_FOR_FILES,
    "ecs_tasks[].awaiting_image": "the workload is left out, and nothing of it is declared",
    "eks_jobs[].awaiting_image": "the workload is left out, and nothing of it is declared",
    **{
        f"images.*.{field}": "the image is built and pushed; its pin is compared"
        for field in (
            "repository",
            "build.arguments",
            "build.context",
            "build.dockerfile",
            "build.platforms",
            "build.tag",
            "build.target",
        )
    },
    **{
        f"public_repositories[].{field}": (
            "the embedded AWS has no ECR Public; test_public_rows.py compares each property"
        )
        for field in (
            *("name", "description", "about.text", "usage.text", "logo"),
            *("architectures", "operating_systems", "statements", "removal", "tags"),
            *("push.accounts", "push.roles", "push.users", "push.sessions"),
            *("push.organization", "push.organizations", "push.organization_paths"),
            *("push.github[].repository", "push.github[].ref", "push.github[].environment"),
            *("push.github[].pull_request", "push.github[].owner_id"),
            "push.github[].repository_id",
        )
    },
    **{
        f"registry.{field}": (
            "the embedded AWS has no settings of a registry; test_registry_rows.py compares each "
            "property"
        )
        for field in _registry()
    },
    **{
        f"registry_baseline.{field}": (
            "the embedded AWS has no organization; test_baseline_rows.py compares each property"
        )
        for field in (
            *("organizational_units", "regions", "max_concurrent_percentage", "auto_deployment"),
            *("failure_tolerance_percentage", "retain_on_account_removal"),
            "delegated_administrator",
            *(f"registry.{one}" for one in _registry()),
        )
    },
    "eks_cluster.name": APPLIED,
    "eks_cluster.kubectl_provider": APPLIED,
    "eks_jobs[].delivery": APPLIED,
    "eks_jobs[].rollback_window_seconds": APPLIED,
    "eks_jobs[].wait_for_completion_seconds": APPLIED,
}


def _rule(field: str, value: Any, *more: Change) -> Change:
    return Change((*RULE, field), value, more)


def _task(field: str, value: Any, *more: Change) -> Change:
    return Change((*TASK, field), value, more)


def _job(field: str, value: Any, *more: Change) -> Change:
    return Change((*JOB, field), value, more)


def _cron(field: str, value: Any) -> Change:
    return Change((*CRON, field), value)


_TAGGED = Change((*RULE, "tag_status"), "tagged")
CHANGES: dict[str, Change] = {
    "region": Change(
        ("region",),
        "us-east-2",
        (
            Change(("network", "availability_zones"), ["us-east-2a", "us-east-2b"]),
            Change((*API, "pull", "lambda_functions"), []),
        ),
    ),
    "protected": Change(
        ("protected",),
        True,
        (Change((*WEB, "removal"), None), Change((*WEB, "empty_on_delete"), None)),
    ),
    "organization_id": Change(
        ("organization_id",),
        "o-b1b2c3d4e5",
        (Change((*API, "pull", "organization_paths"), ["o-b1b2c3d4e5/r-ab12/*"]),),
    ),
    "github_provider": Change(("github_provider",), "create"),
    "encryption": Change(("encryption",), "aws-managed"),
    "administrators": Change(("administrators",), [ROLE]),
    "tags": Change(("tags", "division"), "office"),
    "break_glass_role": Change(("break_glass_role",), ROLE),
    "notifications.topic_arn": Change(
        ("notifications", "topic_arn"), "arn:aws:sns:us-east-1:000000000000:alerts"
    ),
    "notifications.event_bus_arn": Change(
        ("notifications", "event_bus_arn"), "arn:aws:events:us-east-1:000000000000:event-bus/x"
    ),
    "notifications.scan_severity": Change(("notifications", "scan_severity"), "LOW"),
    "notifications.pushes": Change(("notifications", "pushes"), False),
    "notifications.pull_through_failures": Change(
        ("notifications", "pull_through_failures"), False
    ),
    "notifications.failed_pulls": Change(("notifications", "failed_pulls"), False),
    "notifications.repositories": Change(("notifications", "repositories"), ["team/web"]),
    "repository_defaults.tag_immutability": Change(
        ("repository_defaults", "tag_immutability"), "MUTABLE"
    ),
    "repository_defaults.lifecycle": Change(("repository_defaults", "lifecycle"), "none"),
    "repository_defaults.scan_on_push": Change(("repository_defaults", "scan_on_push"), False),
    "repositories[].name": Change((*SCANNER, "name"), "tools/other"),
    "repositories[].stack": Change((*SCANNER, "stack"), "web"),
    "repositories[].tag_immutability.mode": Change((*API, "tag_immutability"), "MUTABLE"),
    "repositories[].tag_immutability.exclusion_filters": Change(
        (*API, "tag_immutability"),
        {"mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": ["x-*"]},
    ),
    "repositories[].scan_on_push": Change((*API, "scan_on_push"), False),
    "repositories[].lifecycle[].count_type": _rule("count_type", "imageCountMoreThan"),
    "repositories[].lifecycle[].count_number": _rule("count_number", 31),
    "repositories[].lifecycle[].tag_status": _rule("tag_status", "untagged"),
    "repositories[].lifecycle[].tag_patterns": _rule("tag_patterns", ["v*"], _TAGGED),
    "repositories[].lifecycle[].tag_prefixes": _rule("tag_prefixes", ["v"], _TAGGED),
    "repositories[].lifecycle[].storage_class": Change(
        (*WEB, "lifecycle"), {"rules": [ARCHIVED], "allow_touching_live_images": True}
    ),
    "repositories[].lifecycle[].action": _rule("action", "transition"),
    "repositories[].lifecycle[].priority": _rule(
        "priority", 9, Change((*WEB, "lifecycle", 0, "priority"), 1)
    ),
    "repositories[].lifecycle[].description": _rule("description", "Another"),
    "repositories[].pull.accounts": Change((*API, "pull", "accounts"), ["333333333333"]),
    "repositories[].pull.roles": Change((*API, "pull", "roles"), [ROLE]),
    "repositories[].pull.organization": Change((*API, "pull", "organization"), False),
    "repositories[].pull.users": Change((*API, "pull", "users"), [USER]),
    "repositories[].pull.sessions": Change((*API, "pull", "sessions"), []),
    "repositories[].pull.organizations": Change((*API, "pull", "organizations"), ["o-yyyyyyyyyy"]),
    "repositories[].pull.lambda_functions": Change((*API, "pull", "lambda_functions"), []),
    "repositories[].pull.organization_paths": Change((*API, "pull", "organization_paths"), []),
    "repositories[].pull.lambda_accounts": Change(
        (*API, "pull", "lambda_accounts"), ["333333333333"]
    ),
    "repositories[].pull.codebuild_projects": Change((*API, "pull", "codebuild_projects"), []),
    "repositories[].push.accounts": Change((*API, "push", "accounts"), ["333333333333"]),
    "repositories[].push.roles": Change((*API, "push", "roles"), [ROLE]),
    "repositories[].push.organization": Change((*API, "push", "organization"), True),
    "repositories[].push.users": Change((*API, "push", "users"), [USER]),
    "repositories[].push.sessions": Change((*API, "push", "sessions"), [SESSION]),
    "repositories[].push.organizations": Change((*API, "push", "organizations"), ["o-yyyyyyyyyy"]),
    "repositories[].push.organization_paths": Change(
        (*API, "push", "organization_paths"), ["o-a1b2c3d4e5/r-ab12/*"]
    ),
    "repositories[].push.github[].repository": Change((*GITHUB, "repository"), "acme/other"),
    "repositories[].push.github[].ref": Change((*GITHUB, "ref"), "refs/heads/next"),
    "repositories[].push.github[].environment": Change(
        (*API, "push", "github", 1, "environment"), "staging"
    ),
    "repositories[].push.github[].pull_request": Change(
        (*GITHUB, "pull_request"), True, (Change((*GITHUB, "ref"), None),)
    ),
    "repositories[].push.github[].owner_id": Change(
        (*GITHUB, "owner_id"), "1", (Change((*GITHUB, "repository_id"), "2"),)
    ),
    "repositories[].push.github[].repository_id": Change(
        (*GITHUB, "repository_id"), "2", (Change((*GITHUB, "owner_id"), "1"),)
    ),
    "repositories[].statements": Change((*BACKUP, "statements", 0, "Sid"), "Another"),
    "repositories[].encryption": Change((*WEB, "encryption"), "aws-managed"),
    "repositories[].removal": Change(
        (*WEB, "removal"), None, (Change((*WEB, "empty_on_delete"), None),)
    ),
    "repositories[].empty_on_delete": Change((*WEB, "empty_on_delete"), False),
    "repositories[].tags": Change((*API, "tags", "cost-center"), "7"),
    "ecs_tasks[].task_role_arn": Change((*BATCH, "task_role_arn"), ROLE),
    "ecs_tasks[].logs": Change((*BATCH, "logs"), False),
    "ecs_tasks[].family": _task("family", "another"),
    "ecs_tasks[].sidecars": Change((*SIDECAR, "name"), "renamed"),
    "ecs_tasks[].pulled_by": Change((*QUIET, "pulled_by"), "execution-role"),
    "ecs_tasks[].fargate.cpu": Change((*TASK, "fargate"), {"cpu": 1024, "memory_mib": 2048}),
    "ecs_tasks[].fargate.memory_mib": Change((*TASK, "fargate", "memory_mib"), 2048),
    "ecs_tasks[].network_mode": Change((*BATCH, "network_mode"), "bridge"),
    "ecs_tasks[].architecture": _task("architecture", "X86_64"),
    "ecs_tasks[].name": _task(
        "name",
        "renamed",
        Change((*SIDECAR, "depends_on"), {"renamed": "START"}),
        Change(("ecs_services", 0, "task"), "renamed"),
        Change(("ecs_services", 1, "task"), "renamed"),
    ),
    "ecs_tasks[].memory_mib": _task("memory_mib", 300),
    "ecs_tasks[].cpu": _task("cpu", 200),
    "ecs_tasks[].essential": Change((*SIDECAR, "essential"), True),
    "ecs_tasks[].command": _task("command", ["other"]),
    "ecs_tasks[].entry_point": _task("entry_point", ["/other"]),
    "ecs_tasks[].environment": _task("environment", {"LEVEL": "debug"}),
    "ecs_tasks[].secrets.*.secret": _task(
        "secrets", {"API_TOKEN": {"secret": SECRET, "key": "aws-managed"}}
    ),
    "ecs_tasks[].secrets.*.parameter": _task(
        "secrets", {"API_TOKEN": {"parameter": PARAMETER, "key": "aws-managed"}}
    ),
    "ecs_tasks[].secrets.*.field": _task(
        "secrets", {"API_TOKEN": {"secret": SECRET, "field": "token", "key": "aws-managed"}}
    ),
    "ecs_tasks[].secrets.*.key": Change((*TASK, "secrets", "API_TOKEN", "key"), KMS_KEY),
    "ecs_tasks[].ports": _task("ports", [9090]),
    "ecs_tasks[].health_check.command": _task("health_check", {"command": ["CMD", "/other"]}),
    **{
        f"ecs_tasks[].health_check.{name}": Change((*TASK, "health_check", name), 7)
        for name in (*("interval_seconds", "timeout_seconds", "retries", "start_period_seconds"),)
    },
    "ecs_tasks[].depends_on": Change((*SIDECAR, "depends_on"), {"api": "HEALTHY"}),
    "ecs_tasks[].writable_volumes": _task("writable_volumes", {"tmp": "/var/tmp"}),
    "ecs_tasks[].hardening.read_only_root_filesystem": Change(
        (*BATCH, "hardening", "read_only_root_filesystem"), True
    ),
    "ecs_tasks[].hardening.user": Change((*BATCH, "hardening", "user"), "2000:2000"),
    "ecs_tasks[].hardening.drop_capabilities": Change(
        (*BATCH, "hardening", "drop_capabilities"), False
    ),
    "ecs_tasks[].hardening.init_process": Change((*BATCH, "hardening", "init_process"), False),
    "ecs_tasks[].image": Change((*BATCH, "image"), "proxy"),
    "ecs_services[].name": Change(("ecs_services", 2, "name"), "another"),
    "ecs_services[].task": Change(("ecs_services", 2, "task"), "api"),
    "ecs_services[].desired_count": Change(("ecs_services", 2, "desired_count"), 3),
    "network.cidr": Change(("network", "cidr"), "10.50.0.0/24"),
    "network.availability_zones": Change(
        ("network", "availability_zones"), ["us-east-1a", "us-east-1c"]
    ),
    "eks_jobs[].image": _job("image", "proxy"),
    "eks_jobs[].identity.cluster_name": Change((*JOB, "identity", "cluster_name"), "other"),
    "eks_jobs[].identity.oidc_provider_arn": Change(
        (*CRON, "identity", "oidc_provider_arn"),
        "arn:aws:iam::000000000000:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/B2",
    ),
    "eks_jobs[].identity.role_name": Change((*CRON, "identity", "role_name"), "other"),
    "eks_jobs[].identity.statements": Change(
        (*CRON, "identity", "statements", 0, "Action"), "s3:PutObject"
    ),
    "eks_jobs[].node_role_arn": _job("node_role_arn", ROLE),
    "eks_jobs[].name": _job("name", "another"),
    "eks_jobs[].service_account": _job("service_account", "another"),
    "eks_jobs[].namespace": _job("namespace", "another"),
    "eks_jobs[].name_suffix": _job("name_suffix", "none"),
    "eks_jobs[].args": _job("args", ["s3", "rm"]),
    "eks_jobs[].command": _job("command", ["/bin/sh"]),
    "eks_jobs[].container_name": _job("container_name", "another"),
    "eks_jobs[].labels": _job("labels", {"team": "web"}),
    "eks_jobs[].environment": _job("environment", {"LEVEL": "debug"}),
    "eks_jobs[].secrets.*.secret": _job("secrets", {"TOKEN": {"secret": "api", "key": "token"}}),
    "eks_jobs[].secrets.*.key": _job("secrets", {"TOKEN": {"secret": "api", "key": "other"}}),
    **{
        f"eks_jobs[].volumes[].{name}": _job("volumes", [{**VOLUME, **more}])
        for name, more in {
            "name": {},
            "path": {"path": "/other"},
            "source": {"source": "secret", "source_name": "s"},
            "source_name": {"source": "config_map", "source_name": "c"},
            "size_limit": {"size_limit": "1Gi"},
        }.items()
    },
    "eks_jobs[].resources.requests": _job("resources", {"requests": {"cpu": "1"}}),
    "eks_jobs[].resources.limits": _job("resources", {"limits": {"memory": "1Gi"}}),
    "eks_jobs[].node_selector": _job("node_selector", {"disk": "ssd"}),
    **{
        f"eks_jobs[].tolerations[].{name}": _job("tolerations", [TOLERATION]) for name in TOLERATION
    },
    "eks_jobs[].restart_policy": _job("restart_policy", "OnFailure"),
    "eks_jobs[].hardening.user": _job("hardening", {"user": 1000}),
    "eks_jobs[].hardening.seccomp": _job("hardening", {"seccomp": False}),
    **{
        f"eks_jobs[].hardening.{name}": _job("hardening", {name: False})
        for name in (
            "read_only_root_filesystem",
            "drop_capabilities",
            "forbid_privilege_escalation",
            "withhold_token",
        )
    },
    "eks_jobs[].backoff_limit": _job("backoff_limit", 9),
    "eks_jobs[].active_deadline_seconds": _job("active_deadline_seconds", 99),
    "eks_jobs[].ttl_seconds_after_finished": _job("ttl_seconds_after_finished", 99),
    "eks_jobs[].parallelism": _job("parallelism", 2, Change((*JOB, "completions"), 2)),
    "eks_jobs[].completions": _job("completions", 3),
    "eks_jobs[].schedule": _cron("schedule", "1 2 * * *"),
    "eks_jobs[].time_zone": _cron("time_zone", "Etc/UTC"),
    "eks_jobs[].concurrency_policy": _cron("concurrency_policy", "Replace"),
    "eks_jobs[].starting_deadline_seconds": _cron("starting_deadline_seconds", 99),
    "eks_jobs[].suspend": _cron("suspend", True),
}
