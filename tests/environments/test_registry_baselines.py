"""The registry settings of many accounts in environment files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import build_app
from constructs_lib.rules.registry.baseline import RegistryBaselineSpec
from environments.loading import load_environment
from tests.environments.test_checks import faults
from tests.environments.test_loading import HEAD, write
from tests.support import cdk_context, only

TARGETS = "organizational_units: [ou-ab12-11111111], regions: [us-west-2]"
BASELINE = f"registry_baseline: {{{TARGETS}%s}}\n"
REGISTRY = BASELINE % ", registry: {%s}"
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub-a1B2c3"
PROFILE = "arn:aws:signer:us-west-2:111111111111:/signing-profiles/images"


def baseline(folder: Path, text: str) -> RegistryBaselineSpec:
    """Return the baseline of a file."""
    found = load_environment("dev", write(folder, dev=HEAD + text)).registry_baseline
    assert found
    return found


def test_an_environment_without_a_baseline_has_no_stack_set(tmp_path: Path) -> None:
    text = HEAD + "repositories: [{name: team/api}]\n"
    settings = load_environment("dev", write(tmp_path, dev=text))
    assert settings.registry_baseline is None
    assert "RegistryBaseline" not in settings.stack_ids()


def test_a_baseline_scans_every_push_in_one_account_after_the_other(tmp_path: Path) -> None:
    spec = baseline(tmp_path, BASELINE % "")
    assert (spec.organizational_units, spec.regions) == (("ou-ab12-11111111",), ("us-west-2",))
    assert (spec.max_concurrent_percentage, spec.failure_tolerance_percentage) == (10, 0)
    assert (spec.auto_deployment, spec.retains, spec.delegated_administrator) == (True, True, False)
    assert spec.registry.scanning
    assert spec.registry.scanning.scan_type == "BASIC"
    settings = load_environment("dev", tmp_path)
    assert settings.stack_ids() == ["RegistryBaseline"]
    assert not settings.is_empty
    assert not settings.makes_key


def test_each_choice_of_a_file_reaches_the_settings(tmp_path: Path) -> None:
    more = (
        ", max_concurrent_percentage: 100, failure_tolerance_percentage: 5, "
        "retain_on_account_removal: false, delegated_administrator: true"
    )
    spec = baseline(tmp_path, BASELINE % more)
    assert (spec.max_concurrent_percentage, spec.failure_tolerance_percentage) == (100, 5)
    assert (spec.auto_deployment, spec.retains, spec.delegated_administrator) == (True, False, True)
    assert not baseline(tmp_path, BASELINE % ", auto_deployment: false").retains


def test_caches_and_templates_have_the_environments_defaults(tmp_path: Path) -> None:
    registry = (
        "caches: [{prefix: quay, upstream: quay}], signing: [{filters: [team/*]}], "
        "templates: [{prefix: team, applied_for: [CREATE_ON_PUSH], encryption: aws-managed}]"
    )
    spec = baseline(tmp_path, "encryption: aes256\n" + REGISTRY % registry)
    cache, template = spec.registry.all_templates
    assert (cache.prefix, cache.encryption.kind) == ("quay", "aes256")
    assert (template.prefix, template.encryption.kind) == ("team", "aws-managed")
    assert spec.registry.signing[0].filters == ("team/*",)


def test_the_embedded_aws_has_no_organization(tmp_path: Path) -> None:
    head = HEAD.replace("111111111111", "000000000000")
    settings = load_environment("dev", write(tmp_path, dev=head + BASELINE % ""))
    assert settings.registry_baseline is None
    assert settings.notices == (
        "dev: the registry baseline is left out, because the embedded AWS knows no organization.",
    )


def test_an_environments_baseline_is_one_stack_set(tmp_path: Path) -> None:
    registry = "caches: [{prefix: quay, upstream: quay, encryption: aes256}]"
    write(tmp_path, dev=HEAD + "protected: true\n" + REGISTRY % registry)
    outdir = tmp_path / "cdk.out"
    app = build_app("dev", directory=tmp_path, context=cdk_context(), outdir=str(outdir))
    (artifact,) = app.synth().get_nested_assembly("assembly-dev").stacks
    assert artifact.stack_name == "dev-RegistryBaseline"
    assert artifact.termination_protection
    properties = only(artifact.template, "AWS::CloudFormation::StackSet")
    assert properties["StackSetName"] == "dev-Registry"
    inner = json.loads(properties["TemplateBody"])
    assert {one["Type"] for one in inner["Resources"].values()} == {
        "AWS::ECR::PullThroughCacheRule",
        "AWS::ECR::RegistryScanningConfiguration",
        "AWS::ECR::RepositoryCreationTemplate",
    }
    assert [one.name for one in outdir.glob("*.template.json")] == []


OWN = "Declare it in an environment of the account."
REFUSED: dict[str, tuple[str, str]] = {
    "no target": (
        "registry_baseline: {organizational_units: [], regions: [us-west-2]}\n",
        "registry_baseline.organizational_units: a baseline requires at least one organizational "
        "unit, got none. Write its ID, such as 'ou-ab12-11111111'.",
    ),
    "an account": (
        "registry_baseline: {organizational_units: ['222222222222'], regions: [us-west-2]}\n",
        "registry_baseline.organizational_units[0]: '222222222222' is not the ID of an "
        "organizational unit. Write it like 'ou-ab12-11111111', or 'r-ab12' for the root.",
    ),
    "a unit twice": (
        "registry_baseline: {organizational_units: [ou-ab12-11111111, ou-ab12-11111111], "
        "regions: [us-west-2]}\n",
        "registry_baseline.organizational_units[1]: an organizational unit can be listed once, got "
        "ou-ab12-11111111 also in organizational_units[0]. Remove one.",
    ),
    "no region": (
        "registry_baseline: {organizational_units: [r-ab12], regions: []}\n",
        "registry_baseline.regions: a baseline requires at least one region, got none. Write one "
        "such as 'us-west-2'.",
    ),
    "a region of another partition": (
        "registry_baseline: {organizational_units: [r-ab12], regions: [us-gov-west-1]}\n",
        "registry_baseline.regions[0]: a stack set deploys in its own partition aws, got "
        "us-gov-west-1 of aws-us-gov. Declare a baseline in an account of that partition.",
    ),
    "too many at once": (
        BASELINE % ", max_concurrent_percentage: 101",
        "registry_baseline.max_concurrent_percentage: max_concurrent_percentage must be 1 to 100, "
        "got 101. Write 100 for all accounts at once.",
    ),
    "a negative tolerance": (
        BASELINE % ", failure_tolerance_percentage: -1",
        "registry_baseline.failure_tolerance_percentage: failure_tolerance_percentage must be 0 to "
        "100, got -1. Write 0 to stop at the first failure.",
    ),
    "retaining without auto-deployment": (
        BASELINE % ", auto_deployment: false, retain_on_account_removal: false",
        "registry_baseline.retain_on_account_removal: retain_on_account_removal is for stacks that "
        "auto_deployment adds and removes, which is off. Remove one of the two.",
    ),
    "replication": (
        REGISTRY % "replication: [{destinations: [other], filters: [team/]}]",
        "registry_baseline.registry.replication: replication names the registries of single "
        f"accounts, and a baseline is for many, got 1. {OWN}",
    ),
    "exclusions": (
        REGISTRY % "exclusions: ['arn:aws:iam::111111111111:role/scanner']",
        "registry_baseline.registry.exclusions: exclusions names roles and users of one account, "
        f"and a baseline is for many, got 1. {OWN}",
    ),
    "blob mounting": (
        REGISTRY % "blob_mounting: true",
        "registry_baseline.registry.blob_mounting: blob_mounting requires a function in each "
        f"account and region, which a baseline does not have, got true. {OWN}",
    ),
    "statements": (
        REGISTRY % "policy: {statements: [{Effect: Allow, Principal: '*', Resource: '*'}]}",
        "registry_baseline.registry.policy.statements: policy.statements names the repositories "
        f"of one account, and a baseline is for many, got 1. {OWN}",
    ),
    "the organization's pull": (
        "organization_id: o-a1b2c3d4e5\n" + REGISTRY % "policy: {organization_pull: both}",
        "registry_baseline.registry.policy.organization_pull: organization_pull is for the "
        "repositories of an environment, and a baseline has none, got both. Remove it.",
    ),
    "a cache without its secret": (
        REGISTRY % "caches: [{prefix: hub, upstream: docker-hub}]",
        "registry_baseline.registry.caches[0].upstream: a cache of Docker Hub requires a secret in "
        "each account and region, which a baseline cannot name, got docker-hub. Declare the cache "
        "in an environment of one account, and cache that registry here with the upstream ecr.",
    ),
    "a cache with a secret that it does not need": (
        REGISTRY % f"caches: [{{prefix: quay, upstream: quay, secret_arn: '{SECRET}'}}]",
        "registry_baseline.registry.caches[0].secret_arn: a baseline cannot name a secret of one "
        "account, got one. Remove secret_arn.",
    ),
    "a role of one account": (
        REGISTRY % "caches: [{prefix: central, upstream: ecr, host: "
        "222222222222.dkr.ecr.us-west-2.amazonaws.com, role_arn: "
        "'arn:aws:iam::111111111111:role/caches'}]",
        "registry_baseline.registry.caches[0].role_arn: a baseline makes a role in each account, "
        "got the ARN of one. Remove role_arn.",
    ),
    "a key of one account": (
        REGISTRY
        % f"templates: [{{prefix: a, applied_for: [CREATE_ON_PUSH], encryption: '{KEY}'}}]",
        "registry_baseline.registry.templates[0].encryption: a key is of one account and region, "
        "and a baseline is for many, got the ARN of one. Write customer-managed for a key in each "
        "of them, or aws-managed.",
    ),
    "the environment's key": (
        f"encryption: '{KEY}'\n" + REGISTRY % "caches: [{prefix: quay, upstream: quay}]",
        "registry_baseline.registry.caches[0].encryption: a key is of one account and region, "
        "and a baseline is for many, got the ARN of one. Write customer-managed for a key in each "
        "of them, or aws-managed.",
    ),
    "a signing profile": (
        REGISTRY % f"signing: [{{profile_arn: '{PROFILE}'}}]",
        "registry_baseline.registry.signing[0].profile_arn: a baseline makes a signing profile in "
        "each account and region, got the ARN of one. Remove profile_arn.",
    ),
    "a rule of a registry": (
        REGISTRY % "caches: [{prefix: quay, upstream: quay}, {prefix: quay, upstream: k8s}]",
        "registry_baseline.registry.caches[1].prefix: the prefix 'quay' is taken by caches[0]. "
        "Choose another one.",
    ),
    "a rule of a cache": (
        REGISTRY % "caches: [{prefix: quay, upstream: quay, host: quay.io}]",
        "registry_baseline.registry.caches[0].host: the host of Quay is quay.io, got 'quay.io'. "
        "Remove host.",
    ),
    "an organization that is not named": (
        REGISTRY % "caches: [{prefix: quay, upstream: quay, pull: {organization: true}}]",
        "registry_baseline.registry.caches[0].pull.organization: organization requires the "
        "environment's organization_id, which is missing. Write it at the top of the file, such as "
        "'organization_id: o-a1b2c3d4e5'.",
    ),
    "repositories beside it": (
        BASELINE % "" + "repositories: [{name: team/api}]\nregistry: {}\n",
        "registry_baseline: a baseline requires an environment of its own, got also registry, "
        "repositories. Move registry_baseline to another file.",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_baseline_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    assert faults(tmp_path, text) == [sentence]


def test_all_faults_of_a_baseline_come_at_once(tmp_path: Path) -> None:
    registry = REGISTRY % f"blob_mounting: false, signing: [{{profile_arn: '{PROFILE}'}}]"
    found = faults(tmp_path, registry + "registry: {}\n")
    assert {one.partition(":")[0] for one in found} == {
        "registry_baseline",
        "registry_baseline.registry.blob_mounting",
        "registry_baseline.registry.signing[0].profile_arn",
    }
