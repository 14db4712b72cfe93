"""Rules about the settings of a whole registry."""

from collections.abc import Iterator

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import account_of, value_at
from ecrctl.review.findings import Category, Finding, canonical_json
from ecrctl.review.type_names import (
    BLOB_MOUNTING,
    REGISTRY_POLICY,
    REPLICATION,
    REPOSITORY,
    SCANNING,
    SIGNING,
    TEMPLATE,
)

from .rule import about, resource_rule, rule

_REGISTRY_SETTINGS = {
    BLOB_MOUNTING: "blob mounting of the registry",
    "AWS::ECR::PullThroughCacheRule": "the pull-through cache",
    "AWS::ECR::PullTimeUpdateExclusion": "the principals excluded from last-pull tracking",
    REGISTRY_POLICY: "the registry policy",
    REPLICATION: "the replication of the registry",
    SCANNING: "the scanning of the registry",
    SIGNING: "the signing in the registry",
    TEMPLATE: "a template for repositories that ECR creates",
}
# An account has one of each in a region. These are refused where the account has one already.
_REFUSED_AGAIN = (REGISTRY_POLICY, REPLICATION)
_OVERWRITES = (BLOB_MOUNTING, SCANNING, SIGNING)
_DEFAULT_ENCRYPTION = {"EncryptionType": "AES256"}


@resource_rule(Category.REGISTRY, *_REGISTRY_SETTINGS)
def registry_setting(change: ResourceChange) -> Iterator[str]:
    """A setting of a whole registry is added, changed or removed."""
    setting = _REGISTRY_SETTINGS[change.type]
    if change.base is None:
        yield f"is new and sets {setting}{_of_a_present_setting(change.type)}"
    elif change.head is None and change.impact != "WILL_ORPHAN":
        # The handler of blob mounting answers a deletion without a call.
        remains = change.pair.head is None or change.type == BLOB_MOUNTING
        yield f"leaves the app: {setting} {'remains as it is' if remains else 'is removed'}"
    elif change.head is not None and change.changed:
        how = " by replacing it" if change.is_replaced else ""
        yield f"changes {setting}{how}: {listed([f'`{one}`' for one in change.changed])}"


def _of_a_present_setting(kind: str) -> str:
    """Return the end of a sentence, with what becomes of a setting outside of the stacks."""
    if kind in _REFUSED_AGAIN:
        return "; if the registry has one already, the deployment fails (AlreadyExists)"
    if kind in _OVERWRITES:
        return "; an account has one per region, so it overwrites the present setting"
    return ""


@rule(Category.REGISTRY)
def mounting_without_effect(comparison: Comparison) -> Iterator[Finding]:
    """Blob mounting is switched on where each repository has another key."""
    for change in comparison.of_type(BLOB_MOUNTING):
        before, after = change.values("Value")
        if after != "ENABLED" or before == after:
            continue
        place = account_of(change.pair.stack), change.pair.stack.region
        encryptions = [
            canonical_json(value_at(resource, "EncryptionConfiguration") or _DEFAULT_ENCRYPTION)
            for stack in comparison.head
            if (account_of(stack), stack.region) == place
            for _, resource in stack.resources(REPOSITORY)
        ]
        if 1 < len(encryptions) == len(set(encryptions)):
            message = (
                f"mounts no layer between the {len(encryptions)} repositories of this account and "
                "region: each of them has another key"
            )
            yield about(change, message, detail=sorted(encryptions))
