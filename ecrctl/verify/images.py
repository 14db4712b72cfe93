"""Pinned images, looked up in their registries before a deployment."""

from collections.abc import Callable, Iterator
from functools import cache

from constructs_lib.rules.ecr.images import ImageSpec
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import ImageInEcr, image_in_ecr
from environments.settings import EnvironmentSettings

from .check import MISSING, Check

PUBLIC = "in ECR Public, which is not checked"


def check_images(settings: EnvironmentSettings, aws_in: Callable[[str], Aws]) -> Iterator[Check]:
    """Yield whether each image that the environment's workloads run can be pulled.

    :param aws_in: returns the clients for a region.
    """
    clients = cache(aws_in)
    for image in images_of(settings):
        if image.account is None or image.region is None:
            yield Check(f"image {image.repository}", "in its registry", PUBLIC, PUBLIC)
            continue
        subject = f"image {image.account}/{image.region}/{image.repository}"
        aws = clients(image.region)
        reference = image.digest or image.tag or ""
        with as_user_errors(f"Looking up '{image.uri}'"):
            found = image_in_ecr(aws, image.account, image.repository, reference)
            shown = _shown(found, reference)
            yield Check(subject, "in its registry", reference, shown)
            if image.digest and image.tag:
                tagged = image_in_ecr(aws, image.account, image.repository, image.tag)
                shown = tagged.digest if tagged else MISSING
                yield Check(subject, f"tag {image.tag}", image.digest, shown)


def _shown(image: ImageInEcr | None, reference: str) -> str:
    if image is None:
        return MISSING
    return image.obstacle or (image.digest if ":" in reference else reference)


def images_of(settings: EnvironmentSettings) -> list[ImageSpec]:
    """Return every image that the environment's workloads run, once each, sorted by URI."""
    images = [
        *(image for task in settings.ecs_tasks for image in task.images),
        *(job.image for job in settings.eks_jobs),
    ]
    return [by_uri for _, by_uri in sorted({image.uri: image for image in images}.items())]
