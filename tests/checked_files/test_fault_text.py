"""The faults of a value that a model does not accept, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, Field, ValidationError

from checked_files.fault_text import faults_of, name_hint
from checked_files.models import FileModel, validated


@dataclass(frozen=True, kw_only=True)
class Size:
    """A part of a model."""

    width: int = 1
    height: int = 1


class Entry(FileModel):
    """A model with a field of each kind."""

    text: str = ""
    number: int = 0
    switch: bool = False
    numbers: list[int] = Field(default=[])
    pair: tuple[int, ...] = ()
    by_name: Mapping[str, int] = {}
    counts: dict[str, int] = Field(default={})
    size: Size = Size()
    sizes: tuple[Size, ...] = ()
    inner: Entry | None = None
    word: Literal["one", "two"] = "one"
    moment: AwareDatetime | None = None


def faults(given: Any) -> list[str]:
    """Return the faults of an entry."""
    with pytest.raises(ValidationError) as error:
        validated(Entry, given)
    return [str(fault) for fault in faults_of(error.value, Entry)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"text": 5}, "text: text is expected here, got the number 5. Write it in quotes."),
        ({"text": 0.5}, "text: text is expected here, got the number 0.5. Write it in quotes."),
        ({"text": True}, "text: text is expected here, got the value true. Write it in quotes."),
        ({"text": None}, "text: text is expected here, got nothing."),
        ({"text": []}, "text: text is expected here, got a list."),
        ({"text": {}}, "text: text is expected here, got a mapping."),
        ({"number": "5"}, "number: a whole number is expected here, got '5'."),
        ({"switch": "y" * 99}, f"switch: true or false is expected here, got '{'y' * 80}'."),
        ({"numbers": {}}, "numbers: a list is expected here, got a mapping."),
        ({"pair": 5}, "pair: a list is expected here, got '5'."),
        ({"by_name": []}, "by_name: a mapping is expected here, got a list."),
        ({"counts": "a"}, "counts: a mapping is expected here, got 'a'."),
        ({"size": 5}, "size: a mapping is expected here, got '5'."),
        ({"inner": False}, "inner: a mapping is expected here, got 'false'."),
        ([], "a mapping is expected here, got a list."),
        ({"word": "three"}, "word: one of 'one' or 'two' is expected here, got 'three'."),
        (
            {"moment": "2026-01-01T00:00:00"},
            "moment: a time such as 2026-12-31T12:00:00Z, with its zone, is expected here, got "
            "'2026-01-01T00:00:00'.",
        ),
        (
            {"sizes": [{}, {"heigth": 2}]},
            "sizes[1].heigth: there is no such setting; did you mean 'height'? Known: width, "
            "height.",
        ),
        (
            {"size": {"x": 2}},
            "size.x: there is no such setting. Known: width, height.",
        ),
    ],
)
def test_a_value_of_another_kind_is_a_fault_in_one_sentence(given: Any, sentence: str) -> None:
    assert faults(given) == [sentence]


def test_every_fault_has_its_path() -> None:
    found = faults(
        {"numbers": [1, "2"], "inner": {"inner": {"text": 5}}, "sizes": [{"width": "1"}]}
    )
    assert [fault.partition(": ")[0] for fault in found] == [
        "numbers[1]",
        "sizes[0].width",
        "inner.inner.text",
    ]


def test_an_unknown_name_has_the_nearest_and_all_known_names() -> None:
    assert name_hint("wbe", ["api", "web"]) == "; did you mean 'web'? Known: api, web."
    assert name_hint("x", ["api", "web"]) == ". Known: api, web."
    assert name_hint("x", []) == ". Known: none."
