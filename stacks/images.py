"""How a stack of workloads refers to an image: by name, so that no stack exports anything."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr

from constructs_lib import Image, PrivateRepository
from environments.workload_settings import ImageSettings


def image_of(stack: cdk.Stack, image: ImageSettings) -> Image:
    """Give the pinned image, in a repository that this or another environment declares."""
    return Image(
        repository=_repository(stack, image),
        digest=image.digest,
        tag=image.tag,
        tag_may_move=image.tag_may_move,
    )


def _repository(stack: cdk.Stack, image: ImageSettings) -> ecr.IRepository | str:
    if image.account is None:
        return image.repository_uri
    construct_id = f"Image-{image.account}-{image.region}-{image.repository.replace('/', '--')}"
    existing = stack.node.try_find_child(construct_id)
    return existing or PrivateRepository.from_name(  # type: ignore[return-value]
        stack,
        construct_id,
        repository_name=image.repository,
        account=image.account,
        region=image.region,
        tag_immutability=image.tag_immutability,
        # Reading the environment has checked that the registry's own file allows this account.
        policy_declared_by_owner=True,
    )
