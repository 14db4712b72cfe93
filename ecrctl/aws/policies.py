"""The policies of a repository as ECR stores them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecrctl.errors import UserError

from .clients import or_none

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


def repository_policy(ecr: ECRClient, name: str) -> Mapping[str, Any] | None:
    """Return the policy of a repository; ``None`` where there is none."""
    answer = or_none(lambda: ecr.get_repository_policy(repositoryName=name))
    return _document(answer["policyText"], f"the repository policy of '{name}'") if answer else None


def lifecycle_policy(ecr: ECRClient, name: str) -> Mapping[str, Any] | None:
    """Return the lifecycle policy of a repository; ``None`` where there is none."""
    answer = or_none(lambda: ecr.get_lifecycle_policy(repositoryName=name))
    if answer is None:
        return None
    document = _document(answer["lifecyclePolicyText"], f"the lifecycle policy of '{name}'")
    if not isinstance(document.get("rules"), list):
        raise UserError(f"ECR returned no list of rules for the lifecycle policy of '{name}'.")
    return document


def _document(text: str, subject: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UserError(f"ECR returned no JSON document for {subject}.")
    return document
