"""Rules about the settings of a whole registry."""

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Resource, ResourceChange, mappings, value_at
from ecrctl.review.findings import Category
from ecrctl.review.resource_types import REGISTRY_POLICY, REPLICATION, SCANNING, SIGNING, TEMPLATE

from .rule import rule

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


@rule(
    "registry-setting",
    Category.REGISTRY,
    on=tuple(_REGISTRY_SETTINGS),
    finds="A setting of a whole registry is added, changed or removed",
)
def registry_setting(change: ResourceChange) -> str | None:
    """Return the setting that changes."""
    setting = _REGISTRY_SETTINGS[change.type]
    if change.base is None:
        note = ""
        if change.type in _SINGLE:
            note = "; an account has one per region, so it overwrites the present setting"
        return f"is new and sets {setting}{note}"
    if change.head is None:
        remains = change.impact == "WILL_ORPHAN" or change.pair.head is None
        return f"leaves the app: {setting} {'remains as it is' if remains else 'is removed'}"
    if not change.changed:
        return None
    how = " by replacing it" if change.is_replaced else ""
    return f"changes {setting}{how}: {listed([f'`{one}`' for one in change.changed])}"


def replication_destinations(resource: Resource | None) -> set[tuple[str, str]]:
    """Return the accounts and regions to which a registry replicates its images."""
    return {
        (str(one.get("RegistryId")), str(one.get("Region")))
        for entry in mappings(value_at(resource, "ReplicationConfiguration", "Rules"))
        for one in mappings(entry.get("Destinations"))
    }
