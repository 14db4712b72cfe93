"""Variables of a Dockerfile."""

from __future__ import annotations

import pytest

from ecrctl.images.dockerfiles.variables import UndefinedError, expanded, with_argument

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
    ("text", "name"),
    [
        ("$B", "B"),
        ("${B}", "B"),
        ("${B:?needed}", "B"),
        ("${B:-$C}", "C"),
        ("${A%.*}", "${"),
        ("${A/a/b}", "${"),
        ("${A:-${C}}", "${"),
    ],
)
def test_what_only_a_build_determines_is_an_error(text: str, name: str) -> None:
    with pytest.raises(UndefinedError) as error:
        expanded(text, VALUES)
    assert str(error.value) == name


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
