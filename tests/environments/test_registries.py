"""Registries in environment files: what they mean, and every refused one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.registry import RegistrySpec
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.environments.test_checks import faults
from tests.environments.test_loading import HEAD, write

OTHER_HEAD = 'account: "222222222222"\nregion: eu-west-1\n'
THIRD_HEAD = 'account: "333333333333"\nregion: us-west-2\n'
REPOSITORY = "repositories: [{name: team/api}]\n"
TO = "registry: {replication: [{destinations: [%s], filters: [%s]}]}\n"
CACHE = "registry: {caches: [{prefix: quay, upstream: quay%s}]}\n"
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-55555555555%s"
ORGANIZATION = "organization_id: o-a1b2c3d4e5\n"


def load(folder: Path, name: str = "dev", **files: str) -> EnvironmentSettings:
    """Return one of some environments."""
    return load_environment(name, write(folder, **files))


def registry(folder: Path, name: str = "dev", **files: str) -> RegistrySpec:
    """Return the registry of one of some environments."""
    found = load(folder, name, **files).registry
    assert found
    return found


def actions(spec: RegistrySpec) -> dict[str, Any]:
    """Return the resources of each statement of a registry policy by its Sid."""
    return {one["Sid"]: one["Resource"] for one in spec.statements}


def arn(name: str, region: str = "us-west-2", account: str = "111111111111") -> str:
    """Return the ARN of a repository."""
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def test_an_environment_without_a_registry_leaves_its_settings(tmp_path: Path) -> None:
    assert load(tmp_path, dev=HEAD + REPOSITORY).registry is None


def test_an_empty_registry_scans_every_push(tmp_path: Path) -> None:
    spec = registry(tmp_path, dev=HEAD + "registry: {}\n")
    assert spec.scanning
    assert spec.scanning.scan_type == "BASIC"
    assert spec.all_templates == ()
    assert spec.statements == []


def test_unmanaged_scanning_stays_as_it_is(tmp_path: Path) -> None:
    assert registry(tmp_path, dev=HEAD + "registry: {scanning: unmanaged}\n").scanning is None


@pytest.mark.parametrize(("text", "value"), [("", None), ("true", True), ("false", False)])
def test_blob_mounting_stays_as_it_is_or_is_switched(
    tmp_path: Path, text: str, value: bool | None
) -> None:
    given = f"registry: {{blob_mounting: {text}}}\n" if text else "registry: {}\n"
    assert registry(tmp_path, dev=HEAD + given).blob_mounting is value


def test_a_cache_has_the_settings_of_the_environments_repositories(tmp_path: Path) -> None:
    defaults = "encryption: aes256\nrepository_defaults: {lifecycle: none}\n"
    (template,) = registry(tmp_path, dev=HEAD + defaults + CACHE % "").all_templates
    assert template.encryption.kind == "aes256"
    assert template.lifecycle is None
    own = CACHE % ", encryption: aws-managed, lifecycle: standard, tag_immutability: MUTABLE"
    (template,) = registry(tmp_path, dev=HEAD + defaults + own).all_templates
    assert template.encryption.kind == "aws-managed"
    assert template.lifecycle
    assert template.tag_immutability.mode == "MUTABLE"


def test_a_destination_lets_the_source_replicate_and_has_a_template(tmp_path: Path) -> None:
    files = {
        "dev": HEAD + REPOSITORY + TO % ("other", "team/"),
        "other": OTHER_HEAD,
    }
    source = registry(tmp_path, **files)
    assert [rule.destinations for rule in source.replication] == [
        (Place.of("222222222222", "eu-west-1"),)
    ]
    assert source.statements == []
    destination = registry(tmp_path, "other", **files)
    # A registry that only receives replicas scans as it did before.
    assert destination.scanning is None
    assert destination.all_templates == (
        CreationTemplate(
            prefix="team",
            applied_for=("REPLICATION",),
            description="Replicas of other registries' repositories",
        ),
    )
    assert actions(destination) == {
        "ReplicateFromAccounts": arn("team/*", "eu-west-1", "222222222222")
    }


def test_a_destination_of_the_same_account_requires_no_permission(tmp_path: Path) -> None:
    files = {
        "dev": HEAD + REPOSITORY + TO % ("other", "'*'"),
        "other": HEAD.replace("us-west-2", "eu-west-1"),
    }
    destination = registry(tmp_path, "other", **files)
    assert destination.statements == []
    assert [one.prefix for one in destination.all_templates] == ["ROOT"]


def test_a_template_of_the_file_takes_the_place_of_a_generated_one(tmp_path: Path) -> None:
    template = "registry: {templates: [{prefix: team, applied_for: [REPLICATION]%s}]}\n"
    files = {
        "dev": HEAD + REPOSITORY + TO % ("other", "team/"),
        "other": OTHER_HEAD + template % ", tags: {team: web}",
    }
    (made,) = registry(tmp_path, "other", **files).all_templates
    assert made.tags == {"team": "web"}


@pytest.mark.parametrize(
    ("place", "in_registry", "in_repository"),
    [("repositories", False, True), ("both", True, True), ("registry", True, False)],
)
def test_an_organization_pulls_by_the_policies_that_the_file_chooses(
    tmp_path: Path, place: str, in_registry: bool, in_repository: bool
) -> None:
    repositories = (
        "repositories: [{name: team/api, pull: {organization: true}}, {name: team/secret}]\n"
    )
    policy = f"registry: {{policy: {{organization_pull: {place}}}}}\n"
    settings = load(tmp_path, dev=HEAD + ORGANIZATION + repositories + policy)
    assert settings.registry
    granted = {"PullFromOrganization": arn("team/api")} if in_registry else {}
    assert actions(settings.registry) == granted
    sids = [[one["Sid"] for one in repo.spec.policy] for repo in settings.repositories]
    assert sids == [["PullFromOrganization"] if in_repository else [], []]


def test_a_pin_through_a_cache_is_the_cached_repository(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: web, image: nginx, memory_mib: 64}]\n"
    digest = "sha256:" + "a" * 64
    pin = f"nginx: {{cache: quay, repository: nginx/nginx, tag: v1, digest: '{digest}'}}\n"
    settings = load(tmp_path, dev=HEAD + CACHE % "" + task, dev_images=pin)
    (image,) = settings.ecs_tasks[0].images
    assert image.repository_uri == "111111111111.dkr.ecr.us-west-2.amazonaws.com/quay/nginx/nginx"
    assert image.cache == "quay"


def test_the_embedded_aws_is_said_to_have_no_registry(tmp_path: Path) -> None:
    head = 'account: "000000000000"\nregion: us-west-2\n'
    settings = load(tmp_path, dev=head + REPOSITORY + CACHE % "")
    assert settings.registry is None
    assert settings.notices == (
        "dev: the registry is left out, because the embedded AWS knows no settings of a registry.",
    )


NOTICES = {
    "repositories: [{name: team/api}, {name: web}]\n"
    "registry: {scanning: {rules: [{filters: [team/*]}]}}\n": [
        "no scanning rule of the registry covers 'web', so its images are not scanned when they "
        "are pushed.",
    ],
    "repositories: [{name: team/api, lifecycle: {allow_touching_live_images: true, rules: "
    "[{count_type: sinceImagePulled, count_number: 30, "
    "tag_status: any, action: transition, storage_class: standard}]}}]\nregistry: {}\n": [
        "the lifecycle policy of 'team/api' archives images by their last pull, and the registry "
        "excludes no principal: a scanner that pulls keeps every image.",
    ],
    "repositories: [{name: team/api, push: {roles: ['arn:aws:iam::111111111111:role/ci']}}]\n"
    "registry: {signing: [{filters: [team/*]}]}\n": [
        "repositories[0]: images of 'team/api' are signed with the permissions of the principal "
        "that pushes. Allow signer:SignPayload on the signing profile to "
        "arn:aws:iam::111111111111:role/ci; without it, what they push stays unsigned.",
    ],
    "organization_id: o-a1b2c3d4e5\n"
    "repositories: [{name: team/api, push: {accounts: ['222222222222'], organization: true,\n"
    "  users: ['arn:aws:iam::111111111111:user/ci'], organizations: [o-b1b2c3d4e5],\n"
    "  sessions: ['arn:aws:sts::111111111111:assumed-role/ci/build'],\n"
    "  organization_paths: ['o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*']}}]\n"
    "registry: {signing: [{filters: [team/*]}]}\n": [
        "repositories[0]: images of 'team/api' are signed with the permissions of the principal "
        "that pushes. Allow signer:SignPayload on the signing profile to "
        "arn:aws:iam::111111111111:user/ci, arn:aws:sts::111111111111:assumed-role/ci/build, "
        "account 222222222222, the organization, o-b1b2c3d4e5, "
        "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*; without it, what they push stays unsigned.",
    ],
    "repositories: [{name: team/api, encryption: "
    f"{KEY % 1}}}, {{name: web}}, {{name: team/web}}]\n"
    "registry: {blob_mounting: true}\n": [
        "blob mounting has no effect for 'team/api': ECR mounts no layer between repositories "
        "with different keys, and no other one has the same encryption and key.",
    ],
    "repositories: ["
    + ", ".join(
        f"{{name: team/{letter}, encryption: {KEY % index}}}"
        for index, letter in enumerate("abcdefg")
    )
    + "]\nregistry: {blob_mounting: true}\n": [
        "blob mounting has no effect for 'team/a', 'team/b', 'team/c', 'team/d', 'team/e' and 2 "
        "more: ECR mounts no layer between repositories with different keys, and no other one has "
        "the same encryption and key.",
    ],
    # A repository that ECR creates on a push shares its layers too.
    "repositories: [{name: team/api, encryption: aes256}, {name: web}, {name: team/web}]\n"
    "registry: {blob_mounting: true, templates: [{prefix: new, applied_for: [CREATE_ON_PUSH], "
    "encryption: aes256}]}\n": [],
    "repositories: [{name: team/api}, {name: web, encryption: aes256}]\n"
    "registry: {blob_mounting: false}\n": [],
    "repositories: [{name: team/api}]\nregistry: {blob_mounting: true}\n": [],
    "repositories: [{name: team/api, tag_immutability: MUTABLE}]\n" + TO % ("other", "team/"): [
        "tags of 'team/api' can be moved, and its replicas follow only where the template of the "
        "destination lets them move too.",
    ],
}


@pytest.mark.parametrize(("text", "notices"), NOTICES.items())
def test_what_is_easily_overlooked_is_a_notice(
    tmp_path: Path, text: str, notices: list[str]
) -> None:
    settings = load(tmp_path, dev=HEAD + text, other=OTHER_HEAD)
    assert [
        one
        for one in settings.notices
        if any(word in one for word in ("registry", "sign", "moved", "mount"))
    ] == [f"dev: {one}" for one in notices]


REFUSED: dict[str, tuple[str, list[str]]] = {
    "an unknown upstream": (
        "registry: {caches: [{prefix: hub, upstream: dockerhub}]}\n",
        [
            "registry.caches[0].upstream: a cache's upstream must be one of docker-hub, "
            "github-container-registry, gitlab-container-registry, quay, k8s, "
            "azure-container-registry, chainguard, ecr-public, ecr, got 'dockerhub'. Copy images "
            "of any other registry with `ecrctl promote`."
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
            "registry.caches[0].secret_arn: a cache of Quay requires no secret, got one. "
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
            "registry.caches[0].prefix: a cache's prefix ends without '/', which ECR adds "
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
            "registry.replication[0]: images must not be replicated in a circle, got dev -> "
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
            "'arn:aws:sts::111111111111:assumed-role/scanner/session'. Write it such as "
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
