"""``ecrctl access`` on what a registry policy grants, and on repositories that ECR creates."""

from __future__ import annotations

from typing import Any

from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from ecrctl.access.grants import access_of
from ecrctl.cdk.assemblies import Stack

ACCOUNT, OTHER, THIRD = "111111111111", "222222222222", "333333333333"
REGION = "us-west-2"
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/"
PULL = list(PULL_ACTIONS)

Row = tuple[str, str, str, str, str]


def allow(account: str, actions: Any, resource: str = "", **more: Any) -> dict[str, Any]:
    """Return a statement for an account; with a resource, one of a registry policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": actions}
    return {**statement, **({"Resource": f"{ARN}{resource}"} if resource else {}), **more}


def stack_with(name: str, *, region: str = REGION, **resources: dict[str, Any]) -> Stack:
    """Return a stack of an environment."""
    return Stack(
        name=f"dev/{name}",
        account=ACCOUNT,
        region=region,
        template={"Resources": resources},
        stack_name=f"dev-{name}",
        is_protected=False,
    )


def repository(*statements: dict[str, Any], name: str = "team/api") -> dict[str, Any]:
    """Return a repository with a policy."""
    policy = {"RepositoryPolicyText": {"Statement": list(statements)}} if statements else {}
    return {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": name, **policy}}


def template(prefix: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Return a creation template, whose repositories have a policy."""
    policy = {"RepositoryPolicy": {"Statement": list(statements)}} if statements else {}
    properties = {"Prefix": prefix, "AppliedFor": ["CREATE_ON_PUSH"], **policy}
    return {"Type": "AWS::ECR::RepositoryCreationTemplate", "Properties": properties}


def registry(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a registry policy."""
    properties = {"PolicyText": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {"Type": "AWS::ECR::RegistryPolicy", "Properties": properties}


def found(*stacks: Stack) -> list[Row]:
    """Return the grants on all repositories."""
    return [
        (one.repository, one.verb, one.effect, one.principal, one.policy)
        for one in access_of(stacks).grants
    ]


def test_a_registry_policy_grants_access_to_the_repositories_of_another_stack() -> None:
    stacks = (
        stack_with("Registry", Policy=registry(allow(OTHER, PULL, "team/*"))),
        stack_with("Repositories", Api=repository(), Web=repository(name="web")),
    )
    assert found(*stacks) == [("team/api", "pull", "Allow", f"account {OTHER}", "registry policy")]
    (grant,) = access_of(stacks).grants
    assert grant.repository_arn == f"{ARN}team/api"
    assert grant.also_requires == (
        f"in account {OTHER}, an identity policy: {', '.join(PULL)} on {ARN}team/api; "
        "ecr:GetAuthorizationToken on *"
    )


def test_a_registry_policy_is_of_its_own_region() -> None:
    stacks = (
        stack_with("Registry", Policy=registry(allow(OTHER, PULL, "*"))),
        stack_with("Repositories", region="eu-west-1", Api=repository()),
    )
    assert found(*stacks) == []


def test_the_policy_that_grants_is_named() -> None:
    half, rest = PULL[:1], PULL[1:]
    policy = registry(
        allow(OTHER, PULL, "*"), allow(THIRD, rest, "team/*"), allow("444444444444", PULL, "*")
    )
    own = repository(allow(OTHER, PULL), allow(THIRD, half))
    assert found(stack_with("All", Policy=policy, Api=own)) == [
        ("team/api", "pull", "Allow", f"account {OTHER}", "repository policy"),
        ("team/api", "pull", "Allow", f"account {THIRD}", "repository and registry policy"),
        ("team/api", "pull", "Allow", "account 444444444444", "registry policy"),
    ]


def test_both_policies_may_be_required_for_a_grant() -> None:
    policy = registry(allow(OTHER, "ecr:BatchGetImage", "*"))
    own = repository(
        allow(OTHER, ["ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"])
    )
    assert found(stack_with("All", Policy=policy, Api=own)) == [
        ("team/api", "pull", "Allow", f"account {OTHER}", "repository and registry policy")
    ]


def test_a_deny_of_the_registry_policy_is_listed_and_takes_effect() -> None:
    policy = registry(allow(OTHER, "ecr:*", "team/*", Effect="Deny"))
    own = repository(allow(OTHER, PULL))
    rows = found(stack_with("All", Policy=policy, Api=own))
    assert ("team/api", "pull", "Deny", f"account {OTHER}", "registry policy") in rows
    assert not [row for row in rows if row[2] == "Allow"]


def test_repositories_that_ecr_creates_are_listed_by_their_pattern() -> None:
    stack = stack_with(
        "Registry",
        Hub=template("hub"),
        Team=template("team", allow(OTHER, PULL)),
        Root=template("ROOT", allow(THIRD, PULL)),
        Policy=registry(allow(OTHER, [*PULL, "ecr:BatchImportUpstreamImage"], "hub/*")),
    )
    assert found(stack) == [
        ("*", "pull", "Allow", f"account {THIRD}", "repository policy"),
        ("hub/*", "pull", "Allow", f"account {OTHER}", "registry policy"),
        ("hub/*", "import", "Allow", f"account {OTHER}", "registry policy"),
        ("team/*", "pull", "Allow", f"account {OTHER}", "repository policy"),
    ]
    assert access_of([stack]).repositories == {
        f"{ACCOUNT}/{REGION}": [f"{ARN}*", f"{ARN}hub/*", f"{ARN}team/*"]
    }


def test_a_first_pull_through_a_cache_requires_the_policies_of_both_accounts() -> None:
    importing = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
    policy = registry(allow(OTHER, [*PULL, *importing], "hub/*"))
    access = access_of([stack_with("Registry", Hub=template("hub"), Policy=policy)])
    (found,) = [one for one in access.grants if one.verb == "import"]
    assert found.also_requires == (
        f"in account {OTHER}, an identity policy: ecr:BatchImportUpstreamImage, "
        f"ecr:CreateRepository on {ARN}hub/*; ecr:GetAuthorizationToken on *"
    )
    statements = access.required_policies[f"account {OTHER}"]["Statement"]
    assert {"Effect": "Allow", "Action": importing, "Resource": [f"{ARN}hub/*"]} in statements


def test_a_registry_that_is_open_to_everyone_is_named_first() -> None:
    everyone = allow("*", PULL, "team/*")
    stack = stack_with(
        "All",
        Policy=registry(everyone),
        Api=repository(),
        A=repository(allow(OTHER, PULL), name="a"),
    )
    first, second = access_of([stack]).grants
    assert (first.repository, first.principal, first.is_open_to_everyone) == (
        *("team/api", "everyone"),
        True,
    )
    assert second.repository == "a"


def test_a_registry_policy_that_cannot_be_decided_is_named() -> None:
    unknown = registry(allow(OTHER, PULL, "*"))
    unknown["Properties"]["PolicyText"]["Statement"] = {"Ref": "Statements"}
    wild = registry(allow("arn:aws:iam::222222222222:role/ci-*", PULL, "*"))
    of_unknown, of_wild = (
        access_of([stack_with("A", Policy=policy, Api=repository())]).undecided
        for policy in (unknown, wild)
    )
    place = f"{ACCOUNT}/{REGION}: registry {ACCOUNT} in {REGION}"
    assert of_unknown == [
        f"{place} has a policy that depends on values known only at deployment: its grants are not "
        "listed."
    ]
    assert of_wild == [
        f"{place} names principals with a wildcard, which AWS refuses "
        "(arn:aws:iam::222222222222:role/ci-*): their grants are not listed."
    ]
