"""Rules about data of any type that expires earlier: messages, objects, items and backups."""

from collections.abc import Iterator

from ecrctl.counts import counted
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import Resource, is_true, mappings, number_of, value_at
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.findings import Category
from ecrctl.review.type_names import LOG_GROUP, LOG_RETENTION

from .rule import resource_rule

_LOSS = Category.DATA_LOSS
# How long data is kept, by the property's name.
KEPT_FOR = frozenset(
    {"DeleteAfterDays", "MessageRetentionPeriod", "RetentionInDays", "RetentionPeriodHours"}
)
_TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")


@resource_rule(_LOSS)
def data_kept_shorter(change: ResourceChange) -> Iterator[str]:
    """Messages, records, backups or logs are kept for a shorter time."""
    if not change.is_update or change.type in (LOG_GROUP, LOG_RETENTION):
        return
    for path, before, after in differing_values(*change.values()):
        old, new = number_of(before), number_of(after)
        is_shorter = old is not None and new is not None and new < old
        if is_shorter and path.rpartition(".")[2] in KEPT_FOR:
            yield f"keeps its data for a shorter time (`{path}` {old} → {new})"


@resource_rule(_LOSS, "AWS::S3::Bucket")
def objects_expire(change: ResourceChange) -> Iterator[str]:
    """Objects of a bucket are deleted after some days, or earlier than before."""
    before, after = change.both(_expirations)
    sooner = [
        f"`{prefix}*` after {counted(days, 'day')}"
        for (name, prefix), days in sorted(after.items())
        if days < before.get((name, prefix), days + 1)
    ]
    if change.is_update and sooner:
        yield f"deletes objects: {listed(sooner)}"


def _expirations(resource: Resource | None) -> dict[tuple[str, str], int]:
    """Return the days after which objects are deleted, by the property and the prefix."""
    found: dict[tuple[str, str], int] = {}
    for one in mappings(value_at(resource, "LifecycleConfiguration", "Rules")):
        days = number_of(one.get("ExpirationInDays"))
        if days is not None and one.get("Status") == "Enabled":
            key = ("ExpirationInDays", str(one.get("Prefix", "")))
            found[key] = min(days, found.get(key, days))
    return found


@resource_rule(_LOSS, *_TABLES)
def items_expire(change: ResourceChange) -> Iterator[str]:
    """Items of a table expire, or a copy of the table in another region is deleted."""
    before, after = change.values("TimeToLiveSpecification", "Enabled")
    if change.is_update and is_true(after) and not is_true(before):
        yield "deletes items when the time in their attribute has passed"
    yield from _deleted_copies(change)


@resource_rule(_LOSS, "AWS::SecretsManager::Secret")
def copy_deleted(change: ResourceChange) -> Iterator[str]:
    """A copy of a secret in another region is deleted."""
    yield from _deleted_copies(change)


def _deleted_copies(change: ResourceChange) -> Iterator[str]:
    old, new = change.both(_replicas)
    lost = [f"`{region}`" for region in old if region not in new]
    if change.is_update and lost:
        yield f"deletes its copy in {listed(lost)}"


def _replicas(resource: Resource | None) -> list[str]:
    copies = (mappings(value_at(resource, name)) for name in ("ReplicaRegions", "Replicas"))
    return [str(one.get("Region")) for found in copies for one in found]
