"""The settings of a registry: what each selects, names and allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.filters import may_match_under
from constructs_lib.rules.registry.prefixes import is_under, template_prefix_of
from constructs_lib.rules.registry.pull_through import PullThroughCache, put_secret_command
from constructs_lib.rules.registry.registry import RegistrySpec
from constructs_lib.rules.registry.registry_policy import RegistryPolicy, ReplicationSource
from constructs_lib.rules.registry.replication import ReplicationRule
from constructs_lib.rules.registry.scanning import RegistryScanning, ScanningRule
from constructs_lib.rules.registry.signing import SigningRule
from constructs_lib.rules.registry.upstreams import UPSTREAM_NAMES, UPSTREAMS

HOME = Place.of("111111111111", "us-west-2")
REPOSITORY = "arn:aws:ecr:us-west-2:111111111111:repository/"
SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub-a1B2c3"


def statements(**settings: Any) -> list[Any]:
    """Return the statements of a registry's policy."""
    return [*RegistrySpec(place=HOME, **settings).statements]


def public(prefix: str, **settings: Any) -> PullThroughCache:
    """Return a cache of ECR Public."""
    return PullThroughCache(prefix=prefix, upstream="ecr-public", **settings)


@pytest.mark.parametrize(
    ("pattern", "name", "is_covered"),
    [
        ("*", "team/api", True),
        ("team", "team/api", True),
        ("api", "team/api", True),
        ("web", "team/api", False),
        ("team/*", "team/api", True),
        ("team*", "my-team/api", False),
        ("*/api", "team/api", True),
    ],
)
def test_a_scanning_filter_without_a_wildcard_is_a_part_of_the_name(
    pattern: str, name: str, *, is_covered: bool
) -> None:
    scanning = RegistryScanning(rules=(ScanningRule(filters=(pattern,)),))
    assert scanning.covers(name) is is_covered


def test_a_replication_filter_is_the_beginning_of_the_name() -> None:
    away = (Place.of("222222222222", "us-west-2"),)
    rule = ReplicationRule(destinations=away, filters=("team",))
    assert [rule.covers(name) for name in ("team", "team-b/api", "a/team")] == [True, True, False]
    assert ReplicationRule(destinations=away, filters=("*",)).covers("any/name")


def test_a_signing_filter_matches_the_whole_name() -> None:
    assert [SigningRule(filters=("team",)).covers(name) for name in ("team", "team/api")] == [
        True,
        False,
    ]
    assert SigningRule().covers("team/api")


@pytest.mark.parametrize(
    ("start", "prefix"),
    [("team/", "team"), ("team/api", "team"), ("a/b/c", "a/b"), ("team", "ROOT"), ("", "ROOT")],
)
def test_a_template_applies_to_names_after_a_slash(start: str, prefix: str) -> None:
    assert template_prefix_of(start) == prefix
    assert is_under(prefix, f"{start}x")


@pytest.mark.parametrize(
    ("pattern", "prefix", "may"),
    [
        ("docker-hub/library/nginx", "docker-hub/", True),
        ("docker*", "docker-hub/", True),
        ("docker", "docker-hub/", False),
        ("*/nginx", "docker-hub/", True),
        ("quay/*", "docker-hub/", False),
    ],
)
def test_a_pattern_may_match_a_name_under_a_prefix(pattern: str, prefix: str, *, may: bool) -> None:
    assert may_match_under(pattern, prefix) is may


def test_all_nine_upstreams_have_a_host_or_require_one() -> None:
    assert len(UPSTREAM_NAMES) == 9
    assert set(UPSTREAMS) == set(UPSTREAM_NAMES)
    assert {name for name, one in UPSTREAMS.items() if one.url is None} == {
        "azure-container-registry",
        "ecr",
    }
    assert {name for name, one in UPSTREAMS.items() if one.authentication == "secret"} == {
        "docker-hub",
        "github-container-registry",
        "gitlab-container-registry",
        "azure-container-registry",
        "chainguard",
    }


def test_a_cache_names_its_repositories_after_its_prefix() -> None:
    assert public("public").repository_name("nginx/nginx") == "public/nginx/nginx"
    assert public("ROOT").repository_name("nginx/nginx") == "nginx/nginx"
    host = "222222222222.dkr.ecr.us-west-2.amazonaws.com"
    part = PullThroughCache(prefix="our", upstream="ecr", host=host, upstream_prefix="team")
    assert part.repository_name("team/api") == "our/api"
    assert part.url == host
    assert part.crosses_accounts("111111111111")
    assert not part.crosses_accounts("222222222222")
    assert not public("public").crosses_accounts("222222222222")


def test_a_secret_is_named_and_its_value_is_in_a_file_alone() -> None:
    cache = PullThroughCache(prefix="hub", upstream="docker-hub", secret_arn=SECRET)
    assert (cache.url, cache.secret_name) == ("registry-1.docker.io", "ecr-pullthroughcache/hub")
    assert put_secret_command(SECRET, "us-west-2") == (
        f"aws secretsmanager put-secret-value --region us-west-2 --secret-id {SECRET} "
        "--secret-string file://credentials.json"
    )


def test_the_template_of_a_cache_has_its_settings() -> None:
    template = public("public", encryption=EncryptionSpec(kind="aes256"), tags={"a": "b"}).template
    assert template == CreationTemplate(
        prefix="public",
        applied_for=("PULL_THROUGH_CACHE",),
        encryption=EncryptionSpec(kind="aes256"),
        tags={"a": "b"},
        description="Repositories cached from Amazon ECR Public",
    )
    assert template.tag_immutability.mode == "IMMUTABLE"
    assert template.lifecycle is not None


def test_a_template_requires_a_role_for_a_key_or_for_tags() -> None:
    aes256 = EncryptionSpec(kind="aes256")
    template = CreationTemplate(prefix="a", applied_for=("REPLICATION",))
    without_key = replace(template, encryption=aes256)
    assert template.requires_role
    assert not without_key.requires_role
    assert replace(without_key, tags={"a": "b"}).requires_role


def test_without_a_permission_there_is_no_statement() -> None:
    assert statements(caches=(public("public"),)) == []


def test_accounts_that_replicate_the_same_repositories_share_a_statement() -> None:
    team = ("team/*", "tools/backup")
    sources = tuple(
        ReplicationSource(account=account, repositories=repositories)
        for account, repositories in (
            ("333333333333", team),
            ("222222222222", team),
            ("444444444444", ("web",)),
        )
    )
    assert statements(policy=RegistryPolicy(replication=sources)) == [
        {
            "Sid": "ReplicateFromAccounts",
            "Effect": "Allow",
            "Principal": {
                "AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]
            },
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
            "Resource": [f"{REPOSITORY}team/*", f"{REPOSITORY}tools/backup"],
        },
        {
            "Sid": "ReplicateFromAccounts1",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444444444444:root"},
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
            "Resource": f"{REPOSITORY}web",
        },
    ]


def test_caches_with_the_same_principals_share_a_statement() -> None:
    account = Access(accounts=("222222222222",))
    organization = Access(organization_id="o-a1b2c3d4e5")
    found = statements(
        caches=(
            public("b2", pull=account),
            public("closed"),
            public("c3", pull=organization),
            public("a1", pull=account),
        )
    )
    assert [(one["Sid"], one["Resource"], one.get("Condition")) for one in found] == [
        ("PullThroughCacheFromAccounts", [f"{REPOSITORY}a1/*", f"{REPOSITORY}b2/*"], None),
        (
            "PullThroughCache1FromOrganization",
            f"{REPOSITORY}c3/*",
            {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        ),
    ]
    for one in found:
        assert one["Action"] == [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:BatchImportUpstreamImage",
            "ecr:CreateRepository",
            "ecr:GetDownloadUrlForLayer",
        ]


def test_the_organization_pulls_from_the_listed_repositories_alone() -> None:
    policy = RegistryPolicy(
        pull=Access(organization_id="o-a1b2c3d4e5"), pull_repositories=("web", "team/*")
    )
    assert statements(policy=policy) == [
        {
            "Sid": "PullFromOrganization",
            "Effect": "Allow",
            "Principal": "*",
            "Action": list(PULL_ACTIONS),
            "Resource": [f"{REPOSITORY}team/*", f"{REPOSITORY}web"],
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        }
    ]


def test_further_statements_that_differ_in_principals_alone_are_merged() -> None:
    one = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": f"{REPOSITORY}team/*"}
    given = tuple({**one, "Principal": {"AWS": number}} for number in ("1" * 12, "2" * 12))
    assert statements(policy=RegistryPolicy(statements=given)) == [
        {**one, "Principal": {"AWS": ["1" * 12, "2" * 12]}}
    ]


def test_the_partition_of_a_region_is_in_every_arn() -> None:
    place = Place.of("111111111111", "cn-north-1")
    cache = public("public", pull=Access(accounts=("222222222222",)))
    (found,) = RegistrySpec(place=place, caches=(cache,)).statements
    assert found["Resource"] == "arn:aws-cn:ecr:cn-north-1:111111111111:repository/public/*"


def test_a_registry_has_the_templates_of_its_caches_and_its_own() -> None:
    own = CreationTemplate(prefix="ROOT", applied_for=("CREATE_ON_PUSH",))
    cache = public("public")
    registry = RegistrySpec(place=HOME, caches=(cache,), templates=(own,))
    assert [one.prefix for one in registry.all_templates] == ["public", "ROOT"]
    assert registry.cache("public") is cache
    assert registry.cache("other") is None
