"""Grants as a table for a terminal, as Markdown and as JSON, each compared whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from constructs_lib.rules.policy.repository_policy import PUSH_ACTIONS
from ecrctl.access.grants import Access, EnvironmentAccess, Grant
from ecrctl.access.report import (
    PushRole,
    document_of,
    markdown_of,
    markdown_of_roles,
    owners_summary,
    table_of,
    table_of_roles,
    without_grants,
)

PULL = Grant(
    environment="dev",
    repository="team/[api]",
    repository_arn="arn:aws:ecr:us-west-2:111111111111:repository/team/[api]",
    verb="pull",
    actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    effect="Allow",
    principal="account 222222222222",
    condition="StringLike aws:PrincipalArn *|?",
    policy="repository policy",
    also_requires="in account 222222222222",
    is_open_to_everyone=False,
)
DENIED_PUSH = Grant(
    environment="dev",
    repository="team/web",
    repository_arn="arn:aws:ecr:us-west-2:111111111111:repository/team/web",
    verb="push",
    actions=PUSH_ACTIONS,
    effect="Deny",
    principal="everyone",
    condition="",
    policy="identity policy",
    also_requires="",
    is_open_to_everyone=False,
)
OPEN = replace(DENIED_PUSH, effect="Allow", is_open_to_everyone=True)


ROLE = PushRole(
    environment="dev",
    subject="repo:acme/api:ref:refs/heads/main",
    name="dev.us-west-2.push.acme.api@main",
    arn="arn:aws:iam::111111111111:role/dev.us-west-2.push.acme.api@main",
)


def access(*grants: Grant, repositories: int = 3) -> EnvironmentAccess:
    """Return the access to some repositories, two of which have the names of the grants here."""
    arns = [PULL.repository_arn, DENIED_PUSH.repository_arn]
    arns += [f"{arns[0]}{number}" for number in range(repositories - len(arns))]
    return EnvironmentAccess(environment="dev", grants=list(grants), repositories=arns)


def test_the_table_shows_every_field_and_folds_long_ones() -> None:
    console = Console(width=84)
    with console.capture() as shown:
        console.print(table_of(access(PULL, DENIED_PUSH)))
    assert [line.rstrip() for line in shown.get().splitlines()] == [
        "dev: access to repositories",
        "╭────────────┬─────────────┬─────────────┬─────────────┬─────────────┬─────────────╮",
        "│            │             │             │             │             │ Also        │",
        "│ Repository │ Permission  │ Principal   │ Condition   │ Policy      │ requires    │",
        "├────────────┼─────────────┼─────────────┼─────────────┼─────────────┼─────────────┤",
        "│ team/[api] │ pull        │ account     │ StringLike  │ repository  │ in account  │",
        "│            │             │ 22222222222 │ aws:Princip │ policy      │ 22222222222 │",
        "│            │             │ 2           │ alArn *|?   │             │ 2           │",
        "│ team/web   │ denied:     │ everyone    │             │ identity    │             │",
        "│            │ push        │             │             │ policy      │             │",
        "╰────────────┴─────────────┴─────────────┴─────────────┴─────────────┴─────────────╯",
    ]


def test_the_markdown_table_shows_every_field_with_its_bars_escaped() -> None:
    assert markdown_of(access(PULL, DENIED_PUSH)) == (
        "### dev: access to repositories\n"
        "\n"
        "| Repository | Permission | Principal | Condition | Policy | Also requires |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| team/[api] | pull | account 222222222222 | StringLike aws:PrincipalArn *\\|? "
        "| repository policy | in account 222222222222 |\n"
        "| team/web | **denied:** push | everyone |  | identity policy |  |"
    )


def test_json_shows_every_field_of_every_grant() -> None:
    found = Access(
        grants=[DENIED_PUSH], repositories={}, required_policies={}, undecided=["dev: a."]
    )
    assert document_of(found, [ROLE]).model_dump(mode="json") == {
        "grants": [
            {
                "environment": "dev",
                "repository": "team/web",
                "repository_arn": "arn:aws:ecr:us-west-2:111111111111:repository/team/web",
                "verb": "push",
                "actions": list(PUSH_ACTIONS),
                "effect": "Deny",
                "principal": "everyone",
                "condition": "",
                "policy": "identity policy",
                "also_requires": "",
                "is_open_to_everyone": False,
            }
        ],
        "undecided": ["dev: a."],
        "github_roles": [
            {"environment": "dev", "subject": ROLE.subject, "name": ROLE.name, "arn": ROLE.arn}
        ],
    }


def test_the_roles_of_github_are_a_table_with_their_arns() -> None:
    console = Console(width=118)
    with console.capture() as shown:
        console.print(table_of_roles([ROLE]))
    text = shown.get()
    assert text.splitlines()[0].rstrip() == "Roles with which GitHub Actions pushes"
    assert all(cell in text for cell in ("dev", ROLE.subject, ROLE.arn))
    assert markdown_of_roles([ROLE]) == (
        "### Roles with which GitHub Actions pushes\n"
        "\n"
        "| Environment | Workflow runs | Role |\n"
        "| --- | --- | --- |\n"
        f"| dev | {ROLE.subject} | {ROLE.arn} |"
    )


def test_a_repository_that_is_open_to_everyone_is_red() -> None:
    console = Console(width=118, force_terminal=True, color_system="standard")
    with console.capture() as shown:
        console.print(table_of(access(OPEN, PULL)))
    red = [line for line in shown.get().splitlines() if "\x1b[1;31m" in line]
    assert len(red) == 2
    assert "team/web" in red[0]
    assert "open to" in red[0]
    assert "team/[api]" not in "".join(red)


def test_a_repository_that_is_open_to_everyone_is_bold_in_markdown() -> None:
    lines = markdown_of(access(OPEN, PULL)).splitlines()
    assert lines[4] == (
        "| **team/web** | **open to everyone:** push | everyone |  | identity policy |  |"
    )


def shared(grant: Grant) -> list[Grant]:
    """Return a grant of each of two repositories."""
    arns = (PULL.repository_arn, DENIED_PUSH.repository_arn)
    return [
        replace(
            grant,
            repository=arn.partition("repository/")[2],
            repository_arn=arn,
            also_requires=f"in account 222222222222, an identity policy: ecr:PutImage on {arn}",
        )
        for arn in arns
    ]


def test_grants_that_all_repositories_share_are_shown_once() -> None:
    lines = markdown_of(access(OPEN, *shared(PULL), repositories=2)).splitlines()
    assert [line.split(" | ")[0] for line in lines[4:]] == [
        "| **team/web**",
        "| all 2 repositories",
    ]
    assert lines[5].endswith("ecr:PutImage on each repository |")
    # Another repository, even one without any grant, does not share them.
    lines = markdown_of(access(*shared(PULL))).splitlines()
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| team/[api]", "| team/web"]
    found = Access(grants=shared(PULL), repositories={}, required_policies={}, undecided=[])
    assert len(document_of(found, []).grants) == 2


def test_grants_that_everyone_has_on_all_repositories_come_first() -> None:
    lines = markdown_of(access(PULL, *shared(OPEN), repositories=2)).splitlines()
    assert [line.split(" | ")[0] for line in lines[4:]] == [
        "| **all 2 repositories**",
        "| team/[api]",
    ]


def test_the_grants_of_an_only_repository_name_it() -> None:
    only = replace(access(PULL), repositories=[PULL.repository_arn])
    assert markdown_of(only).splitlines()[4].startswith("| team/[api] |")


def test_some_actions_of_a_verb_are_named_where_the_verb_means_more() -> None:
    administer = replace(PULL, verb="administer", actions=("ecr:DeleteRepository",))
    denied = replace(DENIED_PUSH, actions=("ecr:PutImage",))
    partial = replace(PULL, verb="push", actions=("ecr:PutImage",))
    lines = markdown_of(access(administer, denied, partial)).splitlines()[4:]
    assert [line.split(" | ")[1] for line in lines] == [
        "administer (ecr:DeleteRepository)",
        "**denied:** push (ecr:PutImage)",
        "push",
    ]


def test_an_environment_without_grants_has_no_table_in_markdown() -> None:
    assert markdown_of(access()) == "### dev: access to repositories"


def test_repositories_without_a_grant_are_named() -> None:
    assert without_grants(access(PULL, DENIED_PUSH, repositories=2)) == (
        "dev: no policy that could be read allows access to team/web."
    )
    assert without_grants(access(PULL, OPEN, repositories=2)) == ""


def test_the_summary_names_the_owners_that_must_add_a_policy() -> None:
    one, two = "account 222222222222", "organization o-one"
    assert owners_summary([], None) == "No other account has to add a policy."
    assert owners_summary([one], None) == (
        f"1 owner must add a policy: {one}. Write the policies with --required-grants FILE."
    )
    assert owners_summary([one, two], Path("grants.json")) == (
        f"2 owners must add a policy: {one}, {two}. The policies are in grants.json."
    )
