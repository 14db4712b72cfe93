"""The example and the guide of public repositories synthesise to templates without findings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from tests.packaging.test_guides import blocks
from tests.support import ROOT, synthesise

EXAMPLES = ROOT / "docs" / "examples"
NAME = "public-repository"
GUIDE = ROOT / "docs" / "guides" / "public-repositories.md"
STACK = "PublicRepositories"


def templates_of(folder: Path, out: Path, name: str) -> dict[str, str]:
    """Return the templates of an environment as text, by the construct ID of their stack."""
    assembly = synthesise(folder, out, name) / f"assembly-{name}"
    found = assembly.glob("*.template.json")
    return {
        file.name.removeprefix(name).removesuffix(".template.json")[:-8]: file.read_text()
        for file in found
    }


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Return a folder with the example alone."""
    folder = tmp_path / "environments"
    shutil.copytree(EXAMPLES / NAME, folder / NAME)
    shutil.copy(EXAMPLES / f"{NAME}.yaml", folder)
    return folder


def test_the_example_has_the_properties_of_terraforms(example: Path, tmp_path: Path) -> None:
    (text,) = templates_of(example, tmp_path / "out", NAME).values()
    (resource,) = json.loads(text)["Resources"].values()
    properties: dict[str, Any] = resource["Properties"]
    assert properties["RepositoryName"] == "ecr-ex-complete"
    assert properties["RepositoryCatalogData"] == {
        "RepositoryDescription": "Docker container for some things",
        "AboutText": (EXAMPLES / NAME / "about.md").read_text(),
        "UsageText": (EXAMPLES / NAME / "usage.md").read_text(),
        "Architectures": ["x86"],
        "OperatingSystems": ["Linux"],
    }
    assert [tag["Key"] for tag in properties["Tags"]] == ["Example", "Name", "Repository"]
    (statement,) = properties["RepositoryPolicyText"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111111111111:role/terraform"}


def test_cfn_lint_finds_nothing_in_the_templates(example: Path, tmp_path: Path) -> None:
    (text,) = templates_of(example, tmp_path / "out", NAME).values()
    assert lint(text, config=ManualArgs(regions=["us-east-1"])) == []
    # CloudFormation has no such property, which is why a logo is refused here.
    broken = text.replace('"AboutText"', '"LogoImageBlob"')
    assert [match.rule.id for match in lint(broken, config=ManualArgs(regions=["us-east-1"]))] == [
        "E3002"
    ]


def test_the_file_in_the_guide_synthesises(tmp_path: Path) -> None:
    folder = tmp_path / "environments"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "about.md").write_text("# About")
    (text,) = blocks("yaml", GUIDE.read_text())
    (folder / "dev.yaml").write_text(text)
    made = templates_of(folder, tmp_path / "out", "dev")
    assert sorted(made) == ["GitHubAccess", STACK]


def test_the_app_in_the_guide_synthesises(tmp_path: Path) -> None:
    (code,) = blocks("python", GUIDE.read_text())
    variables = {"PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path / "out")}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **variables}, check=True
    )
    assert (tmp_path / "out" / "Public.template.json").exists()
