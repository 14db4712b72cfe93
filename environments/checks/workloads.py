"""Faults between workloads, and between them and the rest of their environment."""

from collections.abc import Iterator, Mapping
from functools import partial

from checked_files.known_names import KnownNames
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from constructs_lib.rules.faults import Fault, repeated, taken_faults
from environments.model.environment import EnvironmentModel
from environments.model.repository import PinModel
from environments.partial import decided
from environments.reading import EnvironmentFile


def workload_faults(
    environment: EnvironmentFile,
    pins: Mapping[str, PinModel],
    registries: Mapping[str, EnvironmentFile],
) -> Iterator[Fault]:
    """Yield the faults of an environment's workloads that no workload has by itself."""
    for part in ("ecs_tasks", "ecs_services", "eks_jobs"):
        yield from taken_faults("name", environment.names(part).items())
    yield from taken_faults("family", _families(environment).values())
    yield from _identity_faults(environment)
    yield from _task_faults(environment)
    head = environment.valid_head
    if head is None:
        return
    for check in (_network_faults, _cluster_faults, _provider_faults):
        yield from decided(partial(check, environment, head))
    yield from decided(partial(_reach_faults, environment, head, pins, registries))


def _families(environment: EnvironmentFile) -> dict[str, tuple[str, str]]:
    families: dict[str, tuple[str, str]] = {}
    for path, task in environment.ecs_tasks.items():
        # A name that occurs twice is a fault already, and the family often follows from it.
        families.setdefault(task.name, (path, task.spec.family))
    return families


def _network_faults(environment: EnvironmentFile, head: EnvironmentModel) -> Iterator[Fault]:
    """Yield a fault for every service without a network, and for a network without a service."""
    services = [path for path, _ in environment.given("ecs_services")]
    for path in services if head.network is None else ():
        yield Fault(
            path,
            "a service requires the environment's network, which is missing. Write "
            "'network: {cidr: 10.20.0.0/24, availability_zones: [...]}'.",
        )
    if head.network and not services:
        yield Fault(
            "network",
            "the network has no effect, because only ecs_services run in it. Add a service, or "
            "remove network.",
        )


def _cluster_faults(environment: EnvironmentFile, head: EnvironmentModel) -> Iterator[Fault]:
    """Yield a fault for every Job that requires a cluster, and for a cluster without such a Job."""
    jobs = environment.given("eks_jobs")
    applied = [path for path, job in jobs if job.get("delivery") == "cluster"]
    for path in applied if head.eks_cluster is None else ():
        yield Fault(
            f"{path}.delivery",
            "delivery: cluster requires the environment's eks_cluster, which is missing. Write "
            "'eks_cluster: {name: ..., kubectl_provider: arn:aws:lambda:...}'.",
        )
    if head.eks_cluster and not applied:
        yield Fault(
            "eks_cluster",
            "eks_cluster has no effect, because no Job has `delivery: cluster`. Write it in a "
            "Job, or remove eks_cluster.",
        )


def _provider_faults(environment: EnvironmentFile, head: EnvironmentModel) -> Iterator[Fault]:
    if head.github_provider == "create" and not any(_github_pushes(environment)):
        yield Fault(
            "github_provider",
            "the provider is not created, because no repository has push.github. Add one, or "
            "remove github_provider.",
        )


def _github_pushes(environment: EnvironmentFile) -> Iterator[object]:
    for _, repository in environment.given("repositories"):
        push = repository.get("push")
        if isinstance(push, Mapping) and push.get("github"):
            yield push


def _task_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    tasks = {task.name: task for task in environment.ecs_tasks.values()}
    # A task with faults is one that a service can name.
    known = KnownNames(environment.names("ecs_tasks").values())
    for path, service in environment.given("ecs_services"):
        name = service.get("task")
        if not isinstance(name, str):
            continue
        if name not in known:
            yield Fault(f"{path}.task", f"ecs_tasks has no '{name}'{known.hint(name)}")
        elif name in tasks and tasks[name].spec.fargate is None:
            yield Fault(
                f"{path}.task",
                f"a service requires a task for Fargate, and '{name}' is for EC2. Write "
                "'fargate: smallest' in that task.",
            )


def _identity_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    """Yield a fault for a service account that is created twice: the second creation fails."""
    created = (
        (path, (job.spec.namespace, job.spec.service_account))
        for path, job in environment.eks_jobs.items()
        if job.identity
    )
    for path, (namespace, account), first in repeated(created):
        yield Fault(
            f"{path}.identity",
            f"the service account '{account}' of the namespace '{namespace}' is created by {first}."
            " Remove identity here: the Job then has that service account; or name another one.",
        )


def _reach_faults(
    environment: EnvironmentFile,
    head: EnvironmentModel,
    pins: Mapping[str, PinModel],
    registries: Mapping[str, EnvironmentFile],
) -> Iterator[Fault]:
    """Yield a fault for every image of a service that no VPC endpoint reaches."""
    run = {service.task for service in environment.ecs_services.values()}
    for task_path, task in environment.ecs_tasks.items():
        for path, image in task.images.items() if task.name in run else ():
            pin = pins.get(image)
            where = pin and _out_of_reach(pin, environment.name, head, registries)
            if where:
                yield Fault(
                    f"{task_path}.{path}",
                    f"a service runs this task in a network without a route to the internet, and "
                    f"the image '{image}' is in {where}. Pin an image in {head.region}.",
                )


def _out_of_reach(
    pin: PinModel, own: str, head: EnvironmentModel, registries: Mapping[str, EnvironmentFile]
) -> str:
    if pin.registry == PUBLIC_REGISTRY:
        return "ECR Public, which has no VPC endpoint"
    if pin.cache is not None:
        return f"the cache '{pin.cache}', whose first pull requires a way to its upstream"
    registry = registries.get(pin.registry or own)
    owner = registry.valid_head if registry else None
    if owner is None or owner.region == head.region:
        return ""
    return f"{owner.region}, which no VPC endpoint in {head.region} reaches"
