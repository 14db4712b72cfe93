"""The writer of pins and environment files: whole files, one writer, comments kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checked_files.yaml_files import plain_data
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.file_writing.yaml_documents import change_document, check_document
from tests.support import ROOT

PIN = """\
import sys
from pathlib import Path
from ecrctl.pins.pinning import Target, write_pin
folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    write_pin(Target(folder, "dev", name), repository=name, tag="v1", digest="sha256:" + "a" * 64)
"""
# It replaces the pins without an end, until the test kills it.
ENDLESS = PIN.replace(
    "for name in sys.argv[2:]:", "import itertools\nfor name in itertools.count():"
)
ENDLESS = ENDLESS.replace('"dev", name)', '"dev", "a")').replace(
    "repository=name", "repository=str(name)"
)


def start(code: str, folder: Path, *names: str) -> subprocess.Popen[bytes]:
    """Start a process that writes pins."""
    return subprocess.Popen([sys.executable, "-c", code, str(folder), *names], cwd=ROOT)


def test_pins_of_several_processes_are_all_written(tmp_path: Path) -> None:
    names = [[f"{letter}{number}" for number in range(5)] for letter in "abcd"]
    processes = [start(PIN, tmp_path, *some) for some in names]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0, 0]
    pins = plain_data((tmp_path / "dev.images.yaml").read_text())
    assert list(pins) == [name for some in names for name in some]
    assert [path.name for path in tmp_path.iterdir()] == ["dev.images.yaml"]


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    five = {name: {"repository": name, "tag": "v1"} for name in "abcde"}
    change_document(file, lambda _: five, header="# the header\n")
    for wait in (0.0, 0.011, 0.023, 0.037):
        before = file.read_bytes()
        process = start(ENDLESS, tmp_path)
        while file.read_bytes() == before:
            time.sleep(0.001)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert plain_data(file.read_text()).keys() == five.keys()
        assert file.read_text().startswith("# the header\n")
    # What a killed writer leaves beside the file is used again.
    change_document(file, lambda pins: {**pins, "f": {}}, header="")
    assert [path.name for path in tmp_path.iterdir()] == ["dev.images.yaml"]


def test_a_failure_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text("a: 1\n")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UserError) as refusal:
        change_document(file, lambda _: {"a": 2}, header="")
    assert str(refusal.value) == f"{file} cannot be written: No space left on device."
    assert file.read_text() == "a: 1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["dev.images.yaml"]


def test_a_read_only_file_is_refused_before_and_at_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text("a: 1\n")
    # A test of root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != file)
    for write in (check_document, lambda path: change_document(path, lambda _: {}, header="")):
        with pytest.raises(UserError) as refusal:
            write(file)
        assert str(refusal.value) == f"{file} cannot be written: Permission denied."
    assert file.read_text() == "a: 1\n"


def test_the_mode_of_a_file_and_a_link_to_it_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "shared" / "pins.yaml", tmp_path / "dev.images.yaml"
    file.parent.mkdir()
    file.write_text("a: 1\n")
    file.chmod(0o640)
    link.symlink_to(file)
    change_document(link, lambda _: {"a": 2}, header="")
    assert (link.is_symlink(), file.read_text()) == (True, "a: 2\n")
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_new_file_has_the_mode_that_every_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    replace_text(tmp_path / "new", "x\r\n")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert (tmp_path / "new").read_bytes() == b"x\r\n"


def test_the_same_data_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text("a:   1")
    before = file.stat()
    change_document(file, lambda _: {"a": 1}, header="# new\n")
    assert (file.read_text(), file.stat().st_ino) == ("a:   1", before.st_ino)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_new_or_empty_file_begins_with_the_header(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dev.images.yaml"
    if text:
        file.write_text(text)
    change_document(file, lambda _: {"a": 1}, header="# new\n")
    assert file.read_text() == "# new\na: 1\n"


def test_an_anchor_is_refused_with_its_cure(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text("a: &a {x: 1}\nb: *a\n")
    with pytest.raises(UserError) as refusal:
        change_document(file, lambda pins: {**pins, "a": {"x": 2}}, header="")
    assert str(refusal.value) == (
        "dev.images.yaml cannot be changed in place, because it uses an anchor, an alias or a "
        "merge key. Replace each of them by its value."
    )
    assert refusal.value.exit_code is ExitCode.FAULT


def test_the_header_stays_above_a_new_first_key(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text("# new\nb: 2\n")
    change_document(file, lambda _: {"a": 1, "b": 2}, header="# new\n")
    assert file.read_text() == "# new\na: 1\nb: 2\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- a\n", "a mapping is expected here."),
        (
            "a: [\n",
            "the file is not valid YAML: line 2 column 1: did not find expected node content",
        ),
    ],
)
def test_a_file_with_a_fault_is_refused_before_and_at_the_change(
    tmp_path: Path, text: str, fault: str
) -> None:
    file = tmp_path / "dev.images.yaml"
    file.write_text(text)
    for write in (check_document, lambda path: change_document(path, lambda _: {}, header="")):
        with pytest.raises(UserError) as refusal:
            write(file)
        assert str(refusal.value) == f"dev.images.yaml: {fault}"
        assert refusal.value.exit_code is ExitCode.FAULT
    assert file.read_text() == text


def test_a_file_that_can_be_written_is_not_changed_by_the_check(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    check_document(file)
    assert not file.exists()
    file.write_text("# no key yet\n")
    check_document(file)
    assert [path.name for path in tmp_path.iterdir()] == ["dev.images.yaml"]
