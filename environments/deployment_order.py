"""The order in which environments are deployed: each after the ones whose registry it pulls from.

``python -m environments.deployment_order`` prints the names as JSON, for a matrix of jobs.
"""

import json
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from . import DIRECTORY
from .faults import EnvironmentFault
from .loading import environment_names, pins_path
from .reading import read_environment, read_pins

# The account of the embedded AWS, which no workflow can deploy to.
_EMBEDDED = "000000000000"


def deployment_order(directory: Path = DIRECTORY) -> list[str]:
    """Return the names of all environments of AWS, in the order of their deployment.

    :raises EnvironmentFault: where environments pull from each other in a circle.
    """
    heads = {
        name: read_environment(name, directory / f"{name}.yaml").head
        for name in environment_names(directory)
    }
    # An environment with faults is listed: its synth reports them.
    names = [name for name, head in heads.items() if not (head and head.account == _EMBEDDED)]
    is_protected = {name: bool(head and head.protected) for name, head in heads.items()}
    registries = {
        name: sorted(_registries(pins_path(name, directory)) & set(names) - {name})
        for name in names
    }
    try:
        order = TopologicalSorter(registries)
        order.prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise EnvironmentFault(
            f"environments must not pull images from each other in a circle, got {circle}. Pin the "
            "images of one of them in another registry."
        ) from None
    found: list[str] = []
    while order.is_active():
        # Of those that may be next, the protected ones come last.
        ready = sorted(order.get_ready(), key=lambda name: (is_protected[name], name))
        found += ready
        order.done(*ready)
    return found


def _registries(pins: Path) -> set[str]:
    return {pin.registry for pin in read_pins(pins).pins.values() if pin.registry}


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{json.dumps(deployment_order())}\n")
    except EnvironmentFault as fault:
        sys.exit(str(fault))
