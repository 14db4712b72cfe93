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

# By rule and construct: the reason why the finding stays. Any other finding fails.
REASONS = {
    (
        WILDCARD,
        "Mounting/Registry/BlobMounting/Role/Resource",
    ): "ecr:PutAccountSetting knows no resource; its condition allows this setting alone",
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
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
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
