"""What describes a private repository, and is refused before it reaches a construct."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import EncryptionSpec, RepositorySpec
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import Access

HERE = Place(account="111111111111", region="eu-west-1", partition="aws")
GOV_CLOUD = Place(account="111111111111", region="us-gov-west-1", partition="aws-us-gov")
API = RepositorySpec(name="team/api", place=HERE)
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1234-abcd"


def refusal(**fields: Any) -> list[str]:
    """Return the faults that a repository is refused with."""
    with pytest.raises(RuleError) as refused:
        replace(API, **fields)
    return [str(fault) for fault in refused.value.faults]


def test_a_repository_is_safe_by_default() -> None:
    spec = API
    assert (spec.tag_immutability.mode, spec.scan_on_push, spec.removal) == (
        "IMMUTABLE",
        True,
        "retain",
    )
    assert spec.encryption == EncryptionSpec(kind="customer-managed")
    assert spec.encryption.uses_shared_key
    assert spec.lifecycle is not None
    assert spec.policy == []


def test_the_policy_has_the_grants_and_the_statements() -> None:
    own = {"Effect": "Allow", "Principal": "*", "Action": "ecr:DescribeImages"}
    spec = replace(API, pull=Access(accounts=("222222222222",)), statements=(own,))
    assert [statement["Action"] for statement in spec.policy][-1] == "ecr:DescribeImages"
    assert len(spec.policy) == 2


@pytest.mark.parametrize("name", ["Team/api", "a", ""])
def test_the_name_is_checked(name: str) -> None:
    (fault,) = refusal(name=name)
    assert fault.startswith("a repository's name must ")


def test_a_name_that_cloudformation_fills_in_is_not_checked() -> None:
    name = "${Token[TOKEN.12]}"
    assert replace(API, name=name).name == name


@pytest.mark.parametrize(
    ("kind", "key_arn", "shares"),
    [
        ("customer-managed", None, True),
        ("customer-managed", KEY, False),
        ("dsse", None, True),
        ("dsse", KEY, False),
        ("own-key", None, False),
        ("aws-managed", None, False),
        ("aes256", None, False),
    ],
)
def test_an_encryption_shares_a_key_or_not(kind: Any, key_arn: str | None, shares: bool) -> None:
    assert EncryptionSpec(kind=kind, key_arn=key_arn).uses_shared_key is shares


@pytest.mark.parametrize("kind", ["own-key", "aws-managed", "aes256"])
def test_an_encryption_without_a_named_key_takes_none(kind: Any) -> None:
    with pytest.raises(RuleError) as refused:
        EncryptionSpec(kind=kind, key_arn=KEY)
    assert str(refused.value) == (
        "Encryption: key: only customer-managed and dsse encryption takes a key, got one with "
        f"'{kind}'. Remove the key, or choose customer-managed."
    )


def test_an_unknown_encryption_is_refused_once() -> None:
    kind: Any = "rot13"
    with pytest.raises(RuleError) as refused:
        EncryptionSpec(kind=kind, key_arn=KEY)
    assert str(refused.value) == (
        "Encryption: kind: encryption must be one of customer-managed, own-key, aws-managed, "
        "aes256, dsse, got 'rot13'."
    )


def test_two_layers_of_encryption_are_for_govcloud_alone() -> None:
    encryption = EncryptionSpec(kind="dsse")
    replace(API, place=GOV_CLOUD, encryption=encryption)
    (fault,) = refusal(encryption=encryption)
    assert fault.startswith("encryption: ")
    unknown = Place(account="111111111111", region="${Token[AWS.Region.4]}", partition="aws")
    replace(API, place=unknown, encryption=encryption)


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        (
            {"removal": "delete"},
            [
                "removal: removal must be one of retain, destroy, retain-on-update-or-delete, got "
                "'delete'. Choose retain, which keeps the images."
            ],
        ),
        (
            {"empty_on_delete": True},
            [
                "empty_on_delete: empty_on_delete requires removal 'destroy', got 'retain'. Choose "
                "destroy, or remove empty_on_delete."
            ],
        ),
    ],
)
def test_what_happens_to_the_images_is_checked(fields: dict[str, Any], faults: list[str]) -> None:
    assert refusal(**fields) == faults
    replace(API, removal="destroy", empty_on_delete=True)


def test_all_faults_are_raised_at_once_with_their_places() -> None:
    faults = refusal(
        name="Team",
        tags={"aws:team": "web"},
        statements=({"Effect": "Maybe", "Principal": "*", "Action": "ecr:*"},),
        removal="delete",
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "a repository's name must consist of lower-case letters and digits, joined by single "
        "'/', '-', '_' or '.', got 'Team'. Write it like 'team/api'.",
        "removal",
        "tags.aws",
        "statements[0].Effect",
    ]


def test_the_size_in_a_template_grows_with_the_policy() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:DescribeImages"}
    large = replace(API, statements=(statement,))
    assert large.template_bytes - API.template_bytes > len(json.dumps(statement))


def test_a_function_of_another_region_cannot_pull() -> None:
    function = "arn:aws:lambda:us-west-2:222222222222:function:resize"
    assert refusal(pull=Access(lambda_function_arns=(function,))) == [
        "pull: Lambda runs images of its own region only, and the repository is in eu-west-1, got "
        f"'{function}'. Name a function of eu-west-1."
    ]
    replace(API, pull=Access(lambda_function_arns=(function.replace("us-west-2", "eu-west-1"),)))
