"""The examples of the guides are valid input."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.assemblies import stacks_of
from tests.support import ROOT, synthesise

GUIDE = ROOT / "docs" / "guides" / "running-an-image.md"
HEAD = 'account: "111111111111"\nregion: us-west-2\nrepositories: [{name: api}, {name: proxy}]\n'
DIGEST = "sha256:" + "a" * 64


def blocks(language: str, text: str) -> list[str]:
    """Return the blocks of code of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_files_in_the_guide_on_running_an_image_synthesise(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(HEAD + "".join(blocks("yaml", GUIDE.read_text())))
    pins = "".join(
        f"{name}: {{repository: {name}, digest: {DIGEST}}}\n" for name in ("api", "proxy")
    )
    (tmp_path / "dev.images.yaml").write_text(pins)
    made = {stack.name for stack in stacks_of(synthesise(tmp_path, tmp_path / "cdk.out"))}
    assert {"EcsWorkloads", "EksWorkloads"} <= made


def test_the_baseline_in_the_guide_on_many_accounts_synthesises(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "guides" / "many-accounts.md").read_text()
    (file,), (code,) = blocks("yaml", text), blocks("python", text)
    (tmp_path / "baseline.yaml").write_text(file)
    (stack,) = stacks_of(synthesise(tmp_path, tmp_path / "cdk.out"))
    assert stack.name == "RegistryBaseline"
    variables = {"PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path / "app.out")}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **variables}, check=True
    )
    # The app of the stack set's template has written nothing of its own there.
    assert [one.name for one in (tmp_path / "app.out").glob("*.template.json")] == [
        "Baseline.template.json"
    ]


def test_the_app_in_the_readme_synthesises(tmp_path: Path) -> None:
    (code,) = blocks("python", (ROOT / "README.md").read_text())
    variables = {"PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path / "cdk.out")}
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, **variables}, check=True
    )
    assert (tmp_path / "cdk.out" / "Api.template.json").exists()
