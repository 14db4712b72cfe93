"""Signatures that ECR makes of a pushed image, waited for before a deployment.

Source: Amazon ECR API reference, "DescribeImageSigningStatus".
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, is_denied, is_unknown_call, or_none

from .check import Check

# Signing takes seconds.
_TRIES = 30
_PAUSE_SECONDS = 2.0
_COMPLETE, _IN_PROGRESS = "COMPLETE", "IN_PROGRESS"
UNREAD = "the credentials may not read the status of signatures"

Pause = Callable[[float], None]


def check_signatures(
    subject: str,
    aws: Aws,
    place: Mapping[str, Any],
    *,
    tries: int = _TRIES,
    pause: Pause = time.sleep,
) -> Iterator[Check]:
    """Yield whether each signature of an image that ECR makes is complete; none for no signature.

    :param place: the registry, repository and image, as arguments of the call.
    :param tries: how often a signature in progress is asked for.
    """
    try:
        found = _statuses(aws, place)
        for _ in range(tries - 1):
            if all(one["status"] != _IN_PROGRESS for one in found):
                break
            pause(_PAUSE_SECONDS)
            found = _statuses(aws, place)
    except ClientError as error:
        if is_denied(error):
            # The policy of another account's repository may not allow it.
            yield Check.not_compared(subject, "signature", UNREAD)
            return
        if aws.endpoint_url is not None and is_unknown_call(error):
            return  # an emulator without signing
        raise
    for one in found:
        profile = one["signingProfileArn"].rpartition("/")[2]
        yield Check(subject, f"signature by {profile}", _COMPLETE, _shown(one))


def _statuses(aws: Aws, place: Mapping[str, Any]) -> Sequence[Any]:
    answer = or_none(lambda: aws.ecr.describe_image_signing_status(**place))
    return answer["signingStatuses"] if answer else ()


def _shown(status: Mapping[str, Any]) -> str:
    """Return a status, with the reason of a failure."""
    reasons = (status.get("failureCode"), status.get("failureReason"))
    return ": ".join(filter(None, (status["status"], *reasons)))
