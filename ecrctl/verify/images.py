"""Whether every pinned image is in its registry, asked before a deployment and not by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ecrctl.aws.clients import Aws, explained, or_none
from environments.settings import EnvironmentSettings
from environments.workload_settings import ImageSettings

from .check import MISSING, Check

PUBLIC = "in ECR Public, which is not asked"


def check_images(settings: EnvironmentSettings, aws_in: Callable[[str], Aws]) -> Iterator[Check]:
    """Look up each image that the environment's workloads run, once.

    :param aws_in: gives a connection to AWS in a region.
    """
    for image in images_of(settings):
        reference = image.digest or image.tag or ""
        if image.account is None or image.region is None:
            yield Check(f"image {image.repository}", "in its registry", PUBLIC, PUBLIC)
            continue
        subject = f"image {image.account}/{image.region}/{image.repository}"
        aws = aws_in(image.region)
        yield Check(subject, "in its registry", reference, _found(aws, image, reference))
        if image.digest and image.tag:
            tagged = _digest_of(aws, image, {"imageTag": image.tag})
            yield Check(subject, f"tag {image.tag}", image.digest, tagged)


def images_of(settings: EnvironmentSettings) -> list[ImageSettings]:
    """Give every image that the environment's workloads run, in the order of their URIs."""
    images = [
        *(container.image for task in settings.ecs_tasks for container in task.containers),
        *(job.image for job in settings.eks_jobs),
    ]
    return [by_uri for _, by_uri in sorted({image.uri: image for image in images}.items())]


def _found(aws: Aws, image: ImageSettings, reference: str) -> str:
    by = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag or ""}
    return MISSING if _digest_of(aws, image, by) == MISSING else reference


def _digest_of(aws: Aws, image: ImageSettings, by: dict[str, str]) -> str:
    with explained(f"Looking up '{image.uri}'"):
        answer = or_none(
            lambda: aws.ecr.describe_images(
                registryId=image.account or "",
                repositoryName=image.repository,
                imageIds=[by],  # type: ignore[list-item]
            )
        )
    return (
        answer["imageDetails"][0]["imageDigest"] if answer and answer["imageDetails"] else MISSING
    )
