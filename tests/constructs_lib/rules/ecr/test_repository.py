"""Private repositories: encryption, deletion, and their properties together."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import (
    ENCRYPTION_KINDS,
    REMOVALS,
    EncryptionSpec,
    RepositorySpec,
)
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import Access

KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
HERE = Place.of("111111111111", "us-west-2")
GOVCLOUD = Place.of("111111111111", "us-gov-west-1")
ALLOWED = {
    "Effect": "Allow",
    "Principal": {"AWS": "222222222222"},
    "Action": "ecr:BatchGetImage",
}


def faults_of(**fields: Any) -> list[str]:
    """Return the faults for which a repository is refused."""
    arguments: dict[str, Any] = {"name": "team/api", "place": HERE, **fields}
    try:
        RepositorySpec(**arguments)
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("name", ["ab", "a" * 256, "team/api", "${Token[NAME.1]}"])
def test_a_name_of_ecrs_form_or_known_at_deployment_has_no_fault(name: str) -> None:
    assert faults_of(name=name) == []


@pytest.mark.parametrize("name", ["a", "a" * 257, "Team/api", "team//api"])
def test_a_name_that_ecr_would_refuse_is_refused(name: str) -> None:
    assert len(faults_of(name=name)) == 1


@pytest.mark.parametrize("kind", ENCRYPTION_KINDS)
def test_only_two_kinds_of_encryption_take_a_key(kind: Any) -> None:
    assert EncryptionSpec(kind=kind).key_arn is None
    if kind in ("customer-managed", "dsse"):
        assert EncryptionSpec(kind=kind, key_arn=KEY).key_arn == KEY
        return
    with pytest.raises(RuleError, match="only customer-managed and dsse encryption takes a key"):
        EncryptionSpec(kind=kind, key_arn=KEY)


def test_an_unknown_kind_of_encryption_is_refused_once() -> None:
    kind: Any = "AES256"
    with pytest.raises(RuleError) as caught:
        EncryptionSpec(kind=kind, key_arn=KEY)
    assert str(caught.value) == (
        "Encryption: kind: encryption must be one of customer-managed, own-key, aws-managed, "
        "aes256, dsse, got 'AES256'."
    )


@pytest.mark.parametrize(
    ("kind", "key_arn", "shared"),
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
def test_the_shared_key_is_used_where_no_other_is_named(
    kind: Any, key_arn: str | None, shared: bool
) -> None:
    assert EncryptionSpec(kind=kind, key_arn=key_arn).uses_shared_key is shared


@pytest.mark.parametrize(
    ("place", "count"), [(HERE, 1), (GOVCLOUD, 0), (Place("1", "${Token[AWS.Region.4]}", "aws"), 0)]
)
def test_dual_layer_encryption_requires_govcloud(place: Place, count: int) -> None:
    dsse = EncryptionSpec(kind="dsse")
    assert len(faults_of(encryption=dsse, place=place)) == count
    assert faults_of(encryption=EncryptionSpec(kind="aes256"), place=place) == []


@pytest.mark.parametrize("removal", REMOVALS)
def test_images_are_deleted_only_with_a_repository_that_is_destroyed(removal: str) -> None:
    assert faults_of(removal=removal) == []
    faults = faults_of(removal=removal, empty_on_delete=True)
    assert len(faults) == (removal != "destroy")


def test_an_unknown_removal_is_refused_once() -> None:
    assert faults_of(removal="snapshot", empty_on_delete=True) == [
        "removal: removal must be one of retain, destroy, retain-on-update-or-delete, got "
        "'snapshot'. Choose retain, which keeps the images."
    ]


@pytest.mark.parametrize(("count", "refused"), [(50, 0), (51, 1)])
def test_a_repository_has_at_most_fifty_tags(count: int, refused: int) -> None:
    tags = {f"tag{index}": "x" for index in range(count)}
    assert len(faults_of(tags=tags)) == refused


def test_services_can_pull_and_cannot_push() -> None:
    services = Access(lambda_accounts=("222222222222",))
    assert faults_of(pull=services) == []
    assert [fault.partition(":")[0] for fault in faults_of(push=services)] == [
        "push.lambda_accounts"
    ]


def test_the_policy_has_the_granted_statements_and_then_the_others() -> None:
    pull = Access(accounts=("333333333333",))
    spec = RepositorySpec(name="team/api", place=HERE, pull=pull, statements=(ALLOWED,))
    assert [statement.get("Sid") for statement in spec.policy] == ["PullFromAccounts", None]


def test_a_malformed_statement_is_refused_with_its_path_and_is_not_merged() -> None:
    faults = faults_of(statements=(ALLOWED, "text"))
    assert [fault.partition(":")[0] for fault in faults] == ["statements[1]"]


def test_a_policy_that_is_too_long_is_refused() -> None:
    statement = ALLOWED | {"Sid": "Long", "Condition": {"StringEquals": {"aws:x": "x" * 10_000}}}
    assert faults_of(statements=(statement,)) == []
    statement |= {"Condition": {"StringEquals": {"aws:x": "x" * 10_240}}}
    (fault,) = faults_of(statements=(statement,))
    assert fault.startswith("a repository policy can have at most 10,240 characters, got 10,")


def test_a_larger_policy_takes_more_of_a_template() -> None:
    plain = RepositorySpec(name="team/api", place=HERE)
    granted = RepositorySpec(name="team/api", place=HERE, statements=(ALLOWED,))
    without = RepositorySpec(name="team/api", place=HERE, lifecycle=None)
    assert without.template_bytes < plain.template_bytes < granted.template_bytes
