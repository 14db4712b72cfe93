"""Rules about the endpoints of EKS clusters, and the VPC endpoints that workloads need."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import is_true, properties, resources_of, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.canonical import is_decided
from ecrctl.review.rules.rule import Message, about, resource_rule, rule, undecided
from ecrctl.review.type_names import CDK_CLUSTER, CLUSTER, ENDPOINT, SERVICE

# EKS user guide, "Cluster API server endpoint": public, and open to all addresses, by default.
_EVERYWHERE = ("0.0.0.0/0", "::/0")
# The services that a task or pod calls to start: for its image, its logs and its secrets.
_NEEDED = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ssm", "kms", "sts", "eks")


@resource_rule(Category.PROTECTION_LOST, CLUSTER, CDK_CLUSTER)
def cluster_endpoint_opened(change: ResourceChange) -> Iterator[Message]:
    """More addresses reach a cluster's API server."""
    if not change.is_update:
        return
    before, after = change.both(_settings)
    if before == after:
        return
    if not is_decided(after):
        yield undecided("may open its API server to more addresses: the deployment decides")
        return
    old, new = _addresses(before), _addresses(after)
    added = [one for one in new if not any(_is_within(one, other) for other in old)]
    if added:
        yield Message(text=f"opens its API server to {listed([f'`{one}`' for one in added])}")


def _settings(resource: Mapping[str, Any] | None) -> Mapping[str, Any]:
    given = properties(resource)
    config = given.get("Config", given)
    vpc = config.get("resourcesVpcConfig", config.get("ResourcesVpcConfig", {}))
    found = vpc if isinstance(vpc, Mapping) else {"endpointpublicaccess": vpc}
    names = ("endpointpublicaccess", "publicaccesscidrs")
    return {name.lower(): value for name, value in found.items() if name.lower() in names}


def _addresses(settings: Mapping[str, Any]) -> list[str]:
    if not is_true(settings.get("endpointpublicaccess", True)):
        return []
    return [str(one) for one in as_list(settings.get("publicaccesscidrs") or list(_EVERYWHERE))]


def _is_within(narrow: str, wide: str) -> bool:
    try:
        inner, outer = (
            ipaddress.ip_network(narrow, strict=False),
            ipaddress.ip_network(wide, strict=False),
        )
    except ValueError:
        return narrow == wide
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]


@rule(Category.WILL_FAIL)
def endpoint_needed(comparison: Comparison) -> Iterator[Finding]:
    """An endpoint is removed that tasks in isolated subnets need to start."""
    for change, service in _removed_endpoints(comparison):
        users = _isolated_services(change)
        if users:
            yield about(
                change,
                "is removed, and subnets without a route to the internet have tasks of "
                f"{listed([f'`{one}`' for one in users])}: they cannot reach `{service}`, and do "
                "not start",
                detail=users,
            )


@rule(Category.WORKLOADS)
def endpoint_removed(comparison: Comparison) -> Iterator[Finding]:
    """An endpoint is removed, through which tasks may pull images or write logs."""
    for change, service in _removed_endpoints(comparison):
        if not _isolated_services(change):
            yield about(
                change,
                f"is removed: tasks in subnets without a route to the internet no longer reach "
                f"`{service}`",
            )


def _removed_endpoints(comparison: Comparison) -> Iterator[tuple[ResourceChange, str]]:
    """Yield the removed endpoints of services that workloads need, without a new one."""
    kept = {
        (str(given.get("VpcId")), _service(given))
        for stack in comparison.head
        for _, one in stack.resources(ENDPOINT)
        for given in [properties(one)]
    }
    for change in comparison.of_type(ENDPOINT):
        given = properties(change.base)
        service = _service(given)
        is_removed = change.head is None and change.pair.head is not None
        is_needed = service in _NEEDED and (str(given.get("VpcId")), service) not in kept
        if is_removed and is_needed and change.impact != "WILL_ORPHAN":
            yield change, service


def _service(given: Mapping[str, Any]) -> str:
    """Return the service of an endpoint: com.amazonaws.eu-west-1.ecr.api, or a function of it."""
    text = str(given.get("ServiceName"))
    return next((one for one in _NEEDED if text.rstrip("'\"]}").endswith(f".{one}")), "")


def _isolated_services(change: ResourceChange) -> list[str]:
    """Return the services of the endpoint's stack that run in subnets without a default route."""
    resources = resources_of(change.pair.head)
    isolated = _isolated_subnets(resources)
    found = []
    for logical_id, resource in resources.items():
        if not isinstance(resource, Mapping) or resource.get("Type") != SERVICE:
            continue
        subnets = value_at(resource, "NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
        names = [_logical_id(one) for one in as_list(subnets or [])]
        if names and isolated.issuperset(names):
            found.append(str(properties(resource).get("ServiceName", logical_id)))
    return found


def _isolated_subnets(resources: Mapping[str, Any]) -> set[str]:
    """Return the subnets whose own route table has no default route."""
    given = [
        (one.get("Type"), properties(one)) for one in resources.values() if isinstance(one, Mapping)
    ]
    routed = {
        _logical_id(one.get("RouteTableId"))
        for kind, one in given
        if kind == "AWS::EC2::Route" and one.get("DestinationCidrBlock") == _EVERYWHERE[0]
    }
    tables = {
        _logical_id(one.get("SubnetId")): _logical_id(one.get("RouteTableId"))
        for kind, one in given
        if kind == "AWS::EC2::SubnetRouteTableAssociation"
    }
    return {
        subnet for subnet, table in tables.items() if table in resources and table not in routed
    }


def _logical_id(reference: Any) -> str:
    if not isinstance(reference, Mapping):
        return ""
    target = reference.get("Ref") or reference.get("Fn::GetAtt", [""])[0]
    return str(target)
