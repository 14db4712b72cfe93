"""Rules about the settings of a whole registry."""

from collections.abc import Iterator

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.findings import Category
from ecrctl.review.resource_types import REGISTRY_POLICY, REPLICATION, SCANNING, SIGNING, TEMPLATE

from .rule import resource_rule

_REGISTRY_SETTINGS = {
    "AWS::ECR::PullThroughCacheRule": "the pull-through cache",
    "AWS::ECR::PullTimeUpdateExclusion": "the principals excluded from last-pull tracking",
    REGISTRY_POLICY: "the registry policy",
    REPLICATION: "the replication of the registry",
    SCANNING: "the scanning of the registry",
    SIGNING: "the signing in the registry",
    TEMPLATE: "a template for repositories that ECR creates",
}
# Of these, an account has one in each region.
_SINGLE = (REGISTRY_POLICY, REPLICATION, SCANNING, SIGNING)


@resource_rule(Category.REGISTRY, *_REGISTRY_SETTINGS)
def registry_setting(change: ResourceChange) -> Iterator[str]:
    """A setting of a whole registry is added, changed or removed."""
    setting = _REGISTRY_SETTINGS[change.type]
    if change.base is None:
        note = "; an account has one per region, so it overwrites the present setting"
        yield f"is new and sets {setting}{note if change.type in _SINGLE else ''}"
    elif change.head is None and change.impact != "WILL_ORPHAN":
        remains = change.pair.head is None
        yield f"leaves the app: {setting} {'remains as it is' if remains else 'is removed'}"
    elif change.head is not None and change.changed:
        how = " by replacing it" if change.is_replaced else ""
        yield f"changes {setting}{how}: {listed([f'`{one}`' for one in change.changed])}"
