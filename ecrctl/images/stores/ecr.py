"""A repository of ECR, which looks up many images by one call of its own API.

Source: Amazon ECR API reference, "BatchGetImage".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors, is_denied
from ecrctl.images.oci import (
    ACCEPTED_MANIFESTS,
    Manifest,
    digest_of,
    is_digest,
    parse_manifest,
)

from .registry import THREADS, Registry, Repository

_IDS_A_CALL = 100
# Fewer than this are looked up as fast by the registry's own protocol, without another permission.
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class EcrRepository(Repository):
    """A repository of a private registry: a :class:`~ecrctl.images.stores.store.Store`.

    :param aws: the clients of the registry's region.
    :param account: the registry's account.
    """

    aws: Aws = field(kw_only=True, repr=False)
    account: str = field(kw_only=True)

    @staticmethod
    def of_account(aws: Aws, account: str, name: str, *, writable: bool = False) -> EcrRepository:
        """Log in to a registry, and return one of its repositories."""
        registry = Registry.of_account(aws, account)
        return EcrRepository(registry, name, writable, aws=aws, account=account)

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the digests of the tags and digests that exist.

        Roles that publish often lack DescribeImages, but each role that pulls has BatchGetImage.
        """
        asked = list(dict.fromkeys(references))
        if len(asked) < _FEWEST:
            return Repository.digests_of(self, asked)
        found: dict[str, str] = {}
        try:
            with as_user_errors(f"Looking up the images of '{self.name}'"):
                for start in range(0, len(asked), _IDS_A_CALL):
                    found |= self._batch(asked[start : start + _IDS_A_CALL])
        except _DeniedError:
            return Repository.digests_of(self, asked)
        return found

    def manifests_of(self, references: Collection[str]) -> dict[str, Manifest]:
        """Return the manifests of the tags and digests that exist, a hundred a call."""
        asked = list(dict.fromkeys(references))
        found: dict[str, Manifest] = {}
        left: list[str] = []
        try:
            with as_user_errors(f"Looking up the images of '{self.name}'"):
                for start in range(0, len(asked), _IDS_A_CALL):
                    images, rest = self._images(asked[start : start + _IDS_A_CALL])
                    left += rest
                    for reference, image in images.items():
                        manifest = self._manifest(reference, image)
                        if manifest:
                            found[reference] = manifest
                        else:
                            left.append(reference)
        except _DeniedError:
            left = [one for one in asked if one not in found]
        with ThreadPoolExecutor(THREADS) as threads:
            rest_found = threads.map(partial(Repository.manifest, self), left)
            found |= {
                one: manifest
                for one, manifest in zip(left, rest_found, strict=True)
                if manifest is not None
            }
        return found

    def _manifest(self, reference: str, image: Mapping[str, Any]) -> Manifest | None:
        """Return a manifest of an answer; ``None`` where its text is not what was pushed."""
        content = str(image.get("imageManifest", "")).encode()
        if digest_of(content) != image["imageId"]["imageDigest"]:
            return None
        return parse_manifest(
            content, image.get("imageManifestMediaType"), self.describe(reference)
        )

    def _batch(self, references: list[str]) -> dict[str, str]:
        images, left = self._images(references)
        found = {one: image["imageId"]["imageDigest"] for one, image in images.items()}
        rest = Repository.digests_of(self, left) if left else {}
        return found | dict(rest)

    def _images(self, references: list[str]) -> tuple[dict[str, Any], list[str]]:
        """Return the images of an answer by what was asked, and what it does not answer."""
        ids: list[Any] = [
            {"imageDigest" if is_digest(one) else "imageTag": one} for one in references
        ]
        try:
            answer = self.aws.ecr.batch_get_image(
                registryId=self.account,
                repositoryName=self.name,
                imageIds=ids,
                acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
            )
        except ClientError as error:
            if is_denied(error):
                raise _DeniedError from None
            raise
        found: dict[str, Any] = {}
        for image in answer["images"]:
            found[image["imageId"]["imageDigest"]] = image
            if tag := image["imageId"].get("imageTag"):
                found[tag] = image
        absent = {
            failure["imageId"].get(name)
            for failure in answer["failures"]
            for name in ("imageTag", "imageDigest")
        }
        # An image with several of the tags can be returned with one of them.
        left = [one for one in references if one not in found and one not in absent]
        return {one: found[one] for one in references if one in found}, left


class _DeniedError(Exception):
    """Raised when the credentials lack BatchGetImage in ECR's own API."""
