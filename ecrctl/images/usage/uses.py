"""Uses of images: what runs an image or will start it, and which image of a repository that is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.images.dockerfiles.references import ecr_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageIdentity:
    """An image as a workload or a pin names it.

    :param digest: ``None`` where only the tag is known.
    """

    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def reference(self) -> str:
        """The digest, or the tag where there is none."""
        return self.digest or self.tag or "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A workload that runs an image, or will start it.

    :param kind: such as ``ECS service``.
    :param name: such as ``main/api``.
    """

    kind: str
    name: str
    image: ImageIdentity


@dataclass(frozen=True, slots=True)
class Workloads:
    """The workloads of the places that were looked at.

    :param places: the places, such as ``ECS in account 111111111111, us-east-1``.
    :param unread: sentences about what could not be read there, or was not looked at.
    """

    uses: tuple[Use, ...]
    places: tuple[str, ...]
    unread: tuple[str, ...]

    def of_registry(self, account: str, region: str) -> list[Use]:
        """Return the uses of images in an account's registry."""
        registry = (account, region)
        return [one for one in self.uses if (one.image.account, one.image.region) == registry]


def identity_of(image: str, digest: str | None = None) -> ImageIdentity | None:
    """Return the image of a workload on private ECR; ``None`` for one of another registry.

    :param digest: the digest that the workload's runtime reports.
    """
    found = ecr_reference(image)
    if found is None or found.problem or found.account is None or found.region is None:
        return None
    return ImageIdentity(
        account=found.account,
        region=found.region,
        repository=found.repository,
        tag=found.tag,
        digest=found.digest or digest,
    )


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """The images of one repository by everything that can name them."""

    by_digest: Mapping[str, ImageRecord]
    by_tag: Mapping[str, ImageRecord]
    parents: Mapping[str, Sequence[str]]

    @staticmethod
    def of(images: Iterable[ImageRecord]) -> "ImageIndex":
        """Return the index of a repository's images."""
        records = list(images)
        parents: dict[str, list[str]] = defaultdict(list)
        for image in records:
            for child in image.children:
                parents[child].append(image.digest)
        return ImageIndex(
            by_digest={image.digest: image for image in records},
            by_tag={tag: image for image in records for tag in image.tags},
            parents=parents,
        )

    def named(self, image: ImageIdentity) -> set[str]:
        """Return the digests of the image that an identity names; empty where it is not there.

        A runtime may report the digest of a platform, so the indexes that list the image count too.
        """
        found = self.by_digest.get(image.digest or "")
        # A digest decides; the tag beside it may belong to another image by now.
        if found is None and image.digest is None:
            found = self.by_tag.get(image.tag or "latest")
        if found is None:
            return set()
        digests, waiting = set(), [found.digest]
        while waiting:
            digest = waiting.pop()
            if digest not in digests:
                digests.add(digest)
                waiting += self.parents.get(digest, ())
        return digests
