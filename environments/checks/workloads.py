"""Faults between workloads and the rest of their environment, once every part has its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checked_files.fault_text import one_of
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY, moving_tag_faults
from constructs_lib.rules.faults import Fault
from environments.model.environment import EnvironmentModel, PinModel
from environments.workload_resolving import image_of


def workload_faults(
    environment: EnvironmentModel | None,
    name: str,
    pins: Mapping[str, PinModel],
    models: Mapping[str, EnvironmentModel | None],
) -> list[Fault]:
    """Check what an environment's workloads need of its other parts."""
    if environment is None:
        return []
    return [
        *_service_faults(environment),
        *_cluster_faults(environment),
        *_identity_faults(environment),
        *_network_faults(environment, name, pins, models),
    ]


def movable_pin_faults(
    pins: Mapping[str, PinModel], name: str, models: Mapping[str, EnvironmentModel | None]
) -> list[Fault]:
    """Check that no image is pinned by a tag that can be moved, unless that is said."""
    faults: list[Fault] = []
    for image, pin in pins.items():
        if pin.digest or not pin.tag or pin.tag_may_move:
            continue
        if pin.registry == PUBLIC_REGISTRY:
            found = image_of(pin, None)
        else:
            registry = models.get(pin.registry or name)
            declared = {one.name for one in registry.repositories} if registry else set()
            if pin.repository not in declared:
                continue
            found = image_of(pin, registry)
        faults += [
            fault.under(image)
            for fault in moving_tag_faults(pin.tag, found.repository, found.tag_immutability)
        ]
    return faults


def _service_faults(environment: EnvironmentModel) -> Iterator[Fault]:
    tasks = {task.name: task for task in environment.ecs_tasks}
    for index, service in enumerate(environment.ecs_services):
        where = f"ecs_services[{index}]"
        if environment.network is None:
            yield Fault(
                where,
                "a service runs in the environment's private network, which is missing. Write "
                "'network: {cidr: 10.20.0.0/24, availability_zones: [...]}'.",
            )
        if service.task not in tasks:
            yield Fault(
                f"{where}.task",
                f"ecs_tasks has no '{service.task}'; {one_of(service.task, list(tasks))}",
            )
        elif tasks[service.task].fargate is None:
            yield Fault(
                f"{where}.task",
                f"a service runs on Fargate, and the task '{service.task}' is for EC2. "
                "Say 'fargate: smallest' there.",
            )


def _cluster_faults(environment: EnvironmentModel) -> Iterator[Fault]:
    for index, job in enumerate(environment.eks_jobs):
        if job.delivery == "cluster" and environment.eks_cluster is None:
            yield Fault(
                f"eks_jobs[{index}].delivery",
                "this needs the environment's eks_cluster, which is missing. Write "
                "'eks_cluster: {name: ..., kubectl_provider: arn:aws:lambda:...}'.",
            )


def _identity_faults(environment: EnvironmentModel) -> Iterator[Fault]:
    """Check that a service account is made once: the second of its associations would fail."""
    made: dict[tuple[str | None, str | None], int] = {}
    for index, job in enumerate(environment.eks_jobs):
        if job.identity is None:
            continue
        account = (job.namespace, job.service_account)
        if account in made:
            yield Fault(
                f"eks_jobs[{index}].identity",
                f"the service account '{job.service_account}' of the namespace '{job.namespace}' "
                f"is made by eks_jobs[{made[account]}]. Leave the identity out here, and the Job "
                "has that one; or name another service account.",
            )
        made.setdefault(account, index)


def _network_faults(
    environment: EnvironmentModel,
    name: str,
    pins: Mapping[str, PinModel],
    models: Mapping[str, EnvironmentModel | None],
) -> Iterator[Fault]:
    """Check that what runs without a way out finds its images within its region."""
    run = {service.task for service in environment.ecs_services}
    for index, task in enumerate(environment.ecs_tasks):
        if task.name not in run:
            continue
        for image in task.images:
            pin = pins.get(image)
            if pin is None:
                continue
            registry = models.get(pin.registry or name)
            if pin.registry == PUBLIC_REGISTRY:
                where = "ECR Public, which has no VPC endpoint"
            elif registry and registry.region != environment.region:
                where = f"{registry.region}, which no VPC endpoint in {environment.region} reaches"
            else:
                continue
            yield Fault(
                f"ecs_tasks[{index}].image",
                f"the image '{image}' is in {where}, and a service runs this task in a network "
                f"without a way out. Pin one that is held in {environment.region}.",
            )
