"""``ecrctl access`` and ``ecrctl review`` find the same in the same statements."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ecrctl.access.grants import grants_of
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.verbs import REPOSITORY_VERBS
from ecrctl.review.access.changes import access_changes
from ecrctl.review.diff.comparison import Comparison, StackPair

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/ci"
PRINCIPALS: dict[str, Any] = {
    "everyone": "*",
    f"account {OTHER}": {"AWS": f"arn:aws:iam::{OTHER}:root"},
    ROLE: {"AWS": ROLE},
    "service lambda.amazonaws.com": {"Service": "lambda.amazonaws.com"},
}
actions = st.lists(
    st.sampled_from(
        [
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            "ecr:putimage",
            "ecr:PutImage*",
            "ecr:UploadLayerPart",
            "ecr:DeleteRepositoryPolicy",
            "ecr:PutImageTagMutability",
            "ecr:Describe*",
            "ecr:Put[IL]*",
            "ecr:?atch*",
            "ecr:*",
        ]
    ),
    min_size=1,
    max_size=3,
)
conditions = st.sampled_from(
    [{}, {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-one", "o-two"]}}}]
)
policies = st.builds(
    lambda principal, condition, some: [
        {"Effect": effect, "Principal": principal, "Action": action, **condition}
        for effect, action in some
    ],
    st.sampled_from(list(PRINCIPALS.values())),
    conditions,
    st.lists(st.tuples(st.sampled_from(["Allow", "Deny"]), actions), min_size=1, max_size=3),
)


def stack_with(*policy: dict[str, Any]) -> Stack:
    """Return a stack of one repository with a policy."""
    properties = {"RepositoryName": "team/api", "RepositoryPolicyText": {"Statement": list(policy)}}
    template = {"Resources": {"Api": {"Type": "AWS::ECR::Repository", "Properties": properties}}}
    return Stack(name="dev/Main", account="111111111111", region="us-west-2", template=template)


def granted_by_review(base: Stack, head: Stack, form: str) -> set[tuple[str, str]]:
    """Return principals and verbs that a review names in sentences of one form."""
    pair = StackPair(name=head.name, base=base, head=head)
    changes = access_changes(Comparison(base=[base], head=[head], pairs=[pair], changes=[]))
    found: set[tuple[str, str]] = set()
    for principal in PRINCIPALS:
        name = principal if principal == "everyone" else f"`{principal}`"
        opening = form.format(name)
        for change in changes:
            if change.finding.message.startswith(opening):
                words = re.sub(r"`[^`]*`", "", change.finding.message.removeprefix(opening))
                found |= {
                    (principal, verb.name)
                    for verb in REPOSITORY_VERBS
                    if re.search(rf"\b{verb.name}\b", words)
                }
    return found


# A review names each statement, access what all statements together allow one principal. So both
# are compared where statements differ in their actions only.
@settings(max_examples=100, deadline=None)
@given(policy=policies)
def test_both_readers_find_the_same_verbs_for_the_same_principals(
    policy: list[dict[str, Any]],
) -> None:
    empty = stack_with()
    allowing, denying = (
        stack_with(*(one for one in policy if one["Effect"] == effect))
        for effect in ("Allow", "Deny")
    )
    allowed = {(one.principal, one.verb) for one in grants_of([allowing])}
    assert allowed == granted_by_review(empty, allowing, "lets {} ")
    # Denying one action of a verb prevents the verb; a review names that action instead.
    denied = {(one.principal, one.verb) for one in grants_of([denying])}
    assert granted_by_review(empty, denying, "denies {} permission to ") <= denied
