"""The options of a review, and the console that it is printed to."""

from __future__ import annotations

import pytest

from ecrctl.console import VisibleConsole
from ecrctl.errors import UserError
from ecrctl.review import cli
from ecrctl.review.command import gate_of
from ecrctl.review.findings import Category


def test_none_blocks_nothing() -> None:
    assert gate_of("none") == []
    assert gate_of(" none ") == []


def test_categories_are_ordered_by_severity_whatever_their_order() -> None:
    assert gate_of("access-gained, data-loss,") == [Category.DATA_LOSS, Category.ACCESS_GAINED]


@pytest.mark.parametrize("text", ["", " , ", "none,data-loss"])
def test_a_gate_names_categories_or_none_by_itself(text: str) -> None:
    with pytest.raises(UserError) as refusal:
        gate_of(text)
    assert str(refusal.value) == (
        f"--fail-on must be categories with commas between them, or none by itself, got '{text}'."
    )


def test_an_unknown_category_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="--fail-on: there is no category 'data-los'; did you mean"):
        gate_of("data-los")


@pytest.mark.parametrize(("is_terminal", "width"), [(True, 80), (False, cli.WIDTH)])
def test_only_a_terminal_has_a_width_of_its_own(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, width: int
) -> None:
    monkeypatch.setattr(
        cli, "VisibleConsole", lambda: VisibleConsole(force_terminal=is_terminal, width=80)
    )
    assert cli._console().width == width
