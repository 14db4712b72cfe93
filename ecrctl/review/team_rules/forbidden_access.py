"""The access of one side that a team's rules forbid."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ecrctl.access.identities import IdentityIndex
from ecrctl.access.repositories import Repository, repositories_of
from ecrctl.access.rows import Row, rows_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.conditions import Conditions
from ecrctl.policies.patterns import matches
from ecrctl.policies.principals import PrincipalSet
from ecrctl.policies.wording import conditions_text, listed, principal_text
from ecrctl.review.access.policy_sets import PolicySet
from ecrctl.review.access.sources import policy_sets
from ecrctl.review.diff.resources import Resource, properties
from ecrctl.review.type_names import REPOSITORY

from .breach import Breach, Names, applies_to, may_concern
from .callers import Callers, alternatives_not_denied, answer_of
from .copies import copies_of
from .review_file import ForbiddenAccess


def breaches_of(
    stacks: Sequence[Stack], rules: Sequence[ForbiddenAccess], names: Names
) -> Iterator[Breach]:
    """Yield the access that rules forbid.

    :param names: the names of each environment on both sides, any of which a rule may name.
    """
    if not rules:
        return
    found = policy_sets(stacks, stacks)
    identities = IdentityIndex(found)
    declared = {
        (stack.id, logical_id): (stack, logical_id, resource)
        for stack in stacks
        for logical_id, resource in stack.resources(REPOSITORY)
    }
    for repository in repositories_of(found):
        policies = found[repository.holder]
        applying = [
            one
            for one in rules
            if applies_to(one, repository.environment, names)
            and any(
                _concerns(one, *declared[place]) for place in policies.sources & declared.keys()
            )
        ]
        if applying:
            rows = list(rows_of(repository, identities))
            for rule in applying:
                yield from _Grants(rule, repository, policies).breaches(rows)
    yield from copies_of(stacks, rules, names)


def _concerns(rule: ForbiddenAccess, stack: Stack, logical_id: str, resource: Resource) -> bool:
    """Return whether a rule concerns a repository by its name."""
    name = properties(resource).get("RepositoryName")
    if name is None:
        # CloudFormation makes a name of the stack's, the logical ID and random characters.
        return may_concern(rule, f"{stack.stack_name}-{logical_id}-".lower())
    # A name that only the deployment knows may be any.
    return not isinstance(name, str) or any(matches(one, name) for one in rule.repositories)


@dataclass(frozen=True, slots=True)
class _Grants:
    """The grants on one repository, as one rule sees them."""

    rule: ForbiddenAccess
    repository: Repository
    policies: PolicySet

    def breaches(self, rows: Sequence[Row]) -> Iterator[Breach]:
        for row in rows:
            is_forbidden = row.effect == "Allow" and row.allowed.verb.name in self.rule.verbs
            if is_forbidden and not self._is_decided_elsewhere(row):
                yield from self._breach(row, rows)
        if self.policies.unreadable:
            yield self._new(
                f"has a policy that may let principals {listed(self.rule.verbs)}",
                evidence=("unreadable", *sorted(self.policies.unreadable)),
                doubt="it depends on values that are known only at deployment",
            )

    def _is_decided_elsewhere(self, row: Row) -> bool:
        """Return whether a grant has an effect only together with another policy.

        A statement for the own account leaves the decision to the identity policies of the
        account, which grant access without the statement as well. An identity of another account
        has no access unless the repository's policy also allows it.
        """
        delegates = row.identity is None and row.principals == self.repository.holder.account
        is_foreign = row.identity is not None and not self.repository.is_in_account_of(
            row.identity.holder
        )
        return delegates or (is_foreign and row.policy == "identity policy")

    def _breach(self, row: Row, rows: Iterable[Row]) -> Iterator[Breach]:
        callers = _callers(row, self.repository)
        denied = [
            (one.principals, one.allowed.conditions)
            for one in rows
            if one.effect == "Deny"
            and one.policy == "repository policy"
            and one.allowed.verb == row.allowed.verb
        ]
        alternatives = alternatives_not_denied(callers, denied)
        answers = [
            answer_of(self.rule.allowed, replace(callers, conditions=one)) for one in alternatives
        ]
        doubts = [one.doubt for one in answers if not one.is_allowed]
        if not doubts:
            return
        who = principal_text(row.principals, row.owner)
        when = conditions_text(row.allowed.conditions)
        verb = row.allowed.verb.name
        yield self._new(
            f"lets {who} {verb}{f', if {when}' if when else ''}",
            evidence=(verb, who, when, *map(_plain, alternatives)),
            # One alternative that is certain is enough.
            doubt=min(doubts),
        )

    def _new(self, access: str, *, evidence: tuple[object, ...], doubt: str) -> Breach:
        return Breach(
            rule=self.rule,
            environment=self.repository.environment,
            stack=min(self.policies.stacks.values()),
            repository=self.repository.holder.subject.text,
            arn=self.repository.arn,
            access=access,
            evidence=evidence,
            doubt=doubt,
            places=frozenset(self.policies.sources),
        )


def _callers(row: Row, repository: Repository) -> Callers:
    principals = row.principals
    if row.identity is not None:
        names = row.identity.principals
        principals = PrincipalSet.of(*names)
    else:
        is_single = not principals.negated and not principals.is_open
        names = tuple(principals.principals) if is_single else ()
    return Callers(
        principals=principals,
        names=names,
        conditions=row.allowed.conditions,
        own_account=repository.account,
    )


def _plain(conditions: Conditions) -> tuple[object, ...]:
    return tuple(sorted((one.operator, one.key, tuple(sorted(one.values))) for one in conditions))
