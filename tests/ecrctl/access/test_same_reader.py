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
statements = st.builds(
    lambda effect, principal, action, condition: {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        **condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(list(PRINCIPALS.values())),
    actions,
    conditions,
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


@settings(max_examples=100, deadline=None)
@given(policy=st.lists(statements, min_size=1, max_size=3))
def test_both_readers_find_the_same_verbs_for_the_same_principals(
    policy: list[dict[str, Any]],
) -> None:
    empty, stack = stack_with(), stack_with(*policy)
    found = {(one.effect, one.principal, one.verb) for one in grants_of([stack])}
    allowed = granted_by_review(empty, stack, "lets {} ")
    assert {(who, verb) for effect, who, verb in found if effect == "Allow"} == allowed
    # Denying one action of a verb prevents the verb; a review names that action instead.
    denied = granted_by_review(empty, stack, "denies {} permission to ")
    assert denied <= {(who, verb) for effect, who, verb in found if effect == "Deny"}
