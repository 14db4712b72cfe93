"""The result of a local run as JSON."""

from __future__ import annotations

import pytest

from ecrctl.local.command import LocalResult
from ecrctl.local.emulator import Emulator
from ecrctl.local.json_document import document_of
from ecrctl.local.left_out import LeftOut
from ecrctl.verify.command import Verification


@pytest.mark.parametrize("is_running", [True, False])
def test_an_embedded_aws_is_named_where_it_still_runs(*, is_running: bool) -> None:
    emulator = Emulator(port=4566, account="111111111111", region="us-west-2", pid=7)
    left_out = LeftOut(stack="a", logical_id="B", type="AWS::C::D", because_of="E")
    result = LocalResult({"mine": Verification(files=[], stacks={})}, emulator, [left_out])
    found = document_of(result, is_running=is_running).model_dump()
    running = {"variables": emulator.variables(), "pid": 7}
    assert found["running"] == (running if is_running else None)
    assert found["left_out"] == [
        {"stack": "a", "logical_id": "B", "type": "AWS::C::D", "because_of": "E"}
    ]
    assert [one["environment"] for one in found["environments"]] == ["mine"]
