"""Registries in environment files that are refused, each with its whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.test_checks import faults
from tests.environments.test_loading import HEAD, write
from tests.environments.test_registries import CACHE, OTHER_HEAD, REPOSITORY, TO

THIRD_HEAD = 'account: "333333333333"\nregion: us-west-2\n'

REFUSED: dict[str, tuple[str, list[str]]] = {
    "an unknown upstream": (
        "registry: {caches: [{prefix: hub, upstream: dockerhub}]}\n",
        [
            "registry.caches[0].upstream: a cache's upstream must be one of docker-hub, "
            "github-container-registry, gitlab-container-registry, quay, k8s, "
            "azure-container-registry, chainguard, ecr-public, ecr, got 'dockerhub'. Push images "
            "of any other registry with `ecrctl push --from`, and copy them to other environments "
            "with `ecrctl promote`."
        ],
    ),
    "a cache without its secret": (
        "registry: {caches: [{prefix: hub, upstream: docker-hub}]}\n",
        [
            "registry.caches[0].secret_arn: a cache of Docker Hub requires a secret with its "
            "user name and access token, got none. Create it with `aws secretsmanager "
            "create-secret --region us-west-2 --name ecr-pullthroughcache/hub --secret-string "
            "file://credentials.json`, and write the ARN that is printed."
        ],
    ),
    "a secret of another region": (
        "registry: {caches: [{prefix: hub, upstream: docker-hub, secret_arn: "
        "'arn:aws:secretsmanager:eu-west-1:111111111111:secret:ecr-pullthroughcache/hub-a1B2c3'}]}"
        "\n",
        [
            "registry.caches[0].secret_arn: the secret of a cache must be in the registry's "
            "region us-west-2, got eu-west-1. Create it there: `aws secretsmanager "
            "create-secret --region us-west-2 --name ecr-pullthroughcache/hub --secret-string "
            "file://credentials.json`."
        ],
    ),
    "a secret of another name": (
        "registry: {caches: [{prefix: hub, upstream: docker-hub, secret_arn: "
        "'arn:aws:secretsmanager:us-west-2:111111111111:secret:docker/hub-a1B2c3'}]}\n",
        [
            "registry.caches[0].secret_arn: the name of a cache's secret must begin with "
            "'ecr-pullthroughcache/', got 'docker/hub'. Create it again as "
            "'ecr-pullthroughcache/docker/hub'."
        ],
    ),
    "a secret that no upstream needs": (
        CACHE % ", secret_arn: 'arn:aws:secretsmanager:us-west-2:111111111111:secret:"
        "ecr-pullthroughcache/quay-a1B2c3'",
        [
            "registry.caches[0].secret_arn: a cache of Quay takes no secret, got one. "
            "Remove secret_arn."
        ],
    ),
    "prefixes within one another": (
        "registry: {caches: [{prefix: quay, upstream: quay}, {prefix: quay/k8s, upstream: k8s}]}\n",
        [
            "registry.caches[0].prefix: the prefix 'quay' contains 'quay/k8s' of caches[1], so "
            "two rules would apply to 'quay/k8s/...'. Rename one of them, such as 'quay-other'."
        ],
    ),
    "a prefix with a slash": (
        "registry: {caches: [{prefix: quay/, upstream: quay}]}\n",
        [
            "registry.caches[0].prefix: a cache's prefix must end without '/', which ECR adds "
            "itself, got 'quay/'. Write 'quay'."
        ],
    ),
    "a prefix of a cache and of a template": (
        "registry: {caches: [{prefix: quay, upstream: quay}], templates: [{prefix: quay, "
        "applied_for: [CREATE_ON_PUSH]}]}\n",
        [
            "registry.templates[0].prefix: the prefix 'quay' is taken by caches[0]. Choose "
            "another one."
        ],
    ),
    "a template for no cause": (
        "registry: {templates: [{prefix: team, applied_for: []}]}\n",
        [
            "registry.templates[0].applied_for: a template requires at least one of "
            "PULL_THROUGH_CACHE, REPLICATION, CREATE_ON_PUSH, got none. Write CREATE_ON_PUSH."
        ],
    ),
    "an unknown cause": (
        "registry: {templates: [{prefix: team, applied_for: [PUSH]}]}\n",
        [
            "registry.templates[0].applied_for[0]: one of 'PULL_THROUGH_CACHE', 'REPLICATION' "
            "or 'CREATE_ON_PUSH' is expected here, got 'PUSH'."
        ],
    ),
    "a key for each repository": (
        "registry: {templates: [{prefix: team, applied_for: [REPLICATION], encryption: own-key}]}"
        "\n",
        [
            "registry.templates[0].encryption: encryption must be customer-managed, dsse, "
            "aws-managed, aes256 or the ARN of a KMS key, got 'own-key'."
        ],
    ),
    "replication onto itself": (
        TO % ("dev", "team/"),
        [
            "registry.replication[0].destinations[0]: a registry cannot be replicated onto "
            "itself, got account 111111111111 in us-west-2. Write another account or region."
        ],
    ),
    "replication into an unknown environment": (
        TO % ("othr", "team/"),
        [
            "registry.replication[0].destinations[0]: 'othr' is not an environment; did you "
            "mean 'other'? Known: back, dev, other."
        ],
    ),
    "replication in a circle": (
        TO % ("back", "team/"),
        [
            "registry.replication[0]: replication must not lead back to its source, so that each "
            "image is pushed to one registry, got dev -> "
            "back -> dev for 'team/'. Remove one of these destinations."
        ],
    ),
    "a replication filter with a wildcard": (
        TO % ("other", "'team/*'"),
        [
            "registry.replication[0].filters[0]: a replication filter is the beginning of a "
            "name and has no wildcards, got 'team/*'. Write 'team/'."
        ],
    ),
    "a replication filter that selects nothing": (
        TO % ("other", "web/"),
        [
            "registry.replication[0].filters[0]: the filter 'web/' selects no repository that "
            "this environment declares. Known: team/api."
        ],
    ),
    "a scanning filter that selects nothing": (
        "registry: {scanning: {rules: [{filters: [web/*]}]}}\n",
        [
            "registry.scanning.rules[0].filters[0]: the filter 'web/*' selects no repository "
            "that this environment declares. Known: team/api."
        ],
    ),
    "a signing filter that selects nothing": (
        "registry: {signing: [{filters: [web/*]}]}\n",
        [
            "registry.signing[0].filters[0]: the filter 'web/*' selects no repository that "
            "this environment declares. Known: team/api."
        ],
    ),
    "continuous basic scanning": (
        "registry: {scanning: {rules: [{frequency: CONTINUOUS_SCAN}]}}\n",
        [
            "registry.scanning.rules[0].frequency: continuous scanning requires scan_type "
            "ENHANCED, got BASIC. Write ENHANCED."
        ],
    ),
    "basic scanning by two rules": (
        "registry: {scanning: {rules: [{filters: [team/*]}, {filters: ['*']}]}}\n",
        [
            "registry.scanning.rules: basic scanning takes at most 1 rule, got 2. Write the "
            "filters of one frequency in one rule."
        ],
    ),
    "a signing profile of another region": (
        "registry: {signing: [{profile_arn: "
        "'arn:aws:signer:eu-west-1:111111111111:/signing-profiles/images'}]}\n",
        [
            "registry.signing[0].profile_arn: a signing profile must be in the registry's "
            "region us-west-2, got one in eu-west-1. Write a profile of us-west-2."
        ],
    ),
    "a validity of an existing profile": (
        "registry: {signing: [{profile_arn: "
        "'arn:aws:signer:us-west-2:111111111111:/signing-profiles/images', validity_months: 12}]}"
        "\n",
        [
            "registry.signing[0].validity_months: validity_months is for a new profile, and "
            "profile_arn names an existing one. Remove one of the two."
        ],
    ),
    "an exclusion of a session": (
        "registry: {exclusions: ['arn:aws:sts::111111111111:assumed-role/scanner/session']}\n",
        [
            "registry.exclusions[0]: an excluded principal must be the ARN of a role or user, "
            "of at most 200 characters and without a wildcard, got "
            "'arn:aws:sts::111111111111:assumed-role/scanner/session'. Write it like "
            "'arn:aws:iam::111111111111:role/scanner'."
        ],
    ),
    "an organization that is not named": (
        "registry: {policy: {organization_pull: both}}\n",
        [
            "registry.policy.organization_pull: organization_pull requires the environment's "
            "organization_id, which is missing. Write it at the top of the file, such as "
            "'organization_id: o-a1b2c3d4e5'."
        ],
    ),
    "a cache for an organization that is not named": (
        CACHE % ", pull: {organization: true}",
        [
            "registry.caches[0].pull.organization: organization requires the environment's "
            "organization_id, which is missing. Write it at the top of the file, such as "
            "'organization_id: o-a1b2c3d4e5'."
        ],
    ),
    "a statement without Resource": (
        "registry: {policy: {statements: [{Effect: Allow, Principal: '*', Action: "
        "ecr:ReplicateImage}]}}\n",
        [
            "registry.policy.statements[0].Resource: a registry policy's statement requires "
            "Resource, got none. Write the ARNs of its repositories, such as "
            "'arn:aws:ecr:us-west-2:111111111111:repository/team/*'."
        ],
    ),
    "blob mounting in another word": (
        "registry: {blob_mounting: ENABLED}\n",
        ["registry.blob_mounting: true or false is expected here, got 'ENABLED'."],
    ),
    "two registries of one place": (
        "registry: {}\n",
        [
            "registry: account 111111111111 has one registry in us-west-2, and the environment "
            "'twin' has it too. Write the settings of both in one of the two."
        ],
    ),
}


def others(case: str) -> dict[str, str]:
    """Return the other environments of a case."""
    found = {"other": OTHER_HEAD, "back": THIRD_HEAD}
    if "circle" in case:
        found["back"] += "repositories: [{name: team/web}]\n" + TO % ("dev", "team/")
    if "one place" in case:
        found["twin"] = HEAD + "registry: {}\n"
    return found


@pytest.mark.parametrize(("case", "text", "sentences"), [(k, *v) for k, v in REFUSED.items()])
def test_a_wrong_registry_is_refused(
    tmp_path: Path, case: str, text: str, sentences: list[str]
) -> None:
    write(tmp_path, **others(case))
    found = faults(tmp_path, REPOSITORY + text)
    assert found == sentences
