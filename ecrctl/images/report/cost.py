"""The size of a repository and its monthly cost."""

from collections.abc import Iterable

from ecrctl.aws.image_records import StoredImage
from ecrctl.prices import GB, STORAGE_USD

from .document import SizeDocument

_CENT_PARTS = 4


def size_of(images: Iterable[StoredImage]) -> SizeDocument:
    """Return the bytes of images by storage class.

    ECR stores a layer of several images once, so what it stores is at most this. The size of an
    index is that of images that have a size of their own.
    """
    sizes = {"standard": 0, "archive": 0}
    for image in images:
        if not image.is_index:
            sizes[image.record.storage_class] += image.size
    return SizeDocument(standard=sizes["standard"], archive=sizes["archive"])


def monthly_usd(size: SizeDocument) -> float:
    """Return the price of a month's storage."""
    standard = size.standard / GB * STORAGE_USD["standard"]
    return round(standard + size.archive / GB * STORAGE_USD["archive"], _CENT_PARTS)
