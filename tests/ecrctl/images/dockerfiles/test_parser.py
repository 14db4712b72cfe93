"""Dockerfiles as instructions with their lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrctl.images.dockerfiles.parser import read_dockerfile


def instructions(text: str) -> list[tuple[str, str, int]]:
    """Return the instructions of a Dockerfile."""
    return [(one.keyword, one.text, one.line) for one in read_dockerfile(text).instructions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN b\n", [("from", "a", 1), ("run", "b", 2)]),
        ("# a comment\n\n  from\ta\n", [("from", "a", 3)]),
        ("FROM a \\\n  AS b\nRUN c", [("from", "a   AS b", 1), ("run", "c", 3)]),
        ("FROM a \\\n# comment \\\n\n AS b\n", [("from", "a  AS b", 1)]),
        ("FROM a \\  \n AS b\n", [("from", "a  AS b", 1)]),
        ("FROM a \\", [("from", "a", 1)]),
        ("FROM \\\n  a\n", [("from", "a", 1)]),
        ("\ufeffFROM a\r\nRUN b\\\r\nc\r\n", [("from", "a", 1), ("run", "bc", 2)]),
        ("FROM", [("from", "", 1)]),
        # A backslash in the middle of a line continues nothing.
        ("RUN a\\b\nFROM c", [("run", "a\\b", 1), ("from", "c", 2)]),
    ],
)
def test_instructions_are_read_across_lines(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert instructions(text) == expected


@pytest.mark.parametrize(
    "document",
    [
        "RUN <<EOF\nFROM b\nEOF\n",
        "RUN <<-EOF\nFROM b\n\t\tEOF\n",
        # Tabs before the end are ignored, spaces are not.
        "RUN <<-EOF\n  EOF\nFROM b\n\tEOF\n",
        "RUN cat <<'EOF' > /file\nFROM b\nEOF\n",
        'COPY <<"EOF" /file\nFROM b\nEOF\n',
        "ADD <<A <<B /files/\nFROM b\nB\nA\nFROM b\nB\n",
        "RUN 3<<EOF\nFROM b\nEOF\n",
        "RUN --mount=type=cache,target=/a <<EOF\n# comment \\\nFROM b\nEOF\n",
        "ONBUILD RUN <<EOF\nFROM b\nEOF\n",
        "run a \\\n  <<EOF\nFROM b\nEOF\n",
    ],
)
def test_the_content_of_a_here_document_is_no_instruction(document: str) -> None:
    found = instructions(f"FROM a\n{document}FROM last\n")
    assert [text for keyword, text, _ in found if keyword == "from"] == ["a", "last"]


@pytest.mark.parametrize(
    "line",
    [
        'RUN echo "a <<EOF"',
        "RUN echo 'a <<EOF'",
        "RUN cat <<<EOF",
        "ENV a=<<EOF",
        "LABEL <<EOF",
        'RUN ["cat", "<<EOF"]',
        "RUN echo $((1<<3))",
    ],
)
def test_what_is_no_here_document_hides_nothing(line: str) -> None:
    found = instructions(f"{line}\nFROM b\n")
    assert ("from", "b", 2) in found


def test_a_here_document_without_an_end_is_reported() -> None:
    assert read_dockerfile("FROM a\nRUN <<EOF\nFROM b\n EOF\n").unterminated == [("EOF", 2)]


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("# syntax=docker/dockerfile:1\nFROM a", ("docker/dockerfile:1", 1)),
        ("#SYNTAX = a/b:1 option\nFROM a", ("a/b:1", 1)),
        ("# escape=`\n# syntax=a\nFROM a", ("a", 2)),
        ("#!/usr/bin/env x\n# syntax=a\nFROM a", ("a", 2)),
        # A comment, an empty line or an instruction ends the directives.
        ("# comment\n# syntax=a\nFROM a", None),
        ("# other=1\n# syntax=a\nFROM a", None),
        ("\n# syntax=a\nFROM a", None),
        ("FROM a\n# syntax=a\n", None),
        ("# syntax=a\n# syntax=b\nFROM a", ("a", 1)),
    ],
)
def test_the_syntax_directive_is_at_the_top(text: str, syntax: tuple[str, int] | None) -> None:
    assert read_dockerfile(text).syntax == syntax


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    assert instructions("# escape=`\nFROM a `\n AS b\nRUN c\\\nRUN d\n") == [
        ("from", "a  AS b", 2),
        ("run", "c\\", 4),
        ("run", "d", 5),
    ]


def test_another_escape_changes_nothing() -> None:
    assert read_dockerfile("# escape=x\nFROM a\n").escape == "\\"


@given(st.text(alphabet="FROMRUNA <-'\"\\\n#=`\t$E", max_size=80))
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    for one in read_dockerfile(text).instructions:
        assert 1 <= one.line <= text.count("\n") + 1


def test_a_long_directive_is_read_in_time() -> None:
    # A pattern that tries every end of the spaces would take hours.
    read_dockerfile(f"# other=a{' ' * 200_000}b\nFROM a\n")
