"""Grants as a table for a terminal, as Markdown and as JSON, each compared whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from ecrctl.access.grants import Grant, by_environment
from ecrctl.access.report import json_of, markdown_of, owners_summary, table_of

PULL = Grant(
    environment="dev",
    repository="team/[api]",
    verb="pull",
    effect="Allow",
    principal="account 222222222222",
    condition="StringLike aws:PrincipalArn *|?",
    policy="repository policy",
    also_requires="in account 222222222222",
)
DENIED_PUSH = Grant(
    environment="dev",
    repository="team/web",
    verb="push",
    effect="Deny",
    principal="everyone",
    condition="",
    policy="identity policy",
    also_requires="",
)


def test_the_table_shows_every_field_and_folds_long_ones() -> None:
    console = Console(width=84)
    with console.capture() as shown:
        console.print(table_of("dev", [PULL, DENIED_PUSH]))
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
    assert markdown_of("dev", [PULL, DENIED_PUSH]) == (
        "### dev: access to repositories\n"
        "\n"
        "| Repository | Permission | Principal | Condition | Policy | Also requires |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| team/[api] | pull | account 222222222222 | StringLike aws:PrincipalArn *\\|? "
        "| repository policy | in account 222222222222 |\n"
        "| team/web | **denied:** push | everyone |  | identity policy |  |"
    )


def test_json_shows_every_field_of_every_grant() -> None:
    assert json_of([DENIED_PUSH]) == (
        "[\n"
        "  {\n"
        '    "environment": "dev",\n'
        '    "repository": "team/web",\n'
        '    "verb": "push",\n'
        '    "effect": "Deny",\n'
        '    "principal": "everyone",\n'
        '    "condition": "",\n'
        '    "policy": "identity policy",\n'
        '    "also_requires": ""\n'
        "  }\n"
        "]"
    )


def test_grants_are_grouped_by_environment_in_their_order() -> None:
    of_prod = replace(PULL, environment="prod")
    assert by_environment([PULL, of_prod, DENIED_PUSH]) == {
        "dev": [PULL, DENIED_PUSH],
        "prod": [of_prod],
    }


def test_the_summary_names_the_owners_that_must_add_a_policy() -> None:
    one, two = "account 222222222222", "organization o-one"
    assert owners_summary([], None) == "No other account has to add a policy."
    assert owners_summary([one], None) == (
        f"1 owner must add a policy: {one}. Write the policies with --required-grants FILE."
    )
    assert owners_summary([one, two], Path("grants.json")) == (
        f"2 owners must add a policy: {one}, {two}. The policies are in grants.json."
    )
