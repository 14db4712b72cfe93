"""The grammar of the places and images that a command line names."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.rules.ecr.images import digest_faults, repository_name_faults, tag_faults
from constructs_lib.rules.faults import Fault
from ecrctl.errors import UserError

from .stores.engine import ANY, ENGINES

LAYOUT, OCI_ARCHIVE, DOCKER_ARCHIVE = "oci", "oci-archive", "docker-archive"
_FILES = (LAYOUT, OCI_ARCHIVE, DOCKER_ARCHIVE)
_ENGINE_KINDS = (*ENGINES, ANY)
_FORMS = "docker:NAME, podman:NAME, buildah:NAME or engine:NAME"
SOURCE_FORMS = f"oci:FOLDER[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:TAG], {_FORMS}"
TARGET_FORMS = f"oci:FOLDER[:TAG], oci-archive:FILE[:TAG], {_FORMS}"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,511}")


@dataclass(frozen=True, slots=True)
class Place:
    """A place on this machine that contains images.

    :param kind: such as ``oci`` or ``docker``.
    :param name: the path of a folder or archive, or the name of an image in an engine.
    """

    kind: str
    name: str
    tag: str | None = None

    @property
    def is_engine(self) -> bool:
        """Whether the place is a local engine."""
        return self.kind in _ENGINE_KINDS

    def __str__(self) -> str:
        """Return the place as it is written."""
        return f"{self.kind}:{self.name}{f':{self.tag}' if self.tag else ''}"


@dataclass(frozen=True, slots=True)
class ImageName:
    """A repository and a tag or digest."""

    repository: str
    reference: str

    def __str__(self) -> str:
        """Return the name as it is written."""
        joint = "@" if self.reference.startswith("sha256:") else ":"
        return f"{self.repository}{joint}{self.reference}"


def source_of(text: str) -> Place:
    """Return the place that an image is read from."""
    return _place(text, "--from", SOURCE_FORMS, (*_FILES, *_ENGINE_KINDS))


def target_of(text: str) -> Place:
    """Return the place that an image is written to."""
    return _place(text, "TARGET", TARGET_FORMS, (LAYOUT, OCI_ARCHIVE, *_ENGINE_KINDS))


def pushed_name(text: str) -> ImageName:
    """Return the name under which an image is pushed."""
    repository, _, tag = text.partition(":")
    if "@" in text or not tag:
        raise UserError(
            f"An image is pushed under a tag, got '{text[:200]}'. Write it as REPOSITORY:TAG."
        )
    _check(repository_name_faults(repository) + tag_faults(tag), text)
    return ImageName(repository, tag)


def pulled_name(text: str) -> ImageName:
    """Return the name by which an image is pulled; its tag is ``latest`` where none is named."""
    repository, has_digest, digest = text.partition("@")
    if has_digest:
        # The tag beside a digest is for people.
        repository = repository.partition(":")[0]
        _check(repository_name_faults(repository) + digest_faults(digest), text)
        return ImageName(repository, digest)
    repository, _, tag = text.partition(":")
    _check(repository_name_faults(repository) + tag_faults(tag or "latest"), text)
    return ImageName(repository, tag or "latest")


def _check(faults: list[Fault], text: str) -> None:
    if ".dkr." in text:
        raise UserError(
            f"An image is named without its registry, got '{text[:200]}'. Omit the registry's host "
            "name: ENV names the registry."
        )
    if faults:
        raise UserError("; ".join(map(str, faults)))


def _place(text: str, option: str, forms: str, kinds: tuple[str, ...]) -> Place:
    kind, _, name = text.partition(":")
    if kind not in kinds or not name:
        raise UserError(f"{option} must be one of {forms}, got '{text[:200]}'.")
    if kind in _ENGINE_KINDS:
        if not _NAME.fullmatch(name):
            raise UserError(
                f"{option}: the name of an image in an engine must consist of letters, digits and "
                f"'._:/@-', got '{name[:200]}'. Write it like {kind}:api:v1."
            )
        return Place(kind, name)
    path, colon, tag = name.rpartition(":")
    # A folder's own name can contain a colon.
    if not colon or os.sep in tag or Path(name).exists():
        return Place(kind, name)
    if not path:
        raise UserError(f"{option} must be one of {forms}, got '{text[:200]}'.")
    _check(tag_faults(tag), text)
    return Place(kind, path, tag)
