"""The groups of imported repositories: none exceeds the limits of a stack."""

from __future__ import annotations

from collections import Counter
from typing import Any

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_TEMPLATE_BYTES
from ecrctl.importing.account import ExistingRepository
from ecrctl.importing.entries import Entry
from ecrctl.importing.groups import GROUP_BYTES, GROUP_SIZE
from tests.ecrctl.importing.test_import import existing, imported, statement


def large(number: int, **fields: Any) -> ExistingRepository:
    """Return a repository whose policy has about 8,000 characters."""
    roles = [f"arn:aws:iam::222222222222:role/{'r' * 200}{index:04}" for index in range(30)]
    policy = {
        "Version": "2012-10-17",
        "Statement": [statement(Principal={"AWS": roles})],
    }
    return existing(name=f"large-{number:04}", policy=policy, **fields)


def groups_of(*repositories: ExistingRepository, **options: Any) -> Counter[str]:
    """Return how many repositories each group gets."""
    entries = imported(*repositories, **options).document["repositories"]
    return Counter(entry.get("stack", "main") for entry in entries)


def test_a_group_has_no_more_bytes_than_its_template_can_have() -> None:
    found = groups_of(*map(large, range(250)))
    assert sum(found.values()) == 250
    assert found["main"] < GROUP_SIZE
    # The size of one, as its template has it: 30 roles of 240 characters, and what is around them.
    assert 7_000 * found["main"] < GROUP_BYTES < 10_500 * (found["main"] + 1)
    assert max(found.values()) * 10_500 < MAXIMUM_TEMPLATE_BYTES * 1.05


def test_a_small_repository_fills_the_room_that_a_large_one_left() -> None:
    found = groups_of(*map(large, range(120)), existing(name="small"))
    assert set(found) == {"main", "main-2"}
    (entry,) = [
        one
        for one in imported(*map(large, range(120)), existing(name="small")).document[
            "repositories"
        ]
        if one["name"] == "small"
    ]
    assert "stack" not in entry


def test_repositories_that_are_in_a_group_already_take_its_room() -> None:
    deployed = [
        existing(name=f"a{number:04}", stack="dev-Repositories-main") for number in range(200)
    ]
    entries: dict[str, Entry] = {
        **{f"a{number:04}": {"name": f"a{number:04}"} for number in range(200)},
        **{f"gone{number}": {"name": f"gone{number}"} for number in range(100)},
    }
    added = [existing(name=f"b{number:04}") for number in range(150)]
    found = groups_of(*deployed, *added, entries=entries)
    assert found == {"main": GROUP_SIZE, "main-2": 50}


def test_a_repository_with_faults_counts_as_a_large_one() -> None:
    head = {"required_tags": {"owner": []}, "organization_id": "o-a1b2c3d4e5"}
    assert groups_of(*(existing(name=f"a{number}") for number in range(9)), head=head) == {
        "main": 9
    }
    # No repository can have that name, and a person has to correct the entry.
    assert groups_of(*(existing(name=f"A{number}") for number in range(9))) == {
        "main": 8,
        "main-2": 1,
    }
