"""Faults between the images that an environment builds and its repositories."""

from collections.abc import Iterator

from constructs_lib.rules.faults import Fault
from environments.reading import EnvironmentFile


def image_faults(environment: EnvironmentFile) -> Iterator[Fault]:
    """Yield a fault for every image whose repository the environment does not declare."""
    images = (
        environment.file.data.get("images") if isinstance(environment.file.data, dict) else None
    )
    for name, image in images.items() if isinstance(images, dict) else ():
        repository = image.get("repository") if isinstance(image, dict) else None
        if isinstance(repository, str) and repository not in environment.declared:
            yield Fault(
                f"images.{name}.repository",
                f"this environment declares no repository '{repository}'"
                f"{environment.declared.hint(repository)}",
            )
