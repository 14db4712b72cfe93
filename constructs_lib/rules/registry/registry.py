"""A private registry: all of its settings, checked together.

Sources: Amazon ECR user guide, "Private registry settings in Amazon ECR"; CloudFormation, the
resource types ``AWS::ECR::*``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.faults import Fault, raise_if_any, taken_faults, under
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.statements import Statement
from constructs_lib.rules.types import type_faults

from .creation_templates import CreationTemplate, template_faults
from .exclusions import exclusion_faults
from .prefixes import pattern_under
from .pull_through import PullThroughCache, cache_faults
from .registry_policy import (
    CacheAccess,
    RegistryPolicy,
    registry_policy_faults,
    registry_statements,
)
from .replication import ReplicationRule, replication_faults
from .scanning import RegistryScanning
from .signing import SigningRule, signing_faults

ON_PUSH = RegistryScanning()
NO_POLICY = RegistryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySpec:
    """The settings of an account's private registry in a region.

    :param place: the registry's account, region and partition.
    :param scanning: by default a basic scan of every image that is pushed. ``None`` declares no
        scanning and leaves the registry's as it is.
    :param replication: rules that copy pushed images to other registries; by default none.
    :param caches: pull-through caches, at most 50; by default none.
    :param templates: settings of repositories that ECR creates; by default those of ``caches``.
    :param signing: rules that sign pushed images, at most 10; by default none.
    :param exclusions: ARNs of roles and users whose pulls do not count as a use of an image, such
        as a scanner's; by default none.
    :param policy: the registry policy besides the statements for ``caches``; by default none.
    :param blob_mounting: whether a push reuses layers of other repositories that have the same
        encryption and key. ``None``, the default, leaves the account's setting as it is.
    :raises RuleError: with every rule that is broken.

    Attributes: ``statements`` are those of the registry policy.
    """

    place: Place
    scanning: RegistryScanning | None = ON_PUSH
    replication: ListOf[ReplicationRule] = ()
    caches: ListOf[PullThroughCache] = ()
    templates: ListOf[CreationTemplate] = ()
    signing: ListOf[SigningRule] = ()
    exclusions: ListOf[str] = ()
    policy: RegistryPolicy = NO_POLICY
    blob_mounting: bool | None = None
    statements: list[Statement] = field(init=False)

    def __post_init__(self) -> None:
        caches = [
            CacheAccess(pull=one.pull, repositories=(pattern_under(one.prefix),))
            for one in self.caches
            if one.pull
        ]
        object.__setattr__(self, "statements", registry_statements(self.policy, caches, self.place))
        raise_if_any("Registry", _registry_faults(self))

    @property
    def all_templates(self) -> tuple[CreationTemplate, ...]:
        """The creation templates of the caches, and those that are declared."""
        return (*(cache.template for cache in self.caches), *self.templates)

    def cache(self, prefix: str) -> PullThroughCache | None:
        """Return the cache of a prefix."""
        return next((one for one in self.caches if one.prefix == prefix), None)


def _registry_faults(spec: RegistrySpec) -> Iterator[Fault]:
    yield from type_faults("blob_mounting", spec.blob_mounting, bool | None)
    yield from taken_faults(
        "prefix",
        [
            *((f"caches[{index}]", one.prefix) for index, one in enumerate(spec.caches)),
            *((f"templates[{index}]", one.prefix) for index, one in enumerate(spec.templates)),
        ],
    )
    yield from under("replication", replication_faults(spec.replication, spec.place))
    yield from under("caches", cache_faults(spec.caches, spec.place))
    yield from under(
        "caches", template_faults(tuple(one.template for one in spec.caches), spec.place)
    )
    yield from under("templates", template_faults(spec.templates, spec.place))
    yield from under("signing", signing_faults(spec.signing, spec.place))
    yield from under("exclusions", exclusion_faults(spec.exclusions))
    yield from under("policy", registry_policy_faults(spec.statements))
    for index, source in enumerate(spec.policy.replication):
        if source.account == spec.place.account:
            yield Fault(
                f"policy.replication[{index}].account",
                f"an account replicates into its own registries without a permission, got its own "
                f"account {source.account}. Remove it.",
            )
