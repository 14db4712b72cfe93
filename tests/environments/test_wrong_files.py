"""Every wrong file of the table has its whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.wrong_files import message, table

TABLE = table()
FEWEST = 200


@pytest.mark.parametrize("lines", TABLE)
def test_a_wrong_file_has_its_message(tmp_path: Path, lines: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    assert message(folder, lines) == TABLE[lines], (
        "If you want this message, run `python -m tests.environments.wrong_files`."
    )


def test_the_table_has_a_message_for_each_of_at_least_200_files() -> None:
    assert len(TABLE) >= FEWEST
    assert all(text.startswith("mine.yaml: ") for text in TABLE.values())
