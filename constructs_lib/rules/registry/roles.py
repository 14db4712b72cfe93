"""Permissions of the roles that ECR assumes to create repositories and to fill caches.

Sources: Amazon ECR user guide, "Create a custom policy for repository creation templates" and
"IAM policies required for cross-account ECR to ECR pull through cache".
"""

from collections.abc import Iterable
from typing import Any

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.policy.lists import one_or_list

from .creation_templates import CreationTemplate
from .prefixes import ROOT, pattern_under
from .pull_through import PullThroughCache

CREATION_SERVICE = "ecr.amazonaws.com"
IMPORT_SERVICE = "pullthroughcache.ecr.amazonaws.com"

_CREATE_ACTIONS = ("ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource")
_KEY_ACTIONS = ("kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant")
_READ_ACTIONS = (
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:GetImageCopyStatus",
)
_WRITE_ACTIONS = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_MANAGED_KEY = "alias/aws/ecr"


def creation_statements(
    templates: Iterable[tuple[CreationTemplate, str | None]], place: Place
) -> list[dict[str, Any]]:
    """Return the permissions to create the repositories of templates with their keys.

    :param templates: each template with the ARN of its key; ``None`` for the key of AWS.
    """
    listed = list(templates)
    encrypted = [(one, key) for one, key in listed if one.encryption.kind != "aes256"]
    keys = sorted({key for _, key in encrypted if key})
    # The place of a stack has the suffix too, which for an unknown region is known only there.
    suffix = getattr(place, "url_suffix", partition_of(place.region).url_suffix)
    via = {"kms:ViaService": f"ecr.{place.region}.{suffix}"}
    statements = [
        {
            "Effect": "Allow",
            "Action": list(_CREATE_ACTIONS),
            "Resource": _arns(place, [pattern_under(one.prefix) for one, _ in listed]),
        }
    ]
    if keys:
        statements.append(
            {
                "Effect": "Allow",
                "Action": list(_KEY_ACTIONS),
                "Resource": one_or_list(keys),
                "Condition": {"StringEquals": via},
            }
        )
    if any(key is None for _, key in encrypted):
        statements.append(
            {
                "Effect": "Allow",
                "Action": list(_KEY_ACTIONS),
                "Resource": f"arn:{place.partition}:kms:{place.region}:{place.account}:key/*",
                "Condition": {
                    "StringEquals": via,
                    "ForAnyValue:StringEquals": {"kms:ResourceAliases": _MANAGED_KEY},
                },
            }
        )
    return statements


def import_statements(cache: PullThroughCache, place: Place) -> list[dict[str, Any]]:
    """Return the permissions to copy from another account's registry into a cache."""
    account, region = str(cache.host).split(".")[0], str(cache.host).split(".")[3]
    upstream = Place.of(account, region)
    own = _arns(place, [pattern_under(cache.prefix)])
    theirs = _arns(upstream, [pattern_under(cache.upstream_prefix or ROOT)])
    return [
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Effect": "Allow", "Action": list(_READ_ACTIONS), "Resource": [own, theirs]},
        {"Effect": "Allow", "Action": list(_WRITE_ACTIONS), "Resource": own},
    ]


def upstream_statement(role_arn: str) -> dict[str, Any]:
    """Return the statement that the owner of another registry adds for the role of a cache."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": list(_READ_ACTIONS),
    }


def _arns(place: Place, patterns: Iterable[str]) -> Any:
    start = f"arn:{place.partition}:ecr:{place.region}:{place.account}:repository/"
    return one_or_list(sorted({f"{start}{pattern}" for pattern in patterns}))
