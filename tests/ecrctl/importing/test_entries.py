"""Entries of an import: what the file already states, and what it cannot express."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import access_statements
from ecrctl.importing.account import ExistingRepository
from ecrctl.importing.entries import Keys, Note
from ecrctl.importing.environment import import_of
from tests.ecrctl.importing.test_import import (
    HEAD,
    KEY,
    OWN_KEY,
    entry_of,
    existing,
    imported,
    notes_of,
    statement,
)

ADMINISTRATORS = ["arn:aws:iam::111111111111:role/admin"]
ORGANIZATION = "o-a1b2c3d4e5"
UNKNOWN_FILTERS = {"immutability_mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": None}


FILTERS = "its tag immutability is IMMUTABLE_WITH_EXCLUSION, and this endpoint does not return "
FILTERS += "the filters"


def test_tag_immutability_that_the_endpoint_does_not_return_stays_as_the_file_states() -> None:
    setting = {"mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": ["dev-*"]}
    entries = {"team/api": {"name": "team/api", "tag_immutability": setting}}
    result = imported(existing(**UNKNOWN_FILTERS, stack="dev-Repositories-main"), entries=entries)
    (entry,) = result.document["repositories"]
    assert entry["tag_immutability"] == setting
    defaults = {"repository_defaults": {"tag_immutability": setting}}
    by_default = {"team/api": {"name": "team/api"}}
    inherited = entry_of(existing(**UNKNOWN_FILTERS), entries=by_default, head=defaults)
    assert "tag_immutability" not in inherited
    assert [(note.what, note.then) for note in result.notes] == [
        (
            FILTERS,
            "the setting of the file is kept. Compare its mode and filters with those in ECR.",
        )
    ]


@pytest.mark.parametrize("entries", [{}, {"team/api": {"name": "team/api"}}])
def test_a_repository_with_unknown_filters_is_never_declared_as_immutable(
    entries: dict[str, Any],
) -> None:
    result = imported(existing(**UNKNOWN_FILTERS), entries=entries)
    assert result.document["repositories"] == []
    assert result.mappings == {}
    assert (result.notes[-1].what, result.notes[-1].then) == (
        FILTERS,
        "the repository is omitted. Declare it with its tag_immutability in the file, then "
        "import again.",
    )
    # The file does not state the filters, and another environment's default may be equal by chance.
    mode = {"repository_defaults": {"tag_immutability": "IMMUTABLE_EXCEPT_SIGNATURES"}}
    assert imported(existing(**UNKNOWN_FILTERS), head=mode).document["repositories"] == []


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


def test_each_tag_that_the_file_cannot_express_is_left_out_and_noted() -> None:
    result = imported(existing(tags={"owner": "web", "k" * 129: "x", "empty": "", "a;b": "x"}))
    (entry,) = result.document["repositories"]
    assert entry["tags"] == {"owner": "web"}
    assert [
        note.what.partition(" cannot be expressed in the file: ")[0] for note in result.notes
    ] == [
        "its tag 'a;b'",
        "its tag 'empty'",
        f"its tag '{'k' * 129}'",
    ]
    assert {note.then for note in result.notes} == {"the tag is omitted."}
    assert "tags" not in entry_of(existing(tags={"empty": ""}))


def test_tags_of_the_environment_are_not_written_and_missing_ones_are_noted() -> None:
    head = {"tags": {"division": "shop", "team": "platform", "tier": "gold"}}
    result = imported(existing(tags={"division": "shop", "team": "web", "more": "x"}), head=head)
    (entry,) = result.document["repositories"]
    assert entry["tags"] == {"team": "web", "more": "x"}
    (note,) = result.notes
    assert (note.what, note.then) == (
        "it does not have the environment's tags 'tier'",
        "an import does not add them. Add them with `aws ecr tag-resource`.",
    )
    # A deployment adds them to a repository that a stack has.
    deployed = imported(existing(stack="dev-Repositories-main"), head=head)
    assert deployed.notes == []


def test_a_shield_of_another_tool_is_a_shield() -> None:
    rules = [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "tagged",
                "tagPrefixList": ["live-"],
                "countType": "imageCountMoreThan",
                "countNumber": 999_999,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": 500,
            },
            "action": {"type": "expire"},
        },
    ]
    assert entry_of(existing(lifecycle={"rules": rules}))["lifecycle"] == [
        {
            "priority": 1,
            "tag_status": "tagged",
            "tag_prefixes": ["live-"],
            "count_type": "imageCountMoreThan",
            "count_number": 999_999,
        },
        {
            "priority": 2,
            "tag_status": "any",
            "count_type": "imageCountMoreThan",
            "count_number": 500,
        },
    ]


@pytest.mark.parametrize(
    ("policy", "notes"),
    [
        ({"Version": "2012-10-17"}, []),
        (
            {"Version": "2008-10-17"},
            [
                (
                    "its policy has the version 2008-10-17",
                    "the version becomes 2012-10-17, in which ${...} in a value is a variable.",
                )
            ],
        ),
        (
            {},
            [
                (
                    "its policy has no version, which means 2008-10-17",
                    "the version becomes 2012-10-17, in which ${...} in a value is a variable.",
                )
            ],
        ),
        (
            {"Version": "2012-10-17", "Id": "mine"},
            [
                (
                    "its policy has the Id 'mine'",
                    "the Id is removed. It grants and denies nothing.",
                )
            ],
        ),
    ],
)
def test_what_a_policy_has_beside_its_statements_is_noted(
    policy: dict[str, str], notes: list[tuple[str, str]]
) -> None:
    result = imported(existing(policy={**policy, "Statement": [statement()]}))
    assert [(note.what, note.then) for note in result.notes] == notes


def test_properties_without_content_of_a_lifecycle_rule_are_noted() -> None:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}
    rule = {
        "rulePriority": 4,
        "description": "",
        "selection": {**selection, "tagPatternList": []},
        "action": {"type": "expire"},
    }
    (note,) = imported(existing(lifecycle={"rules": [rule]})).notes
    assert (note.what, note.then) == (
        "rule 4 of its lifecycle policy has properties without content: description, "
        "selection.tagPatternList",
        "the properties are removed. The rule has the same effect without them.",
    )


ALIAS = "alias/images"
KEY_ID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        (ALIAS, KEY),
        (f"arn:aws:kms:us-west-2:111111111111:{ALIAS}", KEY),
        (KEY_ID, KEY),
        ("alias/own", "customer-managed"),
        ("alias/aws/ecr", "aws-managed"),
    ],
)
def test_a_key_by_alias_or_id_is_stated_by_its_arn(key: str, setting: str) -> None:
    keys = Keys(
        environment=OWN_KEY,
        aws_managed="arn:aws:kms:us-west-2:111111111111:key/aws",
        by_name={
            ALIAS: KEY,
            f"arn:aws:kms:us-west-2:111111111111:{ALIAS}": KEY,
            KEY_ID: KEY,
            "alias/own": OWN_KEY,
            "alias/aws/ecr": "arn:aws:kms:us-west-2:111111111111:key/aws",
        },
    )
    repository = existing(encryption_type="KMS", kms_key=key)
    result = import_of("dev", [repository], head=HEAD, entries={}, keys=keys)
    assert [entry["encryption"] for entry in result.document["repositories"]] == [setting]


def test_a_key_that_kms_does_not_know_is_noted() -> None:
    result = imported(existing(encryption_type="KMS", kms_key="alias/gone"))
    assert result.document["repositories"] == []
    (note,) = result.notes
    assert (note.what, note.then) == (
        "its key is 'alias/gone', and KMS returns no such key",
        "the repository is omitted: a file names a key by its ARN. Allow kms:DescribeKey on the "
        "key, then import again.",
    )


def test_an_entry_that_was_imported_stays_as_it_was_imported() -> None:
    repository = existing(policy={"Version": "2012-10-17", "Statement": [statement()]})
    entry = entry_of(repository)
    deployed = replace(repository, stack="dev-Repositories-main")
    assert entry_of(deployed, entries={"team/api": entry}) == entry


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


def test_each_of_several_organizations_is_named_in_its_entry() -> None:
    other = "o-b1b2c3d4e5"
    repositories = [of_organization("a", ORGANIZATION), of_organization("b", other)]
    result = imported(*repositories)
    assert "organization_id" not in result.document
    assert [(entry["pull"], entry["statements"]) for entry in result.document["repositories"]] == [
        ({"organizations": [ORGANIZATION]}, []),
        ({"organizations": [other]}, []),
    ]
    own = imported(*repositories, head={"organization_id": other})
    assert own.document["organization_id"] == other
    assert [entry["pull"] for entry in own.document["repositories"]] == [
        {"organizations": [ORGANIZATION]},
        {"organization": True},
    ]


def test_users_sessions_and_functions_are_named_in_their_settings() -> None:
    user = "arn:aws:iam::222222222222:user/build"
    session = "arn:aws:sts::111111111111:assumed-role/deploy/alice"
    function = "arn:aws:lambda:us-west-2:111111111111:function:resize"
    written = access_statements(
        pull=Access(lambda_function_arns=(function,), lambda_accounts=("333333333333",)),
        push=Access(user_arns=(user,), session_arns=(session,)),
        account="111111111111",
        region="us-west-2",
        partition="aws",
    )
    policy = {"Version": "2012-10-17", "Statement": written}
    (entry,) = imported(existing(policy=policy)).document["repositories"]
    assert entry["pull"] == {"lambda_accounts": ["333333333333"], "lambda_functions": [function]}
    assert entry["push"] == {"users": [user], "sessions": [session]}
    assert entry["statements"] == []


def test_a_foreign_repository_is_left_out_and_those_after_it_are_not() -> None:
    result = imported(existing(name="a", stack="legacy"), existing(name="b"))
    assert [entry["name"] for entry in result.document["repositories"]] == ["b"]
