"""Pinned images, looked up in their registries before a deployment."""

from collections.abc import Callable, Iterator

from constructs_lib.rules.ecr.images import ImageSpec
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import digest_in_ecr
from environments.settings import EnvironmentSettings

from .check import MISSING, Check

PUBLIC = "images of ECR Public are not looked up"


def check_images(settings: EnvironmentSettings, aws_in: Callable[[str], Aws]) -> Iterator[Check]:
    """Yield whether each image that the environment's workloads run is in its registry.

    :param aws_in: returns the clients for a region.
    """
    for image in images_of(settings):
        if image.account is None or image.region is None:
            yield Check.not_compared(f"image {image.repository}", "in its registry", PUBLIC)
            continue
        subject = f"image {image.account}/{image.region}/{image.repository}"
        aws = aws_in(image.region)
        reference = image.digest or image.tag or ""
        with as_user_errors(f"Looking up '{image.uri}'"):
            found = digest_in_ecr(aws, image.account, image.repository, reference)
            yield Check(subject, "in its registry", reference, reference if found else MISSING)
            if image.digest and image.tag:
                tagged = digest_in_ecr(aws, image.account, image.repository, image.tag)
                yield Check(subject, f"tag {image.tag}", image.digest, tagged or MISSING)


def images_of(settings: EnvironmentSettings) -> list[ImageSpec]:
    """Return every image that the environment's workloads run, once each, sorted by URI."""
    images = [
        *(image for task in settings.ecs_tasks for image in task.images),
        *(job.image for job in settings.eks_jobs),
    ]
    return [by_uri for _, by_uri in sorted({image.uri: image for image in images}.items())]
