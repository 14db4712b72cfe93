"""The promotion records of the images that matter, which refer to an image in its registry."""

from collections.abc import Callable
from functools import lru_cache

from ecrctl.aws.clients import Aws
from ecrctl.images.promotion.records import PromotionRecord, promotion_records
from ecrctl.images.stores.registry import Registry

# Returns the records of an image of a repository.
ReadPromotions = Callable[[str, str], list[PromotionRecord]]


def promotion_reader(aws: Aws, account: str) -> ReadPromotions:
    """Return a function that reads promotion records with one login to an account's registry."""
    registry = lru_cache(maxsize=1)(lambda: Registry.of_account(aws, account))

    def read(repository: str, digest: str) -> list[PromotionRecord]:
        return promotion_records(registry().repository(repository), digest)

    return read
