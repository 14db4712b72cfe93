"""An import that was interrupted is continued: what it has read is not read again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.errors import UserError
from ecrctl.importing.account import existing_repositories
from ecrctl.importing.journal import journal_in
from tests.ecrctl.aws.stubs import StubClient, stub_aws

NAMES = [f"team/app-{number:02}" for number in range(40)]


class Account:
    """An account of forty repositories, which fails after a number of them."""

    def __init__(self, *, fails_at: str = "") -> None:
        self.fails_at = fails_at
        self.read: list[str] = []

    def policy(self, repositoryName: str) -> dict[str, str]:  # noqa: N803 - AWS spells it so
        """Return the policy of a repository."""
        if repositoryName == self.fails_at:
            raise ClientError({"Error": {"Code": "InternalFailure"}}, "GetRepositoryPolicy")
        time.sleep(0.02)
        self.read.append(repositoryName)
        return {"policyText": json.dumps({"Statement": [], "Id": repositoryName})}

    def import_into(self, folder: Path) -> tuple[list[Any], int]:
        """Read the account, and return its repositories and how many were read before."""
        described = [{"repositoryName": name, "repositoryArn": f"arn:{name}"} for name in NAMES]
        ecr = StubClient(
            describe_repositories=lambda **_: [{"repositories": described}],
            list_tags_for_resource=lambda **_: {"tags": [{"Key": "owner", "Value": "ü"}]},
            get_repository_policy=self.policy,
            get_lifecycle_policy=lambda **_: {"lifecyclePolicyText": '{"rules": []}'},
        )
        cloudformation = StubClient(describe_stacks=lambda **_: [{"Stacks": []}])
        with journal_in(folder, "dev") as journal:
            found = existing_repositories(stub_aws(ecr=ecr, cloudformation=cloudformation), journal)
        return found, journal.resumed


def test_an_interrupted_import_is_continued(tmp_path: Path) -> None:
    folder = tmp_path / "import"
    whole, _ = Account().import_into(tmp_path / "other")
    first = Account(fails_at=NAMES[20])
    with pytest.raises(UserError, match="InternalFailure"):
        first.import_into(folder)
    # Those that were under way are read to the end, and no more are begun.
    assert 12 <= len(first.read) < 36
    # As a killed process leaves it.
    with (folder / "dev.journal.jsonl").open("a") as file:
        file.write('{"key": "arn:team/app-39", "ti')
    second = Account(fails_at=NAMES[39])
    if NAMES[39] not in first.read:
        with pytest.raises(UserError):
            second.import_into(folder)
    third = Account()
    found, resumed = third.import_into(folder)
    assert found == whole
    assert resumed == 40 - len(third.read)
    assert sorted(first.read + second.read + third.read) == NAMES
    # After a success nothing is left.
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("age", "is_used"), [(3_590, True), (3_610, False)])
def test_what_was_read_long_ago_is_read_again(tmp_path: Path, age: int, *, is_used: bool) -> None:
    line = {"key": f"arn:{NAMES[0]} ", "time": time.time() - age, "details": DETAILS}
    (tmp_path / "dev.journal.jsonl").write_text(json.dumps(line) + "\n")
    account = Account()
    found, resumed = account.import_into(tmp_path)
    assert resumed == is_used
    assert (found[0].tags == DETAILS["tags"]) == is_used
    assert len(account.read) == 40 - is_used


DETAILS: dict[str, Any] = {"policy": None, "lifecycle": None, "tags": {"from": "the journal"}}


@pytest.mark.parametrize("line", ["", "1", "{}", '{"key": "a", "time": "x"}', "\x00"])
def test_a_line_that_cannot_be_read_is_ignored(tmp_path: Path, line: str) -> None:
    (tmp_path / "dev.journal.jsonl").write_text(f"{line}\n")
    _, resumed = Account().import_into(tmp_path)
    assert resumed == 0


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as refusal, journal_in(tmp_path / "file", "dev"):
        raise AssertionError
    assert str(refusal.value) == (
        f"The import cannot be written to {tmp_path / 'file'}: File exists. "
        "Choose another --output."
    )
