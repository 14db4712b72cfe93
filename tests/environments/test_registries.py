"""Registries in environment files: what they mean, and what is a notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.registry import RegistrySpec
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.environments.test_loading import HEAD, write

OTHER_HEAD = 'account: "222222222222"\nregion: eu-west-1\n'
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
