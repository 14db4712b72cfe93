"""Refused settings of pull-through caches."""

from __future__ import annotations

import pytest

from tests.constructs_lib.rules.registry.settings import (
    HOST,
    ROLE,
    SECRET,
    Make,
    azure,
    ecr,
    faults_of,
    hub,
    public,
    registry,
)

REFUSED: list[tuple[Make, tuple[str, ...]]] = [
    (
        lambda: hub(prefix="d"),
        (
            "prefix: a cache's prefix must have 2 to 30 lower-case letters and digits, joined "
            "by '/', '-', '_' or '.', or be ROOT, got 'd'. Write it like 'team'.",
        ),
    ),
    (
        lambda: hub(prefix="d" * 31),
        (
            "prefix: a cache's prefix must have 2 to 30 lower-case letters and digits, joined "
            "by '/', '-', '_' or '.', or be ROOT, got 'ddddddddddddddddddddddddddddddd'. Write "
            "it like 'team'.",
        ),
    ),
    (
        lambda: hub(prefix="docker-hub/"),
        (
            "prefix: a cache's prefix must end without '/', which ECR adds itself, got "
            "'docker-hub/'. Write 'docker-hub'.",
        ),
    ),
    (
        lambda: hub(prefix="Docker"),
        (
            "prefix: a cache's prefix must have 2 to 30 lower-case letters and digits, joined "
            "by '/', '-', '_' or '.', or be ROOT, got 'Docker'. Write it like 'team'.",
        ),
    ),
    (
        lambda: hub(upstream="harbor"),
        (
            "upstream: a cache's upstream must be one of docker-hub, "
            "github-container-registry, gitlab-container-registry, quay, k8s, "
            "azure-container-registry, chainguard, ecr-public, ecr, got 'harbor'. Push images of "
            "any other registry with `ecrctl push --from`, and copy them to other environments "
            "with `ecrctl promote`.",
        ),
    ),
    (
        lambda: hub(secret_arn=SECRET.replace("ecr-pullthroughcache/", "")),
        (
            "secret_arn: the name of a cache's secret must begin with 'ecr-pullthroughcache/', "
            "got 'hub'. Create it again as 'ecr-pullthroughcache/hub'.",
        ),
    ),
    (
        lambda: hub(secret_arn=SECRET.removesuffix("-a1B2c3")),
        (
            "secret_arn: "
            "'arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub' is "
            "not the complete ARN of a secret. Write it with the six characters at its end, such "
            "as "
            "'arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/docker-hub-a1B2c3'.",
        ),
    ),
    (
        lambda: hub(secret_arn=SECRET.replace("hub", "h" * 600)),
        (
            "secret_arn: the ARN of a cache's secret can have at most 612 characters, got 681. "
            "Choose a shorter name.",
        ),
    ),
    (
        lambda: hub(host="docker.io"),
        ("host: the host of Docker Hub is registry-1.docker.io, got 'docker.io'. Remove host.",),
    ),
    (
        lambda: hub(role_arn=ROLE),
        ("role_arn: role_arn is for the upstream ecr, got one with docker-hub. Remove role_arn.",),
    ),
    (
        lambda: hub(upstream_prefix="library"),
        (
            "upstream_prefix: upstream_prefix is for the upstream ecr, got one with "
            "docker-hub. Remove upstream_prefix.",
        ),
    ),
    (
        lambda: hub(tags={"aws:x": "1"}),
        (
            "tags.aws:x: a tag's key cannot begin with 'aws:', which AWS reserves, got "
            "'aws:x'. Choose another key.",
        ),
    ),
    (
        lambda: public(secret_arn=SECRET),
        ("secret_arn: a cache of Amazon ECR Public takes no secret, got one. Remove secret_arn.",),
    ),
    (
        azure,
        (
            "host: a cache of Azure Container Registry requires the registry's host without a "
            "path, got none. Write it like 'acme.azurecr.io'.",
        ),
    ),
    (
        lambda: azure(host="https://acme.azurecr.io"),
        (
            "host: a cache of Azure Container Registry requires the registry's host without a "
            "path, got 'https://acme.azurecr.io'. Write it like 'acme.azurecr.io'.",
        ),
    ),
    (
        lambda: ecr(host="222222222222"),
        (
            "host: a cache of another private registry of Amazon ECR requires the registry's "
            "host without a path, got '222222222222'. Write it like "
            "'111111111111.dkr.ecr.eu-west-1.amazonaws.com'.",
        ),
    ),
    (
        lambda: ecr(role_arn="arn:aws:iam::111111111111:role/*"),
        (
            "role_arn: a principal's ARN cannot have a wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. List each role, or allow the whole account, "
            "such as '111111111111'.",
        ),
    ),
    (
        lambda: ecr(prefix="ROOT", upstream_prefix="team"),
        (
            "upstream_prefix: a cache with the prefix ROOT takes no upstream_prefix, got "
            "'team'. Write another prefix.",
        ),
    ),
    (
        lambda: registry(caches=(hub(secret_arn=None),)),
        (
            "caches[0].secret_arn: a cache of Docker Hub requires a secret with its user name "
            "and access token, got none. Create it with `aws secretsmanager create-secret "
            "--region us-west-2 --name ecr-pullthroughcache/docker-hub --secret-string "
            "file://credentials.json`, and write the ARN that is printed.",
        ),
    ),
    (
        lambda: registry(caches=(hub(secret_arn=SECRET.replace("us-west-2", "us-east-1")),)),
        (
            "caches[0].secret_arn: the secret of a cache must be in the registry's region "
            "us-west-2, got us-east-1. Create it there: `aws secretsmanager create-secret "
            "--region us-west-2 --name ecr-pullthroughcache/docker-hub --secret-string "
            "file://credentials.json`.",
        ),
    ),
    (
        lambda: registry(caches=(hub(secret_arn=SECRET.replace("1" * 12, "2" * 12)),)),
        (
            "caches[0].secret_arn: the secret of a cache must be in the registry's account "
            "111111111111, got 222222222222. Create it there: `aws secretsmanager "
            "create-secret --region us-west-2 --name ecr-pullthroughcache/docker-hub "
            "--secret-string file://credentials.json`.",
        ),
    ),
    (
        lambda: registry(caches=(ecr(host=HOST.replace("2" * 12, "1" * 12)),)),
        (
            "caches[0].host: a registry cannot cache itself, got "
            "'111111111111.dkr.ecr.us-west-2.amazonaws.com'. Write the host of another account "
            "or region.",
        ),
    ),
    (
        lambda: registry(
            caches=(ecr(host="111111111111.dkr.ecr.eu-west-1.amazonaws.com", role_arn=ROLE),)
        ),
        (
            "caches[0].role_arn: a cache of the same account takes no role, got one. Remove "
            "role_arn.",
        ),
    ),
    (
        lambda: registry(caches=(public("cache"), public("cache"))),
        ("caches[1].prefix: the prefix 'cache' is taken by caches[0]. Choose another one.",),
    ),
    (
        lambda: registry(caches=(public("cache"), public("cache/quay"))),
        (
            "caches[0].prefix: the prefix 'cache' contains 'cache/quay' of caches[1], so two "
            "rules would apply to 'cache/quay/...'. Rename one of them, such as 'cache-other'.",
        ),
    ),
    (
        lambda: registry(caches=tuple(public(f"cache-{index}") for index in range(51))),
        (
            "caches: a registry can have at most 50 pull-through caches, got 51. Cache the "
            "others in another region or account.",
        ),
    ),
]

ACCEPTED: list[Make] = [
    lambda: hub(prefix="d2"),
    lambda: hub(prefix="d" * 30),
    lambda: hub(secret_arn=SECRET.replace("hub", "h" * (612 - len(SECRET) + 3))),
    lambda: azure(host="acme1.azurecr.io"),
    lambda: registry(caches=(ecr(role_arn=ROLE, upstream_prefix="team"),)),
    lambda: registry(caches=(public("ROOT"), public("cache"))),
    lambda: registry(caches=(public("cache"), public("cache-quay"))),
    lambda: registry(caches=tuple(public(f"cache-{index}") for index in range(50))),
]


@pytest.mark.parametrize(("make", "faults"), REFUSED)
def test_a_setting_that_ecr_would_refuse_is_refused(make: Make, faults: tuple[str, ...]) -> None:
    assert faults_of(make) == faults


@pytest.mark.parametrize("make", ACCEPTED)
def test_a_setting_just_inside_a_limit_does_not_raise(make: Make) -> None:
    assert make() is not None
