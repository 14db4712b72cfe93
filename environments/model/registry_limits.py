"""What editors and the reference show of a registry's fields: their limits, and an example."""

from collections.abc import Mapping
from typing import Any

from checked_files.models import example, text
from constructs_lib.rules.aws.resource_tags import MAXIMUM_TAGS
from constructs_lib.rules.registry.baseline import LARGEST_PERCENTAGE
from constructs_lib.rules.registry.filters import MAXIMUM_FILTERS
from constructs_lib.rules.registry.pull_through import MAXIMUM_CACHES
from constructs_lib.rules.registry.replication import (
    MAXIMUM_DESTINATIONS,
    MAXIMUM_RULES,
)
from constructs_lib.rules.registry.replication import MAXIMUM_FILTERS as MAXIMUM_STARTS
from constructs_lib.rules.registry.scanning import RegistryScanning, ScanningRule
from constructs_lib.rules.registry.signing import (
    LONGEST_VALIDITY_MONTHS,
    PROFILE_ARN,
    SigningRule,
)
from constructs_lib.rules.registry.signing import MAXIMUM_RULES as MAXIMUM_SIGNING_RULES

from .registry import (
    CacheModel,
    CreatedRepositoriesModel,
    RegistryBaselineModel,
    RegistryModel,
    RegistryPolicyModel,
    ReplicationModel,
    TemplateModel,
)

_HUB = {
    "prefix": "docker-hub",
    "upstream": "docker-hub",
    "secret_arn": (
        "arn:aws:secretsmanager:us-west-2:111111111111:secret:"
        "ecr-pullthroughcache/docker-hub-a1B2c3"
    ),
}
_SCANNER = "arn:aws:iam::111111111111:role/scanner"
_TEAM_ON_PUSH = {"prefix": "team", "applied_for": ["CREATE_ON_PUSH"]}
_TO_REGISTRY = {"destinations": ["recovery"], "filters": ["team/"]}

REGISTRY_LIMITS: Mapping[type, Mapping[str, dict[str, Any]]] = {
    RegistryModel: {
        "scanning": example({"scan_type": "BASIC", "rules": [{"filters": ["*"]}]}),
        "replication": example([_TO_REGISTRY], maxItems=MAXIMUM_RULES),
        "caches": example([_HUB], maxItems=MAXIMUM_CACHES),
        "templates": example([_TEAM_ON_PUSH]),
        "signing": example([{"filters": ["team/*"]}], maxItems=MAXIMUM_SIGNING_RULES),
        "exclusions": example([_SCANNER]),
    },
    RegistryBaselineModel: {
        "organizational_units": {"minItems": 1, "uniqueItems": True},
        "regions": {"minItems": 1, "uniqueItems": True},
        "max_concurrent_percentage": example(20, minimum=1, maximum=LARGEST_PERCENTAGE),
        "failure_tolerance_percentage": example(5, minimum=0, maximum=LARGEST_PERCENTAGE),
    },
    RegistryScanning: {"rules": example([{"filters": ["*"]}], minItems=1)},
    ScanningRule: {"filters": example(["team/*"], minItems=1, maxItems=MAXIMUM_FILTERS)},
    SigningRule: {
        "filters": example(["team/*"], minItems=1, maxItems=MAXIMUM_FILTERS),
        "profile_arn": example(
            "arn:aws:signer:us-west-2:111111111111:/signing-profiles/images", **text(PROFILE_ARN)
        ),
        "validity_months": example(12, minimum=1, maximum=LONGEST_VALIDITY_MONTHS),
    },
    ReplicationModel: {
        "destinations": example(["recovery"], minItems=1, maxItems=MAXIMUM_DESTINATIONS),
        "filters": example(["team/"], minItems=1, maxItems=MAXIMUM_STARTS),
    },
    CreatedRepositoriesModel: {"tags": example({"team": "web"}, maxProperties=MAXIMUM_TAGS)},
    CacheModel: {
        **{name: example(value) for name, value in _HUB.items() if name != "upstream"},
        "host": example("111111111111.dkr.ecr.eu-west-1.amazonaws.com"),
        "upstream_prefix": example("base"),
        "role_arn": example("arn:aws:iam::111111111111:role/caches"),
    },
    TemplateModel: {
        "prefix": example("team"),
        "applied_for": example(["CREATE_ON_PUSH"], minItems=1),
        "description": example("Repositories of the team"),
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
    },
    RegistryPolicyModel: {
        "statements": example(
            [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::222222222222:role/release"},
                    "Action": "ecr:ReplicateImage",
                    "Resource": "arn:aws:ecr:us-west-2:111111111111:repository/team/*",
                }
            ]
        ),
    },
}
