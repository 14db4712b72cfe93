"""Rules about changes that no other rule can judge, so that none of them looks harmless."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.access.documents import without_policies
from ecrctl.review.diff.assets import asset_digests
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.diff.resources import Resource, properties
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.diff.workloads import WORKLOAD_TYPES
from ecrctl.review.findings import Category, Finding, Place
from ecrctl.review.protective_properties import is_protective
from ecrctl.review.resolution.templates import DEPLOYED_METADATA, NESTED_STACK
from ecrctl.review.resource_types import RESOURCE_TYPES
from ecrctl.review.rules.rule import Message, Rule, about_stack, resource_rule, rule, undecided

from .undecided import SETTINGS

_NOT_JUDGED = Category.NOT_JUDGED
_MOST_SHOWN = 4
# Words in the name of a property that grants, protects, runs or deletes something.
_TELLING_NAME = re.compile(
    r"Access|Auth|Backup|Cidr|Delet|Encrypt|Grant|Image|IpAddress|IpRange|Kms|Permission|Polic|"
    r"Principal|Protect|Public|Retention|Retain|Role|Secret|Security|Ssl|Tls|Trust",
    re.IGNORECASE,
)
# A policy, an identity, an image or an address range, whatever its property is called.
_TELLING_VALUE = re.compile(
    r"arn:[^:]*:(iam|sts|kms):|\.dkr[.-]ecr\.|@sha256:|\b\d{1,3}(\.\d{1,3}){3}/\d|::/\d|\"Statement\""
)
# Words in the name of a type that may contain data.
_TELLING_TYPE = re.compile(
    r"Backup|Broker|Bucket|Cache|Cluster|Collection|DB|Database|Domain|FileSystem|Index|Instance|"
    r"Key|Ledger|Pool|Registry|Repository|Secret|Snapshot|Store|Stream|Table|Vault|Volume|Workspace"
)
# These transforms are part of CloudFormation: a review resolves the first, and the others only add
# to types of their own or to what deployment does.
_KNOWN_TRANSFORMS = (
    "AWS::LanguageExtensions",
    "AWS::CodeDeployBlueGreen",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::Serverless-2016-10-31",
)
_TRANSFORM = "Fn::Transform"


def _is_known(resource_type: str) -> bool:
    known = (RESOURCE_TYPES, IMAGE_PROPERTIES, WORKLOAD_TYPES)
    return any(resource_type in each for each in known) or resource_type.startswith("AWS::IAM::")


def _is_judged(resource_type: str) -> bool:
    """Return whether the rules judge what a type's properties mean, beside its data."""
    row = RESOURCE_TYPES.get(resource_type)
    is_data_alone = row is not None and bool(row.holds or row.protects)
    return resource_type in SETTINGS or (_is_known(resource_type) and not is_data_alone)


def not_judged_changes(reported: AbstractSet[Place]) -> Rule:
    """Return the rule for properties that no rule judges.

    :param reported: the resources that rules about more than costs report.
    """

    @resource_rule(_NOT_JUDGED)
    def not_judged(change: ResourceChange) -> Iterator[str]:
        """A type that no rule knows changes a property that looks like access or protection."""
        if change.head is None or change.place in reported or _is_judged(change.type):
            return
        before, after = change.both(_without_policies)
        found = [
            f"`{path}`"
            for path, *values in differing_values(before, after)
            if _is_telling(path, values) and not is_protective(path)
        ]
        if found:
            names = listed(first_few(list(dict.fromkeys(found)), _MOST_SHOWN))
            verb = "is new and sets" if change.base is None else "changes"
            yield f"{verb} {names}, which no rule of this review judges. Read it in the diff"

    return not_judged


def _without_policies(resource: Resource | None) -> dict[str, Any]:
    """Return the properties without policies, whose access is compared for every type."""
    found: dict[str, Any] = without_policies(properties(resource))
    return found


@resource_rule(_NOT_JUDGED)
def not_judged_removal(change: ResourceChange) -> Iterator[str]:
    """A resource that may contain data, of a type that no rule knows, is deleted or replaced."""
    if _is_known(change.type) or not _TELLING_TYPE.search(change.type.rpartition("::")[2]):
        return
    if change.impact == "WILL_DESTROY" and change.pair.head is not None:
        yield "is deleted, and no rule of this review knows whether it contains data"
    elif change.is_replaced and not change.keeps_its_name():
        yield (
            f"may be replaced by an empty one ({', '.join(change.replacing)}), and no rule of this "
            "review knows whether it contains data"
        )


def _is_telling(path: str, values: list[Any]) -> bool:
    return _TELLING_NAME.search(path) is not None or any(
        isinstance(value, str) and _TELLING_VALUE.search(value) for value in values
    )


@rule(Category.DATA_LOSS)
def macro_changed(comparison: Comparison) -> Iterator[Finding]:
    """A template is processed by another macro, which can add, change and remove anything."""
    for pair in comparison.pairs:
        before, after = (_macros(side.template) if side else [] for side in (pair.base, pair.head))
        if pair.base and pair.head and before != after:
            names = [listed([f"`{one}`" for one in macros]) or "none" for macros in (before, after)]
            yield about_stack(
                pair,
                f"is processed by the macros {names[1]} instead of {names[0]}: what is deployed, "
                "or deleted, is known only at deployment",
                evidence=["macros", before, after],
                is_undecided=True,
            )


@rule(_NOT_JUDGED)
def behind_a_macro(comparison: Comparison) -> Iterator[Finding]:
    """A template changes that a macro rewrites before it is deployed."""
    for pair in comparison.pairs:
        macros = _macros(pair.head.template) if pair.head else []
        is_same = pair.base is None or _macros(pair.base.template) == macros
        if macros and is_same:
            names = listed([f"`{one}`" for one in macros])
            yield about_stack(
                pair,
                f"is rewritten by {names} at deployment: this review shows the template before it",
                evidence=["behind", macros],
            )


def _macros(template: Mapping[str, Any]) -> list[str]:
    """Return the macros of a template whose result only the deployment knows."""
    given = template.get("Transform", [])
    transforms = given if isinstance(given, list) else [given]
    names = [one.get("Name", one) if isinstance(one, Mapping) else one for one in transforms]
    return [str(one) for one in names if one not in _KNOWN_TRANSFORMS]


@resource_rule(Category.DATA_LOSS)
def unseen_template(change: ResourceChange) -> Iterator[Message]:
    """A nested stack gets a template that is not in the assembly."""
    if change.type != NESTED_STACK or change.head is None or not change.is_update:
        return
    before, after = change.values("TemplateURL")
    if before != after and not change.pair.has_nested(change.logical_id):
        yield undecided(
            "gets another template, which is not in the assembly: what it deploys, or deletes, is "
            "known only at deployment"
        )


@resource_rule(Category.DATA_LOSS)
def expanded_at_deployment(change: ResourceChange) -> Iterator[Message]:
    """Resources or properties change that only the deployment expands."""
    if change.type == "Fn::ForEach":
        yield undecided(
            "is a loop over values that only the deployment knows: what it adds, changes or "
            "deletes cannot be determined"
        )
    elif change.head and change.is_update and change.both(_transform)[0] != _transform(change.head):
        yield undecided(
            f"changes its `{_transform(change.head) or _TRANSFORM}`: what the macro makes of the "
            "resource is known only at deployment"
        )


def _transform(resource: Any) -> str:
    """Return the macros in a resource as text; empty if there are none."""
    return ", ".join(_transforms(resource))


def _transforms(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == _TRANSFORM:
                yield str(item)
            else:
                yield from _transforms(item)
    elif isinstance(value, list):
        for item in value:
            yield from _transforms(item)


@rule(_NOT_JUDGED)
def asset_replaced(comparison: Comparison) -> Iterator[Finding]:
    """An asset has other bytes, although its name is a hash of them."""
    for pair in comparison.pairs:
        if pair.base and pair.head:
            before, after = asset_digests(pair.base), asset_digests(pair.head)
            found = sorted(one for one in after if one in before and before[one] != after[one])
            for asset in found:
                yield about_stack(
                    pair,
                    f"deploys other bytes under the name of the asset `{asset}`",
                    evidence=["asset", asset, before[asset], after[asset]],
                )


@rule(Category.ACCESS_GAINED)
def execution_role_changed(comparison: Comparison) -> Iterator[Finding]:
    """CloudFormation deploys a stack with another role."""
    for pair in comparison.pairs:
        if pair.base and pair.head and pair.base.execution_role != pair.head.execution_role:
            before, after = pair.base.execution_role, pair.head.execution_role
            yield about_stack(
                pair,
                f"is deployed with the role `{after or 'of whoever deploys it'}` instead of "
                f"`{before or 'of whoever deploys it'}`: what it may do is not in the templates",
                evidence=["execution role", before, after],
                is_undecided=True,
            )


@resource_rule(Category.WORKLOADS)
def instance_setup_changed(change: ResourceChange) -> Iterator[str]:
    """An instance installs, writes or runs something else when it starts (`cfn-init`)."""
    before, after = change.both(_deployed_metadata)
    if change.is_update and before != after:
        names = listed([f"`{name}`" for name in sorted({*before, *after})])
        yield f"changes what an instance installs and runs when it starts ({names})"


def _deployed_metadata(resource: Any) -> dict[str, Any]:
    metadata = resource.get("Metadata") if isinstance(resource, Mapping) else None
    given = metadata if isinstance(metadata, Mapping) else {}
    return {name: given[name] for name in DEPLOYED_METADATA if name in given}
