"""Values that belong to another account, region or partition than their environment."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from constructs_lib.rules.aws import arns
from constructs_lib.rules.aws.networks import zone_region_faults
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault, under
from environments.model.environment import EnvironmentModel
from environments.partial import decided
from environments.reading import EnvironmentFile

_EACH = "*"
# Settings whose ARNs must be in the environment's region, as AWS refuses the others.
_IN_REGION: Mapping[str, str] = {
    "encryption": "because ECR uses a key of the repository's region",
    "repositories.*.encryption": "because ECR uses a key of the repository's region",
    "notifications.topic_arn": "because EventBridge publishes to topics of its own region",
    "eks_cluster.kubectl_provider": "because CloudFormation calls functions of its own region",
}
# Settings whose ARNs must be in the environment's account.
_IN_ACCOUNT: Mapping[str, str] = {
    "ecs_tasks.*.task_role_arn": "because ECS passes roles of its own account",
    "eks_jobs.*.node_role_arn": "because the stack attaches a policy to it",
    "eks_jobs.*.identity.oidc_provider_arn": "because a role trusts providers of its own account",
}


def place_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    """Yield a fault for each ARN and zone in the wrong place, also beside other faults."""
    head = environment.valid_head
    if head is None:
        return
    data = environment.file.data
    for check in (_partition_faults, _region_faults, _account_faults, _zone_faults):
        yield from decided(partial(check, head, data))


def _partition_faults(head: EnvironmentModel, data: Any) -> Iterator[Fault]:
    region = head.region
    for path, text in _texts(data, ""):
        if arns.is_arn(text):
            yield from under(path, arns.partition_faults(text, region))


def _region_faults(head: EnvironmentModel, data: Any) -> Iterator[Fault]:
    for setting, reason in _IN_REGION.items():
        yield from _faults_at(data, setting, partial(_in_region, head, reason))


def _account_faults(head: EnvironmentModel, data: Any) -> Iterator[Fault]:
    for setting, reason in _IN_ACCOUNT.items():
        yield from _faults_at(data, setting, partial(_in_account, head, reason))


def _zone_faults(head: EnvironmentModel, _data: Any) -> Iterator[Fault]:
    if head.network:
        zones = zone_region_faults(head.network.availability_zones, head.region)
        yield from under("network", under("availability_zones", zones))


def token_faults(data: Any) -> Iterator[Fault]:
    """Yield a fault for each text that the rules would take for a value of the deployment."""
    for path, text in _texts(data, ""):
        if is_token(text):
            yield Fault(
                path,
                "a file cannot have '${Token[', with which the CDK marks a value that is known "
                f"only at deployment, got '{text[:80]}'. Write the value itself.",
            )


def _in_region(head: EnvironmentModel, reason: str, arn: str) -> list[Fault]:
    # An ARN of another partition is a fault already.
    is_other = arns.partition_faults(arn, head.region)
    return [] if is_other else arns.region_faults(arn, head.region, reason)


def _in_account(head: EnvironmentModel, reason: str, arn: str) -> list[Fault]:
    return arns.account_faults(arn, head.account, reason)


def _faults_at(data: Any, setting: str, rule: Callable[[str], list[Fault]]) -> Iterator[Fault]:
    for path, value in _values_at(data, setting.split("."), ""):
        if isinstance(value, str) and arns.is_arn(value):
            yield from under(path, rule(value))


def _values_at(data: Any, steps: list[str], path: str) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path, data
    elif steps[0] == _EACH:
        for index, item in enumerate(data if isinstance(data, list) else ()):
            yield from _values_at(item, steps[1:], f"{path}[{index}]")
    elif isinstance(data, Mapping) and steps[0] in data:
        yield from _values_at(data[steps[0]], steps[1:], _joined(path, steps[0]))


def _texts(data: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(data, Mapping):
        for key, item in data.items():
            yield from _texts(item, _joined(path, str(key)))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
