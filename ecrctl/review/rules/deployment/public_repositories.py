"""Rules about public repositories that CloudFormation or ECR Public refuses."""

from collections.abc import Iterator

from constructs_lib.rules.ecr.public_repository import REGION
from constructs_lib.rules.policy.statements import PUBLIC
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.findings import Category
from ecrctl.review.rules.rule import resource_rule
from ecrctl.review.type_names import PUBLIC_REPOSITORY

from .failures import policy_refusal

_FAILS = Category.WILL_FAIL


@resource_rule(_FAILS, PUBLIC_REPOSITORY)
def public_repository_in_another_region(change: ResourceChange) -> Iterator[str]:
    """A public repository is added outside of us-east-1, where no other region knows its type."""
    region = change.pair.stack.region
    if change.base is None and region != REGION and not region.startswith("unknown"):
        yield (
            f"is in {region}, where CloudFormation does not have the type: it creates public "
            f"repositories in {REGION} alone. Declare it in a stack of {REGION}"
        )


@resource_rule(_FAILS, PUBLIC_REPOSITORY)
def public_policy_refused(change: ResourceChange) -> Iterator[str]:
    """ECR Public refuses the policy of a public repository."""
    yield from policy_refusal(change, PUBLIC)
