"""The words for the gates of a review."""

from __future__ import annotations

from ecrctl.review.findings import Category
from ecrctl.review.verdict import gates_text

LOSS, ACCESS = Category.DATA_LOSS, Category.ACCESS_GAINED


def test_equal_gates_are_named_once() -> None:
    assert gates_text({}) == ""
    assert gates_text({"prod": [LOSS, ACCESS], "dev": [LOSS, ACCESS]}) == "data-loss, access-gained"


def test_other_gates_are_named_with_their_environments_in_order() -> None:
    gates = {"staging": [LOSS], "prod": [LOSS, ACCESS], "dev": [LOSS], "article": []}
    assert gates_text(gates) == (
        "none in article; data-loss in dev, staging; data-loss, access-gained in prod"
    )
