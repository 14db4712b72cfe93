"""What a review compares of a pod."""

from __future__ import annotations

import json

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.json_properties import properties_with_json
from ecrctl.review.diff.workloads import APPLIED, workloads_of
from ecrctl.review.resolution.texts import Values

VALUES = Values(stack=Stack(name="a", account="1", region="r", template={}))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("hostNetwork", "it shares the node's Network"),
        ("hostPID", "it shares the node's PID"),
        ("hostIPC", "it shares the node's IPC"),
        ("hostUsers", None),
    ],
)
def test_a_pod_that_shares_something_of_its_node_is_a_fault(key: str, expected: str | None) -> None:
    pod = {"containers": [{"name": "a", "image": "b"}], key: True}
    manifest = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod}]
    resource = {"Type": APPLIED, "Properties": {"Manifest": json.dumps(manifest)}}
    (found,) = workloads_of(VALUES, resource, "It")
    shared = [fault for fault in found.faults if "shares the node" in fault]
    assert shared == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ({"Fn::Join": ["", ['{"a": "', {"Ref": "B"}, '"}']]}, {"a": "${{'Ref': 'B'}}"}),
        ({"Fn::Join": ["", {"Ref": "Parts"}]}, {"Fn::Join": ["", {"Ref": "Parts"}]}),
        ({"Fn::Sub": "{}"}, {"Fn::Sub": "{}"}),
        ({"Fn::Join": "{}"}, {"Fn::Join": "{}"}),
        ("not JSON", "not JSON"),
        (7, 7),
    ],
)
def test_a_text_of_json_is_read_as_far_as_it_is_known(text: object, expected: object) -> None:
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": text, "Other": '{"a": 1}'},
    }
    assert properties_with_json(resource) == {"DefinitionString": expected, "Other": '{"a": 1}'}
