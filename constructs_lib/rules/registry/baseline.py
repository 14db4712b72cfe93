"""A registry's settings for many accounts, which CloudFormation deploys as a stack set.

Sources: AWS CloudFormation, "AWS::CloudFormation::StackSet"; AWS CloudFormation user guide,
"Prerequisites for using CloudFormation StackSets" and "Understand CloudFormation quotas".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from constructs_lib.rules.aws.partitions import partition_of, region_faults
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.aws.tokens import is_token, matches
from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.faults import (
    Fault,
    each_under,
    faults_unless,
    raise_if_any,
    range_faults,
    repeated,
    under,
)
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.statements import Statement
from constructs_lib.rules.types import checked_types

from .registry import RegistrySpec
from .signing import SigningRule
from .upstreams import UPSTREAMS

ORGANIZATIONAL_UNIT = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}")
STACK_SET_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,127}")
LONGEST_TEMPLATE_BYTES = 51_200
LARGEST_PERCENTAGE = 100
MAX_CONCURRENT_PERCENTAGE = 10
FAILURE_TOLERANCE_PERCENTAGE = 0
_ROOT = "r-"
# The partition whose regions have no trusted access for StackSets.
_WITHOUT_TRUST = "aws-cn"

# The account and region of each stack, which rules take for unknown, as they do the CDK's tokens.
EVERYWHERE = Place("${Token[AWS.AccountId]}", "${Token[AWS.Region]}", "${Token[AWS.Partition]}")


class _Encrypted(Protocol):
    @property
    def encryption(self) -> EncryptionSpec | None: ...


class _Cache(_Encrypted, Protocol):
    @property
    def upstream(self) -> str: ...
    @property
    def secret_arn(self) -> str | None: ...
    @property
    def role_arn(self) -> str | None: ...


class _Policy(Protocol):
    @property
    def statements(self) -> Sequence[Statement]: ...


class RegistrySettings(Protocol):
    """The settings of a registry that may name one account, as a file or a construct has them."""

    @property
    def replication(self) -> Sequence[object]:
        """The replication rules."""

    @property
    def caches(self) -> Sequence[_Cache]:
        """The pull-through caches."""

    @property
    def templates(self) -> Sequence[_Encrypted]:
        """The creation templates."""

    @property
    def signing(self) -> Sequence[SigningRule]:
        """The signing rules."""

    @property
    def exclusions(self) -> Sequence[str]:
        """The pull-time exclusions."""

    @property
    def policy(self) -> _Policy:
        """The registry policy."""

    @property
    def blob_mounting(self) -> bool | None:
        """The setting for blob mounting."""


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryBaselineSpec:
    """The settings that registries of many accounts and regions have in common.

    :param place: the account and region of the stack set: the organization's management account,
        or a delegated administrator's.
    :param organizational_units: IDs such as ``ou-ab12-11111111``, or the root's; at least one. All
        accounts in and under them are targets.
    :param regions: at least one.
    :param registry: the settings, without what is of one account: replication, secrets, roles,
        keys, signing profiles, exclusions, statements and blob mounting.
    :param max_concurrent_percentage: of the accounts of a region, 1 to 100; 10 by default. The
        failure tolerance limits it too: without one, accounts follow each other.
    :param failure_tolerance_percentage: the accounts of a region, in percent, in which a deployment
        may fail before it stops, 0 (the default) to 100.
    :param auto_deployment: whether accounts that join or leave the organizational units get or
        lose the stacks; ``True`` by default.
    :param retain_on_account_removal: whether the resources stay in an account that leaves;
        ``True`` by default. Requires ``auto_deployment``.
    :param delegated_administrator: whether the account is a delegated administrator for
        CloudFormation, and not the management account; ``False`` by default.
    :raises RuleError: with every rule that is broken.
    """

    place: Place
    organizational_units: ListOf[str]
    regions: ListOf[str]
    registry: RegistrySpec
    max_concurrent_percentage: int = MAX_CONCURRENT_PERCENTAGE
    failure_tolerance_percentage: int = FAILURE_TOLERANCE_PERCENTAGE
    auto_deployment: bool = True
    retain_on_account_removal: bool | None = None
    delegated_administrator: bool = False

    def __post_init__(self) -> None:
        raise_if_any("RegistryBaseline", _faults(self))

    @property
    def retains(self) -> bool:
        """Whether the resources stay in an account that leaves the organizational units."""
        return self.auto_deployment and self.retain_on_account_removal is not False


def per_account_faults(registry: RegistrySettings) -> Iterator[Fault]:
    """Yield a fault for each setting that cannot be the same in many accounts."""
    own = "Declare it in an environment of the account."
    reasons = {
        "replication": "names the registries of single accounts",
        "exclusions": "names roles and users of one account",
    }
    for name, reason in reasons.items():
        given = getattr(registry, name)
        yield from faults_unless(
            not given,
            f"{name} {reason}, and a baseline is for many, got {len(given)}. {own}",
            path=name,
        )
    yield from faults_unless(
        registry.blob_mounting is None,
        "blob_mounting requires a function in each account and region, which a baseline does not "
        f"have, got {str(registry.blob_mounting).lower()}. {own}",
        path="blob_mounting",
    )
    yield from faults_unless(
        not registry.policy.statements,
        "policy.statements names the repositories of one account, and a baseline is for many, got "
        f"{len(registry.policy.statements)}. {own}",
        path="policy.statements",
    )
    for index, cache in enumerate(registry.caches):
        yield from under(f"caches[{index}]", _cache_faults(cache))
    for index, template in enumerate(registry.templates):
        yield from under(f"templates[{index}]", _key_faults(template))
    for index, rule in enumerate(registry.signing):
        yield from faults_unless(
            rule.profile_arn is None,
            "a baseline makes a signing profile in each account and region, got the ARN of one. "
            "Remove profile_arn.",
            path=f"signing[{index}].profile_arn",
        )


def template_size_faults(size: int) -> list[Fault]:
    """Check the bytes of a template that is a part of the stack set's own."""
    return faults_unless(
        size <= LONGEST_TEMPLATE_BYTES,
        f"the template of a baseline can have at most {LONGEST_TEMPLATE_BYTES:,} bytes, got "
        f"{size:,}. Declare fewer caches and templates, or shorter lifecycle policies.",
    )


def stack_set_name_faults(name: str) -> list[Fault]:
    """Check the name of a stack set."""
    return faults_unless(
        matches(STACK_SET_NAME, name),
        "a stack set's name must have 1 to 128 letters, digits and '-' and begin with a letter, "
        f"got '{name[:80]}'. Write it like 'registry-baseline'.",
    )


def organizational_unit_faults(unit: str) -> list[Fault]:
    """Check the ID of an organizational unit."""
    return faults_unless(
        matches(ORGANIZATIONAL_UNIT, unit),
        f"'{unit[:80]}' is not the ID of an organizational unit. Write it like "
        "'ou-ab12-11111111', or 'r-ab12' for the root.",
    )


def max_concurrent_faults(percentage: int) -> list[Fault]:
    """Check the share of accounts that a stack set deploys to at once."""
    subject, cure = "max_concurrent_percentage", "Write 100 for all accounts at once."
    return range_faults("", percentage, 1, LARGEST_PERCENTAGE, cure, subject=subject)


def failure_tolerance_faults(percentage: int) -> list[Fault]:
    """Check the share of accounts in which a deployment of a stack set may fail."""
    subject, cure = "failure_tolerance_percentage", "Write 0 to stop at the first failure."
    return range_faults("", percentage, 0, LARGEST_PERCENTAGE, cure, subject=subject)


def _cache_faults(cache: _Cache) -> Iterator[Fault]:
    upstream = UPSTREAMS.get(cache.upstream)  # type: ignore[call-overload] # any text in a file
    if upstream and upstream.authentication == "secret":
        yield Fault(
            "upstream",
            f"a cache of {upstream.title} requires a secret in each account and region, which a "
            f"baseline cannot name, got {cache.upstream}. Declare the cache in an environment of "
            "one account, and cache that registry here with the upstream ecr.",
        )
    elif cache.secret_arn is not None:
        message = "a baseline cannot name a secret of one account, got one. Remove secret_arn."
        yield Fault("secret_arn", message)
    yield from faults_unless(
        cache.role_arn is None,
        "a baseline makes a role in each account, got the ARN of one. Remove role_arn.",
        path="role_arn",
    )
    yield from _key_faults(cache)


def _key_faults(item: _Encrypted) -> list[Fault]:
    return faults_unless(
        item.encryption is None or item.encryption.key_arn is None,
        "a key is of one account and region, and a baseline is for many, got the ARN of one. Write "
        "customer-managed for a key in each of them, or aws-managed.",
        path="encryption",
    )


def _faults(spec: RegistryBaselineSpec) -> Iterator[Fault]:
    units, regions = spec.organizational_units, spec.regions
    yield from faults_unless(
        spec.place.partition != _WITHOUT_TRUST,
        "CloudFormation StackSets cannot be trusted by an organization in China, got an account in "
        f"{spec.place.region}. Declare a registry for each account.",
    )
    yield from faults_unless(
        units,
        "a baseline requires at least one organizational unit, got none. Write its ID, such as "
        "'ou-ab12-11111111'.",
        path="organizational_units",
    )
    yield from each_under("organizational_units", units, organizational_unit_faults)
    yield from _repeated("organizational_units", units, "an organizational unit")
    roots = [one for one in units if one.startswith(_ROOT)]
    yield from faults_unless(
        not roots or len(set(units)) == 1,
        f"the root {''.join(roots[:1])} contains every organizational unit, got {len(units)}. "
        "Write the root alone.",
        path="organizational_units",
    )
    yield from faults_unless(
        regions,
        "a baseline requires at least one region, got none. Write one such as 'us-west-2'.",
        path="regions",
    )
    yield from each_under("regions", regions, region_faults)
    yield from _repeated("regions", regions, "a region")
    yield from _partition_faults(spec.place, regions)
    concurrency = max_concurrent_faults(spec.max_concurrent_percentage)
    yield from under("max_concurrent_percentage", concurrency)
    tolerance = failure_tolerance_faults(spec.failure_tolerance_percentage)
    yield from under("failure_tolerance_percentage", tolerance)
    yield from faults_unless(
        spec.auto_deployment or spec.retain_on_account_removal is None,
        "retain_on_account_removal is for stacks that auto_deployment adds and removes, which is "
        "off. Remove one of the two.",
        path="retain_on_account_removal",
    )
    yield from under("registry", per_account_faults(spec.registry))


def _partition_faults(place: Place, regions: Sequence[str]) -> Iterator[Fault]:
    for index, region in enumerate(regions):
        partition = partition_of(region).name
        if not is_token(region + place.partition) and partition != place.partition:
            yield Fault(
                f"regions[{index}]",
                f"a stack set deploys in its own partition {place.partition}, got {region} of "
                f"{partition}. Declare a baseline in an account of that partition.",
            )


def _repeated(path: str, items: Sequence[str], subject: str) -> Iterator[Fault]:
    for index, value, first in repeated(enumerate(items)):
        yield Fault(
            f"{path}[{index}]",
            f"{subject} can be listed once, got {value} also in {path}[{first}]. Remove one.",
        )
