"""Images in a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.image_files import images_from_file

DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 5)]
FULL: dict[str, Any] = {
    "digest": "sha256:1",
    "pushed_at": DAYS[0].isoformat(),
    "tags": ["v1", "größe"],
    "last_pulled_at": DAYS[1].isoformat(),
    "archived_at": DAYS[2].isoformat(),
    "activated_at": DAYS[3].isoformat(),
    "storage_class": "archive",
    "children": ["sha256:2", "sha256:3"],
}


def test_every_property_of_an_image_is_read(tmp_path: Path) -> None:
    file = tmp_path / "images.json"
    plain = {"digest": "sha256:2", "pushed_at": "2026-11-01T01:00:00+01:00"}
    file.write_text(json.dumps([FULL, plain], ensure_ascii=False), encoding="utf-8")
    expected = [
        ImageRecord(
            digest="sha256:1",
            pushed_at=DAYS[0],
            tags=("v1", "größe"),
            last_pulled_at=DAYS[1],
            archived_at=DAYS[2],
            activated_at=DAYS[3],
            storage_class="archive",
            children=("sha256:2", "sha256:3"),
        ),
        ImageRecord(digest="sha256:2", pushed_at=DAYS[0]),
    ]
    assert list(map(asdict, images_from_file(file))) == list(map(asdict, expected))


@pytest.mark.parametrize(
    ("text", "message", "code"),
    [
        (None, "{file} cannot be read: No such file or directory.", ExitCode.TOOL_ERROR),
        (
            "{",
            "{file} is not JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1).",
            ExitCode.FAULT,
        ),
        (
            '[{"digest": "sha256:1", "pushed_at": "2026-11-01T00:00:00Z", "tag": "v1"}]',
            "{file}:\n  - [0].tag: ",
            ExitCode.FAULT,
        ),
        ('{"digest": "sha256:1"}', "{file}:\n  - ", ExitCode.FAULT),
        (
            '[{"digest": "sha256:1", "pushed_at": "2026-11-01T00:00:00"}]',
            "{file}:\n  - [0].pushed_at: ",
            ExitCode.FAULT,
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_message(
    tmp_path: Path, text: str | None, message: str, code: ExitCode
) -> None:
    file = tmp_path / "images.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UserError) as refusal:
        images_from_file(file)
    assert str(refusal.value).startswith(message.format(file=file))
    assert refusal.value.exit_code is code
