"""Rules about what only the deployment decides as a whole: macros, templates and assets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.assets import asset_digests
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.templates import DEPLOYED_METADATA, NESTED_STACK
from ecrctl.review.rules.rule import Message, about_stack, resource_rule, rule, undecided

_NOT_JUDGED = Category.NOT_JUDGED
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


@rule(Category.DATA_LOSS)
def macro_changed(comparison: Comparison) -> Iterator[Finding]:
    """A template is processed by another macro, which can add, change and remove anything."""
    for pair in comparison.pairs:
        before, after = (_macros(side.template) if side else [] for side in (pair.base, pair.head))
        if pair.base and pair.head and before != after:
            names = [_named(macros) for macros in (before, after)]
            yield about_stack(
                pair,
                f"is processed by {names[1]} instead of {names[0]}: what is deployed, "
                "or deleted, is known only at deployment",
                evidence=["macros", before, after],
                is_undecided=True,
            )


def _named(macros: Sequence[str]) -> str:
    noun = "the macro" if len(macros) == 1 else "the macros"
    return f"{noun} {listed([f'`{one}`' for one in macros])}" if macros else "no macro"


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
    elif change.head and change.is_update:
        before, after = change.both(lambda resource: [*_transforms(resource)])
        if before != after:
            macros = ", ".join(f"`{_name(one)}`" for one in after) or f"`{_TRANSFORM}`"
            yield undecided(
                f"changes its {macros}: what the macro makes of the resource is known only at "
                "deployment"
            )


def _name(macro: Any) -> str:
    name = macro.get("Name") if isinstance(macro, Mapping) else macro
    return name if isinstance(name, str) else _TRANSFORM


def _transforms(value: Any) -> Iterator[Any]:
    """Yield the macros in a resource."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == _TRANSFORM:
                yield item
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


def _permissions_of(role: str) -> str:
    owner = f"the role `{role}`" if role else "the principal that deploys the stack"
    return f"the permissions of {owner}"


def _deployer(role: str) -> str:
    return f"the role `{role}`" if role else "the principal that runs the CDK CLI"


@rule(Category.ACCESS_GAINED)
def execution_role_changed(comparison: Comparison) -> Iterator[Finding]:
    """CloudFormation deploys a stack with another role."""
    for pair in comparison.pairs:
        if pair.base and pair.head and pair.base.execution_role != pair.head.execution_role:
            before, after = pair.base.execution_role, pair.head.execution_role
            yield about_stack(
                pair,
                f"is deployed with {_permissions_of(after)} instead of {_permissions_of(before)}: "
                "what these allow is not in the templates",
                evidence=["execution role", before, after],
                is_undecided=True,
            )


@rule(Category.ACCESS_GAINED)
def deploy_role_changed(comparison: Comparison) -> Iterator[Finding]:
    """The CDK CLI assumes another role to deploy a stack."""
    for pair in comparison.pairs:
        before, after = (side.deploy_role if side else "" for side in (pair.base, pair.head))
        if pair.base and pair.head and before != after:
            yield about_stack(
                pair,
                f"is deployed by {_deployer(after)} instead of {_deployer(before)}: what that may "
                "do is not in the templates",
                evidence=["deploy role", before, after],
                is_undecided=True,
            )


@resource_rule(Category.WORKLOADS)
def instance_setup_changed(change: ResourceChange) -> Iterator[str]:
    """An instance installs, writes or runs something else when it starts (`cfn-init`)."""
    before, after = change.both(_deployed_metadata)
    if change.is_update and before != after:
        names = [
            f"`{name}`" for name in sorted({*before, *after}) if before.get(name) != after.get(name)
        ]
        yield f"changes what an instance installs and runs when it starts ({listed(names)})"


def _deployed_metadata(resource: Any) -> dict[str, Any]:
    metadata = resource.get("Metadata") if isinstance(resource, Mapping) else None
    given = metadata if isinstance(metadata, Mapping) else {}
    return {name: given[name] for name in DEPLOYED_METADATA if name in given}
