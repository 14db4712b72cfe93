"""Policies are split into permissions that can be compared and worded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.rules.policy.repository_policy import ADMINISTER_ACTIONS
from ecrctl.policies.patterns import PatternSet, matches, within
from ecrctl.policies.permission_index import PermissionIndex
from ecrctl.policies.permissions import Permission, permissions_of
from ecrctl.policies.principals import EVERYONE, Principal, PrincipalSet
from ecrctl.policies.verbs import ADMINISTER, PULL, PUSH
from ecrctl.policies.wording import conditions_text, phrase, principal_text
from tests.support import ROOT

ROLE = "arn:aws:iam::222222222222:role/ci"


@settings(max_examples=500)
@given(
    narrow=st.text("a*?", max_size=3),
    wide=st.text("a*?", max_size=3),
    text=st.text("ab", max_size=3),
)
def test_a_pattern_within_another_matches_nothing_that_the_other_does_not(
    narrow: str, wide: str, text: str
) -> None:
    if within(narrow, wide) and matches(narrow, text):
        assert matches(wide, text)


def test_brackets_are_letters_in_a_pattern() -> None:
    assert not matches("team/[ab]pi", "team/api")
    assert matches("team/[ab]pi", "team/[ab]pi")


def test_actions_are_compared_without_case_and_shown_as_written() -> None:
    written = PatternSet.of_actions("s3:GetObject")
    assert written == PatternSet.of_actions("s3:getobject")
    assert phrase([written]) == "perform `s3:GetObject`"
    assert PatternSet.of("Team/api") != PatternSet.of("team/api")


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        (["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "pull"),
        (["ecr:PutImage"], "push"),
        (["ecr:UploadLayerPart"], "perform `ecr:UploadLayerPart`"),
        (["ecr:*"], "pull, push and administer (`ecr:*`)"),
        (["ecr:?utImage"], "push (`ecr:?utImage`)"),
        (["ecr:GetAuthorizationToken"], "log in to the registry"),
        (["ecr:PutImage", "ecr:DescribeImages"], "push and perform `ecr:DescribeImages`"),
        (["ecr:Put*", "s3:*"], "push and administer (`ecr:Put*`) and perform `s3:*`"),
        (["sts:AssumeRole", "sts:TagSession"], "assume the role"),
    ],
)
def test_actions_are_worded_as_verbs_where_there_is_one(actions: list[str], text: str) -> None:
    assert phrase([PatternSet.of_actions(action) for action in actions]) == text


def test_a_verb_is_denied_by_one_of_its_actions() -> None:
    layer = [PatternSet.of_actions("ecr:GetDownloadUrlForLayer")]
    assert PULL.is_denied_by(layer)
    assert not PULL.is_granted_by(layer)
    manifests = [PatternSet.of_actions("ecr:BatchGetImage")]
    assert not PUSH.is_denied_by(manifests)
    assert all(
        ADMINISTER.is_granted_by([PatternSet.of_actions(action)]) for action in ADMINISTER_ACTIONS
    )


def test_an_account_contains_its_roles() -> None:
    account, role = Principal("account", "222222222222"), Principal("aws", ROLE)
    assert role.within(account)
    assert not account.within(role)
    assert not role.within(Principal("account", "333333333333"))
    assert PrincipalSet.of(role).within(PrincipalSet.of(EVERYONE))
    all_but = PrincipalSet(negated=True, principals=frozenset({account}))
    assert not PrincipalSet.of(role).within(all_but)
    assert all_but.is_open


def test_principals_are_named_as_in_a_sentence() -> None:
    account = Principal("account", "222222222222")
    both = PrincipalSet(negated=True, principals=frozenset({account, Principal("aws", ROLE)}))
    assert principal_text(both, "") == f"everyone except `account 222222222222` and `{ROLE}`"
    assert principal_text(PrincipalSet.of(EVERYONE), "") == "everyone"


def test_an_unknown_form_of_a_statement_is_not_guessed() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
    unknown = {"Fn::If": ["Open", statement, statement]}
    assert permissions_of({"Statement": [statement, unknown]}, str) is None
    without = {"Effect": "Allow", "Action": "ecr:PutImage"}
    assert permissions_of({"Statement": without}, str) is None
    assert permissions_of({"Statement": without}, str, names_principals=False) is not None


def test_the_index_finds_every_permission_that_contains_another() -> None:
    def permission(action: str, resource: str) -> Permission:
        return Permission(
            is_deny=False,
            principal=PrincipalSet.of(EVERYONE),
            action=PatternSet.of_actions(action),
            resource=PatternSet.of(resource),
            conditions=frozenset(),
        )

    same, wide = permission("S3:GetObject", "a"), permission("s3:*", "*")
    other = permission("s3:PutObject", "a")
    index = PermissionIndex([same, wide, other])
    asked = permission("s3:getobject", "a")
    assert {one for one in index.candidates(asked) if asked.within(one)} == {same, wide}


def test_the_text_of_a_set_is_the_same_in_every_process() -> None:
    code = (
        "from ecrctl.policies.documents import canonical_text\n"
        "from ecrctl.policies.patterns import PatternSet\n"
        "print(canonical_text(PatternSet.of(*'abcdefgh')))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert texts == {"[False, {a, b, c, d, e, f, g, h}]\n"}
    assert conditions_text([]) == ""
