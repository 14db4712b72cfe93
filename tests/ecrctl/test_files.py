"""Files that commands read, and their errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.faults import Fault
from ecrctl.errors import DeniedError, ExitCode, UserError
from ecrctl.files import (
    MOST_LEVELS,
    called,
    check_folder_of,
    fault_list,
    file_errors,
    json_value,
    read_json,
)


def nested(levels: int, *, mapping: bool) -> str:
    """Return JSON with so many collections in each other."""
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value} if mapping else [value]
    return json.dumps(value)


@pytest.mark.parametrize("mapping", [True, False])
def test_json_has_as_many_levels_as_every_reader_follows(*, mapping: bool) -> None:
    text = nested(MOST_LEVELS, mapping=mapping)
    assert json_value(text) == json.loads(text)
    with pytest.raises(ValueError, match="it nests values more than 100 levels deep"):
        json_value(nested(MOST_LEVELS + 1, mapping=mapping))
    with pytest.raises(ValueError, match="it nests values more than 100 levels deep"):
        json_value("[" * 100_000)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1, NaN]", "NaN is no number of JSON"),
        ('{"a": -Infinity}', "-Infinity is no number of JSON"),
        ('[{"a": {"__proto__": 1}}]', "it has a key '__proto__', which no template needs"),
    ],
)
def test_values_that_other_readers_take_otherwise_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        json_value(text)


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("null", None), ('"é"', "é"), ("[]", [])])
def test_a_file_may_have_any_value(tmp_path: Path, text: str, value: Any) -> None:
    file = tmp_path / "file.json"
    file.write_text(text, encoding="utf-8")
    assert read_json(file) == value


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_a_file_that_is_not_json_is_a_fault_unless_the_command_knows_better(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        read_json(file)
    assert str(refusal.value) == f"{file} is not JSON: {problem}."
    assert refusal.value.exit_code is ExitCode.FAULT
    with pytest.raises(UserError) as refusal:
        read_json(file, "Save it again.", exit_code=ExitCode.TOOL_ERROR)
    assert str(refusal.value) == f"{file} is not JSON: {problem}. Save it again."
    assert refusal.value.exit_code is ExitCode.TOOL_ERROR


def test_a_file_that_cannot_be_read_or_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_json(tmp_path / "missing.json", "Not the cure.")
    assert str(refusal.value) == (
        f"{tmp_path / 'missing.json'} cannot be read: No such file or directory."
    )
    assert refusal.value.exit_code is ExitCode.TOOL_ERROR
    with pytest.raises(UserError) as refusal, file_errors("x cannot be written", "Choose another."):
        (tmp_path / "missing" / "x").write_text("")
    assert str(refusal.value) == ("x cannot be written: No such file or directory. Choose another.")


def test_all_faults_of_a_file_are_listed() -> None:
    error = fault_list(Path("f.json"), [Fault("[0].a", "is one."), Fault("b", "is two.")])
    assert str(error) == "f.json:\n  - [0].a: is one.\n  - b: is two."
    assert error.exit_code is ExitCode.FAULT


def test_a_missing_folder_is_found_before_the_work(tmp_path: Path) -> None:
    check_folder_of("--json", None)
    check_folder_of("--json", tmp_path / "out.json")
    with pytest.raises(UserError) as refusal:
        check_folder_of("--json", tmp_path / "missing" / "out.json")
    assert str(refusal.value) == (
        f"--json: the folder {tmp_path / 'missing'} does not exist. Create it first."
    )


def test_a_temporary_file_has_a_name_that_means_something(tmp_path: Path) -> None:
    file = tmp_path / "saved.tar"
    with pytest.raises(UserError) as error, called(file, "the image 'docker:api'"):
        raise UserError(f"{file} is no tar archive.", ExitCode.FAULT)
    assert str(error.value) == "the image 'docker:api' is no tar archive."
    assert error.value.exit_code is ExitCode.FAULT
    denied = DeniedError("no permission")
    with pytest.raises(DeniedError) as other, called(file, "the image"):
        raise denied
    assert other.value is denied
