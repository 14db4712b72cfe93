"""Rules about settings that delete data now, or together with their resource.

Sources: API reference of the AWS CDK, "BucketDeployment" and "LogRetention"; CloudFormation
template reference, the pages of these types.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import is_false
from ecrctl.review.findings import Category
from ecrctl.review.resolution.canonical import is_decided, text_of
from ecrctl.review.rules.rule import Message, resource_rule, undecided

_BUCKET_DEPLOYMENT = "Custom::CDKBucketDeployment"
_DESTINATION = ("DestinationBucketName", "DestinationBucketKeyPrefix")


class _Setting(NamedTuple):
    """A setting that deletes data.

    :param deleting: the values with which it does, in lower case.
    :param default: the value of a missing property.
    """

    deleting: tuple[str, ...]
    default: str
    effect: str


_WITH_IT = "its data is deleted together with it"
_SETTINGS: Mapping[str, _Setting] = {
    "DeleteAutomatedBackups": _Setting(("true",), "true", "its backups are deleted with it"),
    "Prune": _Setting(("true",), "true", "other files at the destination are deleted"),
    "RecursiveDeleteOption": _Setting(("true",), "false", _WITH_IT),
    "RemovalPolicy": _Setting(("delete", "destroy"), "retain", _WITH_IT),
    "RetainOnDelete": _Setting(("false",), "true", "its files are deleted together with it"),
}
# Of these, every value is known.
SWITCHES = ("DeleteAutomatedBackups", "Prune", "RecursiveDeleteOption", "RetainOnDelete")


@resource_rule(Category.DATA_LOSS)
def deletes_more(change: ResourceChange) -> Iterator[Message]:
    """A setting deletes data now, or together with the resource."""
    if not change.is_update or change.is_another_type:
        return
    for name, setting in _SETTINGS.items():
        before, after = (setting.default if one is None else one for one in change.values(name))
        if before == after or text_of(before).lower() in setting.deleting:
            continue
        if not is_decided(after):
            yield undecided(f"takes `{name}` from a value that only the deployment knows")
        elif text_of(after).lower() in setting.deleting:
            yield Message(text=f"sets `{name}` to `{text_of(after)}`: {setting.effect}")


@resource_rule(Category.DATA_LOSS, _BUCKET_DEPLOYMENT)
def destination_changed(change: ResourceChange) -> Iterator[Message]:
    """Files are deployed to another place, where others may be deleted."""
    names = [one for one in _DESTINATION if change.is_update and _differs(change, one)]
    _, prune = change.values("Prune")
    if names and not is_false(prune):
        yield undecided(
            f"deploys its files to another place (`{names[0]}`), and deletes all others there"
        )


def _differs(change: ResourceChange, name: str) -> bool:
    before, after = change.values(name)
    return bool(before != after)
