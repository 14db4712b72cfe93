"""Rules about custom resources of the CDK, which call AWS while they are deployed.

Source: API reference of the AWS CDK, "AwsCustomResource" and "KubernetesManifest".
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ecrctl.cdk.assemblies import Stack
from ecrctl.files import json_value
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import Resource, properties, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.type_names import (
    AWS_CALLS,
    CDK_CLUSTER,
    CDK_EMPTIES_BUCKET,
    CDK_EMPTIES_REPOSITORY,
)

from .rule import Message, about, resource_rule, rule, undecided

_LOSS, _GAINED, _LOST = Category.DATA_LOSS, Category.ACCESS_GAINED, Category.PROTECTION_LOST
# The steps of a deployment at which a custom resource calls AWS.
_STEPS = ("Create", "Update", "Delete")
_READS = re.compile(
    r"(?:get|list|describe|head|batchGet|batchCheck|lookup|query|scan|search)(?=[A-Z]|$)"
)
_DELETES = re.compile(
    r"(?:batchDelete|delete|deregister|purge|empty|scheduleKeyDeletion|terminate)(?=[A-Z]|$)"
)
_ACCESS = re.compile(
    r"(?<!Lifecycle)(?<!Scaling)(?<!Backup)Polic(?:y|ies)|Permission|Grant|(?<!Public)Access|Share"
    r"|LoginProfile|Principal|Assignment|OpenIDConnect|SAMLProvider|Acl|Credential|PodIdentity"
)
_IDENTITY = re.compile(r"Role|User|Group|InstanceProfile|Boundary")
_OF_IDENTITIES = ("cognito-identity", "cognito-identity-provider", "iam", "identitystore")
# What such a call deletes is no data.
_DELETES_NO_DATA = re.compile(r"Tag|Rule|Alarm|Subscription|Target|Alias|Association|Listener")
_HARMLESS = re.compile(r"Tag|^putParameter$|^publish|^putMetric|^putEvents$|^sendMessage")
_PROTECTION = re.compile(
    r"Mutability|Scanning|Encryption|PublicAccess|Logging|Protection|Rotation|Lifecycle|Replication"
    r"|Versioning|Retention|Backup|Configuration|Attributes|SecurityGroup|Ingress|Egress|Key"
)
_UNKNOWN_CALL = "an operation that only the deployment knows"
_WORDS = {CDK_EMPTIES_REPOSITORY: "images", CDK_EMPTIES_BUCKET: "objects"}
_NAMES = {CDK_EMPTIES_REPOSITORY: "RepositoryName", CDK_EMPTIES_BUCKET: "BucketName"}


class _Call(NamedTuple):
    """A call to AWS.

    :param step: the step of the deployment at which it is made.
    :param text: the call as the template has it.
    """

    step: str
    service: str
    action: str
    text: str

    @property
    def words(self) -> str:
        """The words for it, such as ```ecr:deleteRepository``` when it is created."""
        when = {"Create": "created", "Update": "updated", "Delete": "removed"}[self.step]
        call = f"`{self.service}:{self.action}`" if self.service else _UNKNOWN_CALL
        return f"{call} when it is {when}"

    @property
    def category(self) -> Category | None:
        """The category of the call's effect; ``None`` for a call that only reads."""
        if _READS.match(self.action):
            return None
        is_of_identity = self.service in _OF_IDENTITIES and _IDENTITY.search(self.action)
        if is_of_identity or _ACCESS.search(self.action):
            return _GAINED
        if _DELETES.match(self.action) and not _DELETES_NO_DATA.search(self.action):
            return _LOSS
        if _PROTECTION.search(self.action):
            return _LOST
        return None if _HARMLESS.search(self.action) else Category.NOT_JUDGED


@rule(_LOSS)
def call_deletes_data(comparison: Comparison) -> Iterator[Finding]:
    """A custom resource calls AWS to delete images or other data."""
    return _found(comparison, _LOSS, "deletes data", is_undecided=False)


@rule(_GAINED)
def call_changes_access(comparison: Comparison) -> Iterator[Finding]:
    """A custom resource calls AWS to change policies, roles or keys."""
    return _found(comparison, _GAINED, "changes access", is_undecided=True)


@rule(_LOST)
def call_changes_protection(comparison: Comparison) -> Iterator[Finding]:
    """A custom resource calls AWS to change settings that may protect something."""
    return _found(comparison, _LOST, "changes settings", is_undecided=True)


@rule(Category.NOT_JUDGED)
def call_not_judged(comparison: Comparison) -> Iterator[Finding]:
    """A custom resource calls AWS in a way that no rule judges, such as to run a function."""
    return _found(comparison, Category.NOT_JUDGED, "runs or changes something", is_undecided=True)


def _found(
    comparison: Comparison, category: Category, verb: str, *, is_undecided: bool
) -> Iterator[Finding]:
    for change in comparison.of_type(AWS_CALLS):
        calls = [one for one in _new_calls(comparison, change) if one.category == category]
        if calls:
            words = listed(sorted({one.words for one in calls}))
            yield about(
                change,
                f"{verb} by calling {words}",
                detail=sorted(calls),
                is_undecided=is_undecided,
            )


def _new_calls(comparison: Comparison, change: ResourceChange) -> Iterator[_Call]:
    """Yield the calls that the change makes, and those that it adds for later."""
    if change.pair.head is None or change.impact == "WILL_ORPHAN":
        return
    before = _calls(change.base, change.pair.base, comparison.base)
    after = _calls(change.head, change.pair.head, comparison.head)
    if change.head is None:
        yield from (one for one in before if one.step == "Delete")
        return
    runs_now = "Create" if change.base is None else "Update"
    yield from (one for one in after if one not in before or one.step == runs_now)
    if _gets_another_id(before, after):
        yield from (one for one in before if one.step == "Delete")


def _gets_another_id(before: Sequence[_Call], after: Sequence[_Call]) -> bool:
    """Return whether an update states another physical ID: CloudFormation then deletes the old one.

    Without a call for updates, the CDK's function keeps the ID.
    """
    old = [_physical_id(one) for one in before if one.step != "Delete"]
    new = next((_physical_id(one) for one in after if one.step == "Update"), None)
    return new is not None and any(one not in (None, new) for one in old)


def _physical_id(call: _Call) -> Any:
    return _json(call.text).get("physicalResourceId")


def _json(text: str) -> Mapping[str, Any]:
    try:
        found = json_value(text)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _calls(resource: Resource | None, stack: Stack | None, side: Sequence[Stack]) -> list[_Call]:
    if stack is None or resource is None:
        return []
    values = Values(stack=stack, side=side)
    given = properties(resource)
    return [_call(step, values.text(given[step])) for step in _STEPS if given.get(step)]


def _call(step: str, text: str) -> _Call:
    found = _json(text)
    if not found or is_unknown(str(found.get("action", ""))):
        # Any call is possible: that of the worst category that can be undecided.
        return _Call(step, "", "anyAccess", text)
    service = re.sub(r"^@aws-sdk/client-", "", str(found.get("service"))).lower()
    action = str(found.get("action")).removesuffix("Command")
    return _Call(step, service, action[:1].lower() + action[1:], text)


@resource_rule(_LOSS, CDK_EMPTIES_REPOSITORY, CDK_EMPTIES_BUCKET)
def emptied_on_delete(change: ResourceChange) -> Iterator[Message]:
    """A custom resource of the CDK deletes all images or objects, now or later."""
    words, name = _WORDS[change.type], _NAMES[change.type]
    before, after = change.values(name)
    if change.base is None and not _is_new(change, after):
        yield Message(
            text=f"is new: removing it, or its stack, deletes all {words} of {_shown(after)}"
        )
    elif change.is_update and before != after:
        yield undecided(
            f"belongs to {_shown(after)} instead of {_shown(before)}, and deletes all {words} of it"
        )
    elif change.head is None and change.pair.head is not None and _is_kept(change, before):
        yield undecided(f"is removed, and may delete all {words} of {_shown(before)}")


def _shown(name: Any) -> str:
    return f"`{name}`" if isinstance(name, str) else "the resource that it names"


def _target(change: ResourceChange, name: Any, *, is_head: bool) -> Resource | None:
    stack = change.pair.head if is_head else change.pair.base
    for logical_id, resource in (stack.template.get("Resources", {}) if stack else {}).items():
        own = value_at(resource, _NAMES[change.type])
        if name == {"Ref": logical_id} or (own is not None and own == name):
            found: Resource = resource
            return found
    return None


def _is_new(change: ResourceChange, name: Any) -> bool:
    """Return whether the emptied resource is new as well, and so is still empty."""
    is_there = _target(change, name, is_head=True) is not None
    return is_there and _target(change, name, is_head=False) is None


def _is_kept(change: ResourceChange, name: Any) -> bool:
    """Return whether the emptied resource stays, with the tag that has it emptied."""
    found = _target(change, name, is_head=True)
    tags = value_at(found, "Tags") if found else None
    return found is None or "aws-cdk:auto-delete" in json.dumps(tags)


@resource_rule(_LOSS, CDK_CLUSTER)
def cluster_replaced(change: ResourceChange) -> Iterator[str]:
    """An EKS cluster made by a custom resource of the CDK is replaced."""
    if not change.is_update:
        return
    paths = (
        ("name",),
        ("roleArn",),
        ("resourcesVpcConfig", "subnetIds"),
        ("resourcesVpcConfig", "securityGroupIds"),
    )
    changed = []
    for path in paths:
        before, after = change.values("Config", *path)
        if before != after:
            changed.append(".".join(path))
    if changed:
        names = ", ".join(changed)
        yield f"is replaced by an empty cluster ({names}), and its workloads are deleted"
