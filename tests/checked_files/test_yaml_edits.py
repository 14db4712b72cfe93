"""Edits in place: the data becomes the new one, and every other line stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from checked_files.yaml_edits import EditError, edited
from checked_files.yaml_files import plain_data

HEADER = "# yaml-language-server: $schema=schema/images.schema.json\n# Written by a command.\n"
WEB = "web: {repository: web,  tag: v1, digest: x}   # in one line\n"
PINS = f"""\
{HEADER}# the API
api:   # first
    repository:   team/api   # where
    tag: "v1"  # approved by Ann

    digest: 'sha256:aa'
{WEB}
# the command line
cli:
  repository: cli
  tag: v2
"""


def changed(**pins: Any) -> dict[str, Any]:
    """Return the pins, some of them changed; ``None`` removes one."""
    data = {**plain_data(PINS), **pins}
    return {name: pin for name, pin in data.items() if pin is not None}


def differences(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that an edit removed, and those that it added."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return [one for one in old if one not in new], [one for one in new if one not in old]


@pytest.mark.parametrize(
    ("pins", "removed", "added"),
    [
        (
            {"api": {"repository": "team/api", "tag": "v3", "digest": "sha256:bb"}},
            ['    tag: "v1"  # approved by Ann\n', "    digest: 'sha256:aa'\n"],
            ['    tag: "v3"  # approved by Ann\n', "    digest: 'sha256:bb'\n"],
        ),
        (
            {"cli": {"registry": "prod", "repository": "cli", "tag": "v2"}},
            [],
            ["  registry: prod\n"],
        ),
        ({"cli": {"repository": "cli"}}, ["  tag: v2\n"], []),
        (
            {"web": {"registry": "k", "repository": "web", "digest": "y"}},
            [WEB],
            ["web: {registry: k, repository: web, digest: y}   # in one line\n"],
        ),
        ({"zoo": {"tag": "v1"}}, [], ["zoo:\n", "  tag: v1\n"]),
        ({"zoo": "on"}, [], ["zoo: 'on'\n"]),
        ({"cli": None}, ["cli:\n", "  repository: cli\n", "  tag: v2\n"], []),
        ({"web": 7}, [WEB], ["web: 7   # in one line\n"]),
        ({"web": {"other": "x"}}, [WEB], ["web:\n", "  other: x   # in one line\n"]),
    ],
)
def test_only_the_lines_of_a_change_differ(
    pins: dict[str, Any], removed: list[str], added: list[str]
) -> None:
    data = changed(**pins)
    for line_break in ("\n", "\r\n"):
        before = PINS.replace("\n", line_break)
        after = edited(before, data, header=HEADER)
        assert plain_data(after) == data
        expected = [
            [line.replace("\n", line_break) for line in lines] for lines in (removed, added)
        ]
        assert differences(before, after) == (*expected,)


def test_the_same_data_is_the_same_text() -> None:
    odd = "a:   1\nb: !!str 2 # x\nc: &c [x]\nd: *c"
    assert edited(odd, plain_data(odd)) == odd


@pytest.mark.parametrize(
    ("before", "data", "after"),
    [
        ("", {"a": 1}, "a: 1\n"),
        ("# none yet\n", {"a": 1}, "# none yet\na: 1\n"),
        ("# none yet", {"a": 1}, "# none yet\na: 1\n"),
        ("---\n{}\n", {"a": 1}, "---\na: 1\n"),
        # A file without a line break at its end gets none.
        ("a: 1", {"a": 1, "b": 2}, "a: 1\nb: 2"),
        ("\ufeffa: 1\n", {"a": 2}, "\ufeffa: 2\n"),
        ("a:\n", {"a": [1]}, "a:\n- 1\n"),
        ("a: 1\n...\n", {"a": 1, "b": 2}, "a: 1\nb: 2\n...\n"),
        ("a: 'x'\n", {"a": "it's"}, "a: 'it''s'\n"),
        ("a: 'x'\n", {"a": 1}, "a: 1\n"),
        ("a: x\n", {"a": "1\n2"}, 'a: "1\\n2"\n'),
        ("a: |\n  x\n\nb: 1\n", {"a": "y", "b": 1}, "a: y\n\nb: 1\n"),
        ("{a: 1, b: 2, c: 3}\n", {"c": 4}, "{c: 4}\n"),
        ("{a: 1, b: 2, c: 3}\n", {"z": 0, "a": 1, "y": 5, "c": 3}, "{z: 0, a: 1, y: 5, c: 3}\n"),
        # An alias is replaced, and its anchor is not.
        (
            "a: &a {x: 1}\nb: *a # c\n",
            {"a": {"x": 1}, "b": {"x": 2}},
            "a: &a {x: 1}\nb:\n  x: 2 # c\n",
        ),
    ],
)
def test_unusual_files_are_edited_in_place(before: str, data: dict[str, Any], after: str) -> None:
    assert edited(before, data) == after
    assert plain_data(after) == data


def test_a_key_before_the_first_comes_between_the_header_and_the_comment_of_the_first() -> None:
    after = edited(PINS, {"aaa": 1, **changed()}, header=HEADER)
    assert after == PINS.replace("# the API\n", "aaa: 1\n# the API\n")
    unknown = edited("# a\nb: 1\n", {"a": 1, "b": 1}, header=HEADER)
    assert unknown == "a: 1\n# a\nb: 1\n"


REPOSITORIES = """\
account: "1"
repositories:
  - name: a
    # keep this one
    tags: {a: b}
  # about b
  - name: b
    lifecycle: none # why
  - name: c
  - {name: d}
ecs_tasks: []
"""


def test_items_of_a_list_are_found_by_their_names() -> None:
    names = [{"name": "0"}, {"name": "a"}, {"name": "bb", "x": [1]}, {"name": "c", "y": "z"}]
    data = {"account": "1", "repositories": [*names, {"name": "d", "q": [1]}], "ecs_tasks": []}
    assert edited(REPOSITORIES, data) == (
        "account: \"1\"\nrepositories:\n  - name: '0'\n  - name: a\n    # keep this one\n"
        "  - name: bb\n    x:\n    - 1\n  # about b\n  - name: c\n    y: z\n"
        "  - {name: d, q: [1]}\necs_tasks: []\n"
    )


@pytest.mark.parametrize(
    "items",
    [
        [{"name": "b"}, {"name": "a"}],
        [{"name": "a"}, {"name": "a"}],
        [{"name": "a"}, "text"],
        [{"name": 1}],
        [{"name": "q"}],
        [],
    ],
)
def test_a_list_whose_items_cannot_be_matched_is_replaced(items: list[Any]) -> None:
    before = "x: 1 # one\nlist:\n- name: a # first\n- name: b\ny: 2 # two\n"
    after = edited(before, {"x": 1, "list": items, "y": 2})
    assert plain_data(after)["list"] == items
    assert after.startswith("x: 1 # one\nlist:")
    assert after.endswith("\ny: 2 # two\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # The change of an anchor would change its alias too.
        ("a: &a {x: 1}\nb: *a\n", "a"),
        ("base: &base {y: 1}\na: {<<: *base, x: 1}\n", "base"),
    ],
)
def test_a_change_that_would_change_another_value_is_refused(text: str, name: str) -> None:
    with pytest.raises(EditError):
        edited(text, {**plain_data(text), name: {"x": 2}})


TEXTS = some.text(some.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
NAMES = some.sampled_from([*"abcdefg", "on", "1", "a b", "x: y", "# z"])
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | TEXTS,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(NAMES, inner, max_size=3)
        | some.lists(some.fixed_dictionaries({"name": NAMES}, optional={"x": inner}), max_size=3)
    ),
    max_leaves=12,
)
DOCUMENTS = some.dictionaries(NAMES, VALUES, min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(before=DOCUMENTS, after=DOCUMENTS, flow=some.sampled_from([True, False, None]))
def test_any_change_of_any_data_is_the_new_data(
    before: dict[str, Any], after: dict[str, Any], *, flow: bool | None
) -> None:
    text = "# first\n" + _yaml(before, flow=flow) + "# last\n"
    result = edited(text, after)
    assert plain_data(result) == after
    if before.keys() & after.keys():
        assert (result.count("# first"), result.count("# last")) == (
            text.count("# first"),
            text.count("# last"),
        )


def _yaml(data: dict[str, Any], *, flow: bool | None) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, default_flow_style=flow)
    return text
