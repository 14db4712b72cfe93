"""Principals whose pulls do not count as a use of an image.

Source: Amazon ECR API reference, "RegisterPullTimeUpdateExclusion".
"""

import re
from collections.abc import Iterator, Sequence

from constructs_lib.rules.faults import Fault, each_under, faults_unless, repeated

LONGEST_ARN = 200
_ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:iam::[0-9]{12}:(?:role|user)/[\w+=,.@-]+(?:/[\w+=,.@-]+)*", re.ASCII
)


def exclusion_faults(principals: Sequence[str]) -> Iterator[Fault]:
    """Yield the faults of the principals that are excluded from recording pull times."""
    yield from each_under("", principals, _principal_faults)
    for index, arn, _ in repeated(enumerate(principals)):
        message = f"a principal can be excluded once, got '{arn[:80]}' twice. Remove one."
        yield Fault(f"[{index}]", message)


def _principal_faults(arn: str) -> list[Fault]:
    return faults_unless(
        len(arn) <= LONGEST_ARN and _ARN.fullmatch(arn),
        f"an excluded principal must be the ARN of a role or user, of at most {LONGEST_ARN} "
        f"characters and without a wildcard, got '{arn[:80]}'. Write it like "
        "'arn:aws:iam::111111111111:role/scanner'.",
    )
