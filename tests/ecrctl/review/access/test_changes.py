"""Changes of access: their sentences, and the evidence that identifies them."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.access import sentences
from ecrctl.review.access.changes import AccessChange, access_changes
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair

ACCOUNT = "111111111111"
EVERYONE = {"Effect": "Allow", "Principal": "*"}


def changes(base: dict[str, Any], head: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the changes between two templates' resources as direction, subject, sentence."""
    return [
        (change.direction, change.finding.subject, change.finding.message)
        for change in all_changes(base, head)
    ]


def all_changes(
    base: dict[str, Any], head: dict[str, Any], *, orphans: tuple[str, ...] = ()
) -> list[AccessChange]:
    """Return the changes between two templates' resources.

    :param orphans: resources that the head removes from the stack, and that stay in the account.
    """
    before, after = (
        Stack(
            name="dev/Web",
            account=ACCOUNT,
            region="us-west-2",
            stage="dev",
            template={"Resources": resources},
        )
        for resources in (base, head)
    )
    pair = StackPair(name="dev/Web", base=before, head=after)
    changes = [
        ResourceChange(pair=pair, logical_id=one, base=base[one], head=None, impact="WILL_ORPHAN")
        for one in orphans
    ]
    return access_changes(Comparison(base=[before], head=[after], pairs=[pair], changes=changes))


def repository(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a repository with a policy."""
    properties = {
        "RepositoryName": "team/api",
        "RepositoryPolicyText": {"Statement": list(statements)},
    }
    return {"Api": {"Type": "AWS::ECR::Repository", "Properties": properties}}


def role(name: str, *statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Return a role with a policy of its own."""
    policy = {"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}
    given = {"RoleName": name, "Policies": [policy], **properties}
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": given}}


def test_actions_keep_the_spelling_of_the_policy() -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "ecr:DescribeImages"],
        "Resource": "*",
    }
    assert changes(role("ci"), role("ci", statement)) == [
        ("gained", "role ci", "may perform `ecr:DescribeImages` and `s3:GetObject`")
    ]
    all_but = {"Effect": "Allow", "NotAction": ["iam:PassRole"], "Resource": "*"}
    assert changes(role("ci"), role("ci", all_but)) == [
        ("gained", "role ci", "may perform every action except `iam:PassRole`")
    ]


def test_the_case_of_an_action_means_nothing() -> None:
    lower, upper = ({**EVERYONE, "Action": action} for action in ("ecr:putimage", "ecr:PutImage"))
    assert changes(repository(lower), repository(upper)) == []


def test_evidence_contains_the_actions_that_a_sentence_does_not_show() -> None:
    (first,) = all_changes(
        repository(), repository({**EVERYONE, "Action": [f"ecr:{one}" for one in "ABCDEFGH"]})
    )
    (second,) = all_changes(
        repository(), repository({**EVERYONE, "Action": [f"ecr:{one}" for one in "ABCDEFGI"]})
    )
    assert first.finding.message == second.finding.message
    assert first.finding.message.endswith("and 2 more")
    assert first.finding.evidence != second.finding.evidence


def test_evidence_contains_no_wording(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    (before,) = all_changes(role("ci"), role("ci", statement))
    monkeypatch.setattr(sentences, "phrase", lambda _: "other words")
    monkeypatch.setattr(sentences, "principal_text", lambda *_: "other words")
    (after,) = all_changes(role("ci"), role("ci", statement))
    assert (before.finding.message, after.finding.message) == (
        "may perform `s3:GetObject`",
        "may other words",
    )
    assert before.finding.evidence == after.finding.evidence
    assert "may" not in before.finding.evidence


def test_evidence_distinguishes_a_gain_from_its_reverse() -> None:
    narrow = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}}
    statement = {**EVERYONE, "Action": "ecr:PutImage"}
    (gained,) = all_changes(repository({**statement, **narrow}), repository(statement))
    (lost,) = all_changes(repository(statement), repository({**statement, **narrow}))
    assert (gained.direction, lost.direction) == ("gained", "lost")
    assert gained.finding.message == (
        "lets everyone push; until now only if `StringEquals aws:PrincipalOrgID o-one`"
    )
    assert gained.finding.evidence != lost.finding.evidence


@pytest.mark.parametrize("name", ["whoever", "registry", "group x", "account 222222222222"])
def test_a_name_does_not_decide_what_an_identity_is(name: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    assert changes(role(name, statement), role(name)) == [
        ("lost", f"role {name}", "may no longer perform `s3:GetObject`")
    ]


@pytest.mark.parametrize(
    ("resource_type", "policy_property", "subject"),
    [
        ("AWS::ECR::RegistryPolicy", "PolicyText", f"registry {ACCOUNT} in us-west-2"),
        ("AWS::S3::BucketPolicy", "PolicyDocument", "bucket policy dev/Web/Policy"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument", "topic policy dev/Web/Policy"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument", "queue policy dev/Web/Policy"),
        ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "secret policy dev/Web/Policy"),
    ],
)
def test_a_separate_policy_that_is_deleted_no_longer_denies(
    resource_type: str, policy_property: str, subject: str
) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    policy = {"Type": resource_type, "Properties": {policy_property: {"Statement": statement}}}
    assert changes({"Policy": policy}, {}) == [
        ("gained", subject, "no longer denies everyone permission to perform `s3:PutObject`")
    ]


def test_a_managed_policy_without_identities_has_a_subject_of_its_own() -> None:
    def policy(action: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        properties = {"PolicyDocument": {"Statement": statement}}
        return {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}}

    assert changes(policy("s3:GetObject"), policy("s3:*")) == [
        ("gained", "an identity with the policy dev/Web/Policy", "may perform `s3:*`")
    ]


def test_a_subject_is_the_repository_that_an_identity_policy_names() -> None:
    arn = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/team/api"
    statement = {"Effect": "Deny", "Action": "ecr:PutImage", "Resource": arn}
    assert changes(role("ci"), role("ci", statement)) == [
        ("lost", "repository team/api", "denies `role ci` permission to push")
    ]
    everywhere = {**statement, "Resource": "*"}
    assert changes(role("ci"), role("ci", everywhere)) == [
        ("lost", "role ci", "is denied permission to push")
    ]


def _exceptions(prefix: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "222222222222"},
            "Action": "ecr:Get*",
            "NotResource": f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/{prefix}{number}-*",
        }
        for number in range(count)
    ]


def test_too_many_permissions_to_compare_are_undecided_and_others_are_compared() -> None:
    small = role("ci", {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"})
    found = changes(
        {**repository(*_exceptions("a", 800)), **role("ci")},
        {**repository(*_exceptions("b", 800)), **small},
    )
    assert found == [
        (
            "undecided",
            "repository team/api",
            "has policies with 1600 changed permissions, which are too many to compare: whether "
            "they grant more or less cannot be determined",
        ),
        ("gained", "role ci", "may log in to the registry"),
    ]


def test_permissions_with_conditions_of_their_own_can_be_too_many_to_order() -> None:
    def conditional(prefix: str) -> list[dict[str, Any]]:
        return [
            {**one, "Condition": {"StringEquals": {"aws:PrincipalTag/team": f"{prefix}{number}"}}}
            for number, one in enumerate(_exceptions(prefix, 800))
        ]

    found = changes(repository(*conditional("a")), repository(*conditional("b")))
    assert {direction for direction, _, _ in found} == {"undecided"}


ALLOWED = {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "ecr:BatchGetImage"}
DENIED = {**ALLOWED, "Effect": "Deny"}
ON_ITSELF = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
DENIED_TO_ITSELF = {**ON_ITSELF, "Effect": "Deny"}


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ([], [ALLOWED], ("gained", "lets `account 222222222222` perform `ecr:BatchGetImage`")),
        (
            [DENIED],
            [],
            (
                "gained",
                "no longer denies `account 222222222222` permission to perform `ecr:BatchGetImage`",
            ),
        ),
        (
            [ALLOWED],
            [],
            ("lost", "no longer lets `account 222222222222` perform `ecr:BatchGetImage`"),
        ),
        (
            [],
            [DENIED],
            ("lost", "denies `account 222222222222` permission to perform `ecr:BatchGetImage`"),
        ),
    ],
)
def test_a_repository_lets_and_denies_in_words(
    base: list[Any], head: list[Any], expected: tuple[str, str]
) -> None:
    assert changes(repository(*base), repository(*head)) == [
        (expected[0], "repository team/api", expected[1])
    ]


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        ([], [ON_ITSELF], ("gained", "may perform `s3:GetObject`")),
        (
            [DENIED_TO_ITSELF],
            [],
            ("gained", "is no longer denied permission to perform `s3:GetObject`"),
        ),
        ([ON_ITSELF], [], ("lost", "may no longer perform `s3:GetObject`")),
        ([], [DENIED_TO_ITSELF], ("lost", "is denied permission to perform `s3:GetObject`")),
    ],
)
def test_a_role_may_and_is_denied_in_words(
    base: list[Any], head: list[Any], expected: tuple[str, str]
) -> None:
    found = changes(role("ci", *base), role("ci", *head))
    assert found == [(expected[0], "role ci", expected[1])]


def inline_policy(**properties: Any) -> dict[str, Any]:
    """Return a policy of a role that the template does not contain."""
    given = {"PolicyDocument": {"Statement": [ON_ITSELF]}, "Roles": ["ci"], **properties}
    return {"Type": "AWS::IAM::Policy", "Properties": given}


def test_a_policy_that_leaves_the_stack_and_stays_in_the_account_still_grants() -> None:
    one, two = {"One": inline_policy()}, {"One": inline_policy(), "Two": inline_policy()}
    (lost,) = all_changes(one, {})
    assert lost.finding.message == "may no longer perform `s3:GetObject`"
    assert all_changes(one, {}, orphans=("One",)) == []
    assert all_changes(two, {}, orphans=("One", "Two")) == []
    (lost,) = all_changes(two, {}, orphans=("One",))
    assert lost.direction == "lost"


def managed_policy(name: str, path: str = "/") -> dict[str, Any]:
    """Return a managed policy that is attached by its ARN."""
    given = {"ManagedPolicyName": name, "Path": path, "PolicyDocument": {"Statement": [ON_ITSELF]}}
    return {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": given}}


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"arn:aws:iam::{ACCOUNT}:policy/own", "may perform `s3:GetObject`"),
        (
            "arn:aws:iam::222222222222:policy/own",
            "gets the managed policy `arn:aws:iam::222222222222:policy/own`",
        ),
        (
            f"arn:aws:iam::{ACCOUNT}:policy/team/own",
            f"gets the managed policy `arn:aws:iam::{ACCOUNT}:policy/team/own`",
        ),
    ],
)
def test_a_managed_policy_is_found_by_its_account_path_and_name(arn: str, expected: str) -> None:
    policy = managed_policy("own")
    found = changes({**role("ci"), **policy}, {**role("ci", ManagedPolicyArns=[arn]), **policy})
    assert found == [("gained", "role ci", expected)]


def test_a_permission_set_names_managed_policies_by_path_and_name() -> None:
    def permission_set(*names: dict[str, Any], **properties: Any) -> dict[str, Any]:
        given = {"Name": "admins", "CustomerManagedPolicyReferences": list(names), **properties}
        return {"Set": {"Type": "AWS::SSO::PermissionSet", "Properties": given}}

    named = {"Name": "own", "Path": "/team/"}
    for reference, name in ((named, "/team/own"), ({"Name": "own"}, "/own"), ({}, "/?")):
        assert changes(permission_set(), permission_set(reference)) == [
            ("gained", "permission set admins", f"gets the managed policy `{name}`")
        ]
    boundary = {"CustomerManagedPolicyReference": named}
    (lost,) = changes(permission_set(), permission_set(PermissionsBoundary=boundary))
    assert "`/team/own`" in lost[2]


def test_only_a_certificate_profile_has_session_policies() -> None:
    def one(kind: str, **properties: Any) -> dict[str, Any]:
        return {"It": {"Type": kind, "Properties": properties}}

    arns = {"ManagedPolicyArns": [f"arn:aws:iam::{ACCOUNT}:policy/limit"]}
    profile = "AWS::RolesAnywhere::Profile"
    (limited,) = changes(one(profile), one(profile, **arns))
    assert limited[0] == "lost"
    assert changes(one("AWS::Other::Thing"), one("AWS::Other::Thing", **arns)) == []
