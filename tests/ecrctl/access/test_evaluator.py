"""``ecrctl access`` agrees with an IAM evaluator about random policies.

The evaluator is the embedded AWS's own. Each list of grants is read as a user reads it: a grant
applies to a caller that it names, under its condition, once all that it also requires is there.
The evaluator ignores ``NotPrincipal`` and accepts wildcards in principals: see ``test_documents``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest
from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    parse_policy_document,
)

from constructs_lib.rules.policy.repository_policy import ADMINISTER_ACTIONS
from ecrctl.access.grants import Grant, access_of, grants_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.verbs import PULL, PUSH

SEEDS, POLICIES_OF_A_SEED = 20, 20
ACCOUNT, OTHER, STRANGER = "111111111111", "222222222222", "999999999999"
ARN = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/team/api"
LOGIN = "ecr:GetAuthorizationToken"
EVERYTHING = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
ORGANIZATIONS = ("o-one", "o-two", None)
# What a caller wants to do, and every action that this takes.
WISHES = {
    "pull": (*PULL.blocking, LOGIN),
    "push": (*PUSH.blocking, LOGIN),
    **{action: (action,) for action in ADMINISTER_ACTIONS},
}


def role(account: str, name: str) -> str:
    """Return a role's ARN."""
    return f"arn:aws:iam::{account}:role/{name}"


CI, APP, FOREIGN = role(ACCOUNT, "ci"), role(OTHER, "app"), role(OTHER, "ci")
OUTSIDE, OUTSIDER = role(ACCOUNT, "outside"), role(STRANGER, "app")


@dataclass
class Caller:
    """A principal with its identity policies.

    :param name: its name among grants, where the app declares it.
    """

    arn: str
    statements: list[dict[str, Any]]
    name: str = ""
    boundary: list[dict[str, Any]] | None = None
    organization: str | None = None

    @property
    def account(self) -> str:
        """Its account."""
        return self.arn.split(":")[4]


def random_policies(rng: random.Random) -> tuple[list[dict[str, Any]], list[Caller]]:
    """Return a repository's policy, and the callers with their policies."""
    policy = [resource_statement(rng) for _ in range(rng.randint(1, 4))]
    limit = [identity_statement(rng, deny=0.1, conditions=0) for _ in range(rng.randint(1, 2))]
    ci = [identity_statement(rng) for _ in range(rng.randint(0, 3))]
    app = [identity_statement(rng) for _ in range(rng.randint(0, 3))]
    login = [{"Effect": "Allow", "Action": LOGIN, "Resource": "*"}]
    return policy, [
        Caller(CI, ci, "role ci", limit if rng.random() < 0.25 else None),
        Caller(APP, app, "role app"),
        # Callers outside of the app: another account grants everything, the own one the login.
        Caller(OUTSIDE, login if rng.random() < 0.5 else []),
        Caller(FOREIGN, EVERYTHING),
        Caller(OUTSIDER, EVERYTHING if rng.random() < 0.5 else []),
    ]


def resource_statement(rng: random.Random) -> dict[str, Any]:
    """Return a random statement of a repository's policy."""
    principals: list[Any] = [
        *("*", {"AWS": "*"}, {"AWS": OTHER}, {"AWS": f"arn:aws:iam::{OTHER}:root"}),
        *({"AWS": [FOREIGN, APP]}, {"AWS": FOREIGN}, {"AWS": APP}, {"AWS": CI}, {"AWS": CI}),
        *({"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        *({"AWS": [CI, OTHER]}, {"AWS": OUTSIDE}, {"Service": "lambda.amazonaws.com"}),
    ]
    return {
        "Effect": "Deny" if rng.random() < 0.25 else "Allow",
        "Principal": rng.choice(principals),
        **actions(rng),
        **(condition(rng) if rng.random() < 0.5 else {}),
    }


def identity_statement(
    rng: random.Random, deny: float = 0.25, conditions: float = 0.4
) -> dict[str, Any]:
    """Return a random statement of an identity policy."""
    resources: list[dict[str, Any]] = [
        *({"Resource": "*"}, {"Resource": ARN}, {"Resource": ["*", ARN]}),
        *({"Resource": f"{ARN}2"}, {"Resource": f"{ARN[:-3]}*"}, {"Resource": f"{ARN[:-1]}?"}),
        *({"NotResource": ARN}, {"NotResource": f"{ARN}2"}),
        {"Resource": f"arn:aws:ecr:*:{ACCOUNT}:repository/team/*"},
    ]
    return {
        "Effect": "Deny" if rng.random() < deny else "Allow",
        **actions(rng),
        **rng.choice(resources),
        **(condition(rng) if rng.random() < conditions else {}),
    }


def actions(rng: random.Random) -> dict[str, Any]:
    """Return random actions."""
    some = [
        *("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:batchgetimage", "ecr:*Image"),
        *("ecr:Batch?heckLayerAvailability", "ecr:Get*", "ecr:*Layer*", "ecr:PutImage", "ecr:Put*"),
        *("ecr:DeleteRepository", "ecr:*Policy", "ecr:BatchDeleteImage", "ecr:?atch*", LOGIN),
        *("ecr:UploadLayerPart", "ecr:DescribeImages", "ecr:SetRepositoryPolicy"),
    ]
    whole = [["ecr:*"], ["*"], [*PULL.actions], [*PUSH.actions], [*ADMINISTER_ACTIONS]]
    given = rng.choice(whole) if rng.random() < 0.5 else rng.sample(some, rng.randint(1, 4))
    element = "NotAction" if rng.random() < 0.15 else "Action"
    return {element: given[0] if len(given) == 1 else given}


def condition(rng: random.Random) -> dict[str, Any]:
    """Return a random condition."""
    organization = rng.choice(["aws:PrincipalOrgID", "aws:principalorgid", "AWS:PrincipalOrgId"])
    arn = rng.choice(["aws:PrincipalArn", "aws:principalarn"])
    of_organization = {organization: rng.choice(["o-one", "o-two", ["o-one", "o-two"]])}
    of_role = {arn: rng.choice([CI, APP, FOREIGN, [CI, FOREIGN], f"arn:aws:iam::{OTHER}:role/*"])}
    operators = ("StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists")
    found: dict[str, Any] = {}
    if rng.random() < 0.7:
        found[rng.choice(operators)] = of_organization
    if rng.random() < 0.5 or not found:
        found[rng.choice(["ArnEquals", "ArnLike", "ArnLikeIfExists", "ArnNotLike"])] = of_role
    return {"Condition": found}


def stacks_of(policy: list[dict[str, Any]], callers: list[Caller]) -> list[Stack]:
    """Return an app with the repository, and the callers that it declares."""
    repository = {
        "Type": "AWS::ECR::Repository",
        "Properties": {"RepositoryName": "team/api", "RepositoryPolicyText": {"Statement": policy}},
    }
    resources: dict[str, dict[str, Any]] = {ACCOUNT: {"Api": repository}, OTHER: {}}
    for caller in callers:
        if caller.name:
            name = caller.arn.rpartition("/")[2]
            properties: dict[str, Any] = {"RoleName": name}
            inline = {"PolicyName": "p", "PolicyDocument": {"Statement": caller.statements}}
            properties["Policies"] = [inline] if caller.statements else []
            if caller.boundary:
                document = {"PolicyDocument": {"Statement": caller.boundary}}
                boundary = {"Type": "AWS::IAM::ManagedPolicy", "Properties": document}
                resources[caller.account]["Boundary"] = boundary
                properties["PermissionsBoundary"] = {"Ref": "Boundary"}
            role = {"Type": "AWS::IAM::Role", "Properties": properties}
            resources[caller.account][name] = role
    return [
        Stack(
            name=f"{stage}/Main",
            account=account,
            region="us-west-2",
            stage=stage,
            template={"Resources": resources[account]},
        )
        for stage, account in (("registry", ACCOUNT), ("prod", OTHER))
    ]


def request(caller: Caller, action: str) -> EvalContext:
    """Return the request that a caller makes."""
    keys = {"aws:principalorgid": caller.organization} if caller.organization else {}
    return EvalContext(
        principal_arn=caller.arn,
        principal_type="AssumedRole",
        principal_account=caller.account,
        action=action,
        resource_arn="*" if action == LOGIN else ARN,
        region="us-west-2",
        principal_keys=keys,
    )


def has_in_identity_policy(caller: Caller, action: str) -> bool:
    """Return whether a caller's own policies allow an action, within its boundary."""
    limits = [[parse_policy_document({"Statement": caller.boundary})]] if caller.boundary else []
    policies = [parse_policy_document({"Statement": caller.statements})]
    return bool(evaluate(request(caller, action), policies, *limits).decision == "Allow")


def is_allowed(policy: list[dict[str, Any]], caller: Caller, action: str) -> bool:
    """Return the evaluator's decision."""
    if action == LOGIN:
        return has_in_identity_policy(caller, action)
    asked = request(caller, action)
    limits = [[parse_policy_document({"Statement": caller.boundary})]] if caller.boundary else []
    own = evaluate(asked, [parse_policy_document({"Statement": caller.statements})], *limits)
    document = {"Statement": policy}
    found = combine_resource_policy(own, asked, document, ACCOUNT, limits=tuple(limits))
    return bool(found.decision == "Allow")


def is_listed(grants: list[Grant], caller: Caller, wish: str) -> bool:
    """Return whether the grants, read as a user reads them, allow a caller something."""
    verb = wish if wish in {"pull", "push"} else "administer"
    about = [
        one
        for one in grants
        if one.verb == verb
        and applies(one, caller)
        and (verb != "administer" or wish in one.actions)
    ]
    is_denied = any(one.effect == "Deny" for one in about)
    return not is_denied and any(is_complete(one, caller) for one in about)


def applies(grant: Grant, caller: Caller) -> bool:
    """Return whether a grant names a caller, and its condition is met."""
    named = {"everyone", f"account {caller.account}", caller.arn, caller.name} - {""}
    return grant.principal in named and all(
        is_met(text, caller) for text in filter(None, grant.condition.split(" and "))
    )


def is_met(condition: str, caller: Caller) -> bool:
    """Return whether a caller's requests meet a condition, as the evaluator reads it."""
    operator, key, values = condition.split(" ", 2)
    when = {"Condition": {operator: {key: values.split(", ")}}}
    always = parse_policy_document({"Statement": {**EVERYTHING[0], **when}})
    return bool(evaluate(request(caller, LOGIN), [always]).decision == "Allow")


def is_complete(grant: Grant, caller: Caller) -> bool:
    """Return whether a caller has everything that a grant also requires."""
    return all(
        has_in_identity_policy(caller, action)
        for place, actions in requirements(grant)
        if place.lower() in {f"in account {caller.account}", "in each other account"}
        and not (place.lower() == "in each other account" and caller.account == ACCOUNT)
        for action in actions
    ) and not any(place.lower().startswith("in the repo") for place, _ in requirements(grant))


def requirements(grant: Grant) -> Iterator[tuple[str, list[str]]]:
    """Yield the place of each requirement, and its actions."""
    for text in filter(None, re.split(r"\. (?=In )", grant.also_requires)):
        place, _, _ = text.partition(",")
        yield place.partition(":")[0], re.findall(r"ecr:[A-Z]\w+", text)


def owners_of(caller: Caller, owners: Iterable[str]) -> list[str]:
    """Return the owners that a caller belongs to."""
    named = {f"account {caller.account}", "everyone", f"organization {caller.organization}"}
    return [one for one in owners if one in named or fnmatchcase(caller.arn, one)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_policies_for_other_accounts_allow_what_is_listed(seed: int) -> None:
    rng = random.Random(f"required {seed}")  # noqa: S311
    for _ in range(POLICIES_OF_A_SEED):
        policy, callers = random_policies(rng)
        required = access_of(stacks_of(policy, callers)).required_policies
        assert all(one["Action"] for owner in required.values() for one in owner["Statement"])
        for organization, wish in product(ORGANIZATIONS, WISHES):
            everything = Caller(FOREIGN, EVERYTHING, organization=organization)
            owners = owners_of(everything, required)
            added = [one for owner in owners for one in required[owner]["Statement"]]
            member = replace(everything, statements=added)
            expected = all(is_allowed(policy, everything, action) for action in WISHES[wish])
            found = all(is_allowed(policy, member, action) for action in WISHES[wish])
            assert found is expected, (organization, wish, policy, required)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_grants_are_those_that_an_evaluator_allows(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    for _ in range(POLICIES_OF_A_SEED):
        policy, callers = random_policies(rng)
        grants = grants_of(stacks_of(policy, callers))
        for caller, organization, wish in product(callers, ORGANIZATIONS, WISHES):
            caller.organization = organization
            expected = all(is_allowed(policy, caller, action) for action in WISHES[wish])
            assert is_listed(grants, caller, wish) is expected, (
                caller.arn,
                organization,
                wish,
                policy,
                caller.statements,
                caller.boundary,
                grants,
            )
