"""The options of a review, and the console that it is printed to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ecrctl.errors import UserError
from ecrctl.review import command
from ecrctl.review.command import gate_of
from ecrctl.review.findings import Category, Finding, in_order


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


def test_findings_are_ordered_to_the_last_difference() -> None:
    def finding(message: str) -> Finding:
        return Finding(
            rule="a",
            category=Category.DATA_LOSS,
            environment="dev",
            stack="s",
            subject="b",
            message=message,
            key="k",
            evidence="e",
        )

    found = in_order([finding("b"), finding("a")])
    assert [one.message for one in found] == ["a", "b"]


def test_acknowledgements_are_in_a_file_or_on_a_reference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "commit_of", lambda *_: "c" * 40)
    monkeypatch.setattr(command, "added_acknowledgements", lambda *given: list(given))
    project = SimpleNamespace(repository=tmp_path)
    request: Any = SimpleNamespace(acknowledged_on="main", acknowledgements=None, project=project)
    assert command._chosen_acknowledgements(request) == [tmp_path, "c" * 40, "main"]
    request.acknowledgements = tmp_path
    with pytest.raises(UserError) as refusal:
        command._chosen_acknowledgements(request)
    assert str(refusal.value) == (
        "--acknowledgements and --acknowledged-on exclude each other. Use one."
    )
