"""One image of one repository, as every workload refers to it."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr

from .rules.faults import refuse
from .rules.images import reference_faults, reference_suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Define an image: a repository with a digest, a tag, or both.

    With both, the digest is what is deployed, and the tag says what it is called.

    :param repository: any ``ecr.IRepository``.
    :param digest: ``sha256:`` and 64 hexadecimal digits.
    :param tag: a tag that names a version; ``latest`` is refused.
    :raises ValueError: when there is neither, or either does not have its form.

    Source: OCI distribution specification, "Pulling manifests".

    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> from constructs_lib import PrivateRepository
    >>> api = PrivateRepository.from_name(stack, "Api", repository_name="team/api",
    ...     account="111111111111", region="eu-west-1")
    >>> Image(repository=api, tag="v1").uri
    '111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api:v1'
    """

    repository: ecr.IRepository
    digest: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        known = {
            name: None if value and cdk.Token.is_unresolved(value) else value
            for name, value in (("tag", self.tag), ("digest", self.digest))
        }
        if any(known.values()) or not (self.tag or self.digest):
            refuse("Image", reference_faults(**known))

    @property
    def uri(self) -> str:
        """Give the image's URI; by digest when there is one."""
        suffix = reference_suffix(tag=self.tag, digest=self.digest)
        return f"{self.repository.repository_uri}{suffix}"
