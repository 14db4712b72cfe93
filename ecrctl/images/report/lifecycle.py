"""What a repository's deployed lifecycle policy does when ECR evaluates it next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.preview import ImageRecord, ImageVerdict, preview
from ecrctl.aws.clients import Aws, as_user_errors, or_none
from ecrctl.aws.unread import Unread
from ecrctl.files import json_value


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a repository's policy.

    :param has_policy: ``None`` where the policy cannot be read.
    :param verdicts: by digest; ``None`` without a policy, or where it cannot be evaluated.
    """

    has_policy: bool | None = None
    verdicts: Mapping[str, ImageVerdict] | None = None


def evaluate(
    aws: Aws,
    account: str,
    repository: str,
    images: Sequence[ImageRecord],
    *,
    now: datetime,
    unread: Unread,
) -> Evaluation:
    """Return what a repository's deployed policy does with its images."""
    has_policy, policy = None, None
    action = f"Reading the lifecycle policy of '{repository}'"
    with unread.denied(), as_user_errors(action):
        answer = or_none(
            lambda: aws.ecr.get_lifecycle_policy(registryId=account, repositoryName=repository)
        )
        has_policy = answer is not None
        if answer:
            policy = _policy(answer["lifecyclePolicyText"], repository, unread)
    if policy is None:
        return Evaluation(has_policy)
    return Evaluation(has_policy, {one.image.digest: one for one in preview(policy, images, now)})


def _policy(text: str, repository: str, unread: Unread) -> LifecyclePolicy | None:
    try:
        return policy_from_document(json_value(text), is_deployed=True)
    except (RuleError, ValueError) as error:
        reason = error.faults[0] if isinstance(error, RuleError) else error
        unread.add(f"The lifecycle policy of '{repository}' cannot be evaluated: {reason}")
        return None
