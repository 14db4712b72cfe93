"""What editors and the reference show of single fields: their limits, and an example.

The rules check every value; a limit here is taken from its rule. A field whose type is an
annotation with a form, such as ``Account``, has its limit and example there.
"""

from collections.abc import Mapping
from typing import Any

from checked_files.models import example, text
from constructs_lib.rules.aws.networks import (
    LONGEST_PREFIX,
    MINIMUM_ZONES,
    SHORTEST_PREFIX,
    NetworkSpec,
)
from constructs_lib.rules.aws.resource_tags import MAXIMUM_TAGS
from constructs_lib.rules.aws.roles import ROLE_NAME
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
from constructs_lib.rules.kubernetes.workload_identity import CLUSTER, PROVIDER_ARN
from constructs_lib.rules.lifecycle.policy import MAXIMUM_RULES, LifecyclePolicy
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from constructs_lib.rules.policy.github_oidc import ENVIRONMENT, REF, REPOSITORY, GitHubSubject

from .ecs import SidecarInFile, TaskInFile
from .eks import EksJobModel, Identity, PodInFile
from .environment import EnvironmentModel
from .images import BuildModel, ImageModel
from .public_repository import InlineText, PublicRepositoryModel
from .registry_limits import REGISTRY_LIMITS
from .repository import PinModel, RepositoryDefaults, RepositoryModel

Schema = dict[str, Any]

_LABEL = text(DNS_LABEL, lengths=(1, NAME_LENGTH))
_SUBDOMAIN = text(DNS_SUBDOMAIN, lengths=(1, SUBDOMAIN_LENGTH))
_POSITIVE: Schema = {"minimum": 1}
_DIGITS: Schema = {"pattern": "^[0-9]+$"}
_ABSOLUTE_PATH: Schema = {"pattern": "^/"}


def _between(least: int, largest: int, value: int) -> Schema:
    return example(value, minimum=least, maximum=largest)


def _one_of(first: Schema, second: Schema) -> Schema:
    """Return the schema of a text that has one of two forms."""
    return {"pattern": f"{first['pattern']}|{second['pattern']}"}


_ECS_VARIABLE: Schema = {"pattern": "^[^=]+$"}

_PREFIXES = "|".join(map(str, range(SHORTEST_PREFIX, LONGEST_PREFIX + 1)))
_CIDR: Schema = {"pattern": rf"^[0-9.]+/(?:{_PREFIXES})$"}

LIMITS: Mapping[type, Mapping[str, Schema]] = {
    **REGISTRY_LIMITS,
    EnvironmentModel: {
        "encryption": {"default": "customer-managed"},
        "tags": example({"cost-centre": "web"}, maxProperties=MAXIMUM_TAGS),
        "required_tags": example({"team": ["web", "data"], "cost-centre": []}),
        "images": example({"api": {"repository": "team/api", "build": "services/api"}}),
    },
    RepositoryModel: {
        "statements": example(
            [
                {
                    "Sid": "Scan",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:role/scanner"},
                    "Action": "ecr:DescribeImageScanFindings",
                }
            ]
        ),
        "tags": example({"team": "web"}, maxProperties=MAXIMUM_TAGS),
    },
    PublicRepositoryModel: {
        "name": example("tools/cli", **text(REPOSITORY_NAME, lengths=(2, LONGEST_NAME))),
        "description": example("The tools of our command line"),
        "about": example("docs/about.md"),
        "usage": example("docs/usage.md"),
        "logo": example("docs/logo.png"),
        "architectures": example(["x86-64", "ARM 64"]),
        "operating_systems": example(["Linux"]),
        "statements": example(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:role/release"},
                    "Action": "ecr-public:DescribeImages",
                }
            ]
        ),
        "tags": example({"team": "web"}, maxProperties=MAXIMUM_TAGS),
    },
    InlineText: {"text": example("# The tools of our command line")},
    RepositoryDefaults: {
        "tag_immutability": {"default": "IMMUTABLE"},
        "lifecycle": {"default": "standard"},
    },
    TagImmutability: {
        "exclusion_filters": example(
            ["dev-*"],
            maxItems=MAXIMUM_FILTERS,
            items=text(FILTER, lengths=(1, MAXIMUM_FILTER_LENGTH)),
        ),
    },
    LifecyclePolicy: {
        "rules": example(
            [{"tag_status": "untagged", "count_type": "sinceImagePushed", "count_number": 7}],
            minItems=1,
            maxItems=MAXIMUM_RULES,
        )
    },
    LifecycleRule: {
        "count_number": example(30, **_POSITIVE),
        "priority": example(10, **_POSITIVE),
        "tag_patterns": example(["v*"], items={"minLength": 1}),
        "tag_prefixes": example(["v"], items={"minLength": 1}),
        "description": example("Keep 30 releases"),
    },
    ImageEvents: {
        "repositories": example(
            ["team/*"], items=_one_of(text(REPOSITORY_NAME), text(REPOSITORY_PREFIX))
        ),
    },
    GitHubSubject: {
        "repository": example("acme/api", **text(REPOSITORY)),
        "ref": example("refs/heads/main", **text(REF)),
        "environment": example("production", **text(ENVIRONMENT)),
        "owner_id": example("1234567", **_DIGITS),
        "repository_id": example("7654321", **_DIGITS),
    },
    ImageModel: {"build": example("services/api")},
    BuildModel: {
        "context": example("services/api"),
        "dockerfile": example("Dockerfile.release"),
        "platforms": example(["linux/amd64", "linux/arm64"], minItems=1, uniqueItems=True),
        "arguments": example({"VERSION": "1.2.3"}),
        "tag": example("v1.2.3", **text(TAG)),
    },
    ContainerSpec: {
        "name": example("api", **text(CONTAINER_NAME)),
        "memory_mib": _between(MINIMUM_MEMORY_MIB, MAXIMUM_MEMORY_MIB, 512),
        "cpu": _between(1, MAXIMUM_CPU_UNITS, 256),
        "command": example(["serve", "--port", "8080"]),
        "entry_point": example(["/app"]),
        "environment": example({"LOG_LEVEL": "info"}, propertyNames=_ECS_VARIABLE),
        "secrets": example(
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
        "ports": example([8080], items={"minimum": 1, "maximum": LARGEST_PORT}, uniqueItems=True),
        "depends_on": example({"proxy": "HEALTHY"}),
        "writable_volumes": example(
            {"scratch": "/tmp"},  # noqa: S108 - a path inside a container
            propertyNames=text(CONTAINER_NAME),
            additionalProperties=_ABSOLUTE_PATH,
        ),
        "image": example("api"),
    },
    HealthCheck: {
        "command": example(["CMD", "/healthy"], minItems=2),
        "interval_seconds": _between(*HEALTH_CHECK_RANGES["interval_seconds"], 10),
        "timeout_seconds": _between(*HEALTH_CHECK_RANGES["timeout_seconds"], 3),
        "retries": _between(*HEALTH_CHECK_RANGES["retries"], 5),
        "start_period_seconds": _between(*HEALTH_CHECK_RANGES["start_period_seconds"], 60),
    },
    SidecarInFile: {"hardening": {"default": "standard"}},
    SecretSpec: {
        "secret": example(
            "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3",
            **text(SECRET_ARN),
        ),
        "parameter": example(
            "arn:aws:ssm:us-west-2:111111111111:parameter/api/token", **text(PARAMETER_ARN)
        ),
        "field": example("password"),
        "key": example(AWS_MANAGED, pattern=rf"^(?:{AWS_MANAGED}|{KEY_ARN.pattern})$"),
    },
    ContainerHardening: {"user": example("1000:1000", **text(USER))},
    TaskSpec: {"family": example("api", **text(CONTAINER_NAME))},
    TaskInFile: {"sidecars": example([{"name": "proxy", "image": "proxy", "memory_mib": 64}])},
    FargateSize: {
        "cpu": example(256, enum=list(MEMORY_MIB_BY_CPU)),
        "memory_mib": example(
            512, enum=sorted({size for sizes in MEMORY_MIB_BY_CPU.values() for size in sizes})
        ),
    },
    ServiceSpec: {
        "name": example("api", **_LABEL),
        "task": example("api"),
        "desired_count": _between(0, MAXIMUM_COUNT, 2),
    },
    NetworkSpec: {
        "cidr": example("10.20.0.0/24", **_CIDR),
        "availability_zones": example(
            ["us-west-2a", "us-west-2b"], minItems=MINIMUM_ZONES, uniqueItems=True
        ),
    },
    Identity: {
        "cluster_name": example("main", **text(CLUSTER)),
        "oidc_provider_arn": example(
            "arn:aws:iam::111111111111:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/"
            "EXAMPLED539D4633E53DE1B71EXAMPLE",
            **text(PROVIDER_ARN),
        ),
        "role_name": example("web-jobs", **text(ROLE_NAME)),
        "statements": example(
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
        "image": example("nightly"),
        "rollback_window_seconds": example(86_400),
        "wait_for_completion_seconds": _between(1, LONGEST_WAIT_SECONDS, 300),
    },
    JobSpec: {
        "name": example("nightly", **_LABEL),
        "service_account": example("reader", **_SUBDOMAIN),
        "namespace": example("jobs", **_LABEL),
    },
    JobRun: {
        name: _between(LEAST_OF_A_RUN[name][0], LARGEST_OF_A_RUN, value)
        for name, value in (
            ("backoff_limit", 2),
            ("active_deadline_seconds", 3600),
            ("ttl_seconds_after_finished", 86_400),
            ("parallelism", 4),
            ("completions", 4),
        )
    },
    JobPod: {
        "args": example(["s3", "ls"]),
        "command": example(["/app"]),
        "container_name": example("main", **_LABEL),
        "labels": example({"app": "nightly"}),
        "environment": example({"LOG_LEVEL": "info"}, propertyNames=text(VARIABLE)),
        "secrets": example(
            {"DB_PASSWORD": {"secret": "database", "key": "password"}},
            propertyNames=text(VARIABLE),
        ),
        "node_selector": example({"kubernetes.io/arch": "arm64"}),
    },
    PodInFile: {"hardening": {"default": "restricted"}},
    Resources: {
        "requests": example(
            {"cpu": "250m", "memory": "256Mi"}, default={"cpu": "100m", "memory": "256Mi"}
        ),
        "limits": example({"memory": "512Mi"}, default={"memory": "256Mi"}),
    },
    SecretKey: {
        "secret": example("database", **_SUBDOMAIN),
        "key": example("password", **text(SECRET_KEY)),
    },
    Volume: {
        "name": example("scratch", **_LABEL),
        "path": example("/tmp", pattern="^/[^:]*$"),  # noqa: S108 - a path inside a container
        "source_name": example("settings", **_SUBDOMAIN),
        "size_limit": example("1Gi"),
    },
    Toleration: {
        "key": example("nvidia.com/gpu"),
        "operator": {"enum": list(TOLERATION_OPERATORS)},
        "value": example("present"),
        "effect": {"enum": list(TOLERATION_EFFECTS)},
    },
    PodHardening: {"user": example(1000, **_POSITIVE)},
    CronSchedule: {
        "schedule": example("15 3 * * *"),
        "time_zone": example("Europe/Berlin"),
        "starting_deadline_seconds": example(600, minimum=CONTROLLER_INTERVAL_SECONDS),
    },
    PinModel: {
        "registry": example("registry"),
        "cache": example("docker-hub"),
        "tag": example("v1.2.3", **text(TAG)),
        "digest": example(f"sha256:{'0123456789abcdef' * 4}", **text(DIGEST)),
    },
}
