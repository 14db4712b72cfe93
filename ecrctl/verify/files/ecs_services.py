"""ECS services and their network, compared with AWS."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.ecr.endpoint_policies import (
    INTERFACE_SERVICES,
    SECRET_SERVICES,
    PulledFrom,
    RegistryService,
    SecretService,
    endpoint_statements,
)
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.policy.statements import VERSION
from ecrctl.verify.check import MISSING, NONE, NOT_RETURNED, Check, on_or_off
from ecrctl.verify.readers.ec2 import endpoints_of_vpc
from ecrctl.verify.readers.ecs import newest_revision, revision, service_by_arn
from environments.names import ECS_WORKLOADS
from environments.settings import EnvironmentSettings

from .lookup import Lookup
from .text import listed, policy_rows

# The path of the construct in its stack.
_CONSTRUCT = "Private"


def check_service(service: ServiceSpec, lookup: Lookup) -> Iterator[Check]:
    """Yield the properties of a service: its revision, its tasks, its network, its failures."""
    subject = f"service {service.name}"
    arn = lookup.id_of(ECS_WORKLOADS, _CONSTRUCT, service.name, "Service", "Service")
    found = service_by_arn(lookup.reading, arn) if arn else None
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    network = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    breaker = found.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    rollback = ", with rollback" if breaker.get("rollback") else ""
    count = service.desired_count
    rows = (
        ("status", "ACTIVE", found.get("status", MISSING)),
        ("task definition", *_revision(service, lookup, found.get("taskDefinition", ""))),
        ("runs on", "FARGATE", found.get("launchType", MISSING)),
        ("tasks", f"{count} of {count}", f"{found['runningCount']} of {found['desiredCount']}"),
        ("subnets", *_own(lookup, "subnet-", network.get("subnets", ()))),
        ("security groups", *_own(lookup, "sg-", network.get("securityGroups", ()))),
        ("public address", "DISABLED", network.get("assignPublicIp", "DISABLED")),
        ("circuit breaker", "on, with rollback", f"{on_or_off(breaker.get('enable'))}{rollback}"),
    )
    yield from (Check(subject, *row) for row in rows)


def _revision(service: ServiceSpec, lookup: Lookup, running: str) -> tuple[str, str]:
    tasks = lookup.settings.ecs_tasks
    family = next(task.spec.family for task in tasks if task.name == service.task)
    newest = newest_revision(lookup.reading, family)
    arn = newest["taskDefinitionArn"] if newest else ""
    if arn == running:
        shown = f"{family}, the newest revision"
        return shown, shown
    found_family, number = revision(running)
    declared = f"{family}, the newest revision, {revision(arn)[1] or MISSING}"
    if found_family != family:
        return declared, f"runs {found_family}, revision {number}"
    shown = f"the newest is {revision(arn)[1]}" if arn else "no revision is active"
    return declared, f"runs revision {number}; {shown}"


def _own(lookup: Lookup, prefix: str, found: Any) -> tuple[str, str]:
    """Return whether a service uses resources of its stack alone."""
    own = {one for one in lookup.resource_ids(ECS_WORKLOADS).values() if one.startswith(prefix)}
    declared = f"of {lookup.settings.name}-{ECS_WORKLOADS}"
    foreign = sorted(set(found) - own)
    if prefix == "subnet-" and set(found) != own:
        return f"{declared}: {listed(own)}", listed(found)
    return declared, declared if found and not foreign else listed(found)


def check_network(network: NetworkSpec, lookup: Lookup) -> Iterator[Check]:
    """Yield the addresses and zones of a network, and that it has no way to the internet."""
    subject = "network"
    vpc_id = lookup.id_of(ECS_WORKLOADS, _CONSTRUCT, "Vpc", "Resource")
    vpc = lookup.live("AWS::EC2::VPC", vpc_id)
    if vpc is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    yield Check(subject, "cidr", network.cidr, str(vpc.properties["CidrBlock"]))
    gateways = vpc.properties["InternetGateways"]
    yield Check(subject, "internet gateways", NONE, listed(gateways))
    subnets = [
        live.properties
        for one in lookup.resource_ids(ECS_WORKLOADS).values()
        if one.startswith("subnet-") and (live := lookup.live("AWS::EC2::Subnet", one))
    ]
    zones = listed(one["AvailabilityZone"] for one in subnets)
    yield Check(subject, "availability zones", listed(network.availability_zones), zones)
    yield from _endpoint_rows(subject, vpc_id, lookup)


def _endpoint_rows(subject: str, vpc_id: str, lookup: Lookup) -> Iterator[Check]:
    """Yield the policy of each endpoint that the services require, and endpoints beyond those."""
    settings = lookup.settings
    found = _endpoints(vpc_id, lookup)
    declared = _declared_services(settings)
    services = [service for service, _ in found]
    yield Check(subject, "endpoints", listed(declared), listed(services))
    pulled_from = PulledFrom(accounts=settings.registry_accounts)
    for service, endpoint in found:
        if service not in declared:
            continue
        statements = endpoint_statements(
            service,
            account=settings.account,
            region=settings.region,
            partition=partition_of(settings.region).name,
            pulled_from=pulled_from,
        )
        policy = endpoint.get("PolicyDocument")
        what = f"policy of the endpoint for {service}"
        if policy is None and lookup.reading.is_emulated:
            yield Check.not_compared(subject, what, NOT_RETURNED)
            continue
        declared_policy = {"Version": VERSION, "Statement": statements}
        yield Check(subject, what, *policy_rows(declared_policy, policy))


def _endpoints(vpc_id: str, lookup: Lookup) -> list[tuple[Any, Mapping[str, Any]]]:
    """Return the endpoints of a VPC, each with its service, such as ``ecr.api``."""
    prefix = f"com.amazonaws.{lookup.settings.region}."
    found = [
        (endpoint["ServiceName"].rpartition(prefix)[2], endpoint)
        for endpoint in endpoints_of_vpc(lookup.reading, vpc_id)
    ]
    return sorted(found, key=lambda one: (one[0], one[1]["VpcEndpointId"]))


def _declared_services(settings: EnvironmentSettings) -> set[RegistryService | SecretService]:
    tasks = {task.name: task for task in settings.ecs_tasks}
    secrets = {
        secret.service
        for service in settings.ecs_services
        for container in tasks[service.task].spec.containers.values()
        for secret in container.secrets.values()
    }
    return {*INTERFACE_SERVICES, "s3", *(one for one in SECRET_SERVICES if one in secrets)}
