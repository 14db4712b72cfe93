"""Variables of a Dockerfile."""

from __future__ import annotations

import pytest

from ecrctl.images.dockerfiles.variables import UndefinedError, expanded, with_argument

PATTERN = "it has a pattern that the build replaces"
VALUES = {"A": "1", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:$A", "a:1"),
        ("${A}b", "1b"),
        ("$A$A", "11"),
        ("${A:-2}", "1"),
        ("${A-2}", "1"),
        ("${B:-2}", "2"),
        ("${B-$A}", "1"),
        ("${EMPTY:-2}", "2"),
        ("${EMPTY-2}", ""),
        ("$EMPTY", ""),
        ("${A:+3}", "3"),
        ("${B:+3}", ""),
        ("${B+3}", ""),
        ("${EMPTY:+3}", ""),
        ("${EMPTY+3}", "3"),
        ("${A:?needed}", "1"),
        (r"\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A"', "1"),
        ("plain", "plain"),
    ],
)
def test_a_variable_is_replaced_as_a_build_does(text: str, value: str) -> None:
    assert expanded(text, VALUES) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$B", "the build determines $B"),
        ("${B}", "the build determines $B"),
        ("${B:?needed}", "the build determines $B"),
        ("${B:-$C}", "the build determines $C"),
        ("${A%.*}", PATTERN),
        ("${A/a/b}", PATTERN),
        ("${A:-${C}}", PATTERN),
        ("$A" * 2049, "it is longer than a reference of an image"),
    ],
)
def test_what_only_a_build_determines_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(UndefinedError) as error:
        expanded(text, VALUES)
    assert str(error.value) == reason
    assert expanded(text, VALUES, unknown="?").startswith("?")


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("B=2", {**VALUES, "B": "2"}),
        ("B=$A", {**VALUES, "B": "1"}),
        ('B="a b"', {**VALUES, "B": "a b"}),
        ("B=", {**VALUES, "B": ""}),
        ("B=$C", VALUES),
        ("A=$C", {"EMPTY": ""}),
        ("A", VALUES),
        ("B", VALUES),
        ("1=2", VALUES),
    ],
)
def test_an_argument_has_its_default(word: str, values: dict[str, str]) -> None:
    assert with_argument(word, VALUES) == values


def test_arguments_that_repeat_each_other_do_not_fill_the_memory() -> None:
    values: dict[str, str] = {"A0": "a" * 10}
    for number in range(40):
        values = with_argument(f"A{number + 1}=" + f"$A{number}" * 10, values)
    assert sum(map(len, values.values())) < 10_000
    with pytest.raises(UndefinedError):
        expanded("$A40", values)
