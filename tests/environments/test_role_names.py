"""The names of the roles with which GitHub Actions pushes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.rules.aws.roles import ROLE_NAME
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from environments.names import push_role

LONG = "a" * 39


@pytest.mark.parametrize(
    ("environment", "subject", "name"),
    [
        (
            "dev",
            GitHubSubject(repository="acme/api", ref="refs/heads/main"),
            "dev.us-west-2.push.acme.api@main",
        ),
        (
            "dev",
            GitHubSubject(repository="acme/my.api", ref="refs/tags/v1.0"),
            "dev.us-west-2.push-tag.acme.my.api@v1.0",
        ),
        (
            "prod-eu",
            GitHubSubject(repository="acme/api", environment="production"),
            "prod-eu.us-west-2.push-environment.acme.api@production",
        ),
        (
            "dev",
            GitHubSubject(repository="acme/api", pull_request=True),
            "dev.us-west-2.push-pull-request.acme.api",
        ),
        # Of 64 characters, and of one more.
        (
            "dev",
            GitHubSubject(repository=f"acme/{'a' * 35}", ref="refs/heads/main"),
            f"dev.us-west-2.push.acme.{'a' * 35}@main",
        ),
        (
            "dev",
            GitHubSubject(repository=f"acme/{'a' * 36}", ref="refs/heads/main"),
            f"dev.us-west-2.push.acme.{'a' * 31}=97881c77",
        ),
        # A slash, a capital letter and an ID of GitHub are in no plain name.
        (
            "dev",
            GitHubSubject(repository="acme/api", ref="refs/heads/release/1.0"),
            "dev.us-west-2.push.acme.api@release-1.0=af7ff84d",
        ),
        (
            "dev",
            GitHubSubject(repository="Acme/api", ref="refs/heads/main"),
            "dev.us-west-2.push.Acme.api@main=0981efd2",
        ),
        (
            "dev",
            GitHubSubject(
                repository="acme/api", ref="refs/heads/main", owner_id="1", repository_id="2"
            ),
            "dev.us-west-2.push.acme.api@main=5433fd48",
        ),
    ],
)
def test_a_name_has_the_environment_the_region_and_the_runs(
    environment: str, subject: GitHubSubject, name: str
) -> None:
    assert push_role(environment, "us-west-2", subject) == name


def test_the_longest_environment_and_region_are_whole_in_a_shortened_name() -> None:
    environment, region = "e" * 40, "ap-southeast-2"
    subject = GitHubSubject(repository=f"{LONG}/{LONG}", environment="production")
    name = push_role(environment, region, subject)
    assert re.fullmatch(rf"{environment}\.{region}=[0-9a-f]{{8}}", name)
    assert len(name) == 64


OWNERS = st.from_regex(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,20}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,30}", fullmatch=True)
TEXTS = st.text("abAB01/-_.@=+,é", min_size=1, max_size=30)
SUBJECTS = st.builds(
    lambda owner, name, kind, text: GitHubSubject(
        repository=f"{owner}/{name}",
        ref=f"refs/{kind}/{text}" if kind in ("heads", "tags") else None,
        environment=text if kind == "environment" else None,
        pull_request=kind == "pull_request",
    ),
    OWNERS,
    NAMES,
    st.sampled_from(("heads", "tags", "environment", "pull_request")),
    TEXTS,
)
PLACES = st.tuples(st.sampled_from(("dev", "Dev", "dev-us", "d")), st.just("us-west-2"), SUBJECTS)


@settings(max_examples=300, deadline=None)
@given(PLACES, PLACES)
def test_two_subjects_never_share_a_name(
    one: tuple[str, str, GitHubSubject], other: tuple[str, str, GitHubSubject]
) -> None:
    names = [push_role(*place) for place in (one, other)]
    assert all(ROLE_NAME.fullmatch(name) for name in names)
    assert (names[0].lower() == names[1].lower()) is (
        (one[0], one[2].subject) == (other[0], other[2].subject)
    )
