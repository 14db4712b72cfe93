"""The repositories of an app, and those that ECR creates, with the statements of their policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.ecr.public_repository import public_repository_arn
from constructs_lib.rules.registry.prefixes import pattern_under
from ecrctl.policies.documents import canonical_text
from ecrctl.policies.patterns import PatternSet, has_wildcard
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import OWN_ACCOUNT, PrincipalSet
from ecrctl.policies.verbs import CREATED_VERBS, PUBLIC_VERBS, REPOSITORY_VERBS, Verb
from ecrctl.review.access.policy_sets import Holder, PolicySet
from ecrctl.review.resolution.texts import is_unknown
from ecrctl.review.type_names import PUBLIC_REPOSITORY, REGISTRY_POLICY, REPOSITORY, TEMPLATE


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of the app, or the repositories that ECR creates by one creation template.

    :param own: the statements of its policy, without those that AWS refuses.
    :param registry: the statements about it in the registry policy of its account and region.
    """

    holder: Holder
    own: tuple[Permission, ...]
    registry: tuple[Permission, ...] = ()

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """The statements of both policies."""
        return (*self.own, *self.registry)

    @property
    def is_public(self) -> bool:
        """Whether everyone may pull from it, whatever its policy."""
        return self.holder.subject.type == PUBLIC_REPOSITORY

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """The verbs that policies can grant on it."""
        if self.is_public:
            return PUBLIC_VERBS
        return CREATED_VERBS if self.holder.subject.type == TEMPLATE else REPOSITORY_VERBS

    @property
    def environment(self) -> str:
        """The environment that declares it."""
        return self.holder.environment

    @property
    def name(self) -> str:
        """Its name, or else its path in the app; of a creation template, a pattern of names."""
        subject = self.holder.subject
        return pattern_under(subject.name) if subject.type == TEMPLATE else subject.name

    @property
    def account(self) -> str:
        """Its account, as policies name it."""
        (account,) = self.holder.account.principals
        return account.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        account, _, region = self.holder.where.partition("/")
        if self.is_public:
            return public_repository_arn(self.account, self.name)
        if account.isdigit() and not region.startswith("unknown"):
            return repository_arn(account, region, self.name)
        known_region = "${Region}" if region.startswith("unknown") else region
        return f"arn:${{Partition}}:ecr:{known_region}:{self.account}:repository/{self.name}"

    @property
    def arns(self) -> tuple[str, ...]:
        """Its ARN, and the reference to it where it has no name of its own."""
        return (self.arn, f"${{{self.name}.Arn}}")

    def principals(self) -> list[PrincipalSet]:
        """Return the principals that the policy allows something."""
        named = {one.principal for one in self.permissions if not one.is_deny}
        return sorted(named, key=canonical_text)

    def delegates(self, permission: Permission) -> bool:
        """Return whether a statement names the own account, whose identity policies then decide."""
        return permission.principal == self.holder.account and not permission.is_deny

    def is_in_account_of(self, identity: Holder) -> bool:
        """Return whether an identity is certainly in the same account."""
        is_known = self.account != OWN_ACCOUNT
        is_same_app = is_known or self.environment == identity.environment
        return is_same_app and identity.account == self.holder.account

    def is_named_by(self, resource: PatternSet) -> bool:
        """Return whether a statement's resource names this repository's account, or itself."""
        return not resource.negated and any(
            self.account in pattern or pattern in self.arns for pattern in resource.patterns
        )


def repositories_of(found: Mapping[Holder, PolicySet]) -> list[Repository]:
    """Return the repositories among the holders of policies."""
    registries = {
        (holder.environment, holder.where): _valid(policies.permissions)
        for holder, policies in found.items()
        if holder.subject.type == REGISTRY_POLICY
    }
    return [
        _with_registry(
            Repository(holder=holder, own=_valid(policies.permissions)),
            registries.get((holder.environment, holder.where), ()),
        )
        for holder, policies in found.items()
        if is_repository(holder)
    ]


def _with_registry(repository: Repository, permissions: Iterable[Permission]) -> Repository:
    """Return a repository with the statements about it in the registry policy."""
    if repository.is_public:
        return repository
    about = tuple(one for one in permissions if one.is_about(repository.arns))
    return replace(repository, registry=about) if about else repository


def _valid(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    return tuple(one for one in permissions if not refused_principals([one]))


def is_repository(holder: Holder) -> bool:
    """Return whether policies belong to a repository, or to those that ECR creates."""
    return holder.kind == "resource" and holder.subject.type in (
        PUBLIC_REPOSITORY,
        REPOSITORY,
        TEMPLATE,
    )


def has_principals(holder: Holder) -> bool:
    """Return whether the statements about repositories name principals."""
    return is_repository(holder) or holder.subject.type == REGISTRY_POLICY


def refused_principals(permissions: Iterable[Permission]) -> list[str]:
    """Return the principals with a wildcard in their name, which AWS refuses in a policy.

    Source: IAM user guide, "AWS JSON policy elements: Principal".
    """
    names = {one.name for permission in permissions for one in permission.principal.principals}
    return sorted(name for name in names if has_wildcard(name) and not is_unknown(name))
