"""Rules about costs."""

from collections.abc import Iterator

from ecrctl.counts import counted
from ecrctl.policies.wording import listed
from ecrctl.prices import SCANS, STORAGE
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import number_of, properties
from ecrctl.review.findings import Category
from ecrctl.review.type_names import (
    KEY,
    LOG_GROUP,
    REPLICATION,
    REPOSITORY,
    SCANNING,
    SERVICE,
    TASK_DEFINITION,
)

from .access import replicated
from .rule import resource_rule

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


@resource_rule(_COST, TASK_DEFINITION)
def cost_size(change: ResourceChange) -> Iterator[str]:
    """A task has another size on Fargate."""
    launch_types = properties(change.head).get("RequiresCompatibilities", [])
    sizes = []
    for name, unit in _FARGATE_UNITS.items():
        before, after = change.values(name)
        if before != after:
            sizes.append(f"`{name}` {_shown(before)} → {_shown(after)} {unit}")
    if change.is_update and "FARGATE" in launch_types and sizes:
        yield f"changes its size on Fargate: {', '.join(sizes)}"


def _shown(value: object) -> object:
    return "none" if value is None else value


@resource_rule(_COST, SERVICE)
def cost_count(change: ResourceChange) -> Iterator[str]:
    """A service runs more tasks, or fewer."""
    before, after = change.values("DesiredCount")
    old, new = number_of(before), number_of(after)
    if old is not None and new is not None and old != new:
        yield f"runs {counted(new, 'task')} instead of {old}"


@resource_rule(_COST, *_MONTHLY_CHARGES)
def cost_priced(change: ResourceChange) -> Iterator[str]:
    """A resource with a monthly charge is added or removed."""
    is_gateway = properties(change.resource).get("VpcEndpointType", "Gateway") == "Gateway"
    if change.type == "AWS::EC2::VPCEndpoint" and is_gateway:
        return
    charged = _MONTHLY_CHARGES[change.type]
    if change.base is None:
        yield f"is new: AWS charges monthly for {charged}"
    elif change.head is None and change.impact == "WILL_DESTROY" and change.pair.head is not None:
        yield f"is removed: AWS no longer charges for {charged}"


@resource_rule(_COST, SCANNING)
def cost_scanning(change: ResourceChange) -> Iterator[str]:
    """Inspector scans images."""
    before, after = change.values("ScanType")
    if after == "ENHANCED" and before != "ENHANCED":
        yield f"enables scans by Inspector, which AWS charges for each image: {SCANS}"


@resource_rule(_COST, REPLICATION)
def cost_replication(change: ResourceChange) -> Iterator[str]:
    """Images are replicated to more places."""
    before, after = replicated(change)
    added = sorted(f"`{account} {region}`" for account, region in after.keys() - before.keys())
    if added:
        yield (
            f"replicates to {listed(added)}: AWS charges for the transfer, and for "
            f"storage there as well: {STORAGE}"
        )


@resource_rule(_COST, REPOSITORY)
def cost_lifecycle_removed(change: ResourceChange) -> Iterator[str]:
    """A repository no longer expires images."""
    before, after = change.values("LifecyclePolicy")
    if change.is_update and before and not after:
        yield (
            "no longer has a lifecycle policy: all images are stored, and charged, permanently: "
            f"{STORAGE}"
        )


@resource_rule(_COST, LOG_GROUP)
def cost_logs(change: ResourceChange) -> Iterator[str]:
    """Logs are kept for a longer time."""
    before, after = change.values("RetentionInDays")
    old, new = number_of(before), number_of(after)
    if not change.is_update or old is None:
        return
    if after is None:
        yield f"keeps logs without a limit instead of for {counted(old, 'day')}"
    elif new is not None and new > old:
        yield f"keeps logs for {counted(new, 'day')} instead of {old}"
