"""Reading YAML files: plain data, and the fault of a file that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checked_files import yaml_files
from checked_files.models import FileModel, validated
from checked_files.yaml_files import read_yaml
from constructs_lib.rules.faults import Fault


def report(folder: Path, text: str) -> list[str]:
    """Return the report on a file with this text, without its first line."""
    path = folder / "file.yaml"
    path.write_text(text)
    file = read_yaml(path)
    assert file.data is None
    return str(file.report(file.faults)).splitlines()[1:]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [\n", "line 2 column 1: did not find expected node content"),
        ("a: 1\na: 2\n", "line 2 column 1: the key 'a' occurs twice. Keep one"),
        ("b:\n- {a: 1, a: 2}\n", "line 2 column 10: the key 'a' occurs twice. Keep one"),
        ("a: 1\n2: 2\n", "line 2 column 1: the key '2' is not text. Write it in quotes"),
        ("[a, b]: 1\n", "line 1 column 1: a key is not text. Write it in quotes"),
        ("a: 2024-13-01\n", "line 1 column 4: the value is no valid timestamp. Write it in quotes"),
        ("a:\n  !!bool maybe\n", "line 2 column 3: the value is no valid bool. Write it in quotes"),
        ("a: !!map [b]\n", "line 1 column 4: the value is no valid map. Write it in quotes"),
        ("? !!str [a]\n: 1\n", "line 1 column 1: the value is no valid map. Write it in quotes"),
        (
            "a: !!python/object:os.system {}\n",
            "line 1 column 4: could not determine a constructor for the "
            "tag 'tag:yaml.org,2002:python/object:os.system'",
        ),
    ],
)
def test_text_that_is_no_plain_data_is_reported_in_one_line(
    tmp_path: Path, text: str, fault: str
) -> None:
    assert report(tmp_path, text) == [f"  - the file is not valid YAML: {fault}"]


def test_a_list_that_contains_itself_and_lists_without_end_are_reported(tmp_path: Path) -> None:
    assert report(tmp_path, "&a [*a]\n") == [
        "  - an anchor cannot contain an alias of itself. Remove the alias."
    ]
    assert report(tmp_path, f"a: {'[' * 2_000}{']' * 2_000}\n") == [
        "  - lists and mappings are nested too deeply. Nest fewer in each other."
    ]


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff")
    file = read_yaml(tmp_path / "bytes.yaml")
    assert str(file.report(file.faults)) == (
        f"{tmp_path.name}/bytes.yaml: 1 fault\n"
        "  - cannot read the file: 'utf-8' codec can't decode byte 0xff in position 0: invalid "
        "start byte"
    )
    (fault,) = read_yaml(tmp_path / "missing.yaml").faults
    assert str(fault).startswith("cannot read the file: [Errno 2] No such file or directory: ")


def test_an_empty_file_has_no_data_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("")
    file = read_yaml(tmp_path / "file.yaml")
    assert (file.data, file.faults) == (None, [])
    assert str(file.report([Fault("a", "A.")])) == f"{tmp_path.name}/file.yaml: 1 fault\n  - a: A."


def test_faults_are_sorted_by_line_and_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("a:\n- b: 1\n- c:\n    d: 2\n")
    file = read_yaml(tmp_path / "file.yaml")
    faults = [Fault(path, "F.") for path in ("a[1].c.d", "a[2]", "a[0].b", "", "a[1].x", "a[0].b")]
    assert str(file.report(faults)).splitlines() == [
        f"{tmp_path.name}/file.yaml: 5 faults",
        "  - F.",
        "  - line 1 column 1, a[2]: F.",
        "  - line 2 column 3, a[0].b: F.",
        "  - line 3 column 3, a[1].x: F.",
        "  - line 4 column 5, a[1].c.d: F.",
    ]


class Named(FileModel):
    """A model with one field."""

    name: str


def test_a_date_without_quotes_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("name: 2024-12-01\n")
    assert validated(Named, read_yaml(tmp_path / "file.yaml").data).name == "2024-12-01"


def test_a_value_that_was_read_cannot_be_changed() -> None:
    named = validated(Named, {"name": "a"})
    with pytest.raises(ValueError, match="frozen"):
        named.name = "b"


def test_each_mapping_and_list_is_read_once_for_all_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    children = yaml_files._children

    def record(node: Any) -> Any:
        read.append(node)
        return children(node)

    monkeypatch.setattr(yaml_files, "_children", record)
    (tmp_path / "file.yaml").write_text("list:\n" + "- {a: 1}\n" * 50)
    file = read_yaml(tmp_path / "file.yaml")
    faults = [Fault(f"list[{number}].a", "A.") for number in range(50)]
    for _ in range(2):
        assert str(file.report(faults)).splitlines()[-1] == "  - line 51 column 4, list[49].a: A."
    # The file, the list and its items.
    assert len(read) == 52


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 1_000_000,
        "a: " + "{a: " * 100_000,
        "- " * 100_000 + "x",
        "? " * 100_000 + "x",
        "\n".join(f"{' ' * level}a:" for level in range(3_000)),
    ],
    ids=["lists", "mappings", "items in a line", "keys in a line", "lines"],
)
def test_any_depth_is_a_fault_and_no_end_of_the_process(tmp_path: Path, text: str) -> None:
    assert report(tmp_path, text) == [
        "  - lists and mappings are nested too deeply. Nest fewer in each other."
    ]
