"""Pinned images, looked up in their registries before a deployment."""

from collections.abc import Callable, Iterator
from functools import cache

from botocore.exceptions import ClientError

from constructs_lib.rules.ecr.images import ImageSpec
from ecrctl.aws.clients import Aws, as_user_errors, is_denied
from ecrctl.aws.image_records import ImageInEcr, image_in_ecr
from environments.settings import EnvironmentSettings

from .check import MISSING, Check
from .signatures import check_signatures

PUBLIC = "images of ECR Public are not looked up"
_WHAT = "in its registry"


def check_images(settings: EnvironmentSettings, aws_in: Callable[[str], Aws]) -> Iterator[Check]:
    """Yield whether each image that the environment's workloads run can be pulled, and is signed.

    A signature that ECR still makes is waited for, for a minute.

    :param aws_in: returns the clients for a region.
    """
    clients = cache(aws_in)
    for image in images_of(settings):
        with as_user_errors(f"Looking up '{image.uri}'"):
            checks = list(_check_image(image, clients))
            yield from checks
            if image.account and image.region and not any(one.differs for one in checks):
                kind = "imageDigest" if image.digest else "imageTag"
                place = {
                    "registryId": image.account,
                    "repositoryName": image.repository,
                    "imageId": {kind: image.digest or image.tag},
                }
                yield from check_signatures(_subject(image), clients(image.region), place)


def check_deployed_image(image: ImageSpec, account: str, aws: Aws) -> Iterator[Check]:
    """Yield whether a deployed image can be pulled again, such as by a task that is replaced.

    :param account: the environment's account; the registry of another one may be out of reach.
    :param aws: the clients of the environment's region.
    """
    try:
        yield from _check_image(image, aws.in_region)
    except ClientError as error:
        if image.account == account or not is_denied(error):
            raise
        reason = f"the credentials may not read the registry of {image.account}"
        yield Check.not_compared(_subject(image), _WHAT, reason)


def _check_image(image: ImageSpec, aws_in: Callable[[str], Aws]) -> Iterator[Check]:
    subject = _subject(image)
    if image.account is None or image.region is None:
        yield Check.not_compared(subject, _WHAT, PUBLIC)
        return
    aws = aws_in(image.region)
    reference = image.digest or image.tag or ""
    found = image_in_ecr(aws, image.account, image.repository, reference)
    yield Check(subject, _WHAT, reference, _shown(found, reference))
    if image.digest and image.tag:
        tagged = image_in_ecr(aws, image.account, image.repository, image.tag)
        yield Check(subject, f"tag {image.tag}", image.digest, tagged.digest if tagged else MISSING)


def _subject(image: ImageSpec) -> str:
    if image.account is None or image.region is None:
        return f"image {image.repository}"
    return f"image {image.account}/{image.region}/{image.repository}"


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
