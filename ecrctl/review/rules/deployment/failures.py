"""Rules about changes whose deployment fails."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_RESOURCES, MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.faults import Fault, RuleError
from constructs_lib.rules.kubernetes.manifest import immutable_hash
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.policy.statements import (
    PRIVATE,
    PolicyKind,
    canonical,
    repository_policy_faults,
    statement_faults,
    statements_of,
)
from ecrctl.cdk.assemblies import Stack
from ecrctl.files import json_value
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import (
    Resource,
    account_of,
    mappings,
    properties,
    resources_of,
    value_at,
)
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import APPLIED, WorkloadChange
from ecrctl.review.findings import Category, Finding, canonical_json
from ecrctl.review.rules.rule import about, about_stack, resource_rule, rule
from ecrctl.review.rules.workloads import workload_rule
from ecrctl.review.team_rules.violations import refused
from ecrctl.review.type_names import KEY, REPOSITORY

_FAILS = Category.WILL_FAIL
# According to the CloudFormation reference of AWS::KMS::Key, an update of each fails.
_FIXED_OF_A_KEY = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
_MOST_SHOWN = 3
# The CDK writes templates with this indentation.
_CDK_INDENT = 1


@resource_rule(_FAILS)
def named_resource_replaced(change: ResourceChange) -> Iterator[str]:
    """CloudFormation would have to replace a resource with an explicit name."""
    # A possible replacement is a routine finding: most of them do not happen.
    if change.impact == "WILL_REPLACE" and change.keeps_its_name():
        yield (
            f"cannot change {listed([f'`{one}`' for one in change.replacing])}: that requires a "
            "replacement, which CloudFormation refuses for a resource with an explicit name. "
            "Nothing is lost; the deployment fails. Undo the change"
        )


@resource_rule(_FAILS)
def type_changed(change: ResourceChange) -> Iterator[str]:
    """A logical ID changes its resource type."""
    if change.is_another_type and change.base is not None:
        yield (
            f"changes its type from `{change.base.get('Type')}` to `{change.resource.get('Type')}`,"
            f" which CloudFormation refuses for one logical ID (`{change.logical_id}`). Choose "
            "another logical ID"
        )


@resource_rule(_FAILS, *KEY)
def key_fixed_property(change: ResourceChange) -> Iterator[str]:
    """A fixed property of a key changes."""
    fixed = [f"`{name}`" for name in _FIXED_OF_A_KEY if name in change.changed]
    if change.is_update and fixed:
        yield (
            f"cannot change {listed(fixed)}, which CloudFormation refuses for a key that exists. "
            "Create another key"
        )


@workload_rule(_FAILS)
def job_immutable(one: WorkloadChange) -> Iterator[str]:
    """A Job changes an immutable field without changing its name."""
    if one.base is None or one.head is None or one.head.kind != "Job":
        return
    before, after = (side.document.get("spec", {}) for side in (one.base, one.head))
    is_same_name = one.base.full_name == one.head.full_name
    if is_same_name and immutable_hash(before) != immutable_hash(after):
        step = "the deployment" if one.change.type == APPLIED else "applying its manifest"
        yield (
            f"changes an immutable field but keeps the name `{one.head.full_name}` "
            f"({', '.join(differences(before, after))}): {step} fails. Rename the Job"
        )


@rule(_FAILS)
def repository_declared_twice(comparison: Comparison) -> Iterator[Finding]:
    """Two stacks declare one repository."""
    repositories = (
        (stack, logical_id, name)
        for stack in comparison.head
        for logical_id, resource in stack.resources(REPOSITORY)
        if isinstance(name := properties(resource).get("RepositoryName"), str)
    )
    declared = grouped(repositories, lambda one: (account_of(one[0]), one[0].region, one[2]))
    for change in comparison.of_type(REPOSITORY):
        stack, name = change.pair.stack, change.explicit_name
        found = declared.get((account_of(stack), stack.region, name), []) if name else []
        if change.base is None and len(found) > 1:
            places = [(one.name, logical_id) for one, logical_id, _ in found]
            texts = ", ".join(f"`{place}` ({logical_id})" for place, logical_id in places)
            message = (
                f"is declared {len(found)} times, by {texts}: the deployment fails "
                "(AlreadyExists). Remove one of them"
            )
            yield about(change, message, detail=places)


@rule(_FAILS)
def name_taken(comparison: Comparison) -> Iterator[Finding]:
    """A resource with an explicit name gets another logical ID or stack."""
    removed = {
        (change.type, change.pair.stack.account, name): change
        for change in comparison.changes
        if change.head is None and change.type != REPOSITORY and (name := change.explicit_name)
    }
    for change in comparison.changes:
        name = change.explicit_name
        other = removed.get((change.type, change.pair.stack.account, name)) if name else None
        if change.base is None and other and other.pair.stack.region == change.pair.stack.region:
            message = (
                f"has the name of `{other.logical_id}` in `{other.pair.name}`, which still exists "
                "when CloudFormation creates the new resource: it creates before it deletes, and "
                "fails (AlreadyExists). Keep the logical ID and the stack, or choose another name"
            )
            yield about(change, message, detail=other.place)


@rule(_FAILS)
def export_in_use(comparison: Comparison) -> Iterator[Finding]:
    """A stack changes or removes an export that another stack imports."""
    importers = _importers(comparison.base)
    for pair in comparison.pairs:
        if pair.base is None or pair.head is None:
            continue
        before, after = _exports(pair.base), _exports(pair.head)
        for name in sorted(before):
            users = importers.get((pair.base.account, pair.base.region, name), set()) - {pair.name}
            if users and before[name] != after.get(name):
                verb = "changes" if name in after else "removes"
                others = listed([f"`{one}`" for one in sorted(users)])
                imports = "imports" if len(users) == 1 else "import"
                yield about_stack(
                    pair,
                    f"{verb} the export `{name}`, which CloudFormation refuses while {others} "
                    f"{imports} it. First deploy a change without the import",
                    evidence=["export", name, before[name], after.get(name), sorted(users)],
                )


def _importers(stacks: Sequence[Stack]) -> dict[tuple[str, str, str], set[str]]:
    """Return the names of the importing stacks, by account, region and export."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for stack in stacks:
        for name in stack.imports:
            found[stack.account, stack.region, name].add(stack.name)
    return found


def _exports(stack: Stack) -> dict[str, str]:
    """Return the exports of a stack: each name with its value."""
    found = {}
    for output in mappings([*stack.template.get("Outputs", {}).values()]):
        export = output.get("Export")
        name = export.get("Name") if isinstance(export, Mapping) else None
        if isinstance(name, str):
            found[name] = canonical_json(output.get("Value"))
    return found


@resource_rule(_FAILS, REPOSITORY)
def lifecycle_refused(change: ResourceChange) -> Iterator[str]:
    """ECR refuses the lifecycle policy."""
    text = value_at(change.head, "LifecyclePolicy", "LifecyclePolicyText")
    if not isinstance(text, str) or not _is_new_value(change, "LifecyclePolicy"):
        return
    try:
        policy_from_document(json_value(text), is_deployed=True)
    except RuleError as error:
        yield f"has a lifecycle policy that ECR refuses: {_as_reason(error.faults)}"
    except ValueError:
        yield "has a lifecycle policy that ECR refuses: it is not JSON"


@resource_rule(_FAILS, REPOSITORY)
def repository_policy_refused(change: ResourceChange) -> Iterator[str]:
    """ECR refuses the repository policy."""
    yield from policy_refusal(change, PRIVATE)


def policy_refusal(change: ResourceChange, kind: PolicyKind) -> Iterator[str]:
    """Yield the reason for which a repository's new policy is refused."""
    if change.head is None or not _is_new_value(change, "RepositoryPolicyText"):
        return
    known, statements = change.both(_policy_statements)
    # ECR has accepted the statements that are deployed, whatever these rules find in them.
    accepted = {canonical(one) for one in known}
    new = [one for one in statements if canonical(one) not in accepted]
    faults = [*statement_faults(new, kind), *repository_policy_faults(statements)]
    if faults:
        yield f"has a repository policy that {kind.service_name} refuses: {_as_reason(faults)}"


def _policy_statements(resource: Resource | None) -> list[Any]:
    policy = properties(resource).get("RepositoryPolicyText")
    if isinstance(policy, str):
        try:
            policy = json_value(policy)
        except ValueError:
            return []
    return list(statements_of(policy))


def _is_new_value(change: ResourceChange, name: str) -> bool:
    return change.base is None or name in change.changed


def _as_reason(faults: Iterable[Fault]) -> str:
    return "; ".join(first_few([str(fault) for fault in faults], _MOST_SHOWN)).rstrip(".")


def _resource_count(stack: Stack | None) -> int:
    return len(resources_of(stack))


def _template_bytes(stack: Stack | None) -> int:
    """Return the size that CloudFormation checks: of the template file, with its indentation."""
    if stack is None:
        return 0
    if stack.file.is_file():
        return stack.file.stat().st_size
    return len(json.dumps(stack.template, indent=_CDK_INDENT).encode())


_LIMITS = (
    ("resources", MAXIMUM_RESOURCES, _resource_count),
    ("bytes of template", MAXIMUM_TEMPLATE_BYTES, _template_bytes),
)


@rule(_FAILS)
def stack_over_limits(comparison: Comparison) -> Iterator[Finding]:
    """A stack exceeds CloudFormation's limits."""
    for pair in comparison.pairs:
        for unit, maximum, measure in _LIMITS:
            before, after = measure(pair.base), measure(pair.head)
            if after > maximum:
                yield about_stack(
                    pair,
                    f"has {after:,} {unit}, but CloudFormation accepts at most {maximum:,}",
                    evidence=["limit", maximum, before, after],
                )


@rule(_FAILS)
def template_refused(comparison: Comparison) -> Iterator[Finding]:
    """The CDK's validation refuses a changed resource."""
    _, violations = comparison.violations
    found = grouped(refused(violations), lambda one: (one.template, one.logical_id))
    for change in comparison.changes:
        head = change.pair.head
        for one in found.get((head.file.name, change.logical_id), ()) if head else ():
            yield about(
                change,
                f"is refused by CloudFormation: {one.description.strip(' .')}",
                detail=[one.rule, one.description],
            )
