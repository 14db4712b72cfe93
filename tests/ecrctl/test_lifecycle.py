"""``ecrctl lifecycle``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image
from tests.ecrctl.images.pushing import push
from tests.ecrctl.progress import without_progress
from tests.support import ROOT

NAME = "life/api"
NOW = "2026-11-23T12:00:00Z"
IMAGES = [
    {"digest": "sha256:1", "tags": ["live-dev-1"], "pushed_at": "2025-01-01T00:00:00Z"},
    {"digest": "sha256:2", "pushed_at": "2026-11-01T00:00:00Z"},
    {"digest": "sha256:3", "tags": ["v1"], "pushed_at": "2026-11-02T00:00:00+01:00"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one environment and a file of images."""
    text = f'account: "000000000000"\nregion: us-east-1\nrepositories: [{{name: {NAME}}}]\n'
    (tmp_path / "dev.yaml").write_text(text)
    (tmp_path / "images.json").write_text(json.dumps(IMAGES))
    return tmp_path


def lifecycle(
    folder: Path, *options: str, repository: str = NAME, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(folder)),
            *("lifecycle", "dev", repository, *options),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(result: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, int | None]]:
    """Return the outcome and the rule of each image."""
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return {item["digest"]: (item["outcome"], item["rule"]) for item in found}


def test_images_in_a_file_are_evaluated_by_the_declared_policy(folder: Path) -> None:
    result = lifecycle(folder, "--images", "images.json", "--now", NOW, "--format", "json")
    assert outcomes(result) == {
        "sha256:1": ("kept", 1),
        "sha256:2": ("expired", 2),
        "sha256:3": ("kept", 3),
    }


def test_the_table_names_the_rule_and_counts(folder: Path) -> None:
    result = lifecycle(folder, "--images", "images.json", "--now", NOW)
    assert "2 Expire untagged images" in result.stdout
    assert "3 images: 2 kept, 0 archived, 1 expired." in result.stdout


def test_any_policy_document_can_be_evaluated(folder: Path) -> None:
    rule = {
        "rulePriority": 1,
        "description": "Everything that was pushed more than a day ago goes",
        "selection": {
            "tagStatus": "any",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 1,
        },
        "action": {"type": "expire"},
    }
    (folder / "policy.json").write_text(json.dumps({"rules": [rule]}))
    options = ("--images", "images.json", "--policy", "policy.json", "--now", NOW)
    result = lifecycle(folder, *options, "--format", "json")
    assert {outcome for outcome, _ in outcomes(result).values()} == {"expired"}


def test_a_policy_whose_shield_protects_nothing_is_refused(folder: Path) -> None:
    selection = {
        "tagStatus": "tagged",
        "tagPrefixList": ["live-*"],
        "countType": "imageCountMoreThan",
        "countNumber": 1_000_000,
    }
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    (folder / "policy.json").write_text(json.dumps({"rules": [rule]}))
    result = lifecycle(folder, "--images", "images.json", "--policy", "policy.json")
    assert result.returncode == 1
    assert without_progress(result.stderr) == (
        "ecrctl: policy.json:\n"
        "  - a tag prefix has no wildcards, got 'live-*' in rule 1, which matches no tag. Write it "
        "in tagPatternList.\n"
    )


def test_images_are_read_from_ecr(folder: Path, aws: Aws, emulator: Emulator) -> None:
    aws.ecr.create_repository(repositoryName=NAME)
    image = sample_image("life")
    push(aws, emulator.account, NAME, "v1", image)
    result = lifecycle(folder, "--format", "json", variables=emulator.variables())
    aws.ecr.delete_repository(repositoryName=NAME, force=True)
    assert outcomes(result) == {image.digest: ("kept", 3)}


def test_a_repository_that_is_not_deployed_is_one_sentence(
    folder: Path, emulator: Emulator
) -> None:
    result = lifecycle(folder, variables=emulator.variables())
    assert result.returncode == 2
    assert without_progress(result.stderr) == (
        f"ecrctl: The repository '{NAME}' does not exist in account 000000000000, us-east-1. "
        "Deploy it first, or add --images FILE.\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--images", "none.json"), 2, "none.json cannot be read: No such file or directory."),
        (("--images", "dev.yaml"), 1, "dev.yaml is not JSON: "),
        (
            ("--images", "images.json", "--now", "noon"),
            2,
            "--now must be a time with its zone, got 'noon'.",
        ),
        (
            ("--images", "images.json", "--now", "2026-11-23T12:00:00"),
            2,
            "with its zone, got '2026-11-23T12:00:00'. Write it as 2026-11-23T12:00:00Z.",
        ),
    ],
)
def test_bad_input_is_one_sentence(
    folder: Path, options: tuple[str, ...], code: int, sentence: str
) -> None:
    result = lifecycle(folder, *options)
    assert result.returncode == code
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_all_faults_of_a_file_of_images_are_named_at_once(folder: Path) -> None:
    broken = [{"digest": 1, "pushed_at": "yesterday"}, {"pushd_at": NOW}]
    (folder / "images.json").write_text(json.dumps(broken))
    result = lifecycle(folder, "--images", "images.json")
    assert result.returncode == 1
    for path in ("[0].digest", "[0].pushed_at", "[1].digest", "[1].pushed_at", "[1].pushd_at"):
        assert f"  - {path}: " in result.stderr


def test_an_undeclared_repository_lists_the_declared_ones(folder: Path) -> None:
    result = lifecycle(folder, "--images", "images.json", repository="life/apy")
    assert result.returncode == 1
    assert "declares no repository 'life/apy'; did you mean 'life/api'?" in result.stderr


@pytest.mark.parametrize("options", [(), ("--policy", "policy.json")])
def test_a_public_repository_has_no_lifecycle_policy(
    folder: Path, options: tuple[str, ...]
) -> None:
    text = f"public_repositories: [{{name: {NAME}}}, {{name: tools/cli}}]\n"
    with (folder / "dev.yaml").open("a") as file:
        file.write(text)
    result = lifecycle(folder, "--images", "images.json", *options, repository="tools/cli")
    assert (result.returncode, without_progress(result.stderr)) == (
        1,
        "ecrctl: 'tools/cli' is a public repository in 'dev', and public repositories have no "
        "lifecycle policy: no image expires. Delete images that are no longer used with "
        "`aws ecr-public batch-delete-image`.\n",
    )
    # A private repository of the same name has one.
    assert lifecycle(folder, "--images", "images.json").returncode == 0
