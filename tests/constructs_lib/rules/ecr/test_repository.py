"""A private repository, all of its properties together."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import EncryptionSpec, RepositorySpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.presets import standard
from constructs_lib.rules.policy.access import Access

PLACE = Place.of("111111111111", "us-west-2")
GOVCLOUD = Place.of("111111111111", "us-gov-west-1")
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
TOKEN = "${Token[Name.1]}"


def faults_of(name: str = "team/api", **fields: Any) -> list[str]:
    """Return the faults that a repository is refused with."""
    arguments: dict[str, Any] = {"name": name, "place": PLACE} | fields
    try:
        RepositorySpec(**arguments)
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


def test_a_repository_is_safe_by_default() -> None:
    repository = RepositorySpec(name="team/api", place=PLACE)
    assert repository.tag_immutability == TagImmutability(mode="IMMUTABLE")
    assert repository.scan_on_push
    assert repository.encryption == EncryptionSpec(kind="customer-managed")
    assert repository.encryption.uses_shared_key
    assert repository.lifecycle == standard()
    assert (repository.pull, repository.push, repository.policy) == (Access(), Access(), [])
    assert (repository.removal, repository.empty_on_delete) == ("retain", False)


def test_a_name_is_checked_unless_it_is_known_only_at_deployment() -> None:
    (fault,) = faults_of("Team/api")
    assert fault.startswith("a repository's name must consist of lower-case letters and digits")
    assert faults_of(TOKEN) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"removal": "delete"},
            "removal: removal must be one of retain, destroy, retain-on-update-or-delete, got "
            "'delete'. Choose retain, which keeps the images.",
        ),
        (
            {"removal": "retain-on-update-or-delete", "empty_on_delete": True},
            "empty_on_delete: empty_on_delete requires removal 'destroy', got "
            "'retain-on-update-or-delete'. Choose destroy, or remove empty_on_delete.",
        ),
        (
            {"encryption": EncryptionSpec(kind="dsse")},
            "encryption: dual-layer encryption (dsse) requires a GovCloud region, got "
            "'us-west-2'. Choose customer-managed encryption.",
        ),
        (
            {"tags": {"a*b": "x"}},
            "tags.a*b: a tag's key must have 1 to 128 letters, digits, spaces and '+-=._:/@', got "
            "'a*b'. Choose another key.",
        ),
    ],
)
def test_a_repository_that_ecr_would_refuse_is_refused(
    fields: dict[str, Any], sentence: str
) -> None:
    assert faults_of(**fields) == [sentence]


@pytest.mark.parametrize(
    "fields",
    [
        {"removal": "retain"},
        {"removal": "destroy"},
        {"removal": "destroy", "empty_on_delete": True},
        {"removal": "retain-on-update-or-delete"},
        {"encryption": EncryptionSpec(kind="own-key")},
        {"encryption": EncryptionSpec(kind="dsse"), "place": GOVCLOUD},
        {"encryption": EncryptionSpec(kind="dsse"), "place": Place("1", TOKEN, TOKEN)},
    ],
)
def test_a_repository_can_have_each_removal_and_encryption(fields: dict[str, Any]) -> None:
    assert faults_of(**fields) == []


def test_every_fault_of_a_repository_is_reported_at_once() -> None:
    found = faults_of(
        "Team",
        removal="delete",
        encryption=EncryptionSpec(kind="dsse"),
        tags={"": "x"},
        push=Access(lambda_accounts=("111111111111",)),
        statements=({"Effect": "Maybe"},),
    )
    assert len(found) >= 6


@pytest.mark.parametrize(
    ("kind", "takes_key"),
    [
        ("customer-managed", True),
        ("dsse", True),
        ("own-key", False),
        ("aws-managed", False),
        ("aes256", False),
    ],
)
def test_an_encryption_with_a_key_of_yours_takes_one(kind: Any, *, takes_key: bool) -> None:
    assert EncryptionSpec(kind=kind).uses_shared_key is takes_key
    if takes_key:
        assert not EncryptionSpec(kind=kind, key_arn=KEY).uses_shared_key
        return
    with pytest.raises(RuleError) as refusal:
        EncryptionSpec(kind=kind, key_arn=KEY)
    assert str(refusal.value) == (
        "Encryption: key: only customer-managed and dsse encryption takes a key, got one with "
        f"'{kind}'. Remove the key, or choose customer-managed."
    )


def test_an_unknown_encryption_is_refused_once() -> None:
    kind: Any = "none"
    with pytest.raises(RuleError) as refusal:
        EncryptionSpec(kind=kind, key_arn=KEY)
    assert str(refusal.value) == (
        "Encryption: kind: encryption must be one of customer-managed, own-key, aws-managed, "
        "aes256, dsse, got 'none'."
    )
