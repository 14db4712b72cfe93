"""Rules about changes whose deployment fails."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_RESOURCES, MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.manifest import immutable_hash
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.policy.statements import (
    repository_policy_faults,
    statement_faults,
    statements_of,
)
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import (
    Comparison,
    Resource,
    ResourceChange,
    account_of,
    properties,
    value_at,
)
from ecrctl.review.diff.intrinsics import Values
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import APPLIED, workload_changes
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import KEY, REPOSITORY

from .rule import EVERY_TYPE, about, about_stack, rule
from .workloads import about_workload

_FAILS = Category.WILL_FAIL
# According to the CloudFormation reference of AWS::KMS::Key, an update of each fails.
_FIXED_OF_A_KEY = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
_MOST_SHOWN = 3
# The CDK writes templates with this indentation.
_CDK_INDENT = 1


@rule(
    "named-resource-replaced",
    _FAILS,
    on=EVERY_TYPE,
    finds="CloudFormation would have to replace a resource with an explicit name",
)
def named_resource_replaced(change: ResourceChange) -> str | None:
    """Return why a resource with an explicit name cannot be replaced."""
    # A possible replacement is a routine finding: most of them do not happen.
    if change.impact != "WILL_REPLACE" or not change.keeps_its_name():
        return None
    return (
        f"cannot change {listed([f'`{one}`' for one in change.replacing])}: CloudFormation would "
        "have to replace it, which it refuses for a resource with an explicit name. Nothing is "
        "lost; the deployment fails"
    )


@rule("type-changed", _FAILS, on=EVERY_TYPE, finds="A logical ID changes its resource type")
def type_changed(change: ResourceChange) -> str | None:
    """Return why a logical ID cannot change its type."""
    if not change.is_another_type or change.base is None or change.head is None:
        return None
    return (
        f"changes its type from `{change.base.get('Type')}` to `{change.head.get('Type')}`, which "
        f"CloudFormation refuses for one logical ID (`{change.logical_id}`). Choose another one"
    )


@rule("key-fixed-property", _FAILS, on=KEY, finds="A fixed property of a key changes")
def key_fixed_property(change: ResourceChange) -> str | None:
    """Return the properties of a key that cannot change."""
    fixed = [f"`{name}`" for name in _FIXED_OF_A_KEY if name in change.changed]
    if not change.is_update or not fixed:
        return None
    return (
        f"cannot change {listed(fixed)}: CloudFormation refuses any change of it after the key's "
        "creation. Create another key"
    )


@rule("job-immutable", _FAILS, finds="A Job changes an immutable field without changing its name")
def job_immutable(comparison: Comparison) -> Iterator[Finding]:
    """Yield the Jobs that Kubernetes refuses to update."""
    for one in workload_changes(comparison):
        if one.base is None or one.head is None or one.head.kind != "Job":
            continue
        before, after = (side.document.get("spec", {}) for side in (one.base, one.head))
        is_same_name = one.base.full_name == one.head.full_name
        if is_same_name and immutable_hash(before) != immutable_hash(after):
            step = "the deployment" if one.change.type == APPLIED else "applying its manifest"
            yield about_workload(
                one,
                f"changes an immutable field but keeps the name `{one.head.full_name}` "
                f"({', '.join(differences(before, after))}): {step} fails. Rename the Job",
            )


@rule("repository-declared-twice", _FAILS, finds="Two stacks declare one repository")
def repository_declared_twice(comparison: Comparison) -> Iterator[Finding]:
    """Yield the new repositories that exist in another stack, too."""
    declarations: dict[tuple[str, str, object], list[tuple[str, str]]] = {}
    for stack in comparison.head:
        for logical_id, resource in stack.resources(REPOSITORY):
            name = properties(resource).get("RepositoryName")
            if isinstance(name, str):
                key = account_of(stack), stack.region, name
                declarations.setdefault(key, []).append((stack.name, logical_id))
    for change in comparison.of_type(REPOSITORY):
        stack, name = change.pair.stack, properties(change.head).get("RepositoryName")
        if change.base is not None or not isinstance(name, str):
            continue
        found = declarations.get((account_of(stack), stack.region, name), [])
        if len(found) > 1:
            places = ", ".join(f"`{place}` ({logical_id})" for place, logical_id in found)
            yield about(change, f"is declared {len(found)} times, by {places}", detail=found)


@rule(
    "name-taken", _FAILS, finds="A resource with an explicit name gets another logical ID or stack"
)
def name_taken(comparison: Comparison) -> Iterator[Finding]:
    """Yield the new resources whose name is still in use when CloudFormation creates them."""
    removed = {
        (change.type, change.pair.stack.account, name): change
        for change in comparison.changes
        if change.head is None and change.type != REPOSITORY and (name := change.explicit_name)
    }
    for change in comparison.changes:
        name = change.explicit_name
        other = removed.get((change.type, change.pair.stack.account, name)) if name else None
        if change.base is None and other and other.pair.stack.region == change.pair.stack.region:
            yield about(
                change,
                f"has the name of `{other.logical_id}` in `{other.pair.name}`, which still exists "
                "when CloudFormation creates the new resource: it creates before it deletes, and "
                "fails (AlreadyExists). Keep the logical ID and the stack, or choose another name",
                detail=other.place,
            )


@rule(
    "export-in-use", _FAILS, finds="A stack changes or removes an export that another stack imports"
)
def export_in_use(comparison: Comparison) -> Iterator[Finding]:
    """Yield the exports that change while a deployed stack still imports them."""
    importers = _importers(comparison.base)
    for pair in comparison.pairs:
        if pair.base is None or pair.head is None:
            continue
        before = _exports(pair.base, comparison.base)
        after = _exports(pair.head, comparison.head)
        for name in sorted(before):
            users = importers.get((pair.base.account, pair.base.region, name), set()) - {pair.name}
            if users and before[name] != after.get(name):
                verb = "changes" if name in after else "removes"
                others = listed([f"`{one}`" for one in sorted(users)])
                yield about_stack(
                    pair,
                    f"{verb} the export `{name}`, which CloudFormation refuses while {others} "
                    "imports it. First deploy a change that no longer imports it",
                    evidence=["export", name, before[name], after.get(name), sorted(users)],
                )


def _importers(stacks: Sequence[Stack]) -> dict[tuple[str, str, str], set[str]]:
    """Return the names of the importing stacks, by account, region and export."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for stack in stacks:
        for name in _imports(stack.template):
            found.setdefault((stack.account, stack.region, name), set()).add(stack.name)
    return found


def _exports(stack: Stack, side: Sequence[Stack]) -> dict[str, str]:
    """Return the exports of a stack: each name with its value, as far as it can be resolved."""
    values = Values(stack=stack, side=side)
    found = {}
    for output in stack.template.get("Outputs", {}).values():
        export = output.get("Export") if isinstance(output, Mapping) else None
        name = export.get("Name") if isinstance(export, Mapping) else None
        if isinstance(name, str):
            text = values.text(output.get("Value"))
            # A value that is known by its construct path alone changes when the construct moves.
            is_resolved = not text.startswith("${")
            found[name] = text if is_resolved else json.dumps(output.get("Value"), sort_keys=True)
    return found


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        name = value.get("Fn::ImportValue")
        if isinstance(name, str):
            yield name
        for item in value.values():
            yield from _imports(item)
    elif isinstance(value, list):
        for item in value:
            yield from _imports(item)


@rule("lifecycle-refused", _FAILS, on=REPOSITORY, finds="ECR refuses the lifecycle policy")
def lifecycle_refused(change: ResourceChange) -> str | None:
    """Return why ECR refuses a lifecycle policy."""
    text = value_at(change.head, "LifecyclePolicy", "LifecyclePolicyText")
    if not isinstance(text, str) or not _is_new_value(change, "LifecyclePolicy"):
        return None
    try:
        policy_from_document(json.loads(text), is_deployed=True)
    except RuleError as error:
        faults = [str(fault) for fault in error.faults]
    except ValueError:
        faults = ["it is not JSON."]
    else:
        return None
    return f"has a lifecycle policy that ECR refuses: {_as_reason(faults)}"


@rule("repository-policy-refused", _FAILS, on=REPOSITORY, finds="ECR refuses the repository policy")
def repository_policy_refused(change: ResourceChange) -> str | None:
    """Return why ECR refuses a repository policy."""
    if change.head is None or not _is_new_value(change, "RepositoryPolicyText"):
        return None
    known, statements = change.both(_policy_statements)
    # ECR has accepted the statements that are deployed, whatever these rules find in them.
    new = [one for one in statements if one not in known]
    faults = [
        str(fault) for fault in (*statement_faults(new), *repository_policy_faults(statements))
    ]
    return f"has a repository policy that ECR refuses: {_as_reason(faults)}" if faults else None


def _policy_statements(resource: Resource | None) -> list[Any]:
    policy = properties(resource).get("RepositoryPolicyText")
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return []
    return list(statements_of(policy))


def _is_new_value(change: ResourceChange, name: str) -> bool:
    return change.base is None or name in change.changed


def _as_reason(faults: list[str]) -> str:
    return "; ".join(first_few(faults, _MOST_SHOWN)).rstrip(".")


@rule("stack-over-limits", _FAILS, finds="A stack exceeds CloudFormation's limits")
def stack_over_limits(comparison: Comparison) -> Iterator[Finding]:
    """Yield the stacks that exceed a limit of CloudFormation."""
    for pair in comparison.pairs:
        if pair.head is None:
            continue
        limits = (
            ("resources", MAXIMUM_RESOURCES, _resource_count),
            ("bytes of template", MAXIMUM_TEMPLATE_BYTES, _template_bytes),
        )
        for unit, maximum, measure in limits:
            before = measure(pair.base) if pair.base else 0
            after = measure(pair.head)
            if after > maximum:
                yield about_stack(
                    pair,
                    f"has {after:,} {unit}, but CloudFormation accepts at most {maximum:,}",
                    evidence=["limit", maximum, before, after],
                )


def _resource_count(stack: Stack) -> int:
    return len(stack.template.get("Resources", {}))


def _template_bytes(stack: Stack) -> int:
    """Return the size that CloudFormation checks: of the template file, with its indentation."""
    if stack.file.is_file():
        return stack.file.stat().st_size
    return len(json.dumps(stack.template, indent=_CDK_INDENT).encode())
