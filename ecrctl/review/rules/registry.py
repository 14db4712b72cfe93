"""What holds for a whole registry, and what a change costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange, mappings, properties
from ecrctl.review.findings import Category
from ecrctl.review.resource_types import (
    REPOSITORY,
    SCANNING,
    SERVICE,
    SIGNING,
    TASK_DEFINITION,
    TEMPLATE,
)

from .rule import Rule, each

_COST = Category.COST
_REGISTRY_TYPES = {
    "AWS::ECR::PullThroughCacheRule": "the pull-through cache",
    "AWS::ECR::PullTimeUpdateExclusion": "who leaves no trace of a pull",
    "AWS::ECR::RegistryPolicy": "the policy of the whole registry",
    "AWS::ECR::ReplicationConfiguration": "replication of the whole registry",
    SCANNING: "scanning of the whole registry",
    SIGNING: "signing in the whole registry",
    TEMPLATE: "the template of repositories that ECR makes itself",
}
_SINGLE = (
    "AWS::ECR::RegistryPolicy",
    "AWS::ECR::ReplicationConfiguration",
    SCANNING,
    SIGNING,
)
# What is paid for by the month as soon as it is there.
_PRICED = {
    "AWS::EC2::NatGateway": "a NAT gateway",
    "AWS::EC2::VPCEndpoint": "an interface endpoint, in each zone",
    "AWS::EKS::Cluster": "a cluster of EKS",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "a load balancer",
    "AWS::KMS::Key": "a key of KMS",
    "AWS::KMS::ReplicaKey": "a key of KMS",
    "AWS::SecretsManager::Secret": "a secret",
}


def _registry_setting(change: ResourceChange) -> str | None:
    what = _REGISTRY_TYPES[change.type]
    if change.base is None:
        single = "; there is one in an account and region, and it takes the place of what is set"
        return f"is new and sets {what}{single if change.type in _SINGLE else ''}"
    if change.head is None:
        stays = change.impact == "WILL_ORPHAN" or change.pair.head is None
        return f"leaves the app: {what} {'stays as it is' if stays else 'is removed'}"
    if not change.changed:
        return None
    how = " by another one" if change.is_replaced else ""
    names = listed([f"`{one}`" for one in change.changed])
    return f"changes {what}{how}: {names}"


def _size_changed(change: ResourceChange) -> str | None:
    if not change.is_update or "FARGATE" not in properties(change.head).get(
        "RequiresCompatibilities", []
    ):
        return None
    told = [
        f"{name} {before} → {after} {unit}"
        for name, unit, (before, after) in (
            ("cpu", "units", change.values("Cpu")),
            ("memory", "MiB", change.values("Memory")),
        )
        if before != after
    ]
    return f"is of another size on Fargate: {', '.join(told)}" if told else None


def _count_changed(change: ResourceChange) -> str | None:
    before, after = change.values("DesiredCount")
    numbers = isinstance(before, int) and isinstance(after, int)
    if change.is_update and numbers and before != after:
        return f"runs {after} tasks instead of {before}"
    return None


def _priced(change: ResourceChange) -> str | None:
    is_gateway = properties(change.resource).get("VpcEndpointType", "Gateway") == "Gateway"
    if change.type == "AWS::EC2::VPCEndpoint" and is_gateway:
        return None
    what = _PRICED[change.type]
    if change.base is None:
        return f"is new: {what} is paid for by the month"
    if change.head is None and change.impact == "WILL_DESTROY" and change.pair.head is not None:
        return f"goes: {what} is no longer paid for"
    return None


def _scanning_cost(change: ResourceChange) -> str | None:
    before, after = change.values("ScanType")
    if after == "ENHANCED" and before != "ENHANCED":
        return "has Inspector scan images, which is paid for by the image"
    return None


def _replication_cost(change: ResourceChange) -> str | None:
    before, after = (_destinations(side) for side in change.values("ReplicationConfiguration"))
    added = sorted(after - before)
    if added:
        return f"replicates to {listed(added)}: storage and transfer are paid for there too"
    return None


def _destinations(configuration: Any) -> set[str]:
    rules = configuration.get("Rules") if isinstance(configuration, Mapping) else []
    return {
        f"`{one.get('RegistryId')} {one.get('Region')}`"
        for rule in mappings(rules)
        for one in mappings(rule.get("Destinations"))
    }


def _lifecycle_gone(change: ResourceChange) -> str | None:
    before, after = change.values("LifecyclePolicy")
    if change.is_update and before and not after:
        return "has no lifecycle policy any more: images are stored, and paid for, for ever"
    return None


def _logs_longer(change: ResourceChange) -> str | None:
    before, after = change.values("RetentionInDays")
    if change.is_update and isinstance(before, int):
        if after is None:
            return f"keeps logs for ever instead of {before} days"
        if isinstance(after, int) and after > before:
            return f"keeps logs {after} days instead of {before}"
    return None


RULES = (
    Rule(
        id="registry-setting",
        category=Category.REGISTRY,
        finds="A setting of a whole registry is added, changed or removed",
        look=each(*_REGISTRY_TYPES, says=_registry_setting),
    ),
    Rule(
        id="cost-size",
        category=_COST,
        finds="A task has another size on Fargate",
        look=each(TASK_DEFINITION, says=_size_changed),
    ),
    Rule(
        id="cost-count",
        category=_COST,
        finds="A service runs more tasks, or fewer",
        look=each(SERVICE, says=_count_changed),
    ),
    Rule(
        id="cost-priced",
        category=_COST,
        finds="Something that is paid for by the month comes or goes",
        look=each(*_PRICED, says=_priced),
    ),
    Rule(
        id="cost-scanning",
        category=_COST,
        finds="Inspector scans images",
        look=each(SCANNING, says=_scanning_cost),
    ),
    Rule(
        id="cost-replication",
        category=_COST,
        finds="Images are replicated to more places",
        look=each("AWS::ECR::ReplicationConfiguration", says=_replication_cost),
    ),
    Rule(
        id="cost-lifecycle-removed",
        category=_COST,
        finds="A repository keeps all of its images for ever",
        look=each(REPOSITORY, says=_lifecycle_gone),
    ),
    Rule(
        id="cost-logs",
        category=_COST,
        finds="Logs are kept for a longer time",
        look=each("AWS::Logs::LogGroup", says=_logs_longer),
    ),
)
