"""YAML text."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.kubernetes.yaml_text import yaml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.sampled_from(
    ["yes", "No", "null", "1e3", "0x1", "1:30", "a: b", "- a", "#", "", "v1:2", "~"]
)
SCALARS = st.none() | st.booleans() | st.integers() | TEXT | WORDS
DOCUMENTS = st.dictionaries(
    TEXT | WORDS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


@given(DOCUMENTS)
def test_a_document_is_read_back_as_it_was_written(document: dict[str, Any]) -> None:
    assert yaml.safe_load(yaml_text(document)) == document


def test_a_document_reads_like_one_written_by_hand() -> None:
    document = {"a": {"b": ["c", {"d": 1, "e": [True]}]}, "f": "1", "g": [], "h": "x:y"}
    assert yaml_text(document) == (
        'a:\n  b:\n  - c\n  - d: 1\n    e:\n    - true\nf: "1"\ng: []\nh: x:y\n'
    )
