"""The policies of a repository as ECR stores them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .clients import or_none

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


def repository_policy(ecr: ECRClient, name: str) -> Mapping[str, Any] | None:
    """Return the policy of a repository; ``None`` where there is none."""
    answer = or_none(lambda: ecr.get_repository_policy(repositoryName=name))
    return json.loads(answer["policyText"]) if answer else None


def lifecycle_policy(ecr: ECRClient, name: str) -> Mapping[str, Any] | None:
    """Return the lifecycle policy of a repository; ``None`` where there is none."""
    answer = or_none(lambda: ecr.get_lifecycle_policy(repositoryName=name))
    return json.loads(answer["lifecyclePolicyText"]) if answer else None
