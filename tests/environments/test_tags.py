"""Tags of all resources of an environment, and a repository's own beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.loading import load_environment
from tests.environments.test_checks import faults
from tests.environments.test_loading import HEAD, refusal, write

FIFTY = ", ".join(f"k{number}: v" for number in range(50))


def test_a_repository_has_the_tags_of_its_environment_and_its_own_override_them(
    tmp_path: Path,
) -> None:
    text = """\
tags: {team: platform, division: shop}
repositories:
  - {name: a/b, tags: {team: web, tier: gold}}
  - {name: a/c}
"""
    settings = load_environment("dev", write(tmp_path, dev=HEAD + text))
    one, other = (repository.spec.tags for repository in settings.repositories)
    assert one == {"team": "web", "division": "shop", "tier": "gold"}
    assert other == settings.tags == {"team": "platform", "division": "shop"}


def test_a_public_repository_has_them_too(tmp_path: Path) -> None:
    text = (
        "tags: {team: platform, division: shop}\n"
        "public_repositories: [{name: tools/cli, tags: {team: web}}]\n"
    )
    folder = write(tmp_path, dev=HEAD.replace("us-west-2", "us-east-1") + text)
    (found,) = load_environment("dev", folder).public_repositories
    assert found.spec.tags == {"team": "web", "division": "shop"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "tags: {'aws:team': web}\nrepositories: [{name: a/b}]\n",
            [
                "tags.aws:team: a tag's key cannot begin with 'aws:', which AWS reserves, got "
                "'aws:team'. Choose another key."
            ],
        ),
        (
            "tags: {team: ''}\nrepositories: [{name: a/b}, {name: a/c}]\n",
            [
                "tags.team: a tag's value must have 1 to 256 letters, digits, spaces and "
                "'+-=._:/@', got ''. Choose another value."
            ],
        ),
        (
            f"tags: {{{FIFTY}, one: more}}\nrepositories: [{{name: a/b}}]\n",
            ["tags: a resource can have at most 50 tags, got 51. Remove some."],
        ),
        # Of the repository, which has one more than its environment.
        (
            f"tags: {{{FIFTY}}}\nrepositories: [{{name: a/b, tags: {{one: more}}}}]\n",
            ["repositories[0].tags: a resource can have at most 50 tags, got 51. Remove some."],
        ),
        (
            "tags: {Team: web, team: web}\n",
            [
                "tags.team: keys of an environment's tags must differ by more than their case, "
                "because IAM ignores it, got 'team' and 'Team'. Remove one."
            ],
        ),
        (
            "required_tags: {tier: [gold]}\ntags: {tier: tin}\nrepositories: [{name: a/b}]\n",
            ["tags.tier: the tag 'tier' must be one of gold, got 'tin'."],
        ),
        (
            "required_tags: {tier: [gold]}\ntags: {tier: gold}\n"
            "repositories: [{name: a/b, tags: {tier: tin}}]\n",
            ["repositories[0].tags.tier: the tag 'tier' must be one of gold, got 'tin'."],
        ),
        (
            "required_tags: {tier: [gold], team: []}\ntags: {tier: gold}\n"
            "repositories: [{name: a/b}]\n",
            [
                "repositories[0].tags.team: the tag 'team' is required, got none. Add it, such as "
                "'team: web'."
            ],
        ),
    ],
)
def test_a_tag_that_aws_or_the_file_refuses_is_one_fault(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert faults(tmp_path, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"tags: {{{FIFTY}}}\nrepositories: [{{name: a/b, tags: {{k1: other}}}}]\n",
        "required_tags: {team: [], tier: [gold]}\ntags: {team: web, tier: gold}\n"
        "repositories: [{name: a/b}]\n",
        # Only a repository can have keys that differ by their case.
        "tags: {team: web}\nrepositories: [{name: a/b, tags: {Team: web}}]\n",
    ],
)
def test_tags_within_the_limits_are_accepted(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == []


def test_a_key_that_ecr_public_alone_refuses_is_a_fault_of_the_repository(tmp_path: Path) -> None:
    key = "k" * 128
    text = f"tags: {{{key}: v}}\npublic_repositories: [{{name: tools/cli}}]\n"
    write(tmp_path, dev=HEAD.replace("us-west-2", "us-east-1") + text)
    assert refusal(tmp_path).splitlines()[1:] == [
        f"  - line 4 column 23, public_repositories[0].tags.{key}: a tag's key must have 1 to 127 "
        f"letters, digits, spaces and '+-=._:/@', got '{'k' * 80}'. Choose another key."
    ]
