"""Rules about what two resources write: the one that is deployed last decides.

Sources: API reference of the AWS CDK, "KubernetesManifest" and "HelmChart"; CloudFormation template
reference, "AWS::SNS::TopicPolicy" and "AWS::SQS::QueuePolicy".
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.diff.json_properties import HELM_CHART
from ecrctl.review.diff.resources import Resource, account_of, properties, resources_of
from ecrctl.review.diff.workloads import APPLIED, documents_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.rules.rule import about, rule

# The property with the resources whose only policy such a resource writes.
_POLICIES_OF = {"AWS::SNS::TopicPolicy": "Topics", "AWS::SQS::QueuePolicy": "Queues"}
# What is written: in which account and region, in which cluster, and its name.
_Written = tuple[str, ...]


@rule(Category.WORKLOADS)
def written_twice(comparison: Comparison) -> Iterator[Finding]:
    """Two resources write the same Kubernetes object, Helm release or policy."""
    declared = _written_by(comparison)
    for change in comparison.changes:
        if change.head is None or change.pair.head is None:
            continue
        before = set(_written(comparison.base, change.pair.base, change.base))
        for one in _written(comparison.head, change.pair.head, change.head):
            places = declared.get(one, [])
            if one not in before and len(places) > 1:
                texts = listed([f"`{stack}` ({logical_id})" for stack, logical_id in places])
                yield about(
                    change,
                    f"writes {one[2]} `{one[-1]}`, which {len(places)} resources write: {texts}. "
                    "The one that is deployed last decides, and removing one deletes it",
                    detail=[one, places],
                )


@cache
def _written_by(comparison: Comparison) -> Mapping[_Written, list[tuple[str, str]]]:
    """Return the resources of the head side by what they write."""
    every = (
        (one, (stack.name, logical_id))
        for stack in comparison.head
        for logical_id, resource in resources_of(stack).items()
        for one in dict.fromkeys(_written(comparison.head, stack, resource))
    )
    return {
        one: [place for _, place in found] for one, found in grouped(every, lambda x: x[0]).items()
    }


def _written(
    side: Sequence[Stack], stack: Stack | None, resource: Resource | None
) -> Iterator[_Written]:
    """Yield what a resource writes, as far as its names are decided."""
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    if stack is None or resource is None or kind not in (APPLIED, HELM_CHART, *_POLICIES_OF):
        return
    values = Values(stack=stack, side=side)
    for names in _names(values, str(kind), resource):
        if not any(map(is_unknown, names)):
            yield (account_of(stack), stack.region, *names)


def _names(values: Values, kind: str, resource: Resource) -> Iterator[tuple[str, ...]]:
    given = properties(resource)
    cluster = _cluster(values, given)
    if kind == HELM_CHART and "Release" in given:
        space = values.text(given.get("Namespace", "default"))
        yield "the Helm release", cluster, f"{space}/{values.text(given['Release'])}"
    elif kind == APPLIED:
        for document in documents_of(values, resource):
            yield "the object", cluster, *_object_names(document)
    elif kind in _POLICIES_OF:
        for one in as_list(given.get(_POLICIES_OF[kind], [])):
            yield "the policy of", values.text(one)


def _cluster(values: Values, given: Mapping[str, Any]) -> str:
    """Return the cluster; a reference to one of the same stack is a name, as no other has it."""
    text = values.text(given.get("ClusterName", ""))
    return text.strip("${}") + (f" of {values.stack.id}" if is_unknown(text) else "")


def _object_names(document: Mapping[str, Any]) -> tuple[str, str]:
    metadata = document.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    space = given.get("namespace", "default")
    return f"{group}/{document.get('kind')}", f"{document.get('kind')} {space}/{given.get('name')}"
