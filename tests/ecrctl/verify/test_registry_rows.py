"""Every row of a registry that an environment file declares, with scripted answers of AWS."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.registries import check_registry
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import lookup, missing, stacks_with
from tests.ecrctl.verify.registries import (
    ACCOUNT,
    DEPLOYED,
    FILE,
    KEY_ARN,
    PROFILE,
    REGION,
    ROLE,
    SCANNER,
    SECRET,
    ecr_with,
)

REGISTRY = f"registry {ACCOUNT} {REGION}"
THERE = 'account: "444444444444"\nregion: eu-west-1\nrepositories: [{name: team/api}]\n'
NO_SETTING = "this endpoint has no such setting of a registry"


def load(folder: Path, file: str = FILE) -> EnvironmentSettings:
    """Return the environment ``dev``, whose registry is replicated to ``there``."""
    (folder / "dev.yaml").write_text(file)
    (folder / "there.yaml").write_text(THERE)
    return load_environment("dev", folder)


def checks(
    settings: EnvironmentSettings,
    ecr: StubClient,
    *,
    is_emulated: bool = False,
    profiles: Mapping[Any, str] | None = None,
) -> list[Check]:
    """Return the checks of the environment's registry."""
    stacks = stacks_with(Registry=profiles or {})
    found = lookup(settings, is_emulated=is_emulated, ecr=ecr, cloudformation=stacks)
    return list(check_registry(found))


def differing(found: list[Check]) -> dict[str, tuple[str, str]]:
    """Return the declared and the deployed value of each property that differs."""
    return {f"{one.subject}: {one.what}": (one.declared, one.found) for one in found if one.differs}


def changed(operation: str, *steps: Any, value: Any) -> dict[str, Any]:
    """Return an answer of AWS with another value at a place."""
    answer = copy.deepcopy(DEPLOYED[operation])
    place = answer
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return {operation: answer}


@pytest.mark.parametrize("operation", DEPLOYED)
def test_the_answers_have_the_form_that_the_sdk_knows(operation: str) -> None:
    client = boto3.client("ecr", region_name=REGION)
    name = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(name).output_shape
    assert shape
    validate_parameters(DEPLOYED[operation], shape)
    assert DEPLOYED[operation].keys() <= shape.members.keys()


def test_a_registry_as_declared_has_every_row(tmp_path: Path) -> None:
    found = checks(load(tmp_path), ecr_with())
    assert differing(found) == {}
    assert [(one.subject, one.what, one.found) for one in found] == [
        (REGISTRY, "scan type", "ENHANCED"),
        (REGISTRY, "scanning rules", "CONTINUOUS_SCAN\nSCAN_ON_PUSH"),
        (REGISTRY, "replication", "444444444444 eu-west-1"),
        (REGISTRY, "signing", PROFILE),
        (REGISTRY, "pull-time exclusions", SCANNER),
        (REGISTRY, "registry policy", "PullThroughCacheFromAccounts\nPullFromOrganization"),
        (REGISTRY, "blob mounting", "ENABLED"),
        (REGISTRY, "policy scope", "V2"),
        *template_rows("hub", description="Repositories cached from Docker Hub"),
        *template_rows(
            "other",
            description="Repositories cached from another private registry of Amazon ECR",
        ),
        *template_rows(
            "team",
            applied_for="CREATE_ON_PUSH",
            mode="IMMUTABLE_WITH_EXCLUSION",
            filters="dev*",
            encryption=f"KMS {KEY_ARN}",
            lifecycle="1",
            policy="PullFromAccounts",
            tags="team=web",
            description="New repositories",
            role="set",
        ),
        ("pull-through cache hub", "upstream", "docker-hub"),
        ("pull-through cache hub", "host", "registry-1.docker.io"),
        ("pull-through cache hub", "upstream prefix", "ROOT"),
        ("pull-through cache hub", "secret", SECRET),
        ("pull-through cache hub", "role", "none"),
        ("pull-through cache other", "upstream", "ecr"),
        ("pull-through cache other", "host", "333333333333.dkr.ecr.eu-west-1.amazonaws.com"),
        ("pull-through cache other", "upstream prefix", "base"),
        ("pull-through cache other", "secret", "none"),
        ("pull-through cache other", "role", "set"),
    ]


def template_rows(
    prefix: str,
    *,
    description: str,
    applied_for: str = "PULL_THROUGH_CACHE",
    mode: str = "IMMUTABLE",
    filters: str = "none",
    encryption: str = "AES256",
    lifecycle: str = "none",
    policy: str = "none",
    tags: str = "none",
    role: str = "none",
) -> list[tuple[str, str, str]]:
    """Return the rows of a creation template."""
    values = {
        "applied for": applied_for,
        "tag immutability": mode,
        "exclusion filters": filters,
        "encryption": encryption,
        "lifecycle policy": lifecycle,
        "repository policy": policy,
        "tags": tags,
        "description": description,
        "role": role,
    }
    return [(f"creation template {prefix}", what, value) for what, value in values.items()]


SCANNING, RULES = "get_registry_scanning_configuration", ("scanningConfiguration", "rules")
TEMPLATES = ("describe_repository_creation_templates", "repositoryCreationTemplates")
CACHES = ("describe_pull_through_cache_rules", "pullThroughCacheRules")
REPLICATION = ("describe_registry", "replicationConfiguration", "rules")
FILTER = ("repositoryFilters", 0, "filter")
TEAM, HUB = "creation template team", "pull-through cache hub"


@pytest.mark.parametrize(
    ("answer", "row", "values"),
    [
        (
            changed(SCANNING, "scanningConfiguration", "scanType", value="BASIC"),
            f"{REGISTRY}: scan type",
            ("ENHANCED", "BASIC"),
        ),
        (
            changed(SCANNING, *RULES, 1, *FILTER, value="other/*"),
            f"{REGISTRY}: scanning rules",
            ("CONTINUOUS_SCAN: team/*", "CONTINUOUS_SCAN: other/*"),
        ),
        (
            changed(SCANNING, *RULES, value=[]),
            f"{REGISTRY}: scanning rules",
            (
                "CONTINUOUS_SCAN: team/*\nSCAN_ON_PUSH: *",
                "CONTINUOUS_SCAN: missing\nSCAN_ON_PUSH: missing",
            ),
        ),
        (
            changed(*REPLICATION, 0, "destinations", 0, "region", value="eu-west-2"),
            f"{REGISTRY}: replication",
            (
                "444444444444 eu-west-1: team/\n444444444444 eu-west-2: missing",
                "444444444444 eu-west-1: missing\n444444444444 eu-west-2: team/",
            ),
        ),
        (
            changed(*REPLICATION, 0, "repositoryFilters", value=[]),
            f"{REGISTRY}: replication",
            ("444444444444 eu-west-1: team/", "444444444444 eu-west-1: *"),
        ),
        (
            {"get_signing_configuration": missing("Get", "SigningConfigurationNotFoundException")},
            f"{REGISTRY}: signing",
            (f"{PROFILE}: team/*", f"{PROFILE}: missing"),
        ),
        (
            {"list_pull_time_update_exclusions": {"pullTimeUpdateExclusions": []}},
            f"{REGISTRY}: pull-time exclusions",
            (SCANNER, "none"),
        ),
        (
            changed("get_account_setting", "value", value="V1"),
            f"{REGISTRY}: policy scope",
            (
                "V2",
                "V1, in which the registry policy grants replication and the filling of caches "
                "alone; first run `aws ecr put-account-setting --name REGISTRY_POLICY_SCOPE "
                "--value V2`",
            ),
        ),
        (
            {"blob_mounting": "DISABLED"},
            f"{REGISTRY}: blob mounting",
            ("ENABLED", "DISABLED"),
        ),
        (
            changed(*TEMPLATES, 2, "appliedFor", value=["REPLICATION", "CREATE_ON_PUSH"]),
            f"{TEAM}: applied for",
            ("CREATE_ON_PUSH", "CREATE_ON_PUSH, REPLICATION"),
        ),
        (
            changed(*TEMPLATES, 2, "imageTagMutability", value="MUTABLE"),
            f"{TEAM}: tag immutability",
            ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE"),
        ),
        (
            changed(*TEMPLATES, 2, "imageTagMutabilityExclusionFilters", value=[]),
            f"{TEAM}: exclusion filters",
            ("dev*", "none"),
        ),
        (
            changed(*TEMPLATES, 2, "encryptionConfiguration", value={"encryptionType": "AES256"}),
            f"{TEAM}: encryption",
            (f"KMS {KEY_ARN}", "AES256"),
        ),
        (
            changed(*TEMPLATES, 2, "repositoryPolicy", value=""),
            f"{TEAM}: repository policy",
            (
                'PullFromAccounts: {"Action": ["ecr:BatchCheckLayerAvailability", '
                '"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Effect": "Allow", '
                '"Principal": {"AWS": "222222222222"}}',
                "PullFromAccounts: missing",
            ),
        ),
        (
            changed(*TEMPLATES, 2, "resourceTags", value=[]),
            f"{TEAM}: tags",
            ("team=web", "none"),
        ),
        (
            changed(*TEMPLATES, 2, "description", value="Other"),
            f"{TEAM}: description",
            ("New repositories", "Other"),
        ),
        (changed(*TEMPLATES, 2, "customRoleArn", value=""), f"{TEAM}: role", ("set", "none")),
        (
            changed(*TEMPLATES, 2, "prefix", value="teams"),
            f"{TEAM}: exists",
            ("yes", MISSING),
        ),
        (
            changed(*CACHES, 0, "upstreamRegistryUrl", value="quay.io"),
            f"{HUB}: host",
            ("registry-1.docker.io", "quay.io"),
        ),
        (
            changed(*CACHES, 0, "upstreamRegistry", value="quay"),
            f"{HUB}: upstream",
            ("docker-hub", "quay"),
        ),
        (
            changed(*CACHES, 0, "upstreamRepositoryPrefix", value="base"),
            f"{HUB}: upstream prefix",
            ("ROOT", "base"),
        ),
        (
            changed(*CACHES, 0, "credentialArn", value=""),
            f"{HUB}: secret",
            (SECRET, "none"),
        ),
        (changed(*CACHES, 0, "customRoleArn", value=ROLE), f"{HUB}: role", ("none", "set")),
        (
            {
                "describe_pull_through_cache_rules": missing(
                    "Describe", "PullThroughCacheRuleNotFoundException"
                )
            },
            f"{HUB}: exists",
            ("yes", MISSING),
        ),
    ],
)
def test_each_difference_is_named(
    tmp_path: Path, answer: Mapping[str, Any], row: str, values: tuple[str, str]
) -> None:
    found = differing(checks(load(tmp_path), ecr_with(**answer)))
    assert found.pop(row) == values
    # Of one missing setting there is no other row.
    assert {name.partition(":")[0] for name in found} <= {"pull-through cache other"}


def test_a_registry_without_a_policy_lacks_each_statement(tmp_path: Path) -> None:
    absent = missing("GetRegistryPolicy", "RegistryPolicyNotFoundException")
    found = differing(checks(load(tmp_path), ecr_with(get_registry_policy=absent)))
    (values,) = found.values()
    assert values[1] == "PullThroughCacheFromAccounts: missing\nPullFromOrganization: missing"


def test_a_policy_that_every_scope_enforces_needs_no_scope(tmp_path: Path) -> None:
    file = FILE.replace("organization_pull: both", "organization_pull: repositories").replace(
        '      pull: {accounts: ["222222222222"]}\n    - prefix: other', "    - prefix: other"
    )
    assert "policy scope" not in {one.what for one in checks(load(tmp_path, file), ecr_with())}


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", []),
        ("  blob_mounting: false\n", [("blob mounting", "DISABLED", "ENABLED")]),
    ],
)
def test_blob_mounting_is_compared_where_the_file_sets_it(
    tmp_path: Path, line: str, rows: list[tuple[str, str, str]]
) -> None:
    found = checks(load(tmp_path, FILE.replace("  blob_mounting: true\n", line)), ecr_with())
    given = [(one.what, one.declared, one.found) for one in found if one.what == "blob mounting"]
    assert given == rows


def test_scanning_that_the_file_leaves_alone_is_not_compared(tmp_path: Path) -> None:
    start, _, rest = FILE.partition("  scanning:\n")
    file = f"{start}  scanning: unmanaged\n  replication{rest.partition('  replication')[2]}"
    found = checks(load(tmp_path, file), ecr_with())
    assert {"scan type", "scanning rules"} & {one.what for one in found} == set()


def test_a_profile_that_the_stack_creates_is_found_by_its_resource(tmp_path: Path) -> None:
    settings = load(tmp_path, FILE.replace(f", profile_arn: {PROFILE}", ""))
    made = {("Registry", "Profile"): PROFILE}
    assert differing(checks(settings, ecr_with(), profiles=made)) == {}
    assert differing(checks(settings, ecr_with())) == {
        f"{REGISTRY}: signing": (
            f"profile 1: team/*\n{PROFILE}: missing",
            f"profile 1: missing\n{PROFILE}: team/*",
        )
    }


def test_an_environment_without_a_registry_has_no_row(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(THERE)
    assert checks(load_environment("dev", tmp_path), StubClient()) == []


def test_an_emulator_without_registries_leaves_all_undecided(tmp_path: Path) -> None:
    ecr = ecr_with(get_registry_scanning_configuration=missing("Get", "InvalidAction"))
    settings = load(tmp_path)
    assert checks(settings, ecr, is_emulated=True) == [
        Check.not_compared(REGISTRY, "every setting", NO_SETTING)
    ]
    # AWS itself has it, so another answer is an error of the command.
    with pytest.raises(ClientError):
        checks(settings, ecr)
