"""The order in which environments are deployed: each after the ones whose registry it pulls from.

``python -m environments.deployment_order`` prints the names as JSON, for a matrix of jobs.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

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
    # Of those that may be next, the protected ones come last.
    return _in_order(registries, key=lambda name: (is_protected[name], name))


def with_registries(name: str, directory: Path = DIRECTORY) -> list[str]:
    """Return an environment and all those from which it pulls, in the order of their deployment.

    :raises EnvironmentFault: where they pull from each other in a circle.
    """
    known = set(environment_names(directory))
    found: dict[str, set[str]] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = _registries(pins_path(one, directory)) & known - {one}
            waiting += found[one]
    return _in_order(found)


def _in_order(
    registries: Mapping[str, Iterable[str]], key: Callable[[str], Any] = str
) -> list[str]:
    """Return environments, each after the ones that it pulls from.

    :param key: sorts those that may be next.
    """
    order = TopologicalSorter(registries)
    try:
        order.prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise EnvironmentFault(
            f"environments must not pull images from each other in a circle, got {circle}. Pin the "
            "images of one of them in another registry."
        ) from None
    found: list[str] = []
    while order.is_active():
        ready = sorted(order.get_ready(), key=key)
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
