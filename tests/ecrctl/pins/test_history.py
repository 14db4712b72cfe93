"""The pin that git has before the one of the file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode, UserError
from ecrctl.pins.history import previous_pin

ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """Return the file of pins in a repository of git, in a folder of its own."""
    _git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    (tmp_path / "environments").mkdir()
    return tmp_path / "environments" / "dev.images.yaml"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(pins: Path, digest: str, tag: str = "v1", name: str = "api") -> None:
    """Write a pin into the file, beside one that never changes."""
    pins.write_text(
        f"{name}: {{repository: team/{name}, tag: {tag}, digest: '{digest}'}}\n"
        f"web: {{repository: team/web, digest: '{ONE}'}}\n"
    )


def commit(pins: Path) -> str:
    """Commit the file, and return the commit."""
    _git(pins.parent, "add", pins.name)
    _git(pins.parent, "commit", "--quiet", "--message", "Pin")
    return _git(pins.parent, "rev-parse", "HEAD")


def test_the_previous_pin_is_the_one_before_the_commit_that_changed_it(pins: Path) -> None:
    write(pins, ONE)
    first = commit(pins)
    write(pins, TWO, "v2")
    commit(pins)
    # Other changes of the file are no other pin.
    pins.write_text(f"# Pins.\n{pins.read_text()}")
    commit(pins)
    found = previous_pin(pins, "api")
    assert (found.pin.tag, found.pin.digest, found.commit) == ("v1", ONE, first)


def test_a_pin_that_is_not_committed_is_preceded_by_the_committed_one(pins: Path) -> None:
    write(pins, ONE)
    commit(pins)
    write(pins, TWO, "v2")
    last = commit(pins)
    write(pins, THREE, "v3")
    found = previous_pin(pins, "api")
    assert (found.pin.digest, found.commit) == (TWO, last)


def test_the_newer_pin_is_the_previous_one_of_a_pin_that_was_taken_back(pins: Path) -> None:
    write(pins, ONE)
    commit(pins)
    write(pins, TWO)
    commit(pins)
    write(pins, ONE)
    assert previous_pin(pins, "api").pin.digest == TWO


def test_another_tag_of_the_same_image_is_no_earlier_image(pins: Path) -> None:
    write(pins, ONE, "v1")
    commit(pins)
    write(pins, TWO, "v2")
    commit(pins)
    write(pins, TWO, "v2-again")
    commit(pins)
    assert previous_pin(pins, "api").pin.digest == ONE


def test_a_pin_of_a_deleted_file_is_found(pins: Path) -> None:
    write(pins, ONE)
    commit(pins)
    pins.unlink()
    assert previous_pin(pins, "api").pin.digest == ONE


@pytest.mark.parametrize(
    "broken", ["api: [", "api: 1\n", "api: {repository: UPPER}\n", "- api\n", "other: {}\n"]
)
def test_versions_without_a_usable_pin_are_passed(pins: Path, broken: str) -> None:
    write(pins, ONE)
    commit(pins)
    pins.write_text(broken)
    commit(pins)
    write(pins, TWO)
    commit(pins)
    assert previous_pin(pins, "api").pin.digest == ONE


@pytest.mark.parametrize("image", ["web", "unknown"])
def test_an_image_without_an_earlier_pin_is_named(pins: Path, image: str) -> None:
    write(pins, ONE)
    commit(pins)
    write(pins, TWO)
    commit(pins)
    with pytest.raises(UserError) as refusal:
        previous_pin(pins, image)
    assert str(refusal.value) == (
        f"git has no earlier pin of '{image}' in dev.images.yaml. Name the image with "
        "--repository and --digest instead of --previous."
    )
    assert refusal.value.exit_code == ExitCode.FAULT


def test_a_folder_that_is_in_no_repository_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dev.images.yaml"
    write(path, ONE)
    with pytest.raises(UserError, match="must be in a git repository"):
        previous_pin(path, "api")
