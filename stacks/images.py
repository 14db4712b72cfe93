"""How a stack of workloads refers to an image: by name, so that no stack exports anything."""

from __future__ import annotations

import aws_cdk as cdk

from constructs_lib import Image, PrivateRepository
from environments.settings import ImageSettings


def image_of(stack: cdk.Stack, image: ImageSettings) -> Image:
    """Give the pinned image, in a repository that this or another environment declares."""
    construct_id = f"Image-{image.account}-{image.region}-{image.repository.replace('/', '--')}"
    existing = stack.node.try_find_child(construct_id)
    repository = existing or PrivateRepository.from_name(
        stack,
        construct_id,
        repository_name=image.repository,
        account=image.account,
        region=image.region,
        # Reading the environment has checked that the registry's own file allows this account.
        policy_declared_by_owner=True,
    )
    return Image(repository=repository, digest=image.digest, tag=image.tag)  # type: ignore[arg-type]
