"""The wheel and the source distribution, built as `make dist` builds them, without network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import markdown
import pytest

from tests.support import ROOT

BIN = Path(sys.executable).parent
CACHE = BIN.parent / "uv-cache"
NOT_SOURCE = (".venv", "node_modules", ".git", ".*_cache", ".hypothesis", ".ecrctl", "*.egg-info")
WRITTEN = ("build", "dist", "site", "cdk.out", "cdk.context.json", "__pycache__")
LINK = re.compile(r'(?:href|src)="([^"]+)"')


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a checkout, and with what is built from it in ``dist``."""
    folder = tmp_path_factory.mktemp("built")
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*NOT_SOURCE, *WRITTEN))
    # Written by a local run, and ignored by git.
    (checkout / "environments" / "local.images.yaml").unlink(missing_ok=True)
    command = [str(BIN / "uv"), "build", "--quiet", "--offline", "--out-dir", str(folder / "dist")]
    command += ["--build-constraints", "requirements.txt", "--require-hashes"]
    variables = {**os.environ, "UV_CACHE_DIR": str(CACHE), "UV_PYTHON": sys.executable}
    subprocess.run(command, cwd=checkout, env=variables, check=True)
    return folder


@pytest.fixture(scope="module")
def source(built: Path) -> Path:
    """Return the unpacked source distribution."""
    (archive,) = (built / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(built / "source", filter="data")
    (folder,) = (built / "source").iterdir()
    return folder


def metadata(built: Path) -> Message:
    """Return the metadata of the wheel."""
    (wheel,) = (built / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(packed.read(name).decode())


def files(folder: Path) -> set[str]:
    """Return the paths of all files in a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in found}


def test_the_source_distribution_has_every_file_of_the_repository(
    built: Path, source: Path
) -> None:
    made = {"PKG-INFO", "setup.cfg"}
    made |= {name for name in files(source) if ".egg-info/" in name}
    checkout = {name for name in files(built / "checkout") if ".egg-info/" not in name}
    assert files(source) - made == checkout - {"PKG-INFO", "setup.cfg"}


def test_its_tests_pass_in_the_source_distribution(source: Path) -> None:
    tests = ("tests/constructs_lib/rules/lifecycle", "tests/constructs_lib/test_image.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d{2,} passed", done.stdout)


def test_both_have_addresses_and_keywords(built: Path, source: Path) -> None:
    found = metadata(built)
    addresses = dict(line.split(", ") for line in found.get_all("Project-URL", []))
    assert set(addresses) == {"Source", "Documentation", "Changelog", "Issues"}
    assert {one.startswith(addresses["Source"]) for one in addresses.values()} == {True}
    assert {"aws-cdk", "ecr", "ecs", "eks"} <= set(found["Keywords"].split(","))
    in_source = Parser().parsestr((source / "PKG-INFO").read_text())
    assert in_source.items() == found.items()
    assert in_source.get_payload() == found.get_payload()


def test_no_link_of_the_description_depends_on_the_place_of_the_readme(built: Path) -> None:
    found = metadata(built)
    assert found["Description-Content-Type"] == "text/markdown"
    text = found.get_payload()
    assert isinstance(text, str)
    links = LINK.findall(markdown.markdown(text, extensions=["tables", "fenced_code"]))
    assert len(links) > 12
    release = f"https://github.com/[^/]+/[^/]+/(?:blob|raw)/v{re.escape(found['Version'])}/"
    for link in links:
        own = re.match(release, link)
        if own:
            path, _, anchor = link[own.end() :].partition("#")
            assert (ROOT / path).is_file()
            assert not anchor or _has_heading(ROOT / path, anchor)
        else:
            assert link.startswith("https://")


def _has_heading(file: Path, anchor: str) -> bool:
    headings = re.findall(r"^#+ (.*)$", file.read_text(), flags=re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in headings}
