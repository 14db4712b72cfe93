"""Events about images, as EventBridge event patterns.

Sources: Amazon ECR user guide, "Amazon ECR events and EventBridge" and "EventBridge events sent
for enhanced scanning"; Amazon Inspector user guide, "EventBridge event schema"; Amazon ECS
developer guide, "Amazon ECS task state change events"; EventBridge user guide, "Event patterns".
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from constructs_lib.rules.faults import Fault, each_under, faults_unless, raise_if_any, word_faults
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

from .images import repository_name_faults

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]
Pattern = Mapping[str, Any]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
MAXIMUM_PATTERN_CHARACTERS = 2_048

REPOSITORY_PREFIX = re.compile(r"[a-z0-9][a-z0-9._/-]*\*")
# The reasons of ECS for a task that could not pull: CannotPullContainerError,
# CannotPullImageManifestError and, from older agents, CannotPullECRContainerError.
_CANNOT_PULL = [{"prefix": "CannotPull"}]


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEvents:
    """The events about images that are sent as notifications.

    :param scan_severity: findings of at least this severity; ``None`` for no findings.
    :param pushes: every push.
    :param pull_through_failures: a pull-through cache that cannot fetch an image.
    :param failed_pulls: an ECS task that stops because it could not pull.
    :param repositories: names, or prefixes such as ``team/*``; by default all repositories.
    :raises RuleError: when a value has the wrong form, or no event is chosen.
    """

    scan_severity: Severity | None = "HIGH"
    pushes: bool = False
    pull_through_failures: bool = True
    failed_pulls: bool = True
    repositories: ListOf[str] = ()

    def __post_init__(self) -> None:
        cure = "Write None for no findings."
        faults = [
            *word_faults("scan_severity", self.scan_severity, SEVERITIES, cure=cure, optional=True),
            *each_under("repositories", self.repositories, _repository_faults),
        ]
        if not faults:
            # The registry's host is not known here; the longest one has 60 characters.
            faults += _pattern_faults(self.patterns("r" * 60))
        raise_if_any("ImageEvents", faults)

    def patterns(self, registry: str) -> dict[str, Pattern]:
        """Return the event patterns by the name of their kind of event.

        :param registry: the registry's host.
        """
        names = self.repositories
        patterns: dict[str, Pattern] = {}
        if self.pushes:
            patterns["Pushes"] = push_pattern(names)
        if self.scan_severity:
            patterns["BasicScans"] = basic_scan_pattern(self.scan_severity, names)
            patterns["InspectorFindings"] = inspector_pattern(self.scan_severity, names)
        if self.pull_through_failures:
            patterns["PullThroughFailures"] = pull_through_pattern(names)
        if self.failed_pulls:
            patterns["FailedPulls"] = failed_pull_pattern(registry, names)
        return patterns


def push_pattern(repositories: Sequence[str]) -> Pattern:
    """Return the pattern of every push."""
    detail = {"action-type": ["PUSH"], "result": ["SUCCESS"]}
    return _of_ecr("ECR Image Action", detail, repositories)


def basic_scan_pattern(severity: Severity, repositories: Sequence[str]) -> Pattern:
    """Return the pattern of a basic scan with findings of at least this severity."""
    found: list[dict[str, Any]] = [{name: [{"numeric": [">", 0]}]} for name in _at_least(severity)]
    detail = {"scan-status": ["COMPLETE"], "finding-severity-counts": _any_of(found)}
    return _of_ecr("ECR Image Scan", detail, repositories)


def inspector_pattern(severity: Severity, repositories: Sequence[str]) -> Pattern:
    """Return the pattern of a finding of Amazon Inspector of at least this severity."""
    image = _named("repositoryName", repositories)
    named = {"details": {"awsEcrContainerImage": image}} if image else {}
    return {
        "source": ["aws.inspector2"],
        "detail-type": ["Inspector2 Finding"],
        "detail": {
            "status": ["ACTIVE"],
            "severity": list(_at_least(severity)),
            "resources": {"type": ["AWS_ECR_CONTAINER_IMAGE"], **named},
        },
    }


def pull_through_pattern(repositories: Sequence[str]) -> Pattern:
    """Return the pattern of a pull-through cache that could not fetch from upstream."""
    return _of_ecr("ECR Pull Through Cache Action", {"sync-status": ["FAILED"]}, repositories)


def _of_ecr(kind: str, detail: Mapping[str, Any], repositories: Sequence[str]) -> Pattern:
    return {
        "source": ["aws.ecr"],
        "detail-type": [kind],
        "detail": {**detail, **_named("repository-name", repositories)},
    }


def failed_pull_pattern(registry: str, repositories: Sequence[str]) -> Pattern:
    """Return the pattern of an ECS task that stopped because it could not pull from a registry.

    ECR sends no event for a pull that fails. A failed pull of a Kubernetes node appears only in
    the events of its cluster.

    :param registry: the registry's host.
    """
    uris = [
        {"prefix": f"{registry}/{stem}"}
        for name in repositories or ("*",)
        for stem in ((name[:-1],) if name.endswith("*") else (f"{name}:", f"{name}@"))
    ]
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "lastStatus": ["STOPPED"],
            "containers": {"image": uris},
            "$or": [{"stoppedReason": _CANNOT_PULL}, {"containers": {"reason": _CANNOT_PULL}}],
        },
    }


def _repository_faults(name: str) -> list[Fault]:
    if "*" not in name:
        return repository_name_faults(name)
    return faults_unless(
        REPOSITORY_PREFIX.fullmatch(name),
        "a repository's name can have one '*', at its end, such as 'team/*', "
        f"got '{name[:80]}'. Remove repositories to match all of them.",
    )


def _pattern_faults(patterns: Mapping[str, Pattern]) -> list[Fault]:
    if not patterns:
        return [
            Fault(
                "",
                "notifications require at least one kind of event, got none. "
                "Set scan_severity to HIGH, or remove the notifications.",
            )
        ]
    longest = max(len(json.dumps(pattern, separators=(",", ":"))) for pattern in patterns.values())
    return faults_unless(
        longest <= MAXIMUM_PATTERN_CHARACTERS,
        f"an event pattern can have at most {MAXIMUM_PATTERN_CHARACTERS:,} characters, got "
        f"{longest:,}. Write a common prefix such as 'team/*', or remove repositories.",
        path="repositories",
    )


def _at_least(severity: Severity) -> tuple[Severity, ...]:
    return SEVERITIES[: SEVERITIES.index(severity) + 1]


def _any_of(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    return alternatives[0] if len(alternatives) == 1 else {"$or": alternatives}


def _named(key: str, repositories: Sequence[str]) -> dict[str, Any]:
    if not repositories:
        return {}
    return {key: [{"prefix": name[:-1]} if name.endswith("*") else name for name in repositories]}
