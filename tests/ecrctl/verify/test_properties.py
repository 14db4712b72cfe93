"""Every property that a template of this project can contain has a reader or a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.comparison import KEPT_PROPERTIES
from tests.support import ROOT

from .deploying import EVERYTHING, NAME
from .deploying import synthesised as synthesised_stacks

# The types of which each property has a reader or a reason, declared by this project or not.
COMPLETE = (
    *("AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup", "AWS::EC2::SubnetRouteTableAssociation"),
    *(
        "AWS::ECR::PublicRepository",
        "AWS::ECR::Repository",
        "AWS::IAM::OIDCProvider",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
    ),
    *("AWS::KMS::Key", "AWS::SNS::TopicPolicy", "AWS::SSM::Parameter"),
)
SNAPSHOTS = ROOT / "tests" / "snapshots"


def properties_of(template: Any) -> Iterator[tuple[str, str]]:
    """Yield the properties of a template with the types of their resources."""
    for resource in template["Resources"].values():
        for name in resource.get("Properties", {"(none)": None}):
            yield resource["Type"], name


def has_reader_or_reason(resource_type: str, name: str) -> bool:
    """Return whether a verification compares a property, or says why it does not."""
    kind = RESOURCE_TYPES.get(resource_type)
    if kind is None:
        return False
    if kind.read is None:
        return bool(kind.not_compared["*"])
    known = (*kind.properties, *kind.not_compared, *KEPT_PROPERTIES, "(none)")
    return name in known


@pytest.mark.parametrize(
    "snapshot",
    sorted(SNAPSHOTS.glob("*/*.json")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_each_property_of_a_snapshot_is_compared_or_has_a_reason(snapshot: Path) -> None:
    found = set(properties_of(json.loads(snapshot.read_text())))
    assert found
    assert {one for one in found if not has_reader_or_reason(*one)} == set()


def test_each_property_of_an_environment_with_every_field_is_compared(tmp_path: Path) -> None:
    stacks = synthesised_stacks(tmp_path / "cdk.out", EVERYTHING)
    assert {stack.environment for stack in stacks} == {NAME}
    found = {one for stack in stacks for one in properties_of(stack.template)}
    assert {one for one in found if not has_reader_or_reason(*one)} == set()


@pytest.mark.parametrize("resource_type", COMPLETE)
def test_each_property_of_cloudformation_is_compared_or_has_a_reason(resource_type: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    read_only = {path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", ())}
    declarable = schema["properties"].keys() - read_only
    assert [name for name in declarable if not has_reader_or_reason(resource_type, name)] == []


def test_an_unknown_property_or_type_has_neither() -> None:
    assert not has_reader_or_reason("AWS::ECR::Repository", "Another")
    assert not has_reader_or_reason("AWS::Lambda::Function", "Code")


def test_each_type_is_read_or_has_one_reason() -> None:
    for name, kind in RESOURCE_TYPES.items():
        assert name == kind.name
        assert (kind.read is None) == ("*" in kind.not_compared), name
        assert bool(kind.properties) == (kind.read is not None), name
        assert not kind.properties.keys() & kind.not_compared.keys(), name
        assert kind.additions.keys() <= kind.properties.keys(), name
        assert {place.partition(".")[0] for place in kind.not_returned} <= kind.properties.keys()


def test_the_guide_names_each_type_that_is_read() -> None:
    guide = (ROOT / "docs" / "guides" / "checking-a-deployment.md").read_text()
    named = set(re.findall(r"^\| `((?:AWS|Custom)::[\w:]+)` \|", guide, re.MULTILINE))
    assert named == {name for name, kind in RESOURCE_TYPES.items() if kind.read}
