"""A rule about images that a registry shall sign and whose pushers may not sign.

ECR signs with the permissions of the principal that pushes. Source: Amazon ECR user guide,
"Managed signing".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.rules.ecr.images import repository_arn
from constructs_lib.rules.registry.filters import EVERYTHING, matches_any
from constructs_lib.rules.registry.signing import SIGN_ACTION
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.principals import (
    ACCOUNT,
    AWS,
    EVERYONE,
    OWN_ACCOUNT,
    Principal,
    PrincipalSet,
)
from ecrctl.policies.verbs import PUSH
from ecrctl.policies.wording import first_few, listed, principal_text
from ecrctl.review.access.policy_sets import Holder, PolicySet
from ecrctl.review.access.sources import policy_sets
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.diff.resources import account_of, mappings, value_at
from ecrctl.review.findings import Category, Finding, Place, canonical_json
from ecrctl.review.resolution.texts import Values
from ecrctl.review.rules.rule import rule
from ecrctl.review.type_names import REPOSITORY, SIGNING

_MOST_SHOWN = 3
# The names of AWS's own policies that allow a push, and of those that allow signing as well.
_AWS_PUSHING = ("AmazonEC2ContainerRegistryFullAccess", "AmazonEC2ContainerRegistryPowerUser")
_AWS_SIGNING = ("AdministratorAccess", "PowerUserAccess")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """A repository whose images the registry signs.

    :param registry: the environment, the account and the region.
    :param arns: the forms of the repository's ARN.
    """

    registry: tuple[str, str, str]
    stack: Stack
    place: Place
    name: str
    profile: str
    arns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """A principal that may push to a signed repository, and may not sign.

    :param is_undecided: whether a policy that is not in the templates may allow it to sign.
    """

    principal: str
    environment: str
    stack: str
    profile: str
    is_undecided: bool


# The names of the repositories, by gap.
_Gaps = Mapping[_Gap, frozenset[str]]


@rule(Category.PROTECTION_LOST)
def signing_without_permission(comparison: Comparison) -> Iterator[Finding]:
    """A principal that pushes to a signed repository may not sign."""
    after = _gaps(comparison.head)
    before = _gaps(comparison.base) if after else {}
    for gap, names in sorted(after.items(), key=lambda one: canonical_json(_key(one[0]))):
        added = sorted(names - before.get(gap, frozenset()))
        if added:
            yield _finding(gap, added)


def _finding(gap: _Gap, names: Sequence[str]) -> Finding:
    where = listed(first_few([f"`{name}`" for name in names], _MOST_SHOWN))
    lacks = (
        f"whether it may sign (`{SIGN_ACTION}`) is not in the templates"
        if gap.is_undecided
        else f"lacks `{SIGN_ACTION}` on it: what it pushes stays unsigned"
    )
    return Finding(
        environment=gap.environment,
        stack=gap.stack,
        subject=gap.principal,
        message=f"may push to {where}, which the registry signs with `{gap.profile}`, and {lacks}",
        key=canonical_json(_key(gap)),
        evidence=canonical_json([names, gap.is_undecided]),
        is_undecided=gap.is_undecided,
    )


def _key(gap: _Gap) -> list[str]:
    return [gap.environment, gap.principal, gap.profile]


def _gaps(side: Sequence[Stack]) -> _Gaps:
    """Return what is pushed to signed repositories of a side without being signed."""
    signed = list(_signed_repositories(side))
    if not signed:
        return {}
    in_question = {one.place for one in signed}
    skipped = frozenset(
        (stack.id, logical_id)
        for stack in side
        for logical_id, _ in stack.resources(REPOSITORY)
        if (stack.id, logical_id) not in in_question
    )
    pushers = _Pushers(policy_sets(side, side, skipped))
    found: defaultdict[_Gap, set[str]] = defaultdict(set)
    for repository, gap in pushers.gaps(signed):
        found[gap].add(repository.name)
    return {gap: frozenset(names) for gap, names in found.items()}


def _signed_repositories(side: Sequence[Stack]) -> Iterator[_Signed]:
    """Yield the repositories that a signing rule selects, once for each profile."""
    rules = {
        _registry_of(stack): [*_rules(Values(stack=stack, side=side), resource)]
        for stack in side
        for _, resource in stack.resources(SIGNING)
    }
    for stack in side if rules else ():
        for logical_id, resource in stack.resources(REPOSITORY):
            values = Values(stack=stack, side=side)
            given = value_at(resource, "RepositoryName")
            path = values.path(logical_id)
            name = path if given is None else values.text(given)
            for profile, filters in rules.get(_registry_of(stack), ()):
                if matches_any(filters, name):
                    yield _Signed(
                        registry=_registry_of(stack),
                        stack=stack,
                        place=(stack.id, logical_id),
                        name=name,
                        profile=profile,
                        arns=(*_arns(stack, name), f"${{{path}.Arn}}"),
                    )


def _registry_of(stack: Stack) -> tuple[str, str, str]:
    is_known = stack.account.isdigit()
    return "" if is_known else stack.environment, account_of(stack), stack.region


def _rules(values: Values, signing: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Yield the profile and the filters of each rule."""
    for one in mappings(value_at(signing, "Rules")):
        filters = [
            values.text(each.get("Filter")) for each in mappings(one.get("RepositoryFilters"))
        ]
        yield values.text(one.get("SigningProfileArn")), filters or [EVERYTHING]


def _arns(stack: Stack, name: str) -> Iterator[str]:
    account = stack.account if stack.account.isdigit() else "${AccountId}"
    if stack.region.startswith("unknown"):
        yield f"arn:${{Partition}}:ecr:${{Region}}:{account}:repository/{name}"
    else:
        # The partition of a known region is resolved in every policy.
        yield repository_arn(account, stack.region, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """A role, user or group of the app, with its policies.

    :param boundary: its permissions boundary, where the templates contain it.
    """

    holder: Holder
    policies: PolicySet
    boundary: PolicySet | None

    def pushed(self, signed: "_ByArn") -> list[_Signed]:
        """Return the repositories to which its own policies allow a push."""
        is_named = self._has_policy((*_AWS_PUSHING, *_AWS_SIGNING))
        return [
            one
            for one in (signed.all if is_named else signed.named_in(self.policies))
            if _is_in_account(self.holder, one.stack)
            and (is_named or all(self._may(action, one.arns) for action in PUSH.defining))
        ]

    def may_sign(self, profile: str) -> bool:
        """Return whether its policies allow signing with a profile."""
        is_limited = self.boundary is not None and not _allows(
            self.boundary, SIGN_ACTION, (profile,)
        )
        is_named = self._has_policy(_AWS_SIGNING) and not is_limited
        return is_named or self._may(SIGN_ACTION, (profile,))

    @property
    def has_unknown_policies(self) -> bool:
        """Return whether the statements of some policies are not known."""
        unknown = [one for one in self.policies.attached if not one.name.endswith(_AWS_PUSHING)]
        return bool(self.policies.unreadable or unknown)

    def _may(self, action: str, arns: Sequence[str]) -> bool:
        limits = [self.policies, *([self.boundary] if self.boundary else [])]
        return all(_allows(one, action, arns) for one in limits)

    def _has_policy(self, names: Iterable[str]) -> bool:
        """Return whether one of AWS's own policies is attached."""
        return any(
            one.name.endswith(f":policy/{name}") for one in self.policies.attached for name in names
        )


def _allows(policies: PolicySet, action: str, arns: Sequence[str]) -> bool:
    """Return whether a statement allows an action on a resource, and none denies it always."""
    about = [
        one
        for one in policies.permissions
        if one.action.contains(action.lower()) and one.is_about(arns)
    ]
    is_denied = any(one.is_deny and not one.conditions for one in about)
    return not is_denied and any(not one.is_deny for one in about)


class _ByArn:
    """Signed repositories, found by the ARNs in a policy: a fleet has thousands of both."""

    def __init__(self, signed: Sequence[_Signed]) -> None:
        self.all = signed
        self._found: defaultdict[str, list[_Signed]] = defaultdict(list)
        for one in signed:
            for arn in one.arns:
                self._found[arn].append(one)

    def named_in(self, policies: PolicySet) -> Sequence[_Signed]:
        """Return the repositories to which the statements of policies may allow a push."""
        resources = [
            one.resource.single
            for one in policies.permissions
            if not one.is_deny and any(one.action.contains(each.lower()) for each in PUSH.defining)
        ]
        if None in resources:
            return self.all
        named = {str(arn): None for arn in resources}
        # By its place and profile, because a repository has several ARNs.
        found = {(one.place, one.profile): one for arn in named for one in self._found[arn]}
        return list(found.values())


class _Pushers:
    """The principals of an app that may push."""

    def __init__(self, found: Mapping[Holder, PolicySet]) -> None:
        boundaries = {
            (holder.environment, holder.where, holder.subject): policies
            for holder, policies in found.items()
            if holder.kind == "boundary"
        }
        self._identities = [
            _Identity(
                holder=holder,
                policies=policies,
                boundary=boundaries.get((holder.environment, holder.where, holder.subject)),
            )
            for holder, policies in found.items()
            if holder.kind == "identity"
        ]
        self._by_name: dict[tuple[str, str], _Identity] = {}
        for one in self._identities:
            name = one.holder.subject.name
            self._by_name[one.holder.where, name] = one
            self._by_name["", f"${{{name}.Arn}}"] = one
        self._resource_policies = {
            place: policies
            for holder, policies in found.items()
            if holder.kind == "resource"
            for place in policies.sources
        }

    def gaps(self, signed: Sequence[_Signed]) -> Iterator[tuple[_Signed, _Gap]]:
        """Yield the repositories with the principals that may push to them and may not sign."""
        by_arn = _ByArn(signed)
        for identity in self._identities:
            for repository in identity.pushed(by_arn):
                for gap in self._gap(identity, repository):
                    yield repository, gap
        for repository in signed:
            own = self._resource_policies.get(repository.place, PolicySet())
            for permission in own.permissions:
                is_push = all(permission.action.contains(one.lower()) for one in PUSH.defining)
                if is_push and not permission.is_deny:
                    for gap in self._gap_of_named(permission.principal, repository):
                        yield repository, gap

    def _gap_of_named(self, principals: PrincipalSet, repository: _Signed) -> Iterator[_Gap]:
        """Yield the gap of principals that the repository's own policy names."""
        stack = repository.stack
        for principal in () if principals.negated else principals.principals:
            known = self._named(principal)
            if known is not None:
                yield from self._gap(known, repository)
                return
            # The own account delegates to its identities, and a service signs nothing.
            if principal.kind not in {ACCOUNT, AWS, EVERYONE.kind} or principal.name in {
                stack.account,
                OWN_ACCOUNT,
            }:
                return
        yield _Gap(
            principal=principal_text(principals, stack.account, quote=""),
            environment=stack.environment,
            stack=stack.name,
            profile=repository.profile,
            is_undecided=True,
        )

    def _named(self, principal: Principal) -> _Identity | None:
        name = principal.name.rpartition("/")[2]
        by_reference = self._by_name.get(("", principal.name))
        return by_reference or self._by_name.get((str(principal.account), name))

    @staticmethod
    def _gap(identity: _Identity, repository: _Signed) -> Iterator[_Gap]:
        if not identity.may_sign(repository.profile):
            yield _Gap(
                principal=identity.holder.subject.text,
                environment=identity.holder.environment,
                stack=min(identity.policies.stacks.values(), default=repository.stack.name),
                profile=repository.profile,
                is_undecided=identity.has_unknown_policies,
            )


def _is_in_account(holder: Holder, stack: Stack) -> bool:
    is_same_app = stack.account.isdigit() or holder.environment == stack.environment
    return is_same_app and holder.where == stack.account
