"""Permissions in words: verbs of actions, principals, conditions, lists and counts."""

from __future__ import annotations

import pytest

from constructs_lib.rules.policy.repository_policy import PUSH_ACTIONS
from ecrctl.policies.conditions import Condition
from ecrctl.policies.patterns import PatternSet
from ecrctl.policies.principals import SELF, Principal, PrincipalSet
from ecrctl.policies.verbs import PULL, PUSH, REPOSITORY_VERBS, VERBS
from ecrctl.policies.wording import conditions_text, listed, phrase, principal_text

USE_KEY = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
ADMINISTER_KEY = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey")
ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")


def patterns(*actions: str) -> list[PatternSet]:
    """Return each action as a set of its own, as a statement lists them."""
    return [PatternSet.of_actions(action) for action in actions]


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        (PUSH_ACTIONS, "push"),
        (["ecr:ReplicateImage"], "replicate images"),
        # An exact verb is not granted by a wildcard.
        (["ecr:Replicate*"], "perform `ecr:Replicate*`"),
        (["kms:CreateGrant", "kms:RetireGrant", "kms:RevokeGrant"], "grant others use of the key"),
        (["kms:RevokeGrant"], "perform `kms:RevokeGrant`"),
        *(([action], "use the key") for action in USE_KEY),
        *(([action], "administer the key") for action in ADMINISTER_KEY),
        *(([action], "assume the role") for action in ASSUME),
        *(
            (["kms:Decrypt", action], "use the key")
            for action in (
                *("kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
                "kms:GenerateDataKeyPair",
            )
        ),
        *(
            (["sts:AssumeRole", action], "assume the role")
            for action in ("sts:TagSession", "sts:SetSourceIdentity")
        ),
        ([], ""),
    ],
)
def test_each_action_of_a_verb_is_worded_as_the_verb(actions: list[str], text: str) -> None:
    assert phrase(patterns(*actions)) == text


def test_excluded_actions_are_named_in_alphabetical_order() -> None:
    excluded = PatternSet.of_actions("s3:Put*", "S3:Delete*", "iam:*", negated=True)
    assert phrase([excluded, *patterns("ecr:PutImage")]) == (
        "push and perform every action except `iam:*`, `S3:Delete*` and `s3:Put*`"
    )


def test_up_to_six_actions_are_named() -> None:
    actions = [f"s3:{letter}" for letter in "abcdefgh"]
    six = "`s3:a`, `s3:b`, `s3:c`, `s3:d`, `s3:e`"
    assert phrase(patterns(*actions[:6])) == f"perform {six} and `s3:f`"
    assert phrase(patterns(*actions[:7])) == f"perform {six}, `s3:f` and 1 more"
    assert phrase(patterns(*actions)) == f"perform {six}, `s3:f` and 2 more"


def test_a_pull_requires_both_of_its_actions_and_is_denied_by_each() -> None:
    for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
        assert not PULL.is_granted_by(patterns(action))
        assert PULL.is_denied_by(patterns(action))
    assert not PULL.is_denied_by(patterns("ecr:PutImage"))


def test_a_push_is_denied_by_each_of_its_actions_except_reading_manifests() -> None:
    assert {action for action in PUSH_ACTIONS if not PUSH.is_denied_by(patterns(action))} == {
        "ecr:BatchGetImage"
    }


def test_the_actions_of_a_verb_are_those_among_others() -> None:
    found = PUSH.actions_in(patterns("ecr:Put*", "ecr:UploadLayerPart", "ecr:DescribeImages"))
    assert found == ("ecr:PutImage", "ecr:UploadLayerPart")


def test_an_exact_verb_is_denied_by_its_action_in_full() -> None:
    (replicate,) = [verb for verb in VERBS if verb.name == "replicate images"]
    assert replicate.is_denied_by(patterns("ecr:ReplicateImage"))
    assert not replicate.is_denied_by(patterns("ecr:*"))
    all_but = PatternSet.of_actions("ecr:ReplicateImage", negated=True)
    assert not replicate.is_denied_by([all_but])


def test_the_verbs_of_a_repository_are_pull_push_and_administer() -> None:
    assert [verb.name for verb in REPOSITORY_VERBS] == ["pull", "push", "administer"]


def test_an_identity_and_a_service_are_named() -> None:
    assert principal_text(PrincipalSet.of(SELF), "role ci") == "`role ci`"
    service = PrincipalSet.of(Principal("service", "lambda.amazonaws.com"))
    assert principal_text(service, "", quote="") == "service lambda.amazonaws.com"


def test_conditions_are_named_in_alphabetical_order() -> None:
    conditions = [
        Condition(operator, key, frozenset(values))
        for operator, key, values in (
            ("StringLike", "aws:a", "z"),
            ("StringEquals", "aws:b", "ab"),
            ("StringEquals", "aws:a", "c"),
        )
    ]
    assert conditions_text(conditions) == (
        "`StringEquals aws:a c` and `StringEquals aws:b a, b` and `StringLike aws:a z`"
    )
    assert conditions_text(conditions[:1], quote="") == "StringLike aws:a z"
    assert conditions_text([]) == ""


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [listed("abc"[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
