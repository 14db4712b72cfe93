"""Regions and their partitions, as botocore knows them."""

from __future__ import annotations

import json
from pathlib import Path

import botocore

from constructs_lib.rules.aws.partitions import REGIONS, partition_of, region_faults

ENDPOINTS = json.loads((Path(botocore.__file__).parent / "data" / "endpoints.json").read_text())
PARTITIONS = {
    region: (partition["partition"], partition["dnsSuffix"])
    for partition in ENDPOINTS["partitions"]
    for region in partition["regions"]
}


def test_every_region_of_botocore_is_known_and_in_its_partition() -> None:
    assert PARTITIONS.keys() == REGIONS
    for region, (name, suffix) in PARTITIONS.items():
        assert region_faults(region) == []
        found = partition_of(region)
        assert (found.name, found.url_suffix) == (name, suffix)
