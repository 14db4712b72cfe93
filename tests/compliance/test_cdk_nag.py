"""The findings of cdk-nag's AWS Solutions rules in every environment, each with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import cdk_nag
import pytest

from app import build_app
from tests.assemblies import stacks_of
from tests.support import cdk_context, resources

# By rule and construct: the reason why the finding stays. Any other finding fails.
REASONS = {
    (
        "AwsSolutions-ECS7",
        "article/EcsWorkloads/sample-app/Resource/Resource",
    ): "the article's own task definition has no logs; its file states that",
    (
        "AwsSolutions-ECR1",
        "dev/Repositories-web/RepositoryawsDashnodejsDashsample/Default",
    ): "everyone, where aws:PrincipalOrgID is the organization's: the rule reads no condition",
    (
        "AwsSolutions-IAM5[Resource::arn:aws:ecr:us-west-2:111111111111:repository/public/*]",
        "dev/Registry/Registry/CreationRole/Resource",
    ): "ECR creates the repositories of a cache, whose names all begin with its prefix",
    **{
        ("AwsSolutions-VPC7", f"{environment}/EcsWorkloads/Private/Vpc/Resource"): (
            "an example network without a way out; its flow logs are for its owner to want"
        )
        for environment in ("local", "prod")
    },
}
# These actions know no resource: IAM takes them on everything or not at all.
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken", "s3:ListAllMyBuckets"}
WILDCARD = "AwsSolutions-IAM5[Resource::*]"

Finding = tuple[str, str]


@pytest.fixture(scope="module")
def checked(environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an assembly of all environments with cdk-nag's report in it."""
    outdir = tmp_path_factory.mktemp("nag")
    app = build_app(directory=environments, context=cdk_context(), outdir=str(outdir))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    return outdir


def findings(assembly: Path) -> list[Finding]:
    """Return each finding: the rule and the path of the construct."""
    report = json.loads((assembly / "validation-report.json").read_text())
    return [
        (violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]


def test_every_finding_has_its_reason_and_every_reason_its_finding(checked: Path) -> None:
    found = [item for item in findings(checked) if item[0] != WILDCARD]
    assert sorted(found) == sorted(REASONS)


def test_no_action_that_knows_a_resource_is_allowed_on_all(checked: Path) -> None:
    """Check every policy: a finding names a policy with a wildcard, and not its actions."""
    on_all: list[set[str]] = []
    for stack in stacks_of(checked):
        for policy in resources(stack.template, "AWS::IAM::Policy"):
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Resource"] == "*":
                    actions = statement["Action"]
                    on_all.append({actions} if isinstance(actions, str) else set(actions))
    assert len(on_all) == len([rule for rule, _ in findings(checked) if rule == WILDCARD])
    assert set().union(*on_all) == WITHOUT_RESOURCE
