"""Faults between the images that an environment builds and its repositories."""

from collections.abc import Iterator

from constructs_lib.rules.faults import Fault
from environments.reading import EnvironmentFile


def image_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    """Yield a fault for every image whose repository the environment does not declare."""
    for name, image in environment.head.images.items() if environment.head else ():
        if image.repository not in environment.declared:
            yield Fault(
                f"images.{name}.repository",
                f"this environment declares no repository '{image.repository}'"
                f"{environment.declared.hint(image.repository)}",
            )
