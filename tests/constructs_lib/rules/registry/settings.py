"""Settings of a registry, for tables of refused and accepted ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.pull_through import PullThroughCache
from constructs_lib.rules.registry.registry import RegistrySpec
from constructs_lib.rules.registry.replication import ReplicationRule

Make = Callable[[], object]

HOME = Place.of("111111111111", "us-west-2")
AWAY = Place.of("111111111111", "eu-west-1")
OTHER = Place.of("222222222222", "us-west-2")
CHINA = Place.of("111111111111", "cn-north-1")
SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub-a1B2c3"
HOST = "222222222222.dkr.ecr.us-west-2.amazonaws.com"
PROFILE = "arn:aws:signer:us-west-2:111111111111:/signing-profiles/images"
ROLE = "arn:aws:iam::111111111111:role/scanner"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"AWS": "222222222222"},
    "Action": "ecr:BatchGetImage",
    "Resource": "arn:aws:ecr:us-west-2:111111111111:repository/team/*",
}


def registry(**settings: Any) -> RegistrySpec:
    """Return a registry in ``HOME``."""
    return RegistrySpec(place=HOME, **settings)


def hub(**settings: Any) -> PullThroughCache:
    """Return a cache of Docker Hub."""
    given = {"prefix": "docker-hub", "upstream": "docker-hub", "secret_arn": SECRET, **settings}
    return PullThroughCache(**given)


def public(prefix: str = "public", **settings: Any) -> PullThroughCache:
    """Return a cache of ECR Public."""
    return PullThroughCache(**{"prefix": prefix, "upstream": "ecr-public", **settings})


def ecr(**settings: Any) -> PullThroughCache:
    """Return a cache of another account's private registry."""
    return PullThroughCache(**{"prefix": "our", "upstream": "ecr", "host": HOST, **settings})


def azure(**settings: Any) -> PullThroughCache:
    """Return a cache of a registry of Azure."""
    return PullThroughCache(
        prefix="azure", upstream="azure-container-registry", secret_arn=SECRET, **settings
    )


def template(prefix: str = "team", **settings: Any) -> CreationTemplate:
    """Return a template for repositories that a push creates."""
    return CreationTemplate(**{"prefix": prefix, "applied_for": ("CREATE_ON_PUSH",), **settings})


def replicated(*filters: str, to: tuple[Place, ...] = (AWAY,)) -> ReplicationRule:
    """Return a replication rule."""
    return ReplicationRule(destinations=to, filters=filters)


def places(count: int) -> tuple[Place, ...]:
    """Return so many different places."""
    return tuple(Place.of(f"{index:012}", "us-west-2") for index in range(count))


def faults_of(make: Make) -> tuple[str, ...]:
    """Return the faults with which a setting is refused."""
    with pytest.raises(RuleError) as error:
        make()
    return tuple(map(str, error.value.faults))
