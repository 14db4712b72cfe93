"""Rules about values that only the deployment knows, in the category of their property.

Such a value is a dynamic reference, a parameter without a default, a part of the template under a
condition that depends on either, or the result of a macro.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import is_false, is_true
from ecrctl.review.diff.value_diff import short_text
from ecrctl.review.findings import Category
from ecrctl.review.resolution.canonical import is_decided, parameters_in
from ecrctl.review.rules.rule import Message, resource_rule, undecided
from ecrctl.review.type_names import (
    KEY,
    LOG_GROUP,
    REPLICATION,
    REPOSITORY,
    SCANNING,
    SERVICE,
    SIGNING,
    TASK_DEFINITION,
    TEMPLATE,
)

_LOSS, _PROTECTION = Category.DATA_LOSS, Category.PROTECTION_LOST
_ON, _OFF = "on", "off"


@dataclass(frozen=True, slots=True)
class _Setting:
    """A property whose value may be dangerous.

    :param category: the category of a dangerous change of it.
    :param safe: the value that is never one: ``on``, ``off``, or a text; empty for none.
    """

    category: Category
    safe: str = ""

    def is_safe(self, value: Any) -> bool:
        """Return whether a value cannot be dangerous, whatever the value was before."""
        if self.safe == _ON:
            return is_true(value)
        if self.safe == _OFF:
            return value is None or is_false(value)
        return bool(self.safe) and value == self.safe


_REPOSITORY: Mapping[str, _Setting] = {
    "EmptyOnDelete": _Setting(_LOSS, _OFF),
    "EncryptionConfiguration.EncryptionType": _Setting(_PROTECTION, "KMS"),
    "ImageScanningConfiguration.ScanOnPush": _Setting(_PROTECTION, _ON),
    "ImageTagMutability": _Setting(_PROTECTION, "IMMUTABLE"),
    "ImageTagMutabilityExclusionFilters": _Setting(_PROTECTION),
}
_KEY: Mapping[str, _Setting] = {
    "Enabled": _Setting(_LOSS, _ON),
    "EnableKeyRotation": _Setting(_PROTECTION, _ON),
    "PendingWindowInDays": _Setting(_PROTECTION),
}
_WORKLOADS = Category.WORKLOADS
SETTINGS: Mapping[str, Mapping[str, _Setting]] = {
    REPOSITORY: _REPOSITORY,
    TEMPLATE: {name: one for name, one in _REPOSITORY.items() if name != "EmptyOnDelete"},
    **dict.fromkeys(KEY, _KEY),
    LOG_GROUP: {"RetentionInDays": _Setting(_LOSS)},
    SCANNING: {"ScanType": _Setting(_PROTECTION, "ENHANCED"), "Rules": _Setting(_PROTECTION)},
    SIGNING: {"Rules": _Setting(_PROTECTION)},
    REPLICATION: {"ReplicationConfiguration": _Setting(Category.ACCESS_GAINED)},
    SERVICE: {
        "DeploymentConfiguration": _Setting(_WORKLOADS),
        "DesiredCount": _Setting(_WORKLOADS),
        "EnableExecuteCommand": _Setting(_WORKLOADS, _OFF),
        "NetworkConfiguration": _Setting(_WORKLOADS),
    },
    TASK_DEFINITION: {
        "ExecutionRoleArn": _Setting(_WORKLOADS),
        "NetworkMode": _Setting(_WORKLOADS),
        "TaskRoleArn": _Setting(_WORKLOADS),
        "Volumes": _Setting(_WORKLOADS),
    },
}


@resource_rule(_LOSS, *SETTINGS)
def data_undecided(change: ResourceChange) -> Iterator[Message]:
    """A setting that can delete data gets a value that only the deployment knows."""
    return _undecided(change, _LOSS)


@resource_rule(_PROTECTION, *SETTINGS)
def protection_undecided(change: ResourceChange) -> Iterator[Message]:
    """A setting that protects images gets a value that only the deployment knows."""
    return _undecided(change, _PROTECTION)


@resource_rule(Category.ACCESS_GAINED, *SETTINGS)
def sharing_undecided(change: ResourceChange) -> Iterator[Message]:
    """A setting that shares images gets a value that only the deployment knows."""
    return _undecided(change, Category.ACCESS_GAINED)


@resource_rule(_WORKLOADS, *SETTINGS)
def workload_undecided(change: ResourceChange) -> Iterator[Message]:
    """A setting of a workload gets a value that only the deployment knows."""
    return _undecided(change, _WORKLOADS)


def _undecided(change: ResourceChange, category: Category) -> Iterator[Message]:
    if change.head is None:
        return
    for name, setting in SETTINGS[change.type].items():
        before, after = change.values(*name.split("."))
        if setting.category != category or before == after or setting.is_safe(after):
            continue
        if not is_decided(after):
            yield undecided(f"takes `{name}` from {_source(after)}, known only at deployment")
        elif not is_decided(before):
            yield undecided(
                f"sets `{name}` to {short_text(after)}; until now it came from {_source(before)}, "
                "known only at deployment"
            )


def _source(value: Any) -> str:
    """Return where the deployment takes a value from."""
    names = sorted(set(parameters_in(value)))
    if not names:
        return short_text(value)
    noun = "parameter" if len(names) == 1 else "parameters"
    return f"the {noun} {listed([f'`{one}`' for one in names])}"
