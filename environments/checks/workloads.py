"""Faults between workloads, and between them and the rest of their environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from constructs_lib.rules.faults import Fault
from environments.model.environment import EnvironmentModel
from environments.model.repository import PinModel
from environments.reading import EnvironmentFile

from .duplicates import duplicate_faults


def workload_faults(
    environment: EnvironmentFile,
    pins: Mapping[str, PinModel],
    registries: Mapping[str, EnvironmentFile],
) -> Iterator[Fault]:
    """Yield the faults of an environment's workloads that no workload has by itself."""
    for part in ("ecs_tasks", "ecs_services", "eks_jobs"):
        yield from duplicate_faults(part, environment.names(part))
    yield from _family_faults(environment)
    yield from _identity_faults(environment)
    yield from _task_faults(environment)
    if environment.head:
        yield from _network_faults(environment, environment.head)
        yield from _cluster_faults(environment, environment.head)
        yield from _reach_faults(environment, environment.head, pins, registries)


def _family_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    families: dict[int, str] = {}
    names: set[str] = set()
    for index, task in environment.ecs_tasks.items():
        # A name that occurs twice is a fault already, and the family often follows from it.
        if task.name not in names:
            families[index] = task.spec.family
        names.add(task.name)
    yield from duplicate_faults("ecs_tasks", families, "family")


def _network_faults(environment: EnvironmentFile, head: EnvironmentModel) -> Iterator[Fault]:
    for index in environment.ecs_services:
        if head.network is None:
            yield Fault(
                f"ecs_services[{index}]",
                "a service requires the environment's network, which is missing. Write "
                "'network: {cidr: 10.20.0.0/24, availability_zones: [...]}'.",
            )


def _task_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    tasks = {task.name: task for task in environment.ecs_tasks.values()}
    for index, service in environment.ecs_services.items():
        path = f"ecs_services[{index}].task"
        if service.task not in tasks:
            yield Fault(
                path, f"ecs_tasks has no '{service.task}'{name_hint(service.task, list(tasks))}"
            )
        elif tasks[service.task].spec.fargate is None:
            yield Fault(
                path,
                f"a service requires a task for Fargate, and '{service.task}' is for EC2. Write "
                "'fargate: smallest' in that task.",
            )


def _cluster_faults(environment: EnvironmentFile, head: EnvironmentModel) -> Iterator[Fault]:
    for index, job in environment.eks_jobs.items():
        if job.delivery == "cluster" and head.eks_cluster is None:
            yield Fault(
                f"eks_jobs[{index}].delivery",
                "delivery: cluster requires the environment's eks_cluster, which is missing. Write "
                "'eks_cluster: {name: ..., kubectl_provider: arn:aws:lambda:...}'.",
            )


def _identity_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    """Yield a fault for a service account that is created twice: the second creation fails."""
    created: dict[tuple[str | None, str | None], int] = {}
    for index, job in environment.eks_jobs.items():
        if job.identity is None:
            continue
        account = (job.spec.namespace, job.spec.service_account)
        if account in created:
            yield Fault(
                f"eks_jobs[{index}].identity",
                f"the service account '{job.spec.service_account}' of the namespace "
                f"'{job.spec.namespace}' is created by eks_jobs[{created[account]}]. Remove this "
                "identity, and the Job has that one; or name another service account.",
            )
        created.setdefault(account, index)


def _reach_faults(
    environment: EnvironmentFile,
    head: EnvironmentModel,
    pins: Mapping[str, PinModel],
    registries: Mapping[str, EnvironmentFile],
) -> Iterator[Fault]:
    """Yield a fault for every image of a service that no VPC endpoint reaches."""
    run = {service.task for service in environment.ecs_services.values()}
    for index, task in environment.ecs_tasks.items():
        for path, image in task.images.items() if task.name in run else ():
            pin = pins.get(image)
            where = pin and _out_of_reach(pin, environment.name, head, registries)
            if where:
                yield Fault(
                    f"ecs_tasks[{index}].{path}",
                    f"a service runs this task in a network without a route to the internet, and "
                    f"the image '{image}' is in {where}. Pin an image in {head.region}.",
                )


def _out_of_reach(
    pin: PinModel, own: str, head: EnvironmentModel, registries: Mapping[str, EnvironmentFile]
) -> str:
    if pin.registry == PUBLIC_REGISTRY:
        return "ECR Public, which has no VPC endpoint"
    registry = registries.get(pin.registry or own)
    if registry is None or registry.head is None or registry.head.region == head.region:
        return ""
    return f"{registry.head.region}, which no VPC endpoint in {head.region} reaches"
