"""The page of what a review knows follows its tables."""

from __future__ import annotations

from tests.ecrctl.review.knowledge import PAGE, page


def test_the_page_of_what_a_review_knows_is_up_to_date() -> None:
    assert PAGE.read_text() == page() + "\n", (
        "run `.venv/bin/python -m tests.ecrctl.review.knowledge`, and look at what changes"
    )
