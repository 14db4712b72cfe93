"""Who can pull, push and administer each repository, from synthesised templates alone.

Repository policies are joined with the identity policies of the same app. Identity policies outside
of the app are unknown; a grant that needs one names it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.policy.cross_account import (
    RequiredGrant,
    completed_by_cdk,
    policies_by_owner,
    required_grants,
)
from constructs_lib.rules.policy.statements import statements_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.conditions import Conditions, joined
from ecrctl.policies.documents import grouped
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import PrincipalSet
from ecrctl.policies.verbs import REPOSITORY_VERBS
from ecrctl.policies.wording import conditions_text, principal_text
from ecrctl.review.access.policy_sets import Holder, PolicySet
from ecrctl.review.access.sources import policy_sets
from ecrctl.review.resource_types import REPOSITORY

_VERBS = tuple(verb.name for verb in REPOSITORY_VERBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A verb that a policy allows or denies a principal on a repository.

    :param environment: the environment, or stage, that declares the repository.
    :param effect: ``Allow``, or ``Deny``, which overrides every Allow.
    :param condition: the condition of the policy; empty for none.
    :param policy: the kind of the policy.
    :param also_requires: what another account must allow as well; empty for nothing.
    """

    environment: str
    repository: str
    verb: str
    effect: Literal["Allow", "Deny"]
    principal: str
    condition: str
    policy: Literal["repository policy", "identity policy"]
    also_requires: str


def grants_of(stacks: Sequence[Stack]) -> list[Grant]:
    """Return every grant on every repository that the stacks declare."""
    found = policy_sets(stacks, stacks)
    identities = [(holder, one) for holder, one in found.items() if holder.kind == "identity"]
    grants = {
        grant
        for repository, own in found.items()
        if _is_repository(repository)
        for holder, policies in ((repository, own), *identities)
        for grant in _grants(repository, holder, policies)
    }
    return sorted(grants, key=_order)


def unread_policies(stacks: Sequence[Stack]) -> list[str]:
    """Return the repositories and identities with a policy that cannot be read, in words."""
    return sorted(
        f"{holder.environment}: {holder.subject.text}"
        for holder, policies in policy_sets(stacks, stacks).items()
        if policies.unreadable and (holder.kind == "identity" or _is_repository(holder))
    )


def by_environment(grants: Iterable[Grant]) -> dict[str, list[Grant]]:
    """Return grants by the environment that declares the repository."""
    return grouped(grants, lambda grant: grant.environment)


def required_policies(stacks: Sequence[Stack]) -> dict[str, dict[str, Any]]:
    """Return the identity policy that the owner of each other account must add."""
    required: list[RequiredGrant] = []
    for stack in stacks:
        for _, resource in stack.resources(REPOSITORY):
            properties = resource["Properties"]
            name = properties.get("RepositoryName", "")
            required += required_grants(
                statements_of(properties.get("RepositoryPolicyText", {})),
                account=stack.account,
                repository_arn=repository_arn(stack.account, stack.region, name),
            )
    return policies_by_owner(required)


def _is_repository(holder: Holder) -> bool:
    return holder.kind == "resource" and holder.subject.type == REPOSITORY


def _order(grant: Grant) -> tuple[str, str, int, str, str, str]:
    verb = _VERBS.index(grant.verb)
    return (
        *(grant.environment, grant.repository, verb),
        *(grant.principal, grant.condition, grant.effect),
    )


def _arn(repository: Holder) -> str:
    account, _, region = repository.where.partition("/")
    return repository_arn(account, region, repository.subject.name)


def _grants(repository: Holder, holder: Holder, policies: PolicySet) -> Iterator[Grant]:
    """Yield the grants on a repository by the policies of one holder."""
    arn = _arn(repository)
    is_own = holder == repository
    relevant = [one for one in policies.permissions if one.resource.contains(arn)]
    by_principal = grouped(relevant, lambda one: (one.is_deny, one.principal))
    for (is_deny, principal), permissions in by_principal.items():
        for verb, actions, conditions in _verbs(permissions, is_deny=is_deny):
            yield Grant(
                environment=repository.environment,
                repository=repository.subject.name,
                verb=verb,
                effect="Deny" if is_deny else "Allow",
                principal=principal_text(principal, holder.subject.text, quote=""),
                condition=conditions_text(conditions, quote=""),
                policy="repository policy" if is_own else "identity policy",
                also_requires=_also_requires(repository, principal, actions, conditions)
                if is_own and not is_deny
                else "",
            )


def _verbs(
    permissions: Iterable[Permission], *, is_deny: bool
) -> Iterator[tuple[str, tuple[str, ...], Conditions]]:
    """Yield verbs with the actions behind them and the conditions of those."""
    found: dict[tuple[str, tuple[str, ...]], list[Conditions]] = {}
    for conditions, these in grouped(permissions, lambda one: one.conditions).items():
        actions = {one.action for one in these}
        for verb in REPOSITORY_VERBS:
            if verb.is_denied_by(actions) if is_deny else verb.is_granted_by(actions):
                key = (verb.name, verb.actions_in(actions))
                found.setdefault(key, []).append(conditions)
    for (verb_name, verb_actions), alternatives in found.items():
        for conditions in joined(alternatives):
            yield verb_name, verb_actions, conditions


def _is_completed(conditions: Conditions) -> bool:
    """Return whether the app itself makes the identity policy that a grant requires."""
    return any(
        completed_by_cdk({"Condition": {operator: {key: sorted(values)}}})
        for operator, key, values in conditions
    )


def _also_requires(
    repository: Holder, principal: PrincipalSet, actions: Iterable[str], conditions: Conditions
) -> str:
    """Return what another account must allow as well: across accounts both sides must allow."""
    own, _, _ = repository.where.partition("/")
    others = [
        one.account
        for one in principal.principals
        if one.account is not None and one.account != own
    ]
    if _is_completed(conditions) or not (principal.is_open or others):
        return ""
    where = "in each other account" if principal.is_open else f"in account {others[0]}"
    return (
        f"{where}, an identity policy: {', '.join(actions)} on {_arn(repository)}; "
        "ecr:GetAuthorizationToken on *"
    )
