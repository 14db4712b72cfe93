"""The pins and workloads of each image of a repository, and warnings before one is lost."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.rules.lifecycle.preview import ImageRecord, ImageVerdict

from .pins import Pin
from .uses import ImageIndex, Use

_SHORT_DIGEST = 19
_LOSSES = {"expired": "expires", "archived": "archives"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The pins and workloads of a repository's images.

    :param pins: by the image's digest; so are the uses. An index of a used image is used too.
    :param missing: sentences about pins and workloads whose image the repository does not have.
    """

    pins: Mapping[str, Sequence[Pin]]
    uses: Mapping[str, Sequence[Use]]
    missing: tuple[str, ...]

    def of(self, digest: str) -> list[str]:
        """Return the names of what pins or runs an image."""
        return [
            *(f"the pin '{one.name}' of {one.environment}" for one in self.pins.get(digest, ())),
            *(f"{one.kind} {one.name}" for one in self.uses.get(digest, ())),
        ]


def owners_of(
    repository: str, images: Iterable[ImageRecord], pins: Iterable[Pin], uses: Iterable[Use]
) -> Owners:
    """Return the owners of a repository's images.

    :param pins: pins of images in the registry; so are the uses. Those of other repositories are
        left out.
    """
    index = ImageIndex.of(images)
    pins_by_digest: dict[str, list[Pin]] = defaultdict(list)
    uses_by_digest: dict[str, list[Use]] = defaultdict(list)
    missing = []
    for pin in pins:
        if pin.image.repository == repository:
            digests = index.named(pin.image)
            for digest in digests:
                pins_by_digest[digest].append(pin)
            if not digests:
                name = f"The pin '{pin.name}' of {pin.environment}"
                missing.append(_missing(name, repository, pin.image.reference))
    for use in uses:
        if use.image.repository == repository:
            digests = index.named(use.image)
            for digest in digests:
                uses_by_digest[digest].append(use)
            if not digests:
                missing.append(_missing(f"{use.kind} {use.name}", repository, use.image.reference))
    return Owners(pins=pins_by_digest, uses=uses_by_digest, missing=tuple(missing))


def _missing(owner: str, repository: str, reference: str) -> str:
    joint = "@" if ":" in reference else ":"
    return f"{owner} names {repository}{joint}{reference}, which is not there."


def loss_warnings(
    repository: str, verdicts: Iterable[ImageVerdict], owners: Owners
) -> Iterator[str]:
    """Yield a sentence for each image that a policy would expire although something needs it."""
    for verdict in verdicts:
        loss = _LOSSES.get(verdict.outcome)
        named = owners.of(verdict.image.digest) if loss else []
        if named:
            rule = f"rule {verdict.rule.priority} of the lifecycle policy" if verdict.rule else ""
            tags = f" ({', '.join(verdict.image.tags)})" if verdict.image.tags else ""
            yield (
                f"{repository}@{verdict.image.digest[:_SHORT_DIGEST]}{tags}: {rule} {loss} the "
                f"image, which is needed by {', '.join(named)}."
            )
