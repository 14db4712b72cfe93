"""Every row of a public repository, with scripted answers of AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.rules.policy.repository_policy import (
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
)
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.public_repositories import check_public_repository
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.comparison import check_resource
from ecrctl.verify.stacks.forms import are_same
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import (
    Row,
    always,
    differing,
    lookup,
    missing,
    rows,
    stacks_with,
)
from tests.ecrctl.verify.stacks.scripted import (
    aws_with,
    cloudformation_with,
    deployed,
    stack_with,
)
from tests.ecrctl.verify.test_github_rows import PUSH, ROLE, TOKEN, iam_with, push_rows
from tests.ecrctl.verify.test_readers import Given

HEAD = 'account: "111111111111"\nregion: us-east-1\n'
FILE = """\
public_repositories:
  - name: tools/cli
    description: A command line
    about: about.md
    usage: {text: docker pull it}
    logo: logo.png
    architectures: [x86-64, ARM 64]
    operating_systems: [Linux]
    push: {accounts: ["222222222222"]}
    tags: {team: web}
"""
SUBJECT = "public repository tools/cli"
STACK = "dev-PublicRepositories"
ARN = "arn:aws:ecr-public::111111111111:repository/tools/cli"
TYPE = RESOURCE_TYPES["AWS::ECR::PublicRepository"]
CATALOG = {
    "description": "A command line",
    "aboutText": "# About",
    "usageText": "docker pull it",
    "architectures": ["ARM 64", "x86-64"],
    "operatingSystems": ["Linux"],
    "logoUrl": "https://example.org/logo.png",
}
STATEMENT = {
    "Sid": "PushFromAccounts",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
    "Action": list(reversed(PUBLIC_PUSH_ACTIONS)),
}
TEMPLATE = {
    "Resources": {
        "Cli": {"Properties": {"RepositoryName": "tools/cli"}, "DeletionPolicy": "Retain"}
    }
}


def load(folder: Path, text: str, head: str) -> EnvironmentSettings:
    """Return the environment ``dev``, without pins."""
    (folder / "dev.yaml").write_text(head + text)
    return load_environment("dev", folder)


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with one public repository."""
    (tmp_path / "about.md").write_text("# About")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return load(tmp_path, FILE, HEAD)


def public_with(
    catalog: Any = CATALOG,
    policy: Any = (STATEMENT,),
    tags: Any = (("team", "web"), ("aws:cloudformation:stack-name", STACK)),
) -> StubClient:
    """Return a client of ECR Public with the repository."""
    described = {"repositoryName": "tools/cli", "repositoryArn": ARN, "repositoryUri": "uri"}
    text = json.dumps({"Version": "2012-10-17", "Statement": policy})
    return StubClient(
        describe_repositories=always({"repositories": [described]}),
        get_repository_policy=always({"policyText": text})
        if policy
        else missing("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"),
        get_repository_catalog_data=always({"catalogData": catalog})
        if catalog
        else missing("GetRepositoryCatalogData", "RepositoryCatalogDataNotFoundException"),
        list_tags_for_resource=always(
            {"tags": [{"Key": key, "Value": value} for key, value in tags]}
        ),
    )


def public_rows(
    settings: EnvironmentSettings,
    public: StubClient,
    template: Any = TEMPLATE,
    *,
    physical_id: str = "tools/cli",
    is_emulated: bool = False,
) -> list[Row]:
    """Return the rows of the environment's one public repository."""
    stacks = stacks_with(template, PublicRepositories={("Cli",): physical_id})
    found = lookup(
        settings, is_emulated=is_emulated, **{"ecr-public": public, "cloudformation": stacks}
    )
    (repository,) = settings.public_repositories
    return rows(check_public_repository(repository, found), SUBJECT)


def test_a_repository_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    only_url = "ECR Public returns the URL of a logo alone"
    assert public_rows(settings, public_with()) == [
        ("stack", STACK, STACK),
        ("repository policy", "PushFromAccounts", "PushFromAccounts"),
        ("description", "14 characters", "14 characters"),
        ("about", "7 characters", "7 characters"),
        ("usage", "14 characters", "14 characters"),
        ("architectures", "ARM 64, x86-64", "ARM 64, x86-64"),
        ("operating systems", "Linux", "Linux"),
        ("tags", "team=web", "team=web"),
        ("logo", "set", "set"),
        ("content of the logo", only_url, only_url),
        ("removal", "Retain", "Retain"),
    ]


def test_each_difference_is_named(settings: EnvironmentSettings) -> None:
    stranger = {**STATEMENT, "Principal": "*"}
    catalog = {
        "aboutText": "# Another",
        "usageText": "",
        "architectures": ["x86"],
        "operatingSystems": [],
    }
    deployed = {
        "Resources": {"Cli": {"Properties": {"RepositoryName": "tools/cli"}, "Type": "Any"}}
    }
    found = differing(
        public_rows(
            settings, public_with(catalog, [stranger], ()), deployed, physical_id="tools/other"
        )
    )
    policy, stack = found.pop("repository policy"), found.pop("stack")
    assert all(text.startswith("PushFromAccounts: ") for text in policy)
    assert stack == (
        STACK,
        "not in this stack: the repository was retained when it was removed from the file, or was "
        "created elsewhere. A deployment would fail with AlreadyExists; first run "
        "`npx cdk import 'dev/PublicRepositories'`",
    )
    assert found == {
        "description": ("14 characters: 'A command line'", "none"),
        "about": ("7 characters: '# About'", "9 characters: '# Another'"),
        "usage": ("14 characters: 'docker pull it'", "none"),
        "architectures": ("ARM 64, x86-64", "x86"),
        "operating systems": ("Linux", "none"),
        "tags": ("team=web", "none"),
        "logo": ("set", "none"),
        "removal": ("Retain", "Delete"),
    }


def test_a_repository_without_a_policy_or_a_page_is_read(settings: EnvironmentSettings) -> None:
    found = differing(public_rows(settings, public_with(None, None)))
    assert found["repository policy"][1] == "PushFromAccounts: missing"
    assert found["about"] == ("7 characters: '# About'", "none")


def test_a_logo_that_no_file_declares_is_a_difference(tmp_path: Path) -> None:
    settings = load(tmp_path, "public_repositories: [{name: tools/cli}]\n", HEAD)
    assert differing(public_rows(settings, public_with()))["logo"] == ("none", "set")


def test_a_repository_that_does_not_exist_is_missing(settings: EnvironmentSettings) -> None:
    public = StubClient(
        describe_repositories=missing("DescribeRepositories", "RepositoryNotFoundException")
    )
    assert public_rows(settings, public) == [("exists", "yes", MISSING)]


def test_an_undeployed_template_leaves_the_removal_open(settings: EnvironmentSettings) -> None:
    reason = "no deployed template in JSON declares the repository"
    assert public_rows(settings, public_with(), {"Resources": {}})[-1] == (
        "removal",
        reason,
        reason,
    )


def test_an_emulator_without_ecr_public_leaves_all_undecided(
    settings: EnvironmentSettings,
) -> None:
    public = StubClient(describe_repositories=missing("DescribeRepositories", "400"))
    reason = "this endpoint has no ECR Public"
    assert public_rows(settings, public, is_emulated=True) == [("every property", reason, reason)]
    # AWS itself has it, so another answer is an error of the command.
    with pytest.raises(ClientError):
        public_rows(settings, public)


def test_the_properties_of_a_stack_are_read() -> None:
    assert TYPE.read
    reading = Reading(stub_aws(**{"ecr-public": public_with()}))
    live = TYPE.read(reading, Given("tools/cli"))
    assert live
    assert live.attributes == {"Arn": ARN}
    assert live.properties.keys() == TYPE.properties.keys()
    declared = {
        "RepositoryName": "tools/cli",
        "RepositoryCatalogData": {
            "RepositoryDescription": "A command line",
            "AboutText": "# About",
            "UsageText": "docker pull it",
            "Architectures": ["x86-64", "ARM 64"],
            "OperatingSystems": ["Linux"],
        },
        "RepositoryPolicyText": {"Version": "2012-10-17", "Statement": [STATEMENT]},
        "Tags": [{"Key": "team", "Value": "web"}],
    }
    for name, value in declared.items():
        assert are_same(TYPE.properties[name].form, value, live.properties[name]), name
    catalog: Any = declared["RepositoryCatalogData"]
    others = {
        "RepositoryDescription": "Another",
        "AboutText": "Another",
        "UsageText": "",
        "Architectures": ["x86-64"],
        "OperatingSystems": [],
    }
    form = TYPE.properties["RepositoryCatalogData"].form
    for name, value in others.items():
        found = live.properties["RepositoryCatalogData"]
        assert not are_same(form, {**catalog, name: value}, found), name


def test_a_stack_is_undecided_on_an_emulator_without_ecr_public() -> None:
    resource = {"Type": "AWS::ECR::PublicRepository", "Properties": {"RepositoryName": "cli"}}
    public = StubClient(describe_repositories=missing("DescribeRepositories", "400"))
    clients = {"ecr-public": public, "cloudformation": cloudformation_with({"Cli": "cli"})}
    with deployed(aws_with(is_emulated=True, **clients), stack_with({"Cli": resource})) as stack:
        checks = [check for one in stack.resources for check in check_resource(one)]
    assert checks == [
        Check.not_compared("dev-A: Cli", "every property", "this endpoint has no ECR Public")
    ]


def test_a_role_that_pushes_to_both_registries_is_compared(tmp_path: Path) -> None:
    push = "push: {github: [{repository: acme/api, ref: refs/heads/main}]}"
    settings = load(
        tmp_path,
        f"repositories: [{{name: team/api, {push}}}, {{name: team/web, {push}}}]\n"
        f"public_repositories: [{{name: tools/cli, {push}}}]\n",
        HEAD,
    )
    private = [one.replace("us-west-2", "us-east-1") for one in PUSH["Resource"]]
    # As the CDK joins the logins to both registries.
    logins = {**TOKEN, "Action": [*TOKEN["Action"], *PUBLIC_LOGIN_ACTIONS]}
    public = {**PUSH, "Action": list(PUBLIC_PUSH_ACTIONS), "Resource": ARN}
    policies = {"Default": [{**PUSH, "Resource": private}, public, logins]}
    role = ROLE.replace("us-west-2", "us-east-1")
    assert differing(push_rows(settings, iam_with(policies=policies, name=role), role)) == {}
    fewer = {"Default": [*policies["Default"][:1], logins]}
    (found,) = differing(push_rows(settings, iam_with(policies=fewer, name=role), role)).items()
    assert found[0] == "permissions"
    assert "ecr-public:PutImage" in found[1][0]
