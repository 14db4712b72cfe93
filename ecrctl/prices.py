"""Prices of AWS for images, with the date at which they were read.

Sources: Amazon ECR pricing and Amazon Inspector pricing; AWS containers blog, "Understanding data
transfer costs for AWS container services". AWS has other prices in some regions.
"""

from collections.abc import Mapping
from typing import Literal

AS_OF = "March 2026"
REGION = "us-east-1"
# Bytes of a GB of these prices.
GB = 1_000_000_000
# For each GB and month, by storage class. The archive costs less above 150 TB of an account.
STORAGE_USD: Mapping[Literal["standard", "archive"], float] = {"standard": 0.10, "archive": 0.10}
# In each month of an account's first year.
FREE_GB = 0.5

_AS_OF = f"AWS's price in {REGION} in {AS_OF}"
STORAGE = f"{STORAGE_USD['standard']:.2f} USD for each GB and month, {_AS_OF}"
SCANS = f"0.09 USD for the first scan of an image and 0.01 USD for each later one, {_AS_OF}"

# What is priced, and its price.
PRICE_TABLE: tuple[tuple[str, str], ...] = (
    ("Storage, standard", f"{STORAGE_USD['standard']:.2f} USD for each GB and month"),
    (
        "Storage, archive",
        f"{STORAGE_USD['archive']:.2f} USD for each GB and month; 0.07 USD above 150 TB",
    ),
    ("Shortest time in the archive", "90 days, charged also for an image that is deleted before"),
    ("Restore from the archive", "0.03 USD for each GB; not included"),
    (
        "Free tier",
        f"{FREE_GB * 1000:.0f} MB of private storage in each month of an account's first year",
    ),
    ("Pulls in the same region", "free; a NAT gateway on the way charges for its traffic"),
    (
        "Pulls from another region",
        "data transfer at the rates of both regions, up to 0.09 USD for each GB; not included",
    ),
    (
        "Scans by Amazon Inspector",
        "0.09 USD for the first scan of an image, 0.01 USD for each later one; not included",
    ),
)
