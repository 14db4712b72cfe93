"""Images outside of repository policies: public repositories, and copies in other accounts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.patterns import matches
from ecrctl.policies.wording import listed
from ecrctl.review.diff.resources import mappings, properties, value_at
from ecrctl.review.type_names import PUBLIC_REPOSITORY, REPLICATION

from .breach import Breach, Names, applies_to, may_concern
from .callers import ONLY_KNOWN_LATER, doubt_about_account, names_account
from .review_file import Allowed, ForbiddenAccess

_PULL = "pull"
_UNKNOWN = "known only at deployment"


def copies_of(
    stacks: Sequence[Stack], rules: Sequence[ForbiddenAccess], names: Names
) -> Iterator[Breach]:
    """Yield the images that everyone, or another account, can pull although a rule forbids it."""
    for stack in stacks:
        for rule in rules:
            if _PULL in rule.verbs and applies_to(rule, stack.environment, names):
                yield from _public_repositories(stack, rule)
                yield from _replications(stack, rule)


def _public_repositories(stack: Stack, rule: ForbiddenAccess) -> Iterator[Breach]:
    for logical_id, resource in stack.resources(PUBLIC_REPOSITORY):
        name = properties(resource).get("RepositoryName")
        if isinstance(name, str) and any(matches(one, name) for one in rule.repositories):
            yield Breach(
                rule=rule,
                environment=stack.environment,
                stack=stack.name,
                repository=f"public repository {name}",
                arn=f"{stack.account} {name}",
                access="lets everyone pull",
                evidence=("public",),
                places=frozenset({(stack.id, logical_id)}),
            )


def _replications(stack: Stack, rule: ForbiddenAccess) -> Iterator[Breach]:
    for logical_id, resource in stack.resources(REPLICATION):
        given = value_at(resource, "ReplicationConfiguration", "Rules")
        for account, region, prefixes in _destinations(given):
            is_own = account == stack.account
            is_matched = any(may_concern(rule, prefix) for prefix in prefixes)
            if is_own or not is_matched or names_account(rule.allowed, account, stack.account):
                continue
            which = listed([f"`{prefix}*`" for prefix in prefixes if prefix]) or "all repositories"
            yield Breach(
                rule=rule,
                environment=stack.environment,
                stack=stack.name,
                repository=f"registry {stack.account}",
                arn=f"{stack.account} {stack.region}",
                access=f"copies images of {which} to {_place(account, region)}",
                evidence=("replication", account, region, *prefixes),
                doubt=_doubt(rule.allowed, account),
                places=frozenset({(stack.id, logical_id)}),
            )


def _doubt(allowed: Allowed, account: str) -> str:
    return ONLY_KNOWN_LATER if account == _UNKNOWN else doubt_about_account(allowed, account)


def _destinations(rules: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each destination of a replication, with the prefixes of the repositories' names."""
    for rule in mappings(rules):
        prefixes = [str(one.get("Filter", "")) for one in mappings(rule.get("RepositoryFilters"))]
        for one in mappings(rule.get("Destinations")):
            yield _text(one, "RegistryId"), _text(one, "Region"), prefixes or [""]


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else _UNKNOWN


def _place(account: str, region: str) -> str:
    """Return the words for a registry, a part of which may be known only at deployment."""
    if account == _UNKNOWN:
        return f"an account that is {_UNKNOWN}"
    where = f"a region that is {_UNKNOWN}" if region == _UNKNOWN else region
    return f"account `{account}` in {where}"
