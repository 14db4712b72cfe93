"""Consoles, steps, exit codes, the table of a lifecycle preview and the files of manifests."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from constructs_lib.rules.lifecycle.presets import standard
from constructs_lib.rules.lifecycle.preview import ImageRecord, ImageVerdict, Outcome
from ecrctl import console as console_module
from ecrctl import lifecycle
from ecrctl.cdk import assemblies
from ecrctl.console import ACCESS_WIDTH, TABLE_WIDTH, Steps, new_console, new_table
from ecrctl.errors import ExitCode, UserError, exit_code_table
from ecrctl.manifests import other_manifests, write_manifests
from ecrctl.visible import visible

NOW = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
DIGEST = "sha256:" + "0123456789abcdef" * 4


def terminal(width: int = 60) -> Console:
    """Return a console that believes to write to a terminal."""
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system="standard")


def test_a_table_outside_of_a_terminal_has_a_fixed_width(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (new_console().width, new_console(width=ACCESS_WIDTH).width) == (118, 160)
    assert TABLE_WIDTH == 118
    monkeypatch.setattr(console_module, "VisibleConsole", lambda **_: terminal())
    assert new_console().width == 60
    assert new_console(record=True).width == 118


def test_a_console_keeps_its_output_for_a_picture_alone() -> None:
    assert [new_console(record=True).record, new_console().record] == [True, False]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, \N{LATIN SMALL LETTER E WITH ACUTE}, \N{CJK UNIFIED IDEOGRAPH-4E2D}\n\t", None),
        ("\x1b[2K\r\x7f\x00", r"\u001b[2K\u000d\u007f\u0000"),
        ("a\u202eb\u200bc\ufeff", r"a\u202eb\u200bc\ufeff"),
        ("\u2028\u2029\ue000\udcff", r"\u2028\u2029\ue000\udcff"),
        ("\uffff\U000e0041\U0010fffd", "\uffff" + r"\U000e0041\U0010fffd"),
    ],
)
def test_a_character_that_a_terminal_acts_on_is_shown_as_its_number(
    text: str, shown: str | None
) -> None:
    assert visible(text) == (text if shown is None else shown)


def test_a_caller_chooses_the_control_characters_that_its_format_needs() -> None:
    assert visible("a\n\tb", keep="") == r"a\u000a\u0009b"
    assert visible("a\rb\n", keep="\r") == "a\rb" + r"\u000a"


def test_a_console_shows_text_of_others_as_its_caller_wants() -> None:
    console = new_console(record=True, width=40)
    console.print("[bold]a\x1b[0m", markup=False)
    console.print("[bold]b[/]")
    assert console.export_text() == "[bold]a" + r"\u001b[0m" + "\nb\n"


def test_a_table_folds_long_values_and_shows_no_control_character() -> None:
    console = new_console(record=True, width=24)
    table = new_table("Images\x1b[2K", "name", "tag")
    table.add_row("team/a-long-name-of-an-image", "v\u202e1")
    console.print(table)
    lines = console.export_text().splitlines()
    assert lines[0].rstrip() == r"Images\u001b[2K"
    cells = [
        [cell.strip() for cell in line.split("\u2502")[1:3]] for line in lines if "\u2502" in line
    ]
    assert cells[0] == ["name", "tag"]
    assert "".join(name for name, _ in cells[1:]) == "team/a-long-name-of-an-image"
    assert "".join(tag for _, tag in cells[1:]) == r"v\u202e1"
    assert (lines[1][0], lines[-1][0]) == ("\u256d", "\u2570")


def test_a_step_is_a_plain_line_with_its_result_and_duration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([100.0, 101.25, 200.0, 200.04])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    console = Console(width=40)
    with console.capture() as shown:
        steps = Steps(console)
        with steps.step("Push the sample image") as step:
            step.detail = "a long detail [v1] that is folded nowhere: 17 bytes"
        with steps.step("Deploy"):
            pass
    assert shown.get() == (
        "ok Push the sample image: a long detail [v1] that is folded nowhere: 17 bytes (1.2 s)\n"
        "ok Deploy (0.0 s)\n"
    )


def test_a_step_on_a_terminal_is_shown_while_it_runs() -> None:
    console = terminal()
    with Steps(console).step("Deploy") as step:
        step.detail = "2 stacks"
    assert isinstance(console.file, io.StringIO)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())
    assert "Deploy ..." in text
    assert re.search(r"ok Deploy: 2 stacks \(\d\.\d s\)\n", text)


def test_the_exit_codes_of_a_command_are_a_table_between_success_and_a_stop() -> None:
    assert exit_code_table(ExitCode.FAULT, ExitCode.TOOL_ERROR) == (
        "\b\n"
        "Exit codes:\n"
        "    0  success\n"
        "    1  a fault in your files\n"
        "    2  the command could not be carried out\n"
        "  130  stopped by a signal"
    )
    assert exit_code_table().splitlines()[2:] == [
        "    0  success",
        "    1  a fault in your files",
        "    2  the command could not be carried out",
        "    3  a difference, or a finding that blocks the change",
        "  130  stopped by a signal",
    ]


def test_an_error_is_a_message_with_the_code_of_a_tool_error_by_default() -> None:
    error = UserError("It failed.")
    assert (str(error), error.exit_code) == ("It failed.", ExitCode.TOOL_ERROR)
    assert UserError("x", exit_code=ExitCode.FAULT).exit_code is ExitCode.FAULT


def verdict(outcome: Outcome, reason: str, *, ruled: bool = True, **image: Any) -> ImageVerdict:
    """Return the verdict on an image, by the preset's second rule or by none."""
    given: dict[str, Any] = {"digest": DIGEST, "pushed_at": NOW}
    record = ImageRecord(**given | image)
    rule = standard().rules[1] if ruled else None
    return ImageVerdict(image=record, outcome=outcome, rule=rule, reason=reason)


def verdicts() -> list[ImageVerdict]:
    """Return one image of each outcome."""
    return [
        verdict("kept", "a", ruled=False, tags=("v1", "[b]"), activating=True),
        verdict("expired", "why the image goes", digest="sha256:2"),
        verdict("archived", "c", digest="sha256:3", storage_class="archive"),
    ]


def test_the_table_of_a_preview_shows_every_property() -> None:
    console = Console(width=88)
    with console.capture() as shown:
        console.print(lifecycle.table_of("team/api", verdicts()))
    assert [line.rstrip() for line in shown.get().splitlines()] == [
        "team/api: preview of the lifecycle policy",
        "╭──────────┬────────────┬──────────┬────────────┬────────────┬────────────┬────────────╮",
        "│ Outcome  │ Image      │ Tags     │ Status     │ Pushed     │ Rule       │ Why        │",
        "├──────────┼────────────┼──────────┼────────────┼────────────┼────────────┼────────────┤",
        "│ kept     │ sha256:012 │ v1, [b]  │ activating │ 2026-11-24 │            │ a          │",
        "│          │ 3456789ab  │          │            │ 12:05      │            │            │",
        "│ expired  │ sha256:2   │ untagged │ active     │ 2026-11-24 │ 2 Expire   │ why the    │",
        "│          │            │          │            │ 12:05      │ untagged   │ image goes │",
        "│          │            │          │            │            │ images     │            │",
        "│          │            │          │            │            │ after 7    │            │",
        "│          │            │          │            │            │ days       │            │",
        "│ archived │ sha256:3   │ untagged │ archived   │ 2026-11-24 │ 2 Expire   │ c          │",
        "│          │            │          │            │ 12:05      │ untagged   │            │",
        "│          │            │          │            │            │ images     │            │",
        "│          │            │          │            │            │ after 7    │            │",
        "│          │            │          │            │            │ days       │            │",
        "╰──────────┴────────────┴──────────┴────────────┴────────────┴────────────┴────────────╯",
    ]


def test_the_outcomes_of_a_preview_are_coloured() -> None:
    console = terminal(120)
    console.print(lifecycle.table_of("team/api", verdicts()))
    assert isinstance(console.file, io.StringIO)
    for number, outcome in ((32, "kept"), (33, "archived"), (31, "expired"), (2, "untagged")):
        assert f"\x1b[{number}m{outcome}" in console.file.getvalue()


def test_a_preview_is_summed_up_by_outcome() -> None:
    assert lifecycle.summary(verdicts()[:2]) == "2 images: 1 kept, 0 archived, 1 expired."
    assert lifecycle.summary([]) == "0 images: 0 kept, 0 archived, 0 expired."


def test_a_preview_with_archived_images_states_its_limit() -> None:
    assert lifecycle.summary(verdicts()) == (
        "3 images: 1 kept, 1 archived, 1 expired. ECR returns no manifest of an archived image, so "
        "each image of an archived index has an outcome of its own here; ECR keeps the image as "
        "long as the index."
    )


def test_a_preview_as_plain_data_has_every_property() -> None:
    kept, expired, archived = lifecycle.document_of(verdicts()).model_dump()
    assert kept == {
        "digest": DIGEST,
        "tags": ["v1", "[b]"],
        "pushed_at": "2026-11-24T12:05:00+00:00",
        "status": "activating",
        "storage_class": "standard",
        "outcome": "kept",
        "rule": None,
        "reason": "a",
        "needed_by": None,
    }
    assert (expired["rule"], archived["storage_class"]) == (2, "archive")
    assert (expired["status"], archived["status"]) == ("active", "archived")


def test_the_time_of_a_preview_has_a_zone() -> None:
    assert lifecycle.moment_of("2026-11-24T14:05:00+02:00") == NOW
    zone = timezone(timedelta(hours=2))
    assert lifecycle.moment_of("2026-11-24T14:05:00+02:00").tzinfo == zone
    for text in ("noon", "2026-11-24T14:05:00"):
        with pytest.raises(UserError) as refusal:
            lifecycle.moment_of(text)
        assert str(refusal.value) == (
            f"--now must be a time with its zone, got '{text}'. Write it as 2026-11-23T12:00:00Z."
        )


@pytest.fixture
def synthesised(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Replace the synth by one that writes these manifests."""
    files: dict[str, bytes] = {}

    def synthesise(
        environment: str, _environments: Path, output: Path, *, meanwhile: object
    ) -> Path:
        assert meanwhile is None
        for name, content in files.items():
            file = output / "cdk.out" / f"assembly-{environment}" / "manifests" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return output / "cdk.out"

    monkeypatch.setattr(assemblies, "synthesise", synthesise)
    return files


def test_the_manifests_of_one_stack_are_written_without_its_name(
    tmp_path: Path, synthesised: dict[str, bytes]
) -> None:
    synthesised |= {"Eks/batch/b.yaml": b"b\r\n", "Eks/a.yaml": b"a", "Eks/notes.txt": b"x"}
    out = tmp_path / "out"
    written = write_manifests("dev", tmp_path, out)
    assert written == [out / "a.yaml", out / "batch" / "b.yaml"]
    assert [file.read_bytes() for file in written] == [b"a", b"b\r\n"]
    # A second time, over the files of the first.
    assert write_manifests("dev", tmp_path, out) == written


def test_the_manifests_of_several_stacks_are_written_by_stack(
    tmp_path: Path, synthesised: dict[str, bytes]
) -> None:
    synthesised |= {"Two/a.yaml": b"2", "One/a.yaml": b"1"}
    written = write_manifests("dev", tmp_path, tmp_path)
    assert written == [tmp_path / "One" / "a.yaml", tmp_path / "Two" / "a.yaml"]
    assert [file.read_bytes() for file in written] == [b"1", b"2"]


def test_other_manifests_of_the_folder_are_found_in_order(tmp_path: Path) -> None:
    names = [f"{letter}.yaml" for letter in "hgfedcba"]
    for name in (*names, "notes.txt"):
        (tmp_path / name).touch()
    found = other_manifests(tmp_path, [tmp_path / "c.yaml", tmp_path / "none.yaml"])
    assert [file.name for file in found] == [f"{letter}.yaml" for letter in "abdefgh"]
