"""An image of a repository, to which workloads refer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from .named_repository import CachedRepository, NamedRepository, ReferencedRepository
from .rules.ecr import images
from .rules.ecr.tag_immutability import Mode, TagImmutability
from .rules.faults import Fault, raise_if_any
from .rules.policy.repository_policy import PULL_ACTIONS
from .rules.types import checked_types
from .stack_facts import child_of, is_token


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image: a repository with a digest, a tag, or both.

    With both, the image is deployed by its digest, and its workload has the tag as a label. A tag
    alone is accepted only if it cannot be moved to another image: in a repository of this app, or
    a reference, whose tags are immutable.

    :param repository: any ``ecr.IRepository``, of this package or of the CDK, in this account or
        another; or a repository of ECR Public as text, such as
        ``public.ecr.aws/docker/library/busybox``. ``PrivateRepository.from_name`` refers to a
        repository by its name, ``PrivateRepository.through_cache`` to one behind a pull-through
        cache.
    :param digest: ``sha256:`` and 64 hexadecimal digits.
    :param tag: a tag that names a version; ``latest`` is refused.
    :param tag_may_move: ``True`` allows a tag that can be moved, or whose repository's tag
        immutability is unknown: a task or pod runs the image that the tag has when it starts.
        ``False`` by default.
    :raises ValueError: when there is neither tag nor digest, one of them has the wrong form, or
        the tag could be moved.

    Attributes: ``uri`` is the image's URI, a plain string if account, region and name are known;
    ``version`` is the tag of an image that is deployed by its digest.

    Sources: OCI distribution specification, "Pulling manifests"; Amazon ECR user guide,
    "Preventing image tags from being overwritten".

    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> from constructs_lib import PrivateRepository
    >>> api = PrivateRepository.from_name(stack, "Api", repository_name="team/api",
    ...     account="111111111111", region="eu-west-1", tag_immutability=TagImmutability())
    >>> Image(repository=api, tag="v1").uri
    '111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api:v1'
    >>> Image(repository="public.ecr.aws/docker/library/busybox", tag="1.37", tag_may_move=True).uri
    'public.ecr.aws/docker/library/busybox:1.37'
    """

    repository: ecr.IRepository | str
    digest: str | None = None
    tag: str | None = None
    tag_may_move: bool = False

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if isinstance(self.repository, str):
            faults += images.public_repository_faults(self.repository)
        known = {
            name: None if value and cdk.Token.is_unresolved(value) else value
            for name, value in (("tag", self.tag), ("digest", self.digest))
        }
        if any(known.values()) or not (self.tag or self.digest):
            faults += images.reference_faults(**known)
        if not faults and self.tag and not self.digest and not self.tag_may_move:
            faults += images.moving_tag_faults(
                self.tag, _name_of(self.repository), self._immutability
            )
        raise_if_any("Image", faults)

    @staticmethod
    def of(stack: cdk.Stack, spec: images.ImageSpec) -> Image:
        """Return the image of a spec.

        The spec states that the policy of the image's repository already allows the pull.

        :param stack: the stack in which the image's repository is referred to, once for all
            images of one repository.
        """
        return Image(
            repository=_referenced(stack, spec),
            digest=spec.digest,
            tag=spec.tag,
            tag_may_move=spec.tag_may_move,
        )

    @property
    def uri(self) -> str:
        """The image's URI; with its digest, if there is one."""
        return f"{self._repository_uri}{self._suffix}"

    @property
    def version(self) -> str | None:
        """The tag of an image that is deployed by its digest; otherwise ``None``."""
        return self.tag if self.digest else None

    @property
    def account(self) -> str | None:
        """The account of the image's registry, ``None`` for ECR Public."""
        return None if isinstance(self.repository, str) else self.repository.env.account

    @property
    def region(self) -> str | None:
        """The region of the image's registry, ``None`` for ECR Public."""
        return None if isinstance(self.repository, str) else self.repository.env.region

    def for_ecs(self) -> ecs.ContainerImage:
        """Return the image for a container of ECS; its execution role is granted the pull."""
        if isinstance(self.repository, str):
            return ecs.ContainerImage.from_registry(self.uri)
        return ecs.ContainerImage.from_ecr_repository(self.repository, self.digest or self.tag)

    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant | None:
        """Allow a principal to pull the image; ECR Public requires no grant."""
        return None if isinstance(self.repository, str) else self.repository.grant_pull(grantee)

    def pull_faults(self, account: str) -> list[Fault]:
        """Return a fault if the repository's policy is not stated to allow an account's pull."""
        repository, owner = self.repository, self.account
        if not isinstance(repository, ReferencedRepository) or repository.policy_declared_by_owner:
            return []
        if owner is None or is_token(owner) or is_token(account) or owner == account:
            return []
        wanted = {"Action": list(PULL_ACTIONS), "Principal": {"AWS": account}}
        return [repository.owner_statement_fault(wanted)]

    @property
    def _suffix(self) -> str:
        return images.reference_suffix(tag=self.tag, digest=self.digest)

    @property
    def _repository_uri(self) -> str:
        if isinstance(self.repository, str):
            return self.repository
        if isinstance(self.repository, NamedRepository):
            return self.repository.repository_uri
        environment, name = self.repository.env, _name_of(self.repository)
        if any(is_token(part) for part in (environment.account, environment.region, name)):
            return self.repository.repository_uri
        return images.repository_uri(environment.account, environment.region, name)

    @property
    def _immutability(self) -> TagImmutability | None:
        """The repository's tag immutability, ``None`` if it is unknown."""
        if isinstance(self.repository, str):
            return TagImmutability(mode="MUTABLE")
        if isinstance(self.repository, NamedRepository):
            return self.repository.tag_immutability
        resource = _resource_of(self.repository)
        return _declared_immutability(resource) if resource else None


def _referenced(stack: cdk.Stack, spec: images.ImageSpec) -> ecr.IRepository | str:
    if spec.account is None or spec.region is None:
        return spec.repository_uri
    construct_id = f"Image-{spec.account}-{spec.region}-{spec.repository.replace('/', '--')}"
    if spec.cache is not None:
        cached = partial(
            CachedRepository,
            prefix=spec.cache,
            upstream_repository=spec.repository.removeprefix(f"{spec.cache}/"),
            account=spec.account,
            region=spec.region,
            policy_declared_by_owner=True,
        )
        return child_of(stack, construct_id, cached)
    make = partial(
        ReferencedRepository,
        repository_name=spec.repository,
        account=spec.account,
        region=spec.region,
        tag_immutability=spec.tag_immutability,
        policy_declared_by_owner=True,
    )
    return child_of(stack, construct_id, make)


def _resource_of(repository: ecr.IRepository) -> ecr.CfnRepository | None:
    """Return the resource of a repository of this app; a reference has none."""
    resource = repository.node.default_child
    return resource if isinstance(resource, ecr.CfnRepository) else None


def _name_of(repository: ecr.IRepository | str) -> str:
    """Return a repository's name, as a plain string if it is known."""
    if isinstance(repository, str):
        return repository
    name = repository.repository_name
    if not is_token(name) or isinstance(repository, NamedRepository):
        return name
    resource = _resource_of(repository)
    return (resource.repository_name if resource else None) or name


def _declared_immutability(resource: ecr.CfnRepository) -> TagImmutability | None:
    mode = resource.image_tag_mutability or "MUTABLE"
    # The filters of a mode with exclusions are not readable in Python, so it is unknown.
    return TagImmutability(mode=cast("Mode", mode)) if mode in ("IMMUTABLE", "MUTABLE") else None
