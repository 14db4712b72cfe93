"""The file of accepted vulnerabilities."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode, UserError
from ecrctl.images.scanning.ignores import Ignore, read_ignores
from tests.support import ROOT

REASON = "The package is not called."


def test_an_entry_is_read_with_its_package_repository_reason_and_day(folder: Path) -> None:
    (folder / "scan-ignore.yaml").write_text(
        f"- {{id: CVE-1, reason: {REASON}, until: 2026-12-31}}\n"
        f"- {{id: CVE-1, package: a, repository: team/api, reason: {REASON}, until: 2026-12-30}}\n"
    )
    assert read_ignores(None) == (
        Ignore(id="CVE-1", reason=REASON, until=date(2026, 12, 31)),
        Ignore(
            id="CVE-1",
            reason=REASON,
            until=date(2026, 12, 30),
            package="a",
            repository="team/api",
        ),
    )


@pytest.mark.usefixtures("folder")
def test_there_need_be_no_file() -> None:
    assert read_ignores(None) == ()


def test_an_empty_file_accepts_nothing(folder: Path) -> None:
    (folder / "scan-ignore.yaml").write_text("# nothing\n")
    assert read_ignores(None) == ()


def test_a_file_that_is_named_must_exist(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^--ignore: there is no file .*/none.yaml") as error:
        read_ignores(folder / "none.yaml")
    assert error.value.exit_code is ExitCode.TOOL_ERROR


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "accepted.yaml"
    file.write_text(
        "- {id: ' ', reason: bad, until: soon, package: ''}\n"
        "- {id: CVE-1, repository: Team, until: 2026-12-31, untill: 1}\n"
    )
    with pytest.raises(UserError) as error:
        read_ignores(file)
    assert error.value.exit_code is ExitCode.FAULT
    assert str(error.value) == (
        f"{tmp_path.name}/accepted.yaml: 7 faults\n"
        "  - line 1 column 4, [0].id: an id must be one of a vulnerability such as CVE-2026-1234, "
        "got ' '. Copy it from the scan.\n"
        "  - line 1 column 39, [0].package: a package must have a name, got ''. Leave it out to "
        "accept any package.\n"
        "  - line 1 column 13, [0].reason: a reason must have at least 10 characters, got 'bad'. "
        "Explain the decision to a later reader.\n"
        "  - line 1 column 26, [0].until: the last day must be a date such as 2026-12-31, "
        "got 'soon'.\n"
        "  - line 2 column 3, [1].reason: this setting is required, got none. Add it.\n"
        "  - line 2 column 15, [1].repository: a repository's name must consist of lower-case "
        "letters and digits, joined by single '/', '-', '_' or '.', got 'Team'. Write it like "
        "'team/api'.\n"
        "  - line 2 column 52, [1].untill: there is no such setting; did you mean 'until'? Known: "
        "id, reason, until, package, repository."
    )


def test_an_entry_that_occurs_twice_is_a_fault(tmp_path: Path) -> None:
    entry = f"- {{id: CVE-1, package: a, reason: {REASON}, until: 2026-12-31}}\n"
    file = tmp_path / "ignore.yaml"
    file.write_text(entry + entry)
    with pytest.raises(
        UserError, match=r"line 2 column 4, \[1\].id: 'CVE-1' is accepted above already."
    ):
        read_ignores(file)


@pytest.mark.parametrize("text", ["id: CVE-1\n", "- CVE-1\n", "- [\n", "false\n"])
def test_another_file_is_a_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ignore.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as error:
        read_ignores(file)
    assert error.value.exit_code is ExitCode.FAULT


def test_the_file_in_the_guide_is_valid(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "an-images-way.md").read_text()
    _, _, example = guide.partition("### Accept a vulnerability")
    file = tmp_path / "ignore.yaml"
    file.write_text(example.split("```")[1].removeprefix("yaml\n"))
    (ignore,) = read_ignores(file)
    assert (ignore.id, ignore.package) == ("CVE-2026-1234", "openssl")
