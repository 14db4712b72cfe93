"""The files of a build, and the tag that git gives them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode, UserError
from ecrctl.images.building.sources import build_source
from environments.model.images import BuildModel

API = BuildModel(context="services/api")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with the files of an image, committed."""
    git(tmp_path, "init", "--quiet")
    context = tmp_path / "services" / "api"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def commit(root: Path) -> str:
    """Commit every file, and return the commit."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Change")
    return git(root, "rev-parse", "HEAD")


def refusal(root: Path, build: BuildModel = API) -> str:
    """Return the sentence that refuses a build."""
    with pytest.raises(UserError) as error:
        build_source("api", build, root)
    assert error.value.exit_code == ExitCode.FAULT
    return str(error.value)


def test_the_tag_and_the_time_are_those_of_the_commit(root: Path) -> None:
    found = build_source("api", API, root)
    assert found.tag == git(root, "rev-parse", "HEAD")[:12]
    assert found.seconds == int(git(root, "log", "-1", "--format=%ct"))
    assert found.context == root / "services" / "api"
    assert found.dockerfile == root / "services" / "api" / "Dockerfile"


def test_other_and_ignored_files_do_not_change_the_tag(root: Path) -> None:
    (root / "services" / "web.txt").write_text("another service")
    (root / "services" / "api" / "build.log").write_text("ignored")
    assert build_source("api", API, root).tag


@pytest.mark.parametrize("name", ["Dockerfile", "new.txt"])
def test_files_that_no_commit_has_need_a_tag_of_their_own(root: Path, name: str) -> None:
    (root / "services" / "api" / name).write_text("changed")
    tag = git(root, "rev-parse", "HEAD")[:12]
    assert refusal(root) == (
        f"images.api.build: {root}/services/api has files that no commit has, so the tag {tag} "
        "would name another image. Commit them, or set a tag."
    )
    assert build_source("api", BuildModel(context="services/api", tag="v2"), root).tag == "v2"


def test_a_folder_without_a_commit_needs_a_tag_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").touch()
    assert refusal(tmp_path, BuildModel(context="api")) == (
        f"images.api.build: {tmp_path}/api is in no commit of git, which gives the image its tag. "
        "Commit it, or set a tag."
    )
    found = build_source("api", BuildModel(context="api", tag="v1"), tmp_path)
    assert (found.tag, found.seconds) == ("v1", 0)


def test_what_is_missing_is_named(root: Path) -> None:
    assert refusal(root, BuildModel(context="services/web")) == (
        f"images.api.build: there is no folder {root}/services/web. Correct its context."
    )
    other = BuildModel(context="services/api", dockerfile="docker/Dockerfile")
    assert refusal(root, other) == (
        f"images.api.build: there is no file {root}/services/api/docker/Dockerfile. Correct its "
        "dockerfile."
    )


def test_a_link_does_not_lead_out_of_the_folder(root: Path) -> None:
    (root / "services" / "out").symlink_to("/")
    commit(root)
    assert refusal(root, BuildModel(context="services/out/etc")) == (
        f"images.api.build: {root}/services/out/etc leads out of {root}. Name a path inside of it."
    )
    dockerfile = root / "services" / "api" / "Dockerfile.link"
    dockerfile.symlink_to(root / ".gitignore")
    commit(root)
    linked = BuildModel(context="services/api", dockerfile="Dockerfile.link")
    assert "Dockerfile.link leads out of" in refusal(root, linked)
