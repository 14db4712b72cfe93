"""The examples of the guide to the registry are valid input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from constructs_lib.rules.registry.upstreams import UPSTREAMS
from environments.loading import load_environment
from tests.packaging.test_guides import blocks
from tests.support import ROOT

GUIDE = (ROOT / "docs" / "guides" / "the-registry.md").read_text()
HEAD = (
    'account: "111111111111"\nregion: us-west-2\nrepositories: [{name: team/api}, {name: prod/a}]\n'
)
FILES = [one for one in blocks("yaml", GUIDE) if not one.startswith("# dev.images")]
(PINS,) = [one for one in blocks("yaml", GUIDE) if one.startswith("# dev.images")]


@pytest.mark.parametrize("text", FILES)
def test_each_file_is_valid(tmp_path: Path, text: str) -> None:
    (tmp_path / "dev.yaml").write_text(text if text.startswith("account") else HEAD + text)
    (tmp_path / "recovery.yaml").write_text('account: "222222222222"\nregion: eu-west-1\n')
    assert load_environment("dev", tmp_path).registry
    assert len(FILES) > 3


def test_the_pin_is_behind_the_cache_of_the_first_file(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: a, image: alpine, memory_mib: 64}]\n"
    (tmp_path / "dev.yaml").write_text(FILES[0] + task)
    (tmp_path / "dev.images.yaml").write_text(PINS)
    ((image,),) = [one.images for one in load_environment("dev", tmp_path).ecs_tasks]
    base = "111111111111.dkr.ecr.us-west-2.amazonaws.com/public/docker/library/alpine"
    assert image.repository_uri == base
    (dockerfile,) = blocks("dockerfile", GUIDE)
    assert dockerfile == f"FROM {base}:{yaml.safe_load(PINS)['alpine']['tag']}\n"


def test_the_app_synthesises(tmp_path: Path) -> None:
    (code,) = blocks("python", GUIDE)
    variables = {"PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path / "cdk.out")}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **variables}, check=True
    )
    assert (tmp_path / "cdk.out" / "Registry.template.json").exists()


def test_the_table_has_every_upstream() -> None:
    rows = [line.split("|")[1:4] for line in GUIDE.splitlines() if line.startswith("| `")]
    table = {row[0].strip(" `"): (row[1].strip(" `"), row[2].strip()) for row in rows}
    for name, upstream in UPSTREAMS.items():
        host, requires = table[name]
        assert host == upstream.url or host.startswith("host:"), name
        assert requires.startswith("`secret_arn`") == (upstream.authentication == "secret"), name
