"""What a deployment of a change would fail at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.manifest import immutable_hash
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.policy.statements import (
    repository_policy_faults,
    statement_faults,
    statements_of,
)
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import (
    Comparison,
    ResourceChange,
    StackPair,
    account_of,
    properties,
    value_at,
)
from ecrctl.review.diff.intrinsics import Values
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import APPLIED, workload_changes
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import KEY, REPOSITORY

from .rule import Rule, about, each

_FAILS = Category.WILL_FAIL
_MOST_RESOURCES = 500
# The CloudFormation reference of AWS::KMS::Key says of each that an update of it fails.
_FIXED_OF_A_KEY = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")
_MOST_BYTES = 1_000_000
_MOST_TOLD = 3


def _named_replaced(change: ResourceChange) -> str | None:
    # What may be replaced, or not, is told as routine: most of it is not.
    if change.impact != "WILL_REPLACE" or not change.keeps_its_name():
        return None
    return (
        f"cannot change {listed([f'`{one}`' for one in change.replacing])}: CloudFormation would "
        "have to replace it, and refuses to replace what keeps an explicit name. Nothing is lost; "
        "the deployment fails"
    )


def _type_changed(change: ResourceChange) -> str | None:
    if not change.is_another_type or change.base is None or change.head is None:
        return None
    return (
        f"is a `{change.head.get('Type')}` instead of a `{change.base.get('Type')}` under the same "
        f"logical ID `{change.logical_id}`: CloudFormation refuses. Give it another logical ID"
    )


def _key_fixed(change: ResourceChange) -> str | None:
    fixed = [f"`{name}`" for name in _FIXED_OF_A_KEY if name in change.changed]
    if not change.is_update or not fixed:
        return None
    return (
        f"cannot change {listed(fixed)}: a key is made with it for "
        "good, and CloudFormation refuses. Make another key"
    )


def _job_immutable(comparison: Comparison) -> Iterator[Saying]:
    for one in workload_changes(comparison):
        if one.base is None or one.head is None or one.head.kind != "Job":
            continue
        before, after = (side.document.get("spec", {}) for side in (one.base, one.head))
        is_same_name = one.base.full_name == one.head.full_name
        if is_same_name and immutable_hash(before) != immutable_hash(after):
            what = "the deployment" if one.change.type == APPLIED else "applying its manifest"
            told = ", ".join(differences(before, after))
            yield about(
                one.change,
                f"changes an immutable field under the same name `{one.head.full_name}` ({told}): "
                f"{what} fails. Give the changed Job another name",
                subject=one.subject,
            )


def _declared_twice(comparison: Comparison) -> Iterator[Saying]:
    places: dict[tuple[str, str, str], list[str]] = {}
    for stack in comparison.head:
        for logical_id, resource in stack.resources(REPOSITORY):
            name = properties(resource).get("RepositoryName")
            if isinstance(name, str):
                told = f"`{stack.name}` ({logical_id})"
                places.setdefault((account_of(stack), stack.region, name), []).append(told)
    for change in comparison.of_type(REPOSITORY):
        name = properties(change.head).get("RepositoryName")
        stack = change.pair.stack
        where = account_of(stack), stack.region
        found = places.get((*where, name), []) if isinstance(name, str) else []
        if change.base is None and len(found) > 1:
            yield about(change, f"is declared {len(found)} times, by {', '.join(found)}")


def _exports_in_use(comparison: Comparison) -> Iterator[Saying]:
    """Tell of exports that go, or change, while a deployed stack still imports them."""
    used: dict[tuple[str, str, str], set[str]] = {}
    for stack in comparison.base:
        for name in _imports(stack.template):
            used.setdefault((stack.account, stack.region, name), set()).add(stack.name)
    for pair in comparison.pairs:
        if pair.base is None or pair.head is None:
            continue
        before = _exports(pair.base, comparison.base)
        after = _exports(pair.head, comparison.head)
        for name in sorted(before):
            importers = used.get((pair.base.account, pair.base.region, name), set()) - {pair.name}
            if importers and before[name] != after.get(name):
                does = "changes" if name in after else "removes"
                others = listed([f"`{one}`" for one in sorted(importers)])
                yield _of_stack(
                    pair,
                    f"{does} the export `{name}`, which {others} imports: CloudFormation refuses "
                    "while it does. Deploy a change that no longer imports it first",
                )


def _exports(stack: Stack, side: Sequence[Stack]) -> dict[str, str]:
    """Give what a stack exports: by name, its value as far as it is known."""
    values = Values(stack=stack, side=side)
    found = {}
    for output in stack.template.get("Outputs", {}).values():
        export = output.get("Export") if isinstance(output, Mapping) else None
        name = export.get("Name") if isinstance(export, Mapping) else None
        if isinstance(name, str):
            text = values.text(output.get("Value"))
            # What is known by its path alone may have been put elsewhere in the tree.
            is_known = not text.startswith("${")
            found[name] = text if is_known else json.dumps(output.get("Value"), sort_keys=True)
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


def _name_taken(comparison: Comparison) -> Iterator[Saying]:
    """Tell of names that CloudFormation is to give again before they are free."""
    gone = {
        (change.type, change.pair.stack.account, name): change
        for change in comparison.changes
        if change.head is None and change.type != REPOSITORY and (name := change.explicit_name)
    }
    for change in comparison.changes:
        name = change.explicit_name
        other = gone.get((change.type, change.pair.stack.account, name)) if name else None
        if change.base is None and other and other.pair.stack.region == change.pair.stack.region:
            yield about(
                change,
                f"takes the name of what is still there when it is made, `{other.logical_id}` in "
                f"`{other.pair.name}`: CloudFormation creates before it deletes, and fails "
                "(AlreadyExists). Keep the logical ID and the stack, or choose another name",
            )


def _lifecycle_refused(change: ResourceChange) -> str | None:
    text = value_at(change.head, "LifecyclePolicy", "LifecyclePolicyText")
    if not isinstance(text, str) or not _is_changed(change, "LifecyclePolicy"):
        return None
    try:
        policy_from_document(json.loads(text))
    except RuleError as error:
        faults = [str(fault) for fault in error.faults]
    except ValueError:
        faults = ["it is not JSON."]
    else:
        return None
    return f"has a lifecycle policy that ECR refuses: {_told(faults)}"


def _policy_refused(change: ResourceChange) -> str | None:
    policy = properties(change.head).get("RepositoryPolicyText")
    if policy is None or not _is_changed(change, "RepositoryPolicyText"):
        return None
    statements = statements_of(_read(policy))
    # What stood there before was deployed, whatever we think of it.
    known = statements_of(_read(properties(change.base).get("RepositoryPolicyText")))
    new = [one for one in statements if one not in known]
    faults = [
        str(fault) for fault in (*statement_faults(new), *repository_policy_faults(statements))
    ]
    return f"has a repository policy that ECR refuses: {_told(faults)}" if faults else None


def _read(policy: Any) -> Any:
    try:
        return json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return None


def _is_changed(change: ResourceChange, name: str) -> bool:
    return change.base is None or name in change.changed


def _told(faults: list[str]) -> str:
    more = len(faults) - _MOST_TOLD
    return "; ".join([*faults[:_MOST_TOLD], *([f"and {more} more."] if more > 0 else [])]).rstrip(
        "."
    )


def _over_limits(comparison: Comparison) -> Iterator[Saying]:
    for pair in comparison.pairs:
        if pair.head is None:
            continue
        count = len(pair.head.template.get("Resources", {}))
        size = len(json.dumps(pair.head.template, separators=(",", ":")))
        if count > _MOST_RESOURCES:
            yield _of_stack(pair, f"has {count} resources, and CloudFormation takes 500")
        if size > _MOST_BYTES:
            yield _of_stack(pair, f"is a template of {size:,} bytes, and CloudFormation takes 1 MB")


def _of_stack(pair: StackPair, message: str) -> Saying:
    return Saying(
        environment=pair.environment,
        stack=pair.name,
        subject=f"stack {pair.name}",
        message=message,
    )


RULES = (
    Rule(
        id="named-resource-replaced",
        category=_FAILS,
        finds="CloudFormation would have to replace what keeps an explicit name",
        look=each(says=_named_replaced),
    ),
    Rule(
        id="type-changed",
        category=_FAILS,
        finds="A resource becomes one of another type",
        look=each(says=_type_changed),
    ),
    Rule(
        id="key-fixed-property",
        category=_FAILS,
        finds="A key changes what it is made with for good",
        look=each(*KEY, says=_key_fixed),
    ),
    Rule(
        id="job-immutable",
        category=_FAILS,
        finds="A Job changes an immutable field under the same name",
        look=_job_immutable,
    ),
    Rule(
        id="repository-declared-twice",
        category=_FAILS,
        finds="Two stacks declare one repository",
        look=_declared_twice,
    ),
    Rule(
        id="name-taken",
        category=_FAILS,
        finds="What has an explicit name gets another logical ID or stack",
        look=_name_taken,
    ),
    Rule(
        id="export-in-use",
        category=_FAILS,
        finds="A stack exports another value than another one imports, or none",
        look=_exports_in_use,
    ),
    Rule(
        id="lifecycle-refused",
        category=_FAILS,
        finds="ECR refuses the lifecycle policy",
        look=each(REPOSITORY, says=_lifecycle_refused),
    ),
    Rule(
        id="repository-policy-refused",
        category=_FAILS,
        finds="ECR refuses the repository policy",
        look=each(REPOSITORY, says=_policy_refused),
    ),
    Rule(
        id="stack-over-limits",
        category=_FAILS,
        finds="A stack is past CloudFormation's limits",
        look=_over_limits,
    ),
)
