"""The sample images of tests, pushed to the embedded AWS."""

from __future__ import annotations

from ecrctl.aws.clients import Aws
from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import OciImage
from ecrctl.images.stores.registry import Registry


def push(aws: Aws, account: str, repository: str, tag: str, image: OciImage) -> None:
    """Push an image to the registry of an account."""
    target = Registry.of_account(aws, account).repository(repository, writable=True)
    push_image(target, tag, image)
