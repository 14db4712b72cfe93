"""References of images on ECR: the host's account and region, the repository, the digest.

Sources: Amazon ECR user guide, "Private registries" and "Making requests to Amazon ECR registries";
Amazon ECR Public user guide; distribution, "reference" grammar.
"""

import re
from dataclasses import dataclass

from constructs_lib.rules.aws.partitions import region_faults
from constructs_lib.rules.ecr.images import (
    PUBLIC_REGISTRY,
    digest_faults,
    repository_name_faults,
    tag_faults,
)

_PRIVATE = re.compile(
    r"(?P<account>[0-9]{12})\.dkr"
    r"(?:\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.(?:amazonaws\.(?:com|com\.cn|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov|"
    r"cloud\.adc-e\.uk)"
    r"|-ecr(?:-fips)?\.(?P<dual>[a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn))"
)
_PUBLIC = (PUBLIC_REGISTRY, "ecr-public.aws.com")
# Names such as <account>.dkr.ecr.<region>.amazonaws.com, which only look like a registry.
_LOOKS_PRIVATE = re.compile(r"\.dkr[.-]ecr\b|\bdkr[.-]ecr[.-]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z]+://", re.IGNORECASE)
_PORT = re.compile(r":443$")


@dataclass(frozen=True, slots=True)
class EcrReference:
    """An image on ECR.

    :param account: ``None``, as is the region, for an image of ECR Public.
    :param problem: the rule that the reference breaks; empty where it is valid.
    """

    text: str
    account: str | None = None
    region: str | None = None
    repository: str = ""
    tag: str | None = None
    digest: str | None = None
    problem: str = ""


def ecr_reference(text: str) -> EcrReference | None:
    """Return a reference of an image on ECR, or ``None`` for an image of another registry."""
    bare = _SCHEME.sub("", text, count=1)
    host, slash, path = bare.partition("/")
    host = _PORT.sub("", host).lower()
    private = _PRIVATE.fullmatch(host)
    if private is None and host not in _PUBLIC:
        if not _LOOKS_PRIVATE.search(host):
            return None
        rule = "the host must be ACCOUNT.dkr.ecr.REGION.amazonaws.com, with 12 digits as ACCOUNT"
        return EcrReference(text, problem=rule)
    account = private["account"] if private else None
    region = (private["region"] or private["dual"]) if private else None
    if bare != text:
        problem = "a reference has no scheme such as https://"
    elif region and region_faults(region):
        problem = f"'{region}' is no region"
    elif not slash or not path:
        problem = "the repository is missing"
    else:
        repository, tag, digest = _parts(path)
        problem = _problem(repository, tag, digest, is_public=private is None)
        return EcrReference(text, account, region, repository, tag, digest, problem)
    return EcrReference(text, account, region, problem=problem)


def can_be_ecr(beginning: str) -> bool:
    """Return whether an image on ECR can begin with a text."""
    host, slash, _ = beginning.partition("/")
    if slash:
        return ecr_reference(f"{host}/a") is not None
    # A tag of an image without a host, which is on Docker Hub, such as node:$VERSION.
    return ":" not in beginning


def _parts(path: str) -> tuple[str, str | None, str | None]:
    named, at, digest = path.partition("@")
    repository, colon, tag = named.partition(":")
    return repository, tag if colon else None, digest if at else None


def _problem(repository: str, tag: str | None, digest: str | None, *, is_public: bool) -> str:
    faults = [] if is_public else repository_name_faults(repository)
    if tag is not None:
        faults += tag_faults(tag)
    if digest is not None:
        faults += digest_faults(digest)
    return faults[0].message.partition(". ")[0] if faults else ""
