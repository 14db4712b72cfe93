"""ECS clusters, services and task definitions, as they are deployed."""

from collections.abc import Mapping
from typing import Any

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

# Below these, the keys are a user's own.
_OPAQUE = ("dockerLabels", "options")


def in_pascal_case(value: Any) -> Any:
    """Return an answer of ECS with CloudFormation's spelling of the keys."""
    if isinstance(value, Mapping):
        return {
            key[0].upper() + key[1:]: item if key in _OPAQUE else in_pascal_case(item)
            for key, item in value.items()
        }
    return [in_pascal_case(item) for item in value] if isinstance(value, list) else value


def read_cluster(reading: Reading, resource: Resource) -> Live | None:
    """Return a cluster by its name."""
    answer = reading.call(
        "ecs",
        "describe_clusters",
        clusters=[resource.physical_id],
        include=["SETTINGS", "TAGS", "CONFIGURATIONS"],
    )
    found = next(iter((answer or {}).get("clusters", ())), None)
    if found is None or found["status"] == "INACTIVE":
        return None
    names = ("CapacityProviders", "ClusterName", "Configuration", "Tags")
    cluster = in_pascal_case(found)
    return Live(
        {**{name: cluster.get(name) for name in names}, "ClusterSettings": cluster.get("Settings")},
        {"Arn": found["clusterArn"]},
    )


def read_service(reading: Reading, resource: Resource) -> Live | None:
    """Return a service by its ARN."""
    found = service_by_arn(reading, resource.physical_id)
    if found is None:
        return None
    service = in_pascal_case(found)
    return Live(
        {
            **{name: service.get(name) for name in _SERVICE_PROPERTIES},
            "Cluster": found["clusterArn"],
            "PlacementStrategies": service.get("PlacementStrategy"),
            "Status": found["status"],
        },
        {"Name": found["serviceName"], "ServiceArn": found["serviceArn"]},
    )


def service_by_arn(reading: Reading, arn: str) -> Mapping[str, Any] | None:
    """Return a service as ECS describes it; ``None`` where it does not exist."""
    # arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME
    cluster = arn.split("/")[1] if arn.count("/") > 1 else "default"
    answer = reading.call(
        "ecs", "describe_services", cluster=cluster, services=[arn], include=["TAGS"]
    )
    found = next(iter((answer or {}).get("services", ())), None)
    return None if found is None or found["status"] == "INACTIVE" else found


def newest_revision(reading: Reading, family: str) -> Mapping[str, Any] | None:
    """Return the newest active revision of a family; ``None`` where there is none."""
    answer = reading.call(
        "ecs", "describe_task_definition", taskDefinition=family, include=["TAGS"]
    )
    is_active = answer and answer["taskDefinition"].get("status") != "INACTIVE"
    return answer["taskDefinition"] if is_active else None


def _tags_of(reading: Reading, family: str) -> Any:
    answer = reading.call(
        "ecs", "describe_task_definition", taskDefinition=family, include=["TAGS"]
    )
    return answer.get("tags")


def read_task_definition(reading: Reading, resource: Resource) -> Live | None:
    """Return the newest revision of a family: the one that its next task runs.

    A revision never changes, so a newer one than the stack's is all that a person can add.
    """
    family = revision(resource.physical_id)[0]
    found = newest_revision(reading, family)
    if found is None:
        return None
    task = in_pascal_case(found)
    return Live(
        {
            **{name: task.get(name) for name in _TASK_PROPERTIES},
            "Tags": in_pascal_case(_tags_of(reading, family)),
            "Revision": found["taskDefinitionArn"],
        },
        {"TaskDefinitionArn": found["taskDefinitionArn"]},
    )


def revision(arn: str) -> tuple[str, str]:
    """Return the family and the revision of a task definition."""
    family, _, number = arn.rpartition("/")[2].rpartition(":")
    return family, number


def _own_revision(task: Resource, _declared: Any) -> str:
    return task.physical_id


def _revisions(declared: Any, found: Any) -> tuple[Any, Any]:
    """A service's revision, or a family's newest one."""
    if declared == found:
        return declared, found
    (family, newest), (found_family, running) = revision(declared), revision(found)
    if family != found_family:
        return declared, found
    return f"{family}, revision {newest}", f"{found_family}, revision {running}"


# What ECS takes for a setting that a container does not declare.
_DEFAULTS: Mapping[str, Any] = {
    "Cpu": 0,
    "Essential": True,
    "Privileged": False,
    "ReadonlyRootFilesystem": False,
    "Interactive": False,
    "PseudoTerminal": False,
    "DisableNetworking": False,
}
_HEALTH_DEFAULTS: Mapping[str, Any] = {"Interval": 30, "Timeout": 5, "Retries": 3, "StartPeriod": 0}
_UNORDERED = (
    *("DependsOn", "Environment", "EnvironmentFiles", "MountPoints", "PortMappings", "Secrets"),
    *("SystemControls", "Ulimits", "VolumesFrom"),
)


@forms.each
def _containers(value: Any) -> Any:
    return sorted(map(_container, value or ()), key=lambda one: str(one.get("Name"))) or None


def _container(container: Mapping[str, Any]) -> Mapping[str, Any]:
    one = {
        key: item
        for key, item in container.items()
        if key not in _DEFAULTS or forms.plain(item) != forms.plain(_DEFAULTS[key])
    }
    if one.get("HealthCheck"):
        one["HealthCheck"] = {**_HEALTH_DEFAULTS, **one["HealthCheck"]}
    one["PortMappings"] = [_port(port) for port in one.get("PortMappings") or ()]
    for name in _UNORDERED:
        one[name] = forms.unordered(one.get(name), None)[0]
    if "LinuxParameters" in one:
        one["LinuxParameters"] = _linux(one["LinuxParameters"])
    found: Mapping[str, Any] = forms.plain(one)
    return found


def _port(port: Mapping[str, Any]) -> Mapping[str, Any]:
    """A port is its own host port in a network of the task's, and any host port otherwise."""
    host = port.get("HostPort") or None
    is_same = forms.plain(host) == forms.plain(port.get("ContainerPort"))
    return {"Protocol": "tcp", **port, "HostPort": None if is_same else host}


def _linux(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    one = {key: item for key, item in parameters.items() if item not in (False, "false")}
    capabilities = one.get("Capabilities") or {}
    one["Capabilities"] = {key: sorted(names) for key, names in capabilities.items()}
    return one


@forms.each
def _network(value: Any) -> Any:
    """The network of a service; the order of its subnets and groups has no meaning."""
    found = (value or {}).get("AwsvpcConfiguration") or {}
    return forms.plain(
        {
            "AssignPublicIp": found.get("AssignPublicIp", "DISABLED"),
            "SecurityGroups": sorted(found.get("SecurityGroups") or ()),
            "Subnets": sorted(found.get("Subnets") or ()),
        }
    )


@forms.each
def _deployment(value: Any) -> Any:
    """How a service deploys, with ECS's own values where none are declared."""
    found = {
        "MaximumPercent": 200,
        "MinimumHealthyPercent": 100,
        "Strategy": "ROLLING",
        "BakeTimeInMinutes": 0,
        **(value or {}),
    }
    if forms.plain(found.get("Alarms", {}).get("Enable")) != "true":
        found.pop("Alarms", None)
    return forms.plain(found)


_SERVICE_PROPERTIES: Mapping[str, Property] = {
    "CapacityProviderStrategy": Property(form=forms.unordered),
    "DeploymentConfiguration": Property(form=_deployment),
    "DesiredCount": Property(1),
    "EnableECSManagedTags": Property(default=False),
    "EnableExecuteCommand": Property(default=False),
    "HealthCheckGracePeriodSeconds": Property(0),
    "LaunchType": Property(CHOSEN),
    "LoadBalancers": Property(form=forms.unordered),
    "NetworkConfiguration": Property(form=_network),
    "PlacementConstraints": Property(form=forms.unordered),
    "PlacementStrategies": Property(form=forms.unordered),
    "PlatformVersion": Property(CHOSEN),
    "PropagateTags": Property("NONE"),
    "SchedulingStrategy": Property("REPLICA"),
    "ServiceName": Property(CHOSEN),
    "ServiceRegistries": Property(form=forms.unordered),
    "Tags": Property(form=forms.tags),
    "TaskDefinition": Property(form=_revisions),
}
# What the embedded AWS returns empty of a task definition that CloudFormation registered.
_NESTED = ("DependsOn", "HealthCheck", "LinuxParameters", "Secrets")
_TASK_PROPERTIES: Mapping[str, Property] = {
    "ContainerDefinitions": Property(form=_containers),
    "Cpu": Property(),
    "EnableFaultInjection": Property(CHOSEN),
    "EphemeralStorage": Property(),
    "ExecutionRoleArn": Property(),
    "Family": Property(),
    "IpcMode": Property(),
    "Memory": Property(),
    "NetworkMode": Property("bridge"),
    "PidMode": Property(),
    "PlacementConstraints": Property(form=forms.unordered),
    "ProxyConfiguration": Property(),
    "RequiresCompatibilities": Property(form=forms.unordered),
    "RuntimePlatform": Property(CHOSEN),
    "Tags": Property(form=forms.tags),
    "TaskRoleArn": Property(),
    "Volumes": Property(form=forms.unordered),
}
TYPES = (
    ResourceType(
        name="AWS::ECS::Cluster",
        read=read_cluster,
        properties={
            "CapacityProviders": Property(form=forms.unordered),
            "ClusterName": Property(CHOSEN),
            "ClusterSettings": Property(CHOSEN, forms.unordered),
            "Configuration": Property(),
            "Tags": Property(form=forms.tags),
        },
    ),
    ResourceType(
        name="AWS::ECS::Service",
        read=read_service,
        properties={
            **_SERVICE_PROPERTIES,
            "Cluster": Property("default", forms.last_part),
            # Not CloudFormation's: a service that someone deletes drains first.
            "Status": Property("ACTIVE"),
        },
        not_returned={"PropagateTags": "NONE"},
    ),
    ResourceType(
        name="AWS::ECS::TaskDefinition",
        read=read_task_definition,
        properties={
            **_TASK_PROPERTIES,
            # Not CloudFormation's: a newer revision, which someone registered.
            "Revision": Property(form=_revisions),
        },
        additions={"Revision": _own_revision},
        not_returned={
            **{f"ContainerDefinitions.*.{name}": None for name in _NESTED},
            "RuntimePlatform": None,
            "Volumes": None,
        },
    ),
)
