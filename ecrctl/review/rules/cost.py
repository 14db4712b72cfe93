"""Rules about costs."""

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange, properties
from ecrctl.review.findings import Category
from ecrctl.review.resource_types import (
    KEY,
    LOG_GROUP,
    REPLICATION,
    REPOSITORY,
    SCANNING,
    SERVICE,
    TASK_DEFINITION,
)

from .registry import replication_destinations
from .rule import rule

_COST = Category.COST
_MONTHLY_CHARGES = {
    "AWS::EC2::NatGateway": "a NAT gateway",
    "AWS::EC2::VPCEndpoint": "an interface endpoint in each zone",
    "AWS::EKS::Cluster": "an EKS cluster",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "a load balancer",
    **dict.fromkeys(KEY, "a KMS key"),
    "AWS::SecretsManager::Secret": "a secret",
}
_FARGATE_UNITS = {"Cpu": "CPU units", "Memory": "MiB"}


@rule("cost-size", _COST, on=TASK_DEFINITION, finds="A task has another size on Fargate")
def cost_size(change: ResourceChange) -> str | None:
    """Return the sizes that change."""
    launch_types = properties(change.head).get("RequiresCompatibilities", [])
    if not change.is_update or "FARGATE" not in launch_types:
        return None
    sizes = []
    for name, unit in _FARGATE_UNITS.items():
        before, after = change.values(name)
        if before != after:
            sizes.append(f"`{name}` {before} → {after} {unit}")
    return f"changes its size on Fargate: {', '.join(sizes)}" if sizes else None


@rule("cost-count", _COST, on=SERVICE, finds="A service runs more tasks, or fewer")
def cost_count(change: ResourceChange) -> str | None:
    """Return the number of tasks that changes."""
    before, after = change.values("DesiredCount")
    are_numbers = isinstance(before, int) and isinstance(after, int)
    if change.is_update and are_numbers and before != after:
        return f"runs {after} tasks instead of {before}"
    return None


@rule(
    "cost-priced",
    _COST,
    on=tuple(_MONTHLY_CHARGES),
    finds="A resource with a monthly charge is added or removed",
)
def cost_priced(change: ResourceChange) -> str | None:
    """Return the resource that is charged by the month."""
    is_gateway = properties(change.resource).get("VpcEndpointType", "Gateway") == "Gateway"
    if change.type == "AWS::EC2::VPCEndpoint" and is_gateway:
        return None
    charged = _MONTHLY_CHARGES[change.type]
    if change.base is None:
        return f"is new: AWS charges monthly for {charged}"
    if change.head is None and change.impact == "WILL_DESTROY" and change.pair.head is not None:
        return f"is removed: AWS no longer charges for {charged}"
    return None


@rule("cost-scanning", _COST, on=SCANNING, finds="Inspector scans images")
def cost_scanning(change: ResourceChange) -> str | None:
    """Return the cost of Inspector."""
    before, after = change.values("ScanType")
    if after == "ENHANCED" and before != "ENHANCED":
        return "enables scans by Inspector, which AWS charges for each image"
    return None


@rule("cost-replication", _COST, on=REPLICATION, finds="Images are replicated to more places")
def cost_replication(change: ResourceChange) -> str | None:
    """Return the added destinations of replication."""
    before, after = change.both(replication_destinations)
    added = [f"`{account} {region}`" for account, region in sorted(after - before)]
    if added:
        return f"replicates to {listed(added)}: AWS charges for storage and transfer there, too"
    return None


@rule("cost-lifecycle-removed", _COST, on=REPOSITORY, finds="A repository no longer expires images")
def cost_lifecycle_removed(change: ResourceChange) -> str | None:
    """Return the consequence of removing a lifecycle policy."""
    before, after = change.values("LifecyclePolicy")
    if change.is_update and before and not after:
        return "no longer has a lifecycle policy: all images are stored, and charged, permanently"
    return None


@rule("cost-logs", _COST, on=LOG_GROUP, finds="Logs are kept for a longer time")
def cost_logs(change: ResourceChange) -> str | None:
    """Return the longer retention of logs."""
    before, after = change.values("RetentionInDays")
    if not change.is_update or not isinstance(before, int):
        return None
    if after is None:
        return f"keeps logs without a limit instead of for {before} days"
    if isinstance(after, int) and after > before:
        return f"keeps logs for {after} days instead of {before}"
    return None
