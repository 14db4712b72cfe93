"""The images that a Dockerfile uses."""

from __future__ import annotations

import pytest

from ecrctl.images.dockerfiles.images import ImageUse, images_of


def used(text: str) -> list[tuple[int, str, str | None]]:
    """Return the images of a Dockerfile, each with its line and its instruction."""
    return [(one.line, one.where, one.image) for one in images_of(text)]


def only(text: str) -> ImageUse:
    """Return the one image of a Dockerfile."""
    (found,) = images_of(text)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n", [(1, "FROM", "a")]),
        ("FROM --platform=linux/arm64 a AS b\n", [(1, "FROM", "a")]),
        ("from --platform=$BUILDPLATFORM a as b\n", [(1, "FROM", "a")]),
        ('FROM "a"\n', [(1, "FROM", "a")]),
        ("FROM scratch\n", []),
        # A stage is no image, and its name has no case; before the stage, the name is an image.
        ("FROM a AS Build\nFROM build\nFROM BUILD AS c\n", [(1, "FROM", "a")]),
        ("FROM build\nFROM a AS build\n", [(1, "FROM", "build"), (2, "FROM", "a")]),
        ("FROM a AS a\n", [(1, "FROM", "a")]),
        ("ARG A=a:1\nFROM $A\n", [(2, "FROM", "a:1")]),
        ("ARG A=a B=1\nARG C=$A:$B\nFROM ${C}\n", [(3, "FROM", "a:1")]),
        ("FROM ${A:-a:1}\n", [(1, "FROM", "a:1")]),
        # An argument of a stage is not known to the next FROM.
        ("ARG A=a\nFROM b\nARG A=c\nFROM $A\n", [(2, "FROM", "b"), (4, "FROM", "a")]),
        ("# syntax=s:1\nFROM a\n", [(1, "# syntax", "s:1"), (2, "FROM", "a")]),
        ("FROM a\nCOPY --from=b /c /d\n", [(1, "FROM", "a"), (2, "COPY --from", "b")]),
        ("FROM a\nCOPY --chown=1 --from=b /c /\n", [(1, "FROM", "a"), (2, "COPY --from", "b")]),
        (
            "FROM a AS x\nFROM b\nCOPY --from=x / /\nCOPY --from=0 / /\n",
            [(1, "FROM", "a"), (2, "FROM", "b")],
        ),
        ("FROM a\nCOPY /--from=b /c\n", [(1, "FROM", "a")]),
        ("FROM a\nONBUILD COPY --from=b / /\n", [(1, "FROM", "a"), (2, "COPY --from", "b")]),
        (
            "FROM a\nRUN --mount=type=bind,from=b,target=/c --mount=type=cache,target=/d make\n",
            [(1, "FROM", "a"), (2, "RUN --mount", "b")],
        ),
        ("FROM a AS x\nRUN --mount=from=x,target=/c make --mount=from=b\n", [(1, "FROM", "a")]),
    ],
)
def test_each_image_has_its_line(text: str, expected: list[tuple[int, str, str | None]]) -> None:
    assert used(text) == expected


@pytest.mark.parametrize(
    ("text", "reason", "beginning"),
    [
        ("ARG A\nFROM $A\n", "the build determines $A", ""),
        ("FROM h/a:${TARGETARCH}\n", "the build determines $TARGETARCH", "h/a:"),
        ("ARG H=h\nFROM $H/a:${V}\n", "the build determines $V", "h/a:"),
        ("ARG A=a:1.2\nFROM ${A%.*}\n", "it has a pattern that the build replaces", ""),
        ("ARG A=$B\nFROM $A\n", "the build determines $A", ""),
    ],
)
def test_an_image_that_only_a_build_determines_is_undecided(
    text: str, reason: str, beginning: str
) -> None:
    found = only(text)
    assert (found.image, found.undecided, found.beginning) == (None, reason, beginning)


@pytest.mark.parametrize("option", ["COPY --from=h/$A / /", "RUN --mount=from=h/$A,target=/b c"])
def test_a_variable_elsewhere_is_undecided(option: str) -> None:
    found = images_of(f"ARG A=1\nFROM a\n{option}\n")[1]
    assert found.undecided.startswith("a variable is not replaced in ")
    assert found.beginning == "h/"


@pytest.mark.parametrize(
    ("text", "written", "rule"),
    [
        ("FROM: a:1\n", "FROM: a:1", "`FROM` must be followed by a space, got ':'"),
        ("From:a\n", "From:a", "`FROM` must be followed by a space, got ':'"),
        ("FROM=a\n", "FROM=a", "`FROM` must be followed by a space, got '='"),
        ("FROM\n", "", "`FROM` requires an image"),
        ("FROM --platform=a\n", "", "`FROM` requires an image"),
        ("FROM a latest\n", "a latest", "`FROM` takes an image and, after `AS`, a name"),
        ("FROM a AS\n", "a AS", "`FROM` takes an image and, after `AS`, a name"),
        ("FROM a IS b\n", "a IS b", "`FROM` takes an image and, after `AS`, a name"),
        ("FROM a AS b c\n", "a AS b c", "`FROM` takes an image and, after `AS`, a name"),
        ("FROM a AS 1b\n", "a AS 1b", "a stage cannot be named '1b'"),
        ("ARG A=\nFROM $A\n", "$A", "the image's name is empty"),
        ("RUN a\n", "", "a Dockerfile requires an instruction `FROM IMAGE`"),
        ("", "", "a Dockerfile requires an instruction `FROM IMAGE`"),
    ],
)
def test_a_malformed_instruction_has_the_rule(text: str, written: str, rule: str) -> None:
    found = only(text)
    assert (found.written, found.malformed, found.image) == (written, rule, None)


def test_a_stage_of_a_malformed_instruction_counts() -> None:
    text = "FROM a b\nFROM c AS d\nCOPY --from=1 / /\nCOPY --from=2 / /\n"
    assert used(text)[2:] == [(4, "COPY --from", "2")]


def test_an_endless_here_document_is_malformed() -> None:
    found = images_of("FROM a\nRUN <<EOF\nFROM b\n")[1]
    assert (found.line, found.written) == (2, "<<EOF")
    assert found.malformed == "the here-document 'EOF' has no end, so what follows was not read"


def test_a_number_that_no_stage_has_is_no_stage() -> None:
    # Python converts no text of so many digits to a number.
    found = images_of(f"FROM a\nCOPY --from={'9' * 5000} / /\n")[1]
    assert found.undecided == "it is longer than a reference of an image"
