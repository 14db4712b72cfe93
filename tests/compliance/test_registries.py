"""The example of a registry: its templates, and the findings of cfn-lint and of cdk-nag in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest

from app import build_app
from tests.assemblies import stacks_of
from tests.compliance.test_cdk_nag import Finding
from tests.compliance.test_cdk_nag import findings as nag_findings
from tests.compliance.test_cfn_lint import findings as lint_findings
from tests.support import ROOT, cdk_context, resources

EXAMPLE = ROOT / "docs" / "examples" / "registry"
REGION = "eu-west-1"
PACKS = (cdk_nag.AwsSolutionsChecks, cdk_nag.NIST80053R5Checks)
OPEN = "everyone, where aws:PrincipalOrgID is the organization's: the rule reads no condition"
INLINE = (
    "the permissions of a role that ECR alone assumes belong to it: no other identity can have the "
    "policy"
)
CREATED = "ECR creates these repositories, whose names all begin with the prefix"
CREATING = {
    "complete": (f"{REGION}:111111111111", ("dockerhub/*", "prod-microservice/*", "pub/*")),
    "replica-us-west-2": ("us-west-2:111111111111", ("*",)),
    "replica-eu-central-1": ("eu-central-1:222222222222", ("*",)),
}
REASONS: dict[Finding, str] = {
    ("AwsSolutions-ECR1", "complete/Registry/Registry/Policy"): OPEN,
    **{
        (
            f"AwsSolutions-IAM5[Resource::arn:aws:ecr:{place}:repository/{pattern}]",
            f"{environment}/Registry/Registry/CreationRole/Resource",
        ): CREATED
        for environment, (place, patterns) in CREATING.items()
        for pattern in patterns
    },
    **{
        (
            "NIST.800.53.R5-IAMNoInlinePolicy",
            f"{environment}/Registry/Registry/CreationRole/Resource",
        ): INLINE
        for environment in CREATING
    },
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the assembly of the example, without a check of another package."""
    outdir = tmp_path_factory.mktemp("registry")
    build_app(directory=EXAMPLE, context=cdk_context(), outdir=str(outdir)).synth()
    return outdir


def template(assembly: Path, environment: str) -> dict[str, Any]:
    """Return the template of an environment's registry."""
    (found,) = [
        one.template
        for one in stacks_of(assembly)
        if (one.environment, one.name) == (environment, "Registry")
    ]
    return dict(found)


def test_the_registry_is_that_of_terraforms_example(assembly: Path) -> None:
    found = template(assembly, "complete")
    (scanning,) = resources(found, "AWS::ECR::RegistryScanningConfiguration")
    assert [
        (rule["ScanFrequency"], [one["Filter"] for one in rule["RepositoryFilters"]])
        for rule in scanning["Properties"]["Rules"]
    ] == [("SCAN_ON_PUSH", ["*"]), ("CONTINUOUS_SCAN", ["example"])]
    caches = {
        one["Properties"]["EcrRepositoryPrefix"]: one["Properties"]["UpstreamRegistryUrl"]
        for one in resources(found, "AWS::ECR::PullThroughCacheRule")
    }
    assert caches == {"pub": "public.ecr.aws", "dockerhub": "registry-1.docker.io"}
    (replication,) = resources(found, "AWS::ECR::ReplicationConfiguration")
    (rule,) = replication["Properties"]["ReplicationConfiguration"]["Rules"]
    assert [one["Region"] for one in rule["Destinations"]] == ["us-west-2", "eu-central-1"]
    assert rule["RepositoryFilters"] == [
        {"Filter": "prod-microservice", "FilterType": "PREFIX_MATCH"}
    ]


@pytest.mark.parametrize(
    ("environment", "sids"),
    [("replica-us-west-2", []), ("replica-eu-central-1", ["ReplicateFromAccounts"])],
)
def test_a_destination_has_its_half_of_the_replication(
    assembly: Path, environment: str, sids: list[str]
) -> None:
    found = template(assembly, environment)
    policies = resources(found, "AWS::ECR::RegistryPolicy")
    assert [
        statement["Sid"]
        for one in policies
        for statement in one["Properties"]["PolicyText"]["Statement"]
    ] == sids
    (created,) = resources(found, "AWS::ECR::RepositoryCreationTemplate")
    assert created["Properties"]["Prefix"] == "ROOT"
    assert created["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert created["Properties"]["EncryptionConfiguration"]["EncryptionType"] == "KMS"


def test_no_template_has_a_finding_of_cfn_lint(assembly: Path) -> None:
    found = {
        stack.file.name: [
            text
            for text in lint_findings(stack.file)
            # AWS Signer is not in every region, and this registry is in one of them.
            if "does not exist in" not in text or f"'{REGION}'" in text
        ]
        for stack in stacks_of(assembly)
    }
    assert found == {name: [] for name in found}
    assert len(found) > len(CREATING)


def test_two_synths_are_alike(assembly: Path, tmp_path: Path) -> None:
    build_app(directory=EXAMPLE, context=cdk_context(), outdir=str(tmp_path)).synth()
    for stack in stacks_of(assembly):
        other = tmp_path / stack.file.relative_to(assembly)
        assert json.loads(other.read_text()) == stack.template


def test_every_finding_of_cdk_nag_has_its_reason(tmp_path: Path) -> None:
    app = build_app(directory=EXAMPLE, context=cdk_context(), outdir=str(tmp_path))
    packs = [pack(app, verbose=True) for pack in PACKS]
    cdk.Validations.of(app).add_plugins(*packs)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    found = [one for one in nag_findings(tmp_path) if "/Registry/" in one[1]]
    assert sorted(found) == sorted(REASONS)
