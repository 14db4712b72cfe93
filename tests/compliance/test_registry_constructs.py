"""cfn-lint's and cdk-nag's findings in stacks that no shipped environment has."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import cdk_nag
import pytest

from constructs_lib import PullThroughCache, Registry, RegistryBaseline
from tests.compliance.test_cdk_nag import WILDCARD
from tests.compliance.test_cfn_lint import findings
from tests.support import ACCOUNT, REGION, cdk_context

MOUNTING = "Mounting/Registry/BlobMounting"
NIST = "NIST.800.53.R5"
# By rule and construct: the reason why the finding stays. Any other finding fails.
REASONS = {
    (WILDCARD, f"{MOUNTING}/Role/Resource"): (
        "ecr:PutAccountSetting knows no resource; its condition allows this setting alone"
    ),
    (f"{NIST}-IAMNoInlinePolicy", f"{MOUNTING}/Role/Resource"): (
        "the permissions of a role that one function alone assumes belong to it"
    ),
    (f"{NIST}-CloudWatchLogGroupEncrypted", f"{MOUNTING}/Logs/Resource"): (
        "CloudWatch encrypts every log group; a key of the account would cost more than the logs, "
        "which name the setting and no image"
    ),
    (f"{NIST}-LambdaDLQ", f"{MOUNTING}/Function"): (
        "CloudFormation waits for its answer, and reports a missing one as a failed deployment"
    ),
    (f"{NIST}-LambdaInsideVPC", f"{MOUNTING}/Function"): (
        "it calls ECR's API alone, and would require a network with an endpoint in each account"
    ),
    (f"{NIST}-LambdaConcurrency", f"{MOUNTING}/Function"): (
        "CloudFormation alone invokes it, once for each deployment that changes the setting"
    ),
}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an assembly with blob mounting and with a baseline, and cdk-nag's report in it."""
    outdir = tmp_path_factory.mktemp("constructs")
    app = cdk.App(analytics_reporting=False, context=cdk_context(), outdir=str(outdir))
    environment = cdk.Environment(account=ACCOUNT, region=REGION)
    Registry(cdk.Stack(app, "Mounting", env=environment), "Registry", blob_mounting=True)
    RegistryBaseline(
        cdk.Stack(app, "Many", env=environment),
        "Baseline",
        stack_set_name="registry",
        organizational_units=["ou-ab12-11111111"],
        regions=[REGION],
        caches=[
            PullThroughCache(prefix="quay", upstream="quay"),
            PullThroughCache(
                prefix="central",
                upstream="ecr",
                host=f"222222222222.dkr.ecr.{REGION}.amazonaws.com",
            ),
        ],
    )
    packs = (cdk_nag.AwsSolutionsChecks(app), cdk_nag.NIST80053R5Checks(app))
    cdk.Validations.of(app).add_plugins(*packs)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    return outdir


def test_no_template_has_a_finding_of_cfn_lint(assembly: Path, tmp_path: Path) -> None:
    many = json.loads((assembly / "Many.template.json").read_text())
    (stack_set,) = many["Resources"].values()
    inner = tmp_path / "inner.json"
    inner.write_text(stack_set["Properties"]["TemplateBody"])
    files = [*sorted(assembly.glob("*.template.json")), inner]
    assert {file.name: findings(file) for file in files} == {
        "Many.template.json": [],
        "Mounting.template.json": [],
        "inner.json": [],
    }


def test_every_finding_of_cdk_nag_has_its_reason(assembly: Path) -> None:
    report = json.loads((assembly / "validation-report.json").read_text())
    found = {
        (violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }
    assert found == REASONS.keys()
