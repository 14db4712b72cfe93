"""What editors and the reference show of single fields: their limits, and an example.

The rules check every value; a limit here is taken from its rule. A field whose type is an
annotation with a form, such as ``Account``, has its limit and example there.
"""

from collections.abc import Mapping
from typing import Any

from checked_files.models import text
from constructs_lib.rules.aws.networks import (
    LONGEST_PREFIX,
    MINIMUM_ZONES,
    SHORTEST_PREFIX,
    NetworkSpec,
)
from constructs_lib.rules.aws.resource_tags import MAXIMUM_TAGS
from constructs_lib.rules.ecr.image_events import REPOSITORY_PREFIX, ImageEvents
from constructs_lib.rules.ecr.images import DIGEST, REPOSITORY_NAME, TAG
from constructs_lib.rules.ecr.public_repository import LONGEST_NAME
from constructs_lib.rules.ecr.tag_immutability import (
    FILTER,
    MAXIMUM_FILTER_LENGTH,
    MAXIMUM_FILTERS,
    TagImmutability,
)
from constructs_lib.rules.ecs.container import (
    CONTAINER_NAME,
    HEALTH_CHECK_RANGES,
    LARGEST_PORT,
    MAXIMUM_CPU_UNITS,
    MAXIMUM_MEMORY_MIB,
    MINIMUM_MEMORY_MIB,
    ContainerSpec,
    HealthCheck,
)
from constructs_lib.rules.ecs.fargate_sizes import MEMORY_MIB_BY_CPU, FargateSize
from constructs_lib.rules.ecs.hardening import USER, ContainerHardening
from constructs_lib.rules.ecs.secret import (
    AWS_MANAGED,
    KEY_ARN,
    PARAMETER_ARN,
    SECRET_ARN,
    SecretSpec,
)
from constructs_lib.rules.ecs.service import MAXIMUM_COUNT, ServiceSpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.kubernetes.cron_job import CONTROLLER_INTERVAL_SECONDS, CronSchedule
from constructs_lib.rules.kubernetes.delivery import LONGEST_WAIT_SECONDS
from constructs_lib.rules.kubernetes.hardening import PodHardening
from constructs_lib.rules.kubernetes.job import (
    LARGEST_OF_A_RUN,
    LEAST_OF_A_RUN,
    JobRun,
    JobSpec,
)
from constructs_lib.rules.kubernetes.names import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    NAME_LENGTH,
    SUBDOMAIN_LENGTH,
)
from constructs_lib.rules.kubernetes.pod import (
    SECRET_KEY,
    TOLERATION_EFFECTS,
    TOLERATION_OPERATORS,
    VARIABLE,
    JobPod,
    Resources,
    SecretKey,
    Toleration,
    Volume,
)
from constructs_lib.rules.kubernetes.workload_identity import CLUSTER, PROVIDER_ARN, ROLE_NAME
from constructs_lib.rules.lifecycle.policy import MAXIMUM_RULES, LifecyclePolicy
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from constructs_lib.rules.policy.github_oidc import ENVIRONMENT, REF, REPOSITORY, GitHubSubject

from .ecs import SidecarInFile, TaskInFile
from .eks import EksJobModel, Identity, PodInFile
from .environment import EnvironmentModel
from .images import BuildModel, ImageModel
from .public_repository import InlineText, PublicRepositoryModel
from .repository import PinModel, RepositoryDefaults, RepositoryModel

Schema = dict[str, Any]

_LABEL = text(DNS_LABEL, lengths=(1, NAME_LENGTH))
_SUBDOMAIN = text(DNS_SUBDOMAIN, lengths=(1, SUBDOMAIN_LENGTH))
_POSITIVE: Schema = {"minimum": 1}
_DIGITS: Schema = {"pattern": "^[0-9]+$"}
_ABSOLUTE_PATH: Schema = {"pattern": "^/"}


def _example(value: Any, **limits: Any) -> Schema:
    return {**limits, "examples": [value]}


def _between(least: int, largest: int, example: int) -> Schema:
    return _example(example, minimum=least, maximum=largest)


def _one_of(first: Schema, second: Schema) -> Schema:
    """Return the schema of a text that has one of two forms."""
    return {"pattern": f"{first['pattern']}|{second['pattern']}"}


_ECS_VARIABLE: Schema = {"pattern": "^[^=]+$"}

_PREFIXES = "|".join(map(str, range(SHORTEST_PREFIX, LONGEST_PREFIX + 1)))
_CIDR: Schema = {"pattern": rf"^[0-9.]+/(?:{_PREFIXES})$"}

LIMITS: Mapping[type, Mapping[str, Schema]] = {
    EnvironmentModel: {
        "encryption": {"default": "customer-managed"},
        "required_tags": _example({"team": ["web", "data"], "cost-centre": []}),
        "images": _example({"api": {"repository": "team/api", "build": "services/api"}}),
    },
    RepositoryModel: {
        "statements": _example(
            [
                {
                    "Sid": "Scan",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:role/scanner"},
                    "Action": "ecr:DescribeImageScanFindings",
                }
            ]
        ),
        "tags": _example({"team": "web"}, maxProperties=MAXIMUM_TAGS),
    },
    PublicRepositoryModel: {
        "name": _example("tools/cli", **text(REPOSITORY_NAME, lengths=(2, LONGEST_NAME))),
        "description": _example("The tools of our command line"),
        "about": _example("docs/about.md"),
        "usage": _example("docs/usage.md"),
        "logo": _example("docs/logo.png"),
        "architectures": _example(["x86-64", "ARM 64"]),
        "operating_systems": _example(["Linux"]),
        "statements": _example(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:role/release"},
                    "Action": "ecr-public:DescribeImages",
                }
            ]
        ),
        "tags": _example({"team": "web"}, maxProperties=MAXIMUM_TAGS),
    },
    InlineText: {"text": _example("# The tools of our command line")},
    RepositoryDefaults: {
        "tag_immutability": {"default": "IMMUTABLE"},
        "lifecycle": {"default": "standard"},
    },
    TagImmutability: {
        "exclusion_filters": _example(
            ["dev-*"],
            maxItems=MAXIMUM_FILTERS,
            items=text(FILTER, lengths=(1, MAXIMUM_FILTER_LENGTH)),
        ),
    },
    LifecyclePolicy: {
        "rules": _example(
            [{"tag_status": "untagged", "count_type": "sinceImagePushed", "count_number": 7}],
            minItems=1,
            maxItems=MAXIMUM_RULES,
        )
    },
    LifecycleRule: {
        "count_number": _example(30, **_POSITIVE),
        "priority": _example(10, **_POSITIVE),
        "tag_patterns": _example(["v*"], items={"minLength": 1}),
        "tag_prefixes": _example(["v"], items={"minLength": 1}),
        "description": _example("Keep 30 releases"),
    },
    ImageEvents: {
        "repositories": _example(
            ["team/*"], items=_one_of(text(REPOSITORY_NAME), text(REPOSITORY_PREFIX))
        ),
    },
    GitHubSubject: {
        "repository": _example("acme/api", **text(REPOSITORY)),
        "ref": _example("refs/heads/main", **text(REF)),
        "environment": _example("production", **text(ENVIRONMENT)),
        "owner_id": _example("1234567", **_DIGITS),
        "repository_id": _example("7654321", **_DIGITS),
    },
    ImageModel: {"build": _example("services/api")},
    BuildModel: {
        "context": _example("services/api"),
        "dockerfile": _example("Dockerfile.release"),
        "platforms": _example(["linux/amd64", "linux/arm64"], minItems=1, uniqueItems=True),
        "arguments": _example({"VERSION": "1.2.3"}),
        "tag": _example("v1.2.3", **text(TAG)),
    },
    ContainerSpec: {
        "name": _example("api", **text(CONTAINER_NAME)),
        "memory_mib": _between(MINIMUM_MEMORY_MIB, MAXIMUM_MEMORY_MIB, 512),
        "cpu": _between(1, MAXIMUM_CPU_UNITS, 256),
        "command": _example(["serve", "--port", "8080"]),
        "entry_point": _example(["/app"]),
        "environment": _example({"LOG_LEVEL": "info"}, propertyNames=_ECS_VARIABLE),
        "secrets": _example(
            {
                "DB_PASSWORD": {
                    "secret": (
                        "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3"
                    ),
                    "key": AWS_MANAGED,
                }
            },
            propertyNames=_ECS_VARIABLE,
        ),
        "ports": _example([8080], items={"minimum": 1, "maximum": LARGEST_PORT}, uniqueItems=True),
        "depends_on": _example({"proxy": "HEALTHY"}),
        "writable_volumes": _example(
            {"scratch": "/tmp"},  # noqa: S108 - a path inside a container
            propertyNames=text(CONTAINER_NAME),
            additionalProperties=_ABSOLUTE_PATH,
        ),
        "image": _example("api"),
    },
    HealthCheck: {
        "command": _example(["CMD", "/healthy"], minItems=2),
        "interval_seconds": _between(*HEALTH_CHECK_RANGES["interval_seconds"], 10),
        "timeout_seconds": _between(*HEALTH_CHECK_RANGES["timeout_seconds"], 3),
        "retries": _between(*HEALTH_CHECK_RANGES["retries"], 5),
        "start_period_seconds": _between(*HEALTH_CHECK_RANGES["start_period_seconds"], 60),
    },
    SidecarInFile: {"hardening": {"default": "standard"}},
    SecretSpec: {
        "secret": _example(
            "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3",
            **text(SECRET_ARN),
        ),
        "parameter": _example(
            "arn:aws:ssm:us-west-2:111111111111:parameter/api/token", **text(PARAMETER_ARN)
        ),
        "field": _example("password"),
        "key": _example(AWS_MANAGED, pattern=rf"^(?:{AWS_MANAGED}|{KEY_ARN.pattern})$"),
    },
    ContainerHardening: {"user": _example("1000:1000", **text(USER))},
    TaskSpec: {"family": _example("api", **text(CONTAINER_NAME))},
    TaskInFile: {"sidecars": _example([{"name": "proxy", "image": "proxy", "memory_mib": 64}])},
    FargateSize: {
        "cpu": _example(256, enum=list(MEMORY_MIB_BY_CPU)),
        "memory_mib": _example(
            512, enum=sorted({size for sizes in MEMORY_MIB_BY_CPU.values() for size in sizes})
        ),
    },
    ServiceSpec: {
        "name": _example("api", **_LABEL),
        "task": _example("api"),
        "desired_count": _between(0, MAXIMUM_COUNT, 2),
    },
    NetworkSpec: {
        "cidr": _example("10.20.0.0/24", **_CIDR),
        "availability_zones": _example(
            ["us-west-2a", "us-west-2b"], minItems=MINIMUM_ZONES, uniqueItems=True
        ),
    },
    Identity: {
        "cluster_name": _example("main", **text(CLUSTER)),
        "oidc_provider_arn": _example(
            "arn:aws:iam::111111111111:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/"
            "EXAMPLED539D4633E53DE1B71EXAMPLE",
            **text(PROVIDER_ARN),
        ),
        "role_name": _example("web-jobs", **text(ROLE_NAME)),
        "statements": _example(
            [
                {
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": "arn:aws:s3:::reports",
                }
            ]
        ),
    },
    EksJobModel: {
        "image": _example("nightly"),
        "rollback_window_seconds": _example(86_400),
        "wait_for_completion_seconds": _between(1, LONGEST_WAIT_SECONDS, 300),
    },
    JobSpec: {
        "name": _example("nightly", **_LABEL),
        "service_account": _example("reader", **_SUBDOMAIN),
        "namespace": _example("jobs", **_LABEL),
    },
    JobRun: {
        name: _between(LEAST_OF_A_RUN[name][0], LARGEST_OF_A_RUN, example)
        for name, example in (
            ("backoff_limit", 2),
            ("active_deadline_seconds", 3600),
            ("ttl_seconds_after_finished", 86_400),
            ("parallelism", 4),
            ("completions", 4),
        )
    },
    JobPod: {
        "args": _example(["s3", "ls"]),
        "command": _example(["/app"]),
        "container_name": _example("main", **_LABEL),
        "labels": _example({"app": "nightly"}),
        "environment": _example({"LOG_LEVEL": "info"}, propertyNames=text(VARIABLE)),
        "secrets": _example(
            {"DB_PASSWORD": {"secret": "database", "key": "password"}},
            propertyNames=text(VARIABLE),
        ),
        "node_selector": _example({"kubernetes.io/arch": "arm64"}),
    },
    PodInFile: {"hardening": {"default": "restricted"}},
    Resources: {
        "requests": _example(
            {"cpu": "250m", "memory": "256Mi"}, default={"cpu": "100m", "memory": "256Mi"}
        ),
        "limits": _example({"memory": "512Mi"}, default={"memory": "256Mi"}),
    },
    SecretKey: {
        "secret": _example("database", **_SUBDOMAIN),
        "key": _example("password", **text(SECRET_KEY)),
    },
    Volume: {
        "name": _example("scratch", **_LABEL),
        "path": _example("/tmp", pattern="^/[^:]*$"),  # noqa: S108 - a path inside a container
        "source_name": _example("settings", **_SUBDOMAIN),
        "size_limit": _example("1Gi"),
    },
    Toleration: {
        "key": _example("nvidia.com/gpu"),
        "operator": {"enum": list(TOLERATION_OPERATORS)},
        "value": _example("present"),
        "effect": {"enum": list(TOLERATION_EFFECTS)},
    },
    PodHardening: {"user": _example(1000, **_POSITIVE)},
    CronSchedule: {
        "schedule": _example("15 3 * * *"),
        "time_zone": _example("Europe/Berlin"),
        "starting_deadline_seconds": _example(600, minimum=CONTROLLER_INTERVAL_SECONDS),
    },
    PinModel: {
        "registry": _example("registry"),
        "tag": _example("v1.2.3", **text(TAG)),
        "digest": _example(f"sha256:{'0123456789abcdef' * 4}", **text(DIGEST)),
    },
}
