"""How a container image is named: registry, repository, tag and digest.

Sources: Amazon ECR API reference, "CreateRepository"; OCI distribution specification,
"Pulling manifests"; Amazon ECR user guide, "Private registries"; Amazon ECR Public user guide.
"""

from __future__ import annotations

import re
from hashlib import sha256

from constructs_lib.rules.aws.partitions import partition_of
from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.faults import Fault

from .tag_immutability import TagImmutability

SHORTEST_NAME, LONGEST_NAME = 2, 256
LONGEST_LOGICAL_ID = 255

_NAME = re.compile(
    r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*",
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
PUBLIC_REGISTRY = "public.ecr.aws"
_PUBLIC_REPOSITORY = re.compile(
    r"public\.ecr\.aws/[a-z][a-z0-9-]*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+"
)
_SEPARATOR_WORDS = {"/": "Slash", "-": "Dash", ".": "Dot", "_": "Underscore"}


def repository_name_faults(name: str) -> list[Fault]:
    """Check a repository's name: 2 to 256 characters of ECR's alphabet."""
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        return [
            Fault(
                "",
                f"a repository's name has 2 to 256 characters, got {len(name)} ('{name[:40]}'). "
                "Choose another name.",
            )
        ]
    if not _NAME.fullmatch(name):
        return [
            Fault(
                "",
                "a repository's name is made of lower-case letters and digits, joined by single "
                f"'/', '-', '_' or '.', got '{name}'. Write it such as 'team/api'.",
            )
        ]
    return []


def tag_faults(tag: str) -> list[Fault]:
    """Check the form of an image tag: 1 to 128 characters, not beginning with '.' or '-'."""
    if _TAG.fullmatch(tag):
        return []
    return [
        Fault(
            "",
            "an image tag has 1 to 128 letters, digits, '_', '.' or '-' and begins with neither "
            f"'.' nor '-', got '{tag[:140]}'. Choose another tag.",
        )
    ]


def digest_faults(digest: str) -> list[Fault]:
    """Check the form of an image digest: ``sha256:`` and 64 hexadecimal digits."""
    if _DIGEST.fullmatch(digest):
        return []
    return [
        Fault(
            "",
            "an image digest is 'sha256:' and 64 lower-case hexadecimal digits, "
            f"got '{digest[:80]}'. Copy it from the registry, or let `ecrctl pin` write it.",
        )
    ]


def reference_faults(*, tag: str | None, digest: str | None) -> list[Fault]:
    """Check what a workload deploys: a digest, or a tag that says which version it is."""
    faults: list[Fault] = []
    if tag is None and digest is None:
        faults.append(Fault("", "an image needs a digest or a tag, got neither. Give its digest."))
    if tag is not None:
        faults += [fault.under("tag") for fault in tag_faults(tag)]
    if tag == "latest":
        faults.append(_latest("tag"))
    if digest is not None:
        faults += [fault.under("digest") for fault in digest_faults(digest)]
    return faults


def uri_faults(uri: str) -> list[Fault]:
    """Check that an image's URI says which image it is; a token says so at deployment."""
    if is_token(uri) or "@sha256:" in uri:
        return []
    _, _, tag = uri.rpartition("/")[2].partition(":")
    return [] if tag and tag != "latest" else [_latest("")]


def _latest(path: str) -> Fault:
    return Fault(
        path,
        "deploying the tag 'latest' is refused, because it does not say which image runs. "
        "Give the image's digest, or a tag that names its version.",
    )


def public_repository_faults(repository: str) -> list[Fault]:
    """Check the path of a repository of ECR Public, its registry's name included."""
    if _PUBLIC_REPOSITORY.fullmatch(repository):
        return []
    return [
        Fault(
            "repository",
            f"a repository given as text is one of ECR Public, such as "
            f"'{PUBLIC_REGISTRY}/docker/library/busybox', got '{repository[:120]}'. "
            "An image from elsewhere is pulled through a cache, or pushed to a private repository.",
        )
    ]


def moving_tag_faults(
    tag: str, repository: str, immutability: TagImmutability | None
) -> list[Fault]:
    """Check that a tag by which an image is deployed stays where it is.

    :param immutability: which tags of the repository can be moved; ``None`` if nobody knows.
    """
    if immutability and not immutability.can_move(tag):
        return []
    why = "can be moved" if immutability else "may be movable, as nothing here says otherwise,"
    return [
        Fault(
            "tag",
            f"the tag '{tag}' {why} in '{repository}', so it does not say which image runs. Give "
            "the image's digest, or say `tag_may_move` to run whatever it points to.",
        )
    ]


def registry_host(account: str, region: str) -> str:
    """Give the host of an account's private registry in a region, right in every partition."""
    return f"{account}.dkr.ecr.{region}.{partition_of(region).url_suffix}"


def repository_arn(account: str, region: str, name: str) -> str:
    """Give a repository's ARN."""
    return f"arn:{partition_of(region).name}:ecr:{region}:{account}:repository/{name}"


def repository_uri(account: str, region: str, name: str) -> str:
    """Give a repository's URI, the part of an image's URI before ``:tag`` or ``@digest``."""
    return f"{registry_host(account, region)}/{name}"


def reference_suffix(*, tag: str | None, digest: str | None) -> str:
    """Give ``@digest`` when there is one, which alone says what will run, or else ``:tag``."""
    return f"@{digest}" if digest else f":{tag}"


def repository_logical_id(name: str) -> str:
    """Give the logical ID of the repository of that name: different names, different IDs.

    Repository names are lower case, so a capital letter can only stand for a separator:
    ``team/api`` becomes ``RepositoryteamSlashapi``, ``team-api`` becomes
    ``RepositoryteamDashapi``. A logical ID has at most 255 characters, so the few names that
    would pass it keep their beginning and end with a hash of the whole.
    """
    logical_id = "Repository" + "".join(_SEPARATOR_WORDS.get(letter, letter) for letter in name)
    if len(logical_id) <= LONGEST_LOGICAL_ID:
        return logical_id
    return f"{logical_id[:190]}H{sha256(name.encode()).hexdigest()}"
