"""Rules about data that a change deletes or no longer protects: repositories, keys and logs."""

from collections.abc import Iterator, Mapping

from ecrctl.counts import counted
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import (
    Resource,
    account_of,
    is_false,
    is_true,
    number_of,
    properties,
)
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.canonical import is_decided, parameters_in
from ecrctl.review.resolution.templates import NESTED_STACK
from ecrctl.review.resource_types import RESOURCE_TYPES, resource_type
from ecrctl.review.type_names import KEY, LOG_GROUP, LOG_RETENTION, REPOSITORY

from .rule import Message, about, resource_rule, rule, undecided

_LOSS = Category.DATA_LOSS
# KMS's own default, in days.
DEFAULT_PENDING_WINDOW = 30
_RETAINING = ("Retain", "RetainExceptOnCreate", "Snapshot")
# The types that contain data beside repositories and keys, in this app or any other.
_OTHER_DATA = tuple(name for name, row in RESOURCE_TYPES.items() if row.holds)
_EVERY_DATA = (REPOSITORY, *KEY, *_OTHER_DATA, NESTED_STACK)
_IMAGES_STAY = "Images are not moved automatically"
# An account, a region and a repository name.
_Identity = tuple[str, str, str]


@rule(_LOSS)
def repository_removed(comparison: Comparison) -> Iterator[Finding]:
    """A repository leaves the app, retained or deleted."""
    for change, addition in _removals(comparison):
        if addition is None:
            yield about(change, f"leaves the app: {_consequence_of_removal(change)}")


@rule(_LOSS)
def repository_moved(comparison: Comparison) -> Iterator[Finding]:
    """A repository moves to another stack."""
    for change, addition in _removals(comparison):
        if addition and addition.pair.id != change.pair.id:
            message = (
                f"moves to the stack `{addition.pair.name}`, which a deployment cannot do: "
                f"{_consequence_of_move(change)} Leave it in its stack, or import it into the "
                "other stack with `cdk import`"
            )
            yield about(change, message, detail=addition.place)


@rule(_LOSS)
def repository_logical_id_changed(comparison: Comparison) -> Iterator[Finding]:
    """A repository gets another logical ID."""
    for change, addition in _removals(comparison):
        if addition and addition.pair.id == change.pair.id:
            message = (
                f"gets the logical ID `{addition.logical_id}` instead of `{change.logical_id}`, "
                "so CloudFormation treats it as another repository and fails to create it "
                f"(AlreadyExists). Keep the logical ID. {_IMAGES_STAY}"
            )
            yield about(change, message, detail=addition.place)


def _removals(comparison: Comparison) -> Iterator[tuple[ResourceChange, ResourceChange | None]]:
    """Yield removed repositories, each with the addition of the same repository elsewhere."""
    additions = {
        _identity(change): change
        for change in comparison.of_type(REPOSITORY)
        if change.base is None and isinstance(_repository_name(change), str)
    }
    for change in comparison.of_type(REPOSITORY):
        if change.head is None:
            yield change, additions.get(_identity(change))


def _identity(change: ResourceChange) -> _Identity:
    stack = change.pair.stack
    name = _repository_name(change)
    return account_of(stack), stack.region, str(name or f"{change.pair.name} {change.logical_id}")


def _repository_name(change: ResourceChange) -> object:
    return properties(change.resource).get("RepositoryName")


def _consequence_of_removal(change: ResourceChange) -> str:
    if change.pair.head is None:
        return (
            "its stack is no longer in the app. The repository and its stack remain deployed, and "
            "are no longer updated"
        )
    if change.impact == "WILL_ORPHAN":
        return (
            "it remains in the account with all of its images, but in no stack. To manage it "
            "again, import it; declaring it again fails with AlreadyExists"
        )
    if is_true(properties(change.base).get("EmptyOnDelete")):
        return "it is deleted with all of its images"
    return "it is deleted, which fails while it contains images"


def _consequence_of_move(change: ResourceChange) -> str:
    if change.pair.head is not None and change.impact != "WILL_ORPHAN":
        return (
            "one stack deletes it, and the other either fails to create it (AlreadyExists) or "
            "creates it without its images."
        )
    return "it remains in no stack, and the other stack fails to create it (AlreadyExists)."


@resource_rule(_LOSS, REPOSITORY)
def repository_replaced(change: ResourceChange) -> Iterator[str | Message]:
    """A repository is renamed, or one without a name is replaced."""
    if not change.is_replaced or change.keeps_its_name():
        return
    before, after = change.values("RepositoryName")
    if not is_decided(after):
        yield undecided(
            "may be renamed, as its name is known only at deployment: then a new, empty repository "
            f"takes its place. {_IMAGES_STAY}"
        )
        return
    renamed = f"is renamed from `{before}`" if before and before != after else "is replaced"
    old = "remains in no stack" if retains(change.base, "UpdateReplacePolicy") else "is deleted"
    yield (
        f"{renamed} ({', '.join(change.replacing)}): a new, empty repository takes its place, and "
        f"the old one {old}. {_IMAGES_STAY}: copy them, and pin them again"
    )


@resource_rule(_LOSS, *_EVERY_DATA)
def deletion_policy_weakened(change: ResourceChange) -> Iterator[str]:
    """Data is no longer retained when its stack is deleted."""
    if _weakens(change, "DeletionPolicy"):
        yield (
            "is no longer retained when removed from its stack, or with its stack (DeletionPolicy)"
        )


@resource_rule(_LOSS, *_EVERY_DATA)
def replace_policy_weakened(change: ResourceChange) -> Iterator[str]:
    """Data is no longer retained when its resource is replaced."""
    if _weakens(change, "UpdateReplacePolicy"):
        yield "is no longer retained when CloudFormation replaces it (UpdateReplacePolicy)"


def _weakens(change: ResourceChange, attribute: str) -> bool:
    is_changed = change.is_update and attribute in change.other
    return is_changed and retains(change.base, attribute) and not retains(change.head, attribute)


def retains(resource: Resource | None, attribute: str) -> bool:
    """Return whether the data of a resource is kept, by itself or as a snapshot."""
    if not isinstance(resource, Mapping):
        return False
    is_default = attribute not in resource and attribute == "DeletionPolicy"
    return resource.get(attribute) in _RETAINING or (is_default and _has_snapshot(resource))


def _has_snapshot(resource: Resource) -> bool:
    """Return whether CloudFormation makes a snapshot by default.

    Source: CloudFormation template reference, "DeletionPolicy attribute".
    """
    is_alone = "DBClusterIdentifier" not in properties(resource)
    kind = resource.get("Type")
    return kind == "AWS::RDS::DBCluster" or (kind == "AWS::RDS::DBInstance" and is_alone)


@resource_rule(_LOSS, *_EVERY_DATA)
def exists_conditionally(change: ResourceChange) -> Iterator[Message]:
    """A resource with data exists only under a condition, or under another one."""
    if (
        change.is_update
        and change.head
        and "Condition" in change.other
        and change.head.get("Condition")
    ):
        names = sorted(set(parameters_in(change.head["Condition"])))
        noun = "the parameter" if len(names) == 1 else "the parameters"
        values = f"{noun} {listed([f'`{one}`' for one in names])}" if names else "a value"
        yield undecided(
            f"now exists only under a condition that depends on {values} of the deployment; "
            "otherwise it is deleted"
        )


@resource_rule(_LOSS, REPOSITORY)
def empty_on_delete(change: ResourceChange) -> Iterator[str]:
    """A repository is deleted together with its images."""
    before, after = change.values("EmptyOnDelete")
    if change.is_update and is_true(after) and not is_true(before):
        yield "is now deleted together with all of its images (EmptyOnDelete)"


@resource_rule(_LOSS, *KEY)
def key_removed(change: ResourceChange) -> Iterator[str]:
    """A key leaves the app, retained or deleted."""
    if change.head is not None:
        return
    if change.pair.head is None or change.impact == "WILL_ORPHAN":
        where = "with its stack" if change.pair.head is None else "in no stack"
        yield (
            f"leaves the app, but remains in the account, {where}. The data that it encrypts can "
            "be read as long as the key exists"
        )
    else:
        days = properties(change.base).get("PendingWindowInDays", DEFAULT_PENDING_WINDOW)
        yield (
            "is scheduled for deletion: from the deployment on, no image that it encrypts can be "
            f"pulled, and after {days} days the key cannot be restored"
        )


@resource_rule(_LOSS, *KEY)
def key_disabled(change: ResourceChange) -> Iterator[str]:
    """A key is disabled."""
    _, after = change.values("Enabled")
    if change.is_update and "Enabled" in change.changed and is_false(after):
        yield "is disabled: meanwhile no image that it encrypts can be pulled or pushed"


@resource_rule(_LOSS, *_OTHER_DATA)
def data_removed(change: ResourceChange) -> Iterator[str]:
    """Other data is deleted or replaced."""
    is_removed = change.head is None and change.pair.head is not None
    if is_removed and change.impact == "WILL_DESTROY":
        yield f"is deleted with all of its {resource_type(change.type).holds}"
    elif change.is_replaced and not change.keeps_its_name():
        yield f"is replaced by an empty one ({', '.join(change.replacing)})"


@resource_rule(_LOSS, LOG_GROUP, LOG_RETENTION)
def logs_kept_shorter(change: ResourceChange) -> Iterator[str]:
    """Logs are kept for a shorter time."""
    before, after = change.values("RetentionInDays")
    old, new = number_of(before), number_of(after)
    if change.is_update and new is not None and (before is None or (old is not None and new < old)):
        until = "without a limit" if old is None else f"for {counted(old, 'day')}"
        yield f"keeps logs for {counted(new, 'day')} instead of {until}: older ones are deleted"
