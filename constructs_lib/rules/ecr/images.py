"""Names of container images: registry, repository, tag and digest.

Sources: Amazon ECR API reference, "CreateRepository"; OCI distribution specification,
"Pulling manifests"; Amazon ECR user guide, "Private registries"; Amazon ECR Public user guide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.tokens import matches
from constructs_lib.rules.faults import Fault, faults_unless, under

from .tag_immutability import TagImmutability

SHORTEST_NAME, LONGEST_NAME = 2, 256
LONGEST_LOGICAL_ID = 255

REPOSITORY_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PUBLIC_REGISTRY = "public.ecr.aws"
_PUBLIC_REPOSITORY = re.compile(
    r"public\.ecr\.aws/[a-z][a-z0-9-]*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+"
)
_SEPARATOR_WORDS = {"/": "Slash", "-": "Dash", ".": "Dot", "_": "Underscore"}


def repository_name_faults(name: str, longest: int = LONGEST_NAME) -> list[Fault]:
    """Check a repository's name: 2 to 256 of the characters that ECR allows.

    :param longest: the characters that a name can have; fewer for a public repository.
    """
    if not SHORTEST_NAME <= len(name) <= longest:
        message = f"a repository's name must have 2 to {longest} characters, got {len(name)}"
        return [Fault("", f"{message} ('{name[:40]}'). Choose another name.")]
    return faults_unless(
        REPOSITORY_NAME.fullmatch(name),
        "a repository's name must consist of lower-case letters and digits, joined by single "
        f"'/', '-', '_' or '.', got '{name}'. Write it like 'team/api'.",
    )


def tag_faults(tag: str) -> list[Fault]:
    """Check the form of an image tag: 1 to 128 characters, not beginning with '.' or '-'."""
    return faults_unless(
        matches(TAG, tag),
        "an image tag must have 1 to 128 letters, digits, '_', '.' and '-', and cannot begin with "
        f"'.' or '-', got '{tag[:140]}'. Choose another tag.",
    )


def digest_faults(digest: str) -> list[Fault]:
    """Check the form of an image digest: ``sha256:`` and 64 hexadecimal digits."""
    return faults_unless(
        matches(DIGEST, digest),
        "an image digest must be 'sha256:' and 64 lower-case hexadecimal digits, "
        f"got '{digest[:80]}'. Copy it from the registry, or run `ecrctl pin`.",
    )


def reference_faults(*, tag: str | None, digest: str | None) -> Iterator[Fault]:
    """Yield the faults of the reference by which a workload deploys an image."""
    if tag is None and digest is None:
        yield Fault("", "an image requires a digest or a tag, got neither. Write its digest.")
    if tag is not None:
        yield from under("tag", tag_faults(tag))
    if tag == "latest":
        yield Fault(
            "tag",
            "an image cannot be deployed by the tag 'latest', which identifies no version. Write "
            "the image's digest, or a tag that names its version.",
        )
    if digest is not None:
        yield from under("digest", digest_faults(digest))


def public_repository_faults(repository: str) -> list[Fault]:
    """Check the path of a repository of ECR Public, its registry's name included."""
    return faults_unless(
        _PUBLIC_REPOSITORY.fullmatch(repository),
        f"a repository that is written as text must be one of ECR Public, such as "
        f"'{PUBLIC_REGISTRY}/docker/library/busybox', got '{repository[:120]}'. "
        "Pull other images through a cache, or push them to a private repository.",
        path="repository",
    )


def moving_tag_faults(
    tag: str, repository: str, immutability: TagImmutability | None
) -> list[Fault]:
    """Check that a tag by which an image is deployed cannot be moved to another image.

    :param immutability: the repository's tag immutability; ``None`` if it is unknown.
    """
    why = "can be moved" if immutability else "may be movable, because its rules are unknown here,"
    return faults_unless(
        immutability and not immutability.can_move(tag),
        f"the tag '{tag}' {why} in '{repository}', so it does not identify one image. Write the "
        "image's digest, or set `tag_may_move` to run the image that the tag has at each start.",
        path="tag",
    )


class ImageReference(Protocol):
    """An image as a workload's manifest refers to it."""

    @property
    def uri(self) -> str:
        """The image's URI, by digest or tag."""

    @property
    def version(self) -> str | None:
        """The tag of an image whose URI has its digest, for a label of the workload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """A pinned image, and the account and region whose registry contains it.

    :param account: ``None``, as is the region, for an image of ECR Public.
    :param tag_may_move: whether the image may be deployed by a tag that can be moved.
    :param tag_immutability: the repository's tag immutability, if it is known.
    :param cache: the prefix of the pull-through cache that the repository belongs to, if any.
    """

    account: str | None
    region: str | None
    repository: str
    tag: str | None
    digest: str | None
    tag_may_move: bool = False
    tag_immutability: TagImmutability | None = None
    cache: str | None = None

    @property
    def uri(self) -> str:
        """The image's URI; with its digest, if there is one."""
        return f"{self.repository_uri}{reference_suffix(tag=self.tag, digest=self.digest)}"

    @property
    def repository_uri(self) -> str:
        """The URI of the image's repository."""
        if self.account is None or self.region is None:
            return f"{PUBLIC_REGISTRY}/{self.repository}"
        return repository_uri(self.account, self.region, self.repository)

    @property
    def version(self) -> str | None:
        """The tag of an image that is deployed by its digest; otherwise ``None``."""
        return self.tag if self.digest else None


def registry_host(account: str, region: str) -> str:
    """Return the host of an account's private registry in a region of any partition."""
    return f"{account}.dkr.ecr.{region}.{partition_of(region).url_suffix}"


def repository_arn(account: str, region: str, name: str) -> str:
    """Return a repository's ARN."""
    return f"arn:{partition_of(region).name}:ecr:{region}:{account}:repository/{name}"


def repository_uri(account: str, region: str, name: str) -> str:
    """Return a repository's URI, the part of an image's URI before ``:tag`` or ``@digest``."""
    return f"{registry_host(account, region)}/{name}"


def reference_suffix(*, tag: str | None, digest: str | None) -> str:
    """Return ``@digest`` if there is a digest, which identifies one image, or ``:tag``."""
    return f"@{digest}" if digest else f":{tag}"


def repository_logical_id(name: str, prefix: str = "Repository") -> str:
    """Return the logical ID of a repository, which differs between any two names.

    Repository names are lower case, so a capital letter can only replace a separator:
    ``team/api`` becomes ``RepositoryteamSlashapi``, ``team-api`` becomes
    ``RepositoryteamDashapi``. A logical ID can have at most 255 characters, so the ID of a longer
    name is shortened and ends with a hash of the whole name.
    """
    logical_id = prefix + "".join(_SEPARATOR_WORDS.get(letter, letter) for letter in name)
    if len(logical_id) <= LONGEST_LOGICAL_ID:
        return logical_id
    return f"{logical_id[:190]}H{sha256(name.encode()).hexdigest()}"
