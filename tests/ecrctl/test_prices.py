"""The prices that a report shows."""

from __future__ import annotations

from ecrctl.prices import PRICE_TABLE


def test_everything_that_an_image_can_cost_is_in_the_table() -> None:
    assert [what for what, _ in PRICE_TABLE] == [
        "Storage, standard",
        "Storage, archive",
        "Shortest time in the archive",
        "Restore from the archive",
        "Free tier",
        "Pulls in the same region",
        "Pulls from another region",
        "Scans by Amazon Inspector",
    ]
    assert all(price for _, price in PRICE_TABLE)
