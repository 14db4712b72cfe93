"""Where something is deployed."""

from __future__ import annotations

from dataclasses import dataclass

from .partitions import partition_of


@dataclass(frozen=True, slots=True)
class Place:
    """An account, a region and the region's partition; each may be a token."""

    account: str
    region: str
    partition: str

    @staticmethod
    def of(account: str, region: str) -> Place:
        """Return the place of an account and a region that are known."""
        return Place(account, region, partition_of(region).name)
