"""Who can pull, push and administer each repository, from synthesised templates alone.

Repository policies are joined with the identity policies of the same app. Identity policies outside
of the app, and the policies of organizations, are unknown; a grant that requires one names it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.policy.cross_account import policies_by_owner
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.callers import limit_callers
from ecrctl.policies.documents import grouped
from ecrctl.policies.verbs import CREATED_VERBS
from ecrctl.policies.wording import conditions_text, principal_text
from ecrctl.review.access.sources import policy_sets
from ecrctl.review.resolution.templates import resolved

from .identities import IdentityIndex
from .repositories import repositories_of
from .requirements import text_of
from .rows import Effect, Policy, Row, rows_of
from .undecided import undecided_policies

_VERBS = tuple(verb.name for verb in CREATED_VERBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A verb that policies allow or deny a principal on a repository.

    :param environment: the environment, or stage, that declares the repository.
    :param actions: the actions of the verb that are allowed or denied.
    :param effect: ``Allow``, or ``Deny``, which overrides every Allow.
    :param condition: the conditions of the statements; empty for none.
    :param policy: the policies whose statements allow or deny the verb together.
    :param also_requires: what other policies must allow as well; empty for nothing.
    :param is_open_to_everyone: whether everyone is allowed, without a condition that limits the
        callers.
    """

    environment: str
    repository: str
    repository_arn: str
    verb: str
    actions: tuple[str, ...]
    effect: Effect
    principal: str
    condition: str
    policy: Policy
    also_requires: str
    is_open_to_everyone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentAccess:
    """The access to the repositories that one environment declares.

    :param repositories: the ARNs of all of them, with or without grants.
    """

    environment: str
    grants: list[Grant]
    repositories: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The access to all repositories of an app.

    :param grants: in order. A repository that is open to everyone comes first.
    :param repositories: the ARNs of the repositories of each environment, with or without grants.
    :param required_policies: the identity policy that the owner of each other account must add.
    :param undecided: the policies that could not be read, each in a sentence.
    """

    grants: list[Grant]
    repositories: dict[str, list[str]]
    required_policies: dict[str, dict[str, Any]]
    undecided: list[str]

    def by_environment(self) -> list[EnvironmentAccess]:
        """Return the access by environment, one with an open repository first."""
        granted = grouped(self.grants, lambda grant: grant.environment)
        return [
            EnvironmentAccess(
                environment=name, grants=granted.get(name, []), repositories=self.repositories[name]
            )
            for name in dict.fromkeys([*self._open_environments(), *sorted(self.repositories)])
        ]

    def _open_environments(self) -> list[str]:
        return [grant.environment for grant in self.grants if grant.is_open_to_everyone]


def access_of(stacks: Sequence[Stack]) -> Access:
    """Return the access to every repository that the stacks declare."""
    stacks = resolved(stacks)
    found = policy_sets(stacks, stacks)
    identities = IdentityIndex(found)
    repositories = repositories_of(found)
    rows = [row for one in repositories for row in rows_of(one, identities)]
    grants = {_grant(row) for row in rows}
    open_places = {place for one in grants if one.is_open_to_everyone for place in _places(one)}
    declared = grouped(repositories, lambda one: one.environment)
    return Access(
        grants=sorted(grants, key=lambda one: _order(one, open_places)),
        required_policies=policies_by_owner(one for row in rows for one in row.required),
        repositories={name: sorted(one.arn for one in these) for name, these in declared.items()},
        undecided=undecided_policies(found),
    )


def grants_of(stacks: Sequence[Stack]) -> list[Grant]:
    """Return every grant on every repository that the stacks declare."""
    return access_of(stacks).grants


def _grant(row: Row) -> Grant:
    repository, allowed = row.repository, row.allowed
    return Grant(
        environment=repository.environment,
        repository=repository.name,
        repository_arn=repository.arn,
        verb=allowed.verb.name,
        actions=allowed.actions,
        effect=row.effect,
        principal=principal_text(row.principals, row.owner, quote=""),
        condition=conditions_text(allowed.conditions, quote=""),
        policy=row.policy,
        also_requires=text_of(row.requirements, repository.arn),
        is_open_to_everyone=row.effect == "Allow"
        and row.principals.is_open
        and not limit_callers(allowed.conditions),
    )


def _places(grant: Grant) -> tuple[str, str]:
    return grant.environment, grant.repository_arn


def _order(grant: Grant, open_places: set[str]) -> tuple[Any, ...]:
    environment, arn = _places(grant)
    return (
        *(environment not in open_places, environment),
        *(arn not in open_places, grant.repository, arn),
        *(
            not grant.is_open_to_everyone,
            _VERBS.index(grant.verb),
            grant.principal,
            grant.condition,
        ),
        *(grant.effect, grant.policy, grant.actions, grant.also_requires),
    )
