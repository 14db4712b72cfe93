"""Services on Fargate.

Sources: Amazon ECS developer guide, "Amazon ECS services" and "Amazon ECS service quotas".
"""

from dataclasses import dataclass

from constructs_lib.rules.faults import Fault, raise_if_any, range_faults, under
from constructs_lib.rules.kubernetes.names import dns_label_faults
from constructs_lib.rules.types import checked_types

# "Tasks per service", a quota that cannot be raised.
MAXIMUM_COUNT = 5_000


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A service: copies of a task that ECS keeps running on Fargate, in a private network.

    :param name: the service's name in its stack, an RFC 1123 label.
    :param task: the name of the task that it runs; the task must have a size on Fargate.
    :param desired_count: how many copies of the task run, 0 to 5,000; 1 by default.
    :raises RuleError: when the name has another form, or ECS refuses the count.
    """

    name: str
    task: str
    desired_count: int = 1

    def __post_init__(self) -> None:
        faults = under("name", dns_label_faults(self.name))
        faults += desired_count_faults(self.desired_count)
        raise_if_any(f"Service '{self.name}'", faults)


def desired_count_faults(count: int) -> list[Fault]:
    """Check that a service can have a number of tasks."""
    return range_faults("desired_count", count, 0, MAXIMUM_COUNT, "Change it.")
