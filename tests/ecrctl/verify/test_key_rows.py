"""Every row of an environment's key, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING
from ecrctl.verify.files.repositories import check_key
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import always, differing, load, lookup, missing, rows, stacks_with

OWN = {"KeyId": "1-2", "Arn": "arn:aws:kms:us-west-2:111111111111:key/1-2", "KeyState": "Enabled"}


@pytest.mark.parametrize(
    ("metadata", "rotates", "physical_id", "expected"),
    [
        (OWN, True, "1-2", {}),
        (OWN, False, "1-2", {"rotation": ("on", "off")}),
        (OWN | {"KeyState": "Disabled"}, True, "1-2", {"state": ("Enabled", "Disabled")}),
        (OWN, True, "3-4", {"stack": ("dev-Encryption", "1-2 is not in this stack")}),
        (None, True, "1-2", {"exists": ("yes", MISSING)}),
    ],
)
def test_the_key_of_an_environment_has_its_rows(
    tmp_path: Path, metadata: Any, physical_id: str, expected: Any, *, rotates: bool
) -> None:
    settings = load(tmp_path, "")
    kms = StubClient(
        describe_key=always({"KeyMetadata": metadata})
        if metadata
        else missing("DescribeKey", "NotFoundException"),
        get_key_rotation_status=always({"KeyRotationEnabled": rotates}),
        get_key_policy=always({"Policy": "{}"}),
        list_grants=always([]),
        list_resource_tags=always([]),
    )
    stacks = stacks_with(Encryption={("Key", "Resource", "Resource"): physical_id})
    checks = check_key(lookup(settings, kms=kms, cloudformation=stacks))
    found = rows(checks, "key alias/ecr/dev")
    assert differing(found) == expected
    if metadata:
        assert [what for what, *_ in found] == ["state", "rotation", "stack"]
    asked = [request["KeyId"] for name, request in kms.requests if name == "describe_key"]
    assert asked == ["alias/ecr/dev", "1-2"][: 2 if metadata else 1]


def test_an_environment_without_a_key_of_its_own_has_no_row_for_one(
    tmp_path: Path,
) -> None:
    assert list(check_key(lookup(load(tmp_path, "encryption: aes256\n")))) == []
