"""Entries of an import: what the file already states, and what it cannot express."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import access_statements
from ecrctl.importing.account import ExistingRepository
from ecrctl.importing.entries import Note
from tests.ecrctl.importing.test_import import (
    entry_of,
    existing,
    imported,
    notes_of,
    statement,
)

ADMINISTRATORS = ["arn:aws:iam::111111111111:role/admin"]
ORGANIZATION = "o-a1b2c3d4e5"
UNKNOWN_FILTERS = {"immutability_mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": None}


def test_tag_immutability_that_the_endpoint_does_not_return_stays_as_the_file_states() -> None:
    setting = {"mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": ["dev-*"]}
    entries = {"team/api": {"name": "team/api", "tag_immutability": setting}}
    entry = entry_of(existing(**UNKNOWN_FILTERS), entries=entries)
    assert entry["tag_immutability"] == setting
    unstated = entry_of(existing(**UNKNOWN_FILTERS), entries={"team/api": {"name": "team/api"}})
    assert "tag_immutability" not in unstated


def test_exclusion_filters_are_compared_with_the_default_in_any_order() -> None:
    mode = "IMMUTABLE_WITH_EXCLUSION"
    default = {"mode": mode, "exclusion_filters": ["v*", "dev-*"]}
    head = {"repository_defaults": {"tag_immutability": default}}
    same = existing(immutability_mode=mode, exclusion_filters=("dev-*", "v*"))
    assert "tag_immutability" not in entry_of(same, head=head)


def test_the_statement_of_named_administrators_follows_from_the_environment() -> None:
    guard = statement(Sid="AdministeredByNamedRolesOnly")
    policy = {"Statement": [guard, statement()]}
    head = {"administrators": ADMINISTRATORS}
    assert entry_of(existing(policy=policy), head=head)["statements"] == [statement()]
    assert entry_of(existing(policy=policy))["statements"] == [guard, statement()]


def test_tags_that_the_file_cannot_express_are_left_out_and_noted() -> None:
    result = imported(existing(tags={"owner": "web", "k" * 129: "x"}))
    (entry,) = result.document["repositories"]
    assert "tags" not in entry
    (note,) = result.notes
    assert note.what.startswith("its tags cannot be expressed in the file: ")
    assert note.then == "the tags are omitted."


def test_a_statement_without_a_name_is_noted_by_its_number() -> None:
    plain = {key: value for key, value in statement().items() if key != "Sid"}
    everyone = {**plain, "Principal": {"AWS": "*"}}
    assert notes_of(plain, everyone) == [
        Note(
            repository="team/api",
            what="statement 2 is open to everyone",
            then="the statement is kept. Name accounts, roles or the organization instead.",
        )
    ]


@pytest.mark.parametrize(
    ("principal", "condition", "is_open"),
    [
        ("*", None, True),
        ({"AWS": "*"}, None, True),
        ({"AWS": ["222222222222", "*"]}, None, True),
        ({"AWS": ["222222222222"]}, None, False),
        ({"AWS": "222222222222"}, None, False),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}, False),
    ],
)
def test_a_statement_is_open_to_everyone_without_a_condition(
    principal: Any, condition: Any, *, is_open: bool
) -> None:
    conditional = {"Condition": condition} if condition else {}
    found = notes_of(statement(Principal=principal, **conditional))
    assert ["is open to everyone" in note.what for note in found] == [True] * is_open


def test_a_statement_that_denies_everyone_is_not_open() -> None:
    assert notes_of(statement(Principal="*", Effect="Deny", Action="ecr:PutImage")) == []


def test_rules_of_archived_images_state_their_storage_class_and_action() -> None:
    selection = {"tagStatus": "any", "countUnit": "days"}
    rules = [
        {
            "rulePriority": 1,
            "description": "Archive",
            "selection": {**selection, "countType": "sinceImagePushed", "countNumber": 90},
            "action": {"type": "transition", "targetStorageClass": "archive"},
        },
        {
            "rulePriority": 2,
            "selection": {
                **selection,
                "storageClass": "archive",
                "countType": "sinceImageTransitioned",
                "countNumber": 365,
            },
            "action": {"type": "expire"},
        },
    ]
    assert entry_of(existing(lifecycle={"rules": rules}))["lifecycle"] == {
        "rules": [
            {
                "priority": 1,
                "description": "Archive",
                "tag_status": "any",
                "count_type": "sinceImagePushed",
                "count_number": 90,
                "action": "transition",
            },
            {
                "priority": 2,
                "tag_status": "any",
                "storage_class": "archive",
                "count_type": "sinceImageTransitioned",
                "count_number": 365,
            },
        ],
        "allow_touching_live_images": True,
    }


def of_organization(name: str, organization: str) -> ExistingRepository:
    """Return a repository that an organization pulls from, as this package writes its policy."""
    written = access_statements(
        pull=Access(organization_id=organization),
        push=Access(),
        account="111111111111",
        region="us-west-2",
        partition="aws",
    )
    return existing(name=name, policy={"Version": "2012-10-17", "Statement": written})


def test_the_organization_of_all_policies_becomes_that_of_the_environment() -> None:
    repositories = [of_organization("a", ORGANIZATION), of_organization("b", ORGANIZATION)]
    result = imported(*repositories)
    assert result.document["organization_id"] == ORGANIZATION
    for entry in result.document["repositories"]:
        assert (entry["pull"], entry["statements"]) == ({"organization": True}, [])
    stated = imported(*repositories, head={"organization_id": ORGANIZATION})
    assert stated.document["organization_id"] == ORGANIZATION
    assert stated.document["repositories"] == result.document["repositories"]


def test_several_organizations_stay_in_their_statements() -> None:
    other = "o-b1b2c3d4e5"
    result = imported(of_organization("a", ORGANIZATION), of_organization("b", other))
    assert "organization_id" not in result.document
    assert [len(entry["statements"]) for entry in result.document["repositories"]] == [1, 1]
    head = {"organization_id": other}
    own = imported(of_organization("a", ORGANIZATION), of_organization("b", other), head=head)
    assert own.document["organization_id"] == other
    assert ["pull" in entry for entry in own.document["repositories"]] == [False, True]


def test_a_foreign_repository_is_left_out_and_those_after_it_are_not() -> None:
    result = imported(existing(name="a", stack="legacy"), existing(name="b"))
    assert [entry["name"] for entry in result.document["repositories"]] == ["b"]
