"""Rules about removed and replaced resources that no other rule reports.

What a type means is in its row, and in the table of removals; an unknown type is never routine.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.diff.resources import properties, resources_of
from ecrctl.review.findings import Category, Place
from ecrctl.review.removals import ENDS, ROUTINE
from ecrctl.review.resolution.templates import NESTED_STACK
from ecrctl.review.resource_types import resource_type
from ecrctl.review.rules.data_loss import retains
from ecrctl.review.rules.rule import Rule, resource_rule
from ecrctl.review.type_names import (
    KEY,
    OIDC_PROVIDER,
    REGISTRY_TYPES,
    REPOSITORY,
    SERVICE,
    TASK_DEFINITION,
)

_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy")
# Rules of their own report the removal of these.
_REPORTED = (*KEY, *REGISTRY_TYPES, REPOSITORY, SERVICE, TASK_DEFINITION, NESTED_STACK)
# Access is compared for every identity and policy.
_IDENTITIES, _LASTING_IDENTITIES = "AWS::IAM::", (OIDC_PROVIDER, "AWS::IAM::SAMLProvider")


@resource_rule(Category.PROTECTION_LOST, *ENDS)
def no_longer_retained(change: ResourceChange) -> Iterator[str]:
    """A resource that others depend on is no longer kept when it leaves its stack."""
    for attribute in _attributes_lost(change):
        yield f"is no longer retained ({attribute}), and with it {ENDS[change.type]}"


def removals(reported: AbstractSet[Place]) -> tuple[Rule, Rule]:
    """Return the rules for removals that no other rule reports.

    :param reported: the resources that rules about more than costs and lost access report.
    """

    @resource_rule(Category.WORKLOADS, *ENDS)
    def dependency_removed(change: ResourceChange) -> Iterator[str]:
        """A resource that others depend on is removed or replaced."""
        if change.place in reported or _is_made_again(change):
            return
        ends = ENDS[change.type]
        if _is_deleted(change):
            yield f"is removed, and with it {ends}"
        elif change.is_replaced and not change.keeps_its_name():
            yield f"is replaced ({', '.join(change.replacing)}), and with it {ends}"

    @resource_rule(Category.NOT_JUDGED)
    def not_judged_removal(change: ResourceChange) -> Iterator[str]:
        """A resource of an unknown type is removed or replaced, or kept no longer."""
        if change.place in reported or is_known_removal(change.type):
            return
        if _is_deleted(change):
            yield "is deleted, and no rule of this review knows what depends on it"
        elif change.is_replaced and not change.keeps_its_name():
            yield (
                f"may be replaced by an empty one ({', '.join(change.replacing)}), and no rule of "
                "this review knows what depends on it"
            )
        for attribute in _attributes_lost(change):
            yield f"is no longer retained ({attribute})"

    return dependency_removed, not_judged_removal


def is_known_removal(kind: str) -> bool:
    """Return whether the tables say what the removal of a type means."""
    row = resource_type(kind)
    is_listed = kind in ENDS or kind in ROUTINE or kind in IMAGE_PROPERTIES or kind in _REPORTED
    is_identity = kind.startswith(_IDENTITIES) and kind not in _LASTING_IDENTITIES
    is_policy = row.is_separate_policy and bool(row.policy_property)
    has_meaning = bool(row.holds or row.protects) or row.grants or row.is_judged or is_policy
    return is_listed or is_identity or has_meaning


def _is_deleted(change: ResourceChange) -> bool:
    return change.impact == "WILL_DESTROY" and change.pair.head is not None


def _is_made_again(change: ResourceChange) -> bool:
    """Return whether the same resource is added to the stack under another logical ID."""
    before, after = (resources_of(side) for side in (change.pair.base, change.pair.head))
    added = (one for name, one in after.items() if name not in before)
    same = (change.type, properties(change.base))
    return change.head is None and any((one.get("Type"), properties(one)) == same for one in added)


def _attributes_lost(change: ResourceChange) -> list[str]:
    """Return the attributes that kept a resource, and keep it no longer."""
    if not change.is_update or change.is_another_type:
        return []
    return [
        one for one in _ATTRIBUTES if retains(change.base, one) and not retains(change.head, one)
    ]
