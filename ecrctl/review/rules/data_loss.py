"""What a change loses: repositories, keys and logs, and what keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from ecrctl.review.diff.changed_references import changed_names
from ecrctl.review.diff.comparison import (
    Comparison,
    ResourceChange,
    account_of,
    is_known,
    is_true,
    properties,
)
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import KEY, REPOSITORY

from .rule import Rule, about, each

_LOSS = Category.DATA_LOSS
_DEFAULT_PENDING_DAYS = 30
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
# What holds data of its own besides repositories and keys, in this app or any other.
_HOLDS_DATA = (
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::ECR::PublicRepository",
    "AWS::EFS::FileSystem",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
)
_NO_IMAGES_MOVE = "Images do not move by themselves"


def _removed(comparison: Comparison) -> Iterator[Saying]:
    elsewhere = _places(comparison)
    for change in comparison.of_type(REPOSITORY):
        if change.head is None and not elsewhere.get(_identity(change)):
            yield about(change, f"leaves the app: {_fate(change)}".rstrip("."))


def _moved(comparison: Comparison) -> Iterator[Saying]:
    elsewhere = _places(comparison)
    for change in comparison.of_type(REPOSITORY):
        found = elsewhere.get(_identity(change))
        if change.head is None and found and found.pair.name != change.pair.name:
            yield about(
                change,
                f"moves to the stack `{found.pair.name}`, which CloudFormation cannot do: "
                f"{_moved_to(change)} Leave it where it is, or take it over there with "
                "`cdk import`",
            )


def _moved_to(change: ResourceChange) -> str:
    if change.pair.head is not None and change.impact != "WILL_ORPHAN":
        return (
            "one stack deletes it, and the other fails to create what exists (AlreadyExists) or "
            "makes it anew, without its images."
        )
    return "it stays, in no stack, and the other stack fails to create what exists (AlreadyExists)."


def _another_logical_id(comparison: Comparison) -> Iterator[Saying]:
    elsewhere = _places(comparison)
    for change in comparison.of_type(REPOSITORY):
        found = elsewhere.get(_identity(change))
        if change.head is None and found and found.pair.name == change.pair.name:
            yield about(
                change,
                f"gets the logical ID `{found.logical_id}` instead of `{change.logical_id}`, "
                "which to CloudFormation is another repository: it fails to create what exists "
                f"(AlreadyExists). Keep the ID. {_NO_IMAGES_MOVE}",
            )


def _places(comparison: Comparison) -> dict[tuple[str, str, str], ResourceChange]:
    """Give the repositories that are new somewhere, by account, region and name."""
    return {
        _identity(change): change
        for change in comparison.of_type(REPOSITORY)
        if change.base is None and isinstance(_repository_name(change), str)
    }


def _identity(change: ResourceChange) -> tuple[str, str, str]:
    stack = change.pair.stack
    name = _repository_name(change)
    return account_of(stack), stack.region, str(name or f"{change.pair.name} {change.logical_id}")


def _repository_name(change: ResourceChange) -> object:
    return properties(change.resource).get("RepositoryName")


def _fate(change: ResourceChange) -> str:
    """Say what becomes of a resource that no template has any more."""
    if change.pair.head is None:
        return (
            "its stack is no longer in the app. Nothing deletes either of them, and nobody "
            "updates them any more."
        )
    if change.impact == "WILL_ORPHAN":
        return (
            "it stays in the account with all of its images, in no stack. To have it back, "
            "import it: a template that has it again fails with AlreadyExists."
        )
    if is_true(properties(change.base).get("EmptyOnDelete")):
        return "it is deleted with all of its images."
    return "it is deleted, which fails as long as it holds images."


def _replaced(change: ResourceChange) -> str | None:
    if not change.is_replaced or change.keeps_its_name():
        return None
    before, after = change.values("RepositoryName")
    called = f"is renamed from `{before}`" if before and before != after else "is replaced"
    old = "stays in no stack" if _keeps(change.base, "UpdateReplacePolicy") else "is deleted"
    return (
        f"{called} ({', '.join(change.replacing)}): a new, empty repository takes its place, and "
        f"the old one {old}. {_NO_IMAGES_MOVE}: copy them, and pin them anew"
    )


def _deletable(change: ResourceChange) -> str | None:
    if not _weakens(change, "DeletionPolicy"):
        return None
    return "is no longer kept when it leaves its stack, or its stack is deleted (DeletionPolicy)"


def _retention_weakened(change: ResourceChange) -> str | None:
    if not _weakens(change, "UpdateReplacePolicy"):
        return None
    return "is no longer kept when CloudFormation replaces it (UpdateReplacePolicy)"


def _weakens(change: ResourceChange, attribute: str) -> bool:
    is_update = change.is_update and attribute in change.other
    return is_update and _keeps(change.base, attribute) and not _keeps(change.head, attribute)


def _keeps(resource: object, attribute: str) -> bool:
    return isinstance(resource, dict) and resource.get(attribute) in _KEPT


def _empties(change: ResourceChange) -> str | None:
    before, after = change.values("EmptyOnDelete")
    if not change.is_update or is_true(before):
        return None
    if not is_known(after) and after != before:
        return "may now be deleted together with all of its images: the deployment decides"
    if not is_true(after):
        return None
    return "is now deleted together with all of its images (EmptyOnDelete)"


def _key_removed(change: ResourceChange) -> str | None:
    if change.head is not None:
        return None
    if change.pair.head is None or change.impact == "WILL_ORPHAN":
        where = "with its stack" if change.pair.head is None else "in no stack"
        return (
            f"leaves the app: it stays in the account, {where}. What it encrypted can be read as "
            "long as nobody deletes it there"
        )
    days = properties(change.base).get("PendingWindowInDays", _DEFAULT_PENDING_DAYS)
    return (
        f"is deleted after {days} days: no image that it encrypts can be pulled from then on, "
        "by anyone"
    )


def _key_disabled(change: ResourceChange) -> str | None:
    _, after = change.values("Enabled")
    if not change.is_update or "Enabled" not in change.changed or after is not False:
        return None
    return "is disabled: no image that it encrypts can be pulled or pushed while it is"


def _data_removed(change: ResourceChange) -> str | None:
    gone = change.head is None and change.pair.head is not None
    if gone and change.impact == "WILL_DESTROY":
        return "is deleted with what it holds"
    if change.is_replaced and not change.keeps_its_name():
        return f"is replaced by an empty one ({', '.join(change.replacing)})"
    return None


def _logs_shortened(change: ResourceChange) -> str | None:
    before, after = change.values("RetentionInDays")
    if not change.is_update or "RetentionInDays" not in change.changed:
        return None
    if isinstance(after, int) and (before is None or (isinstance(before, int) and after < before)):
        until = "for ever" if before is None else f"{before} days"
        return f"keeps logs {after} days instead of {until}: older ones are deleted"
    return None


def _under_a_condition(comparison: Comparison) -> Iterator[Saying]:
    """Tell of what is there perhaps, and was there, or was there under another condition."""
    for pair in comparison.pairs:
        if pair.base is None or pair.head is None:
            continue
        names = changed_names(comparison, pair)
        before = pair.base.template.get("Resources", {})
        for kind in (REPOSITORY, *KEY, *_HOLDS_DATA):
            for logical_id, resource in pair.head.resources(kind):
                given, was = resource.get("Condition"), before.get(logical_id)
                if given is None or not isinstance(was, dict):
                    continue
                if was.get("Condition") == given and given not in names:
                    continue
                change = ResourceChange(
                    pair=pair, logical_id=logical_id, base=was, head=resource, impact="MAY_REPLACE"
                )
                yield about(
                    change,
                    f"is there only where the condition `{given}` holds: where it does not, it is "
                    "removed",
                    is_undecided=True,
                )


RULES = (
    Rule(
        id="repository-removed",
        category=_LOSS,
        finds="A repository leaves the app, kept or deleted",
        look=_removed,
    ),
    Rule(
        id="repository-moved",
        category=_LOSS,
        finds="A repository moves to another stack",
        look=_moved,
    ),
    Rule(
        id="repository-another-logical-id",
        category=_LOSS,
        finds="A repository gets another logical ID",
        look=_another_logical_id,
    ),
    Rule(
        id="repository-replaced",
        category=_LOSS,
        finds="A repository is renamed, or one without a name is replaced",
        look=each(REPOSITORY, says=_replaced),
    ),
    Rule(
        id="deletable",
        category=_LOSS,
        finds="What was kept when its stack is deleted no longer is",
        look=each(REPOSITORY, *KEY, *_HOLDS_DATA, says=_deletable),
    ),
    Rule(
        id="retention-weakened",
        category=_LOSS,
        finds="What was kept when it is replaced no longer is",
        look=each(REPOSITORY, *KEY, *_HOLDS_DATA, says=_retention_weakened),
    ),
    Rule(
        id="there-under-a-condition",
        category=_LOSS,
        finds="What holds data is there under a condition, or another one",
        look=_under_a_condition,
    ),
    Rule(
        id="empty-on-delete",
        category=_LOSS,
        finds="A repository is deleted together with its images",
        look=each(REPOSITORY, says=_empties),
    ),
    Rule(
        id="key-removed",
        category=_LOSS,
        finds="A key leaves the app, kept or deleted",
        look=each(*KEY, says=_key_removed),
    ),
    Rule(
        id="key-disabled",
        category=_LOSS,
        finds="A key is disabled",
        look=each(*KEY, says=_key_disabled),
    ),
    Rule(
        id="data-removed",
        category=_LOSS,
        finds="Something else that holds data is deleted or replaced",
        look=each(*_HOLDS_DATA, says=_data_removed),
    ),
    Rule(
        id="logs-kept-shorter",
        category=_LOSS,
        finds="Logs are kept for a shorter time",
        look=each("AWS::Logs::LogGroup", says=_logs_shortened),
    ),
)
