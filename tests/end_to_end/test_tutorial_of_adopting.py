"""The tutorial on existing repositories: its commands, its files and its app."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from ecrctl.local.emulator import Emulator, running
from tests.assemblies import stacks_of
from tests.end_to_end.commands import copy_project, run, section
from tests.packaging.test_guides import blocks
from tests.support import ROOT, only, resources, synthesise, template_of

TEXT = (ROOT / "docs" / "tutorials" / "adopt-repositories.md").read_text()
ACCOUNT, REGION = "999988887777", "eu-central-1"
IMPORTED, HARDENED = (
    blocks("yaml", section(TEXT, heading))[0]
    for heading in ("Write the environment file", "Harden the repositories")
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run an embedded AWS with the repositories of the tutorial, which no stack deploys."""
    directory = tmp_path_factory.mktemp("aws")
    with running(
        account=ACCOUNT, region=REGION, port=None, directory=directory, keep=False
    ) as started:
        ecr = boto3.client(
            "ecr",
            endpoint_url=started.variables()["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )
        for repository in yaml.safe_load(IMPORTED)["repositories"]:
            name = repository["name"]
            ecr.create_repository(repositoryName=name)
            if statements := repository["statements"]:
                policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
                ecr.set_repository_policy(repositoryName=name, policyText=policy)
        yield started


def test_the_commands_import_the_repositories_of_an_account(
    tmp_path: Path, emulator: Emulator
) -> None:
    project = copy_project(tmp_path / "project", {})
    variables = emulator.variables()
    (first,) = blocks("sh", section(TEXT, "Write the environment file"))
    printed = run(project, first, variables)
    (rest,) = blocks("sh", section(TEXT, "Import the repositories"))
    copy, check, bootstrap, import_, verify = rest.splitlines()
    # What the command prints is what the page says to type, between two commands of the page.
    assert [line.strip() for line in printed.splitlines()[1:]] == [copy, import_, verify]
    assert bootstrap == f"npx cdk bootstrap aws://{ACCOUNT}/{REGION}"
    assert run(project, f"{copy}\n{check}", variables) == "mine: 2 repositories.\n"
    written = (project / "environments" / "mine.yaml").read_text()
    assert yaml.safe_load(written) == yaml.safe_load(IMPORTED)
    # The embedded AWS cannot import: with this option the CDK CLI stops when it has matched.
    run(project, f"{import_} --record-resource-mapping recorded.json", variables)
    (mapping,) = re.findall(r"--resource-mapping (\S+)", import_)
    recorded = json.loads((project / "recorded.json").read_text())
    assert recorded == json.loads((project / mapping).read_text())
    reported = run(project, f"{verify} || [ $? = 3 ]", variables)
    assert " ".join(reported.split()).count("not in this stack") == 2


def repositories_of(text: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the repositories of an environment file, as its templates declare them."""
    folder.mkdir()
    (folder / "mine.yaml").write_text(text)
    return {
        item["Properties"]["RepositoryName"]: item
        for stack in stacks_of(synthesise(folder, folder / "cdk.out"))
        for item in resources(stack.template, "AWS::ECR::Repository")
    }


def test_the_hardened_repositories_are_not_replaced(tmp_path: Path) -> None:
    before = repositories_of(IMPORTED, tmp_path / "imported")
    after = repositories_of(HARDENED, tmp_path / "hardened")
    assert set(before) == set(after) == {"legacy/api", "legacy/web"}
    for name, item in after.items():
        properties, old = item["Properties"], before[name]["Properties"]
        assert properties["ImageTagMutability"] == "IMMUTABLE"
        assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
        assert "live-*" in properties["LifecyclePolicy"]["LifecyclePolicyText"]
        assert properties.get("EncryptionConfiguration") == old.get("EncryptionConfiguration")
        assert item["DeletionPolicy"] == "Retain"
    (statement,) = after["legacy/web"]["Properties"]["RepositoryPolicyText"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::222222222222:root"}


def test_the_app_adopts_a_repository_as_it_is(tmp_path: Path) -> None:
    (code,) = blocks("python", TEXT)
    (tmp_path / "app.py").write_text(code)
    stack = runpy.run_path(str(tmp_path / "app.py"))["stack"]
    adopted = only(template_of(stack), "AWS::ECR::Repository")
    assert adopted == repositories_of(IMPORTED, tmp_path / "imported")["legacy/api"]["Properties"]


def test_the_last_commands_are_those_of_the_readme() -> None:
    (script,) = blocks("sh", section(TEXT, "Harden the repositories"))
    check, diff, deploy = script.splitlines()
    assert check in section(TEXT, "Import the repositories")
    assert diff == deploy.replace("deploy", "diff")
    assert deploy.replace("mine", "dev") in (ROOT / "README.md").read_text()
