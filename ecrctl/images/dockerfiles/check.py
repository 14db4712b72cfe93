"""The base images on ECR that are not pinned, unknown or archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import ImageInEcr, image_in_ecr

from .images import ImageUse, images_of
from .references import EcrReference, can_be_ecr, ecr_reference

Kind = Literal["malformed", "not pinned", "unknown digest", "archived", "undecided", "pinned"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to say about one image of a Dockerfile.

    :param text: a verb phrase that continues the image.
    """

    file: Path
    line: int
    kind: Kind
    subject: str
    text: str

    @property
    def is_finding(self) -> bool:
        """Whether the file must be changed."""
        return self.kind not in ("undecided", "pinned")

    def __str__(self) -> str:
        mark = "undecided: " if self.kind == "undecided" else ""
        return f"{self.file}:{self.line}: {mark}{self.subject} {self.text}."


class Registries:
    """The registries of the credentials' account, each image of which is looked up once.

    :param aws_in: returns the clients of a region.
    :param home: a region of the credentials' partition; by default that of the first image.
    """

    def __init__(self, aws_in: Callable[[str], Aws], home: str | None = None) -> None:
        self._aws_in = cache(aws_in)
        self._home = home
        self._account: str | None = None
        self._images: dict[tuple[str, str, str], ImageInEcr | None] = {}

    def is_own(self, account: str, region: str) -> bool:
        """Return whether the credentials belong to an account."""
        if self._account is None:
            with as_user_errors("Looking up the base images, which --offline leaves out,"):
                self._account = self._aws_in(self._home or region).account()
        return self._account == account

    def image(self, account: str, region: str, repository: str, digest: str) -> ImageInEcr | None:
        """Return an image, archived or not; ``None`` where there is none."""
        key = (region, repository, digest)
        if key not in self._images:
            with as_user_errors(f"Looking up '{repository}@{digest}'"):
                found = image_in_ecr(self._aws_in(region), account, repository, digest)
            self._images[key] = found
        return self._images[key]


def check_dockerfiles(texts: Mapping[Path, str], registries: Registries | None) -> Iterator[Remark]:
    """Yield a remark about each image on ECR that the files use, and about malformed instructions.

    :param texts: the content of each file.
    :param registries: ``None`` looks nothing up, so that a pinned image is undecided.
    """
    for file, text in texts.items():
        for use in images_of(text):
            if found := _remark(use, registries):
                kind, said = found
                yield Remark(file, use.line, kind, _subject(use), said)


def _subject(use: ImageUse) -> str:
    is_replaced = use.image is not None and "$" in use.written
    value = f" ({use.image})" if is_replaced else ""
    return f"{use.where} {use.written}{value}".strip()


def _remark(use: ImageUse, registries: Registries | None) -> tuple[Kind, str] | None:
    if use.malformed:
        return "malformed", f"is malformed: {use.malformed}"
    if use.image is None:
        if not can_be_ecr(use.beginning):
            return None
        return "undecided", f"can be on ECR: {use.undecided}"
    reference = ecr_reference(use.image)
    return _of_reference(reference, registries) if reference else None


def _of_reference(reference: EcrReference, registries: Registries | None) -> tuple[Kind, str]:
    if reference.problem:
        return "malformed", f"is malformed: {reference.problem}"
    if reference.digest is None:
        return "not pinned", f"is not pinned by its digest. {_cure(reference)}"
    return _looked_up(reference, reference.digest, registries)


def _cure(reference: EcrReference) -> str:
    if reference.account is None:
        return "Write @sha256:DIGEST behind it"
    tag = f" --tag {reference.tag}" if reference.tag else ""
    return f"`ecrctl base-image ENV {reference.repository}{tag}` prints the line"


def _looked_up(
    reference: EcrReference, digest: str, registries: Registries | None
) -> tuple[Kind, str]:
    account, region = reference.account, reference.region
    if account is None or region is None:
        return "undecided", "is pinned, and images of ECR Public are not looked up"
    if registries is None:
        return "undecided", "is pinned, and --offline looks nothing up"
    if not registries.is_own(account, region):
        return "undecided", f"is pinned, and the credentials are not those of {account}"
    found = registries.image(account, region, reference.repository, digest)
    if found is None:
        return (
            "unknown digest",
            f"has a digest that {account}, {region} does not have. {_cure(reference)}",
        )
    if found.obstacle:
        return "archived", f"is {found.obstacle}. {_cure(reference)} of another image"
    return "pinned", "is pinned and can be pulled"
