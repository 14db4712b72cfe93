"""Settings of an account's registry."""

from __future__ import annotations

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.registry.account_settings import never_mounted

SHARED = EncryptionSpec(kind="customer-managed")
AES256 = EncryptionSpec(kind="aes256")
OWN = EncryptionSpec(kind="own-key")


def test_repositories_with_one_key_share_layers() -> None:
    assert never_mounted({"a": SHARED, "b": SHARED}) == []


def test_a_repository_with_another_key_shares_none() -> None:
    assert never_mounted({"a": SHARED, "b": SHARED, "c": AES256}) == ["c"]


def test_two_keys_for_one_repository_each_are_different_keys() -> None:
    assert never_mounted({"a": OWN, "b": OWN, "c": SHARED, "d": SHARED}) == ["a", "b"]


def test_a_created_repository_with_the_same_key_shares_layers() -> None:
    assert never_mounted({"a": SHARED, "b": AES256}, [AES256]) == ["a"]


def test_of_a_single_repository_nothing_is_known() -> None:
    assert never_mounted({"a": SHARED}) == []
    assert never_mounted({"a": OWN}) == ["a"]
