"""The hint for an unknown name."""

from __future__ import annotations

import pytest

from checked_files.known_names import KnownNames

MANY = [f"team-{number % 7}/service-{number}" for number in range(500)]


def test_a_hint_has_the_nearest_name_and_all_names_in_their_order() -> None:
    assert KnownNames(["web", "api"]).hint("wbe") == "; did you mean 'web'? Known: web, api."
    assert KnownNames(["web"]).hint("x") == ". Known: web."
    assert KnownNames([]).hint("x") == ". Known: none."


def test_the_first_twenty_names_are_listed() -> None:
    names = [chr(ord("a") + number) * 9 for number in range(21)]
    assert KnownNames(names[:20]).hint("?") == f". Known: {', '.join(names[:20])}."
    assert KnownNames(names).hint("?") == f". Known: {', '.join(names[:20])} and 1 more."
    assert KnownNames(MANY * 4).hint("?").endswith(" and 1,980 more.")


@pytest.mark.parametrize(
    ("given", "near"),
    [
        # Near are names with the same beginning, and names with the same end.
        ("eam-2/service-380", "team-2/service-380"),
        ("Team-2/service-380", "team-2/service-380"),
        ("team-0/service-490x", "team-0/service-490"),
        ("zeam-2/service-499", "team-2/service-499"),
    ],
)
def test_a_near_name_is_found_among_many(given: str, near: str) -> None:
    assert KnownNames(MANY).hint(given).startswith(f"; did you mean '{near}'? Known: ")


def test_every_name_of_a_few_is_compared() -> None:
    names = [f"{number:02}-service-{number:02}" for number in range(40)]
    assert KnownNames(names).hint("x20-service-20x").startswith("; did you mean '20-service-20'? ")


def test_a_name_is_known_or_not() -> None:
    assert "api" in KnownNames(["api"])
    assert "web" not in KnownNames(["api"])
