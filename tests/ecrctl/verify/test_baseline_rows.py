"""Every row of the registry settings of many accounts, with scripted answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.registry_baselines import check_registry_baseline
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.forms import are_same
from environments.loading import load_environment
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import always, lookup, missing, rows
from tests.ecrctl.verify.test_readers import Given

UNITS = ["ou-ab12-11111111", "ou-ab12-22222222"]
FILE = """\
account: "111111111111"
region: us-west-2
encryption: aes256
registry_baseline:
  organizational_units: [ou-ab12-22222222, ou-ab12-11111111]
  regions: [us-west-2, eu-west-1]
  registry:
    caches: [{prefix: quay, upstream: quay}]
    templates: [{prefix: team, applied_for: [CREATE_ON_PUSH], tag_immutability: MUTABLE}]
    signing: [{filters: [team/*]}]
"""
TEMPLATE: dict[str, dict[str, dict[str, Any]]] = {
    "Resources": {
        "Scanning": {
            "Type": "AWS::ECR::RegistryScanningConfiguration",
            "Properties": {"ScanType": "BASIC", "Rules": []},
        },
        "Cache": {
            "Type": "AWS::ECR::PullThroughCacheRule",
            "Properties": {"EcrRepositoryPrefix": "quay", "UpstreamRegistry": "quay"},
        },
        "Quay": {
            "Type": "AWS::ECR::RepositoryCreationTemplate",
            "Properties": {"Prefix": "quay", "ImageTagMutability": "IMMUTABLE"},
        },
        "Team": {
            "Type": "AWS::ECR::RepositoryCreationTemplate",
            "Properties": {"Prefix": "team", "ImageTagMutability": "MUTABLE"},
        },
        "Signing": {
            "Type": "AWS::ECR::SigningConfiguration",
            "Properties": {"Rules": [{"RepositoryFilters": [{"Filter": "team/*"}]}]},
        },
    }
}
STACK_SET: Mapping[str, Any] = {
    "StackSetName": "dev-Registry",
    "StackSetId": "dev-Registry:11111111-2222-3333-4444-555555555555",
    "Description": "Settings",
    "Status": "ACTIVE",
    "TemplateBody": json.dumps(TEMPLATE),
    "Capabilities": ["CAPABILITY_IAM"],
    "Tags": [],
    "Parameters": [],
    "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
    "PermissionModel": "SERVICE_MANAGED",
    "OrganizationalUnitIds": UNITS,
    "ManagedExecution": {"Active": True},
    "Regions": ["us-west-2", "eu-west-1"],
}
SUBJECT = "stack set dev-Registry"


def instance(account: str, status: str = "CURRENT") -> dict[str, str]:
    """Return the stack of an account."""
    return {"Account": account, "Region": "us-west-2", "Status": status}


def answers(*instances: Mapping[str, str], **changes: Any) -> StubClient:
    """Return a client of CloudFormation with the stack set, some of whose values differ."""
    return StubClient(
        describe_stack_set=always({"StackSet": {**STACK_SET, **changes}}),
        list_stack_instances=always([{"Summaries": list(instances[:1])}, {"Summaries": []}])
        if len(instances) < 2
        else always([{"Summaries": list(instances[:1])}, {"Summaries": list(instances[1:])}]),
    )


def checks(folder: Path, client: StubClient, file: str = FILE, **more: Any) -> list[Check]:
    """Return the checks of the environment's baseline."""
    (folder / "dev.yaml").write_text(file)
    found = lookup(load_environment("dev", folder), cloudformation=client, **more)
    return list(check_registry_baseline(found))


def test_the_answers_have_the_form_that_the_sdk_knows() -> None:
    model = boto3.client("cloudformation", region_name="us-west-2").meta.service_model
    for operation, answer in (
        ("DescribeStackSet", {"StackSet": STACK_SET}),
        ("ListStackInstances", {"Summaries": [instance("222222222222")]}),
    ):
        shape = model.operation_model(operation).output_shape
        assert shape
        validate_parameters(answer, shape)
    operation_shape: Any = model.shape_for("StackSet")
    assert STACK_SET.keys() <= operation_shape.members.keys()


def test_a_stack_set_as_declared_has_every_row(tmp_path: Path) -> None:
    client = answers(instance("222222222222"), instance("333333333333"))
    found = checks(tmp_path, client)
    assert rows(found, SUBJECT) == [
        ("permissions", "SERVICE_MANAGED", "SERVICE_MANAGED"),
        ("organizational units", ", ".join(UNITS), ", ".join(UNITS)),
        ("regions", "eu-west-1, us-west-2", "eu-west-1, us-west-2"),
        ("auto-deployment", "on", "on"),
        ("resources of accounts that leave", "kept", "kept"),
        ("scan type", "BASIC", "BASIC"),
        ("caches", "quay=quay", "quay=quay"),
        ("creation templates", "quay=IMMUTABLE\nteam=MUTABLE", "quay=IMMUTABLE\nteam=MUTABLE"),
        ("signing", "team/*", "team/*"),
        ("stacks", "CURRENT", "CURRENT"),
    ]
    assert client.requests == [
        ("describe_stack_set", {"StackSetName": "dev-Registry", "CallAs": "SELF"}),
        ("list_stack_instances", {"StackSetName": "dev-Registry", "CallAs": "SELF"}),
    ]


def test_a_delegated_administrator_asks_as_one(tmp_path: Path) -> None:
    client = answers()
    file = FILE.replace("  registry:\n", "  delegated_administrator: true\n  registry:\n")
    checks(tmp_path, client, file)
    assert {request["CallAs"] for _, request in client.requests} == {"DELEGATED_ADMIN"}


def changed(name: str, **values: Any) -> dict[str, Any]:
    """Return the stack set's template with other properties of a resource."""
    resources = {**TEMPLATE["Resources"]}
    resources[name] = {**resources[name], "Properties": {**resources[name]["Properties"], **values}}
    return {"TemplateBody": json.dumps({"Resources": resources})}


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        (
            {"PermissionModel": "SELF_MANAGED"},
            ("permissions", "SERVICE_MANAGED", "SELF_MANAGED"),
        ),
        (
            {"OrganizationalUnitIds": UNITS[:1]},
            ("organizational units", ", ".join(UNITS), UNITS[0]),
        ),
        ({"Regions": ["us-west-2"]}, ("regions", "eu-west-1, us-west-2", "us-west-2")),
        (
            {"AutoDeployment": {"Enabled": False, "RetainStacksOnAccountRemoval": True}},
            ("auto-deployment", "on", "off"),
        ),
        (
            {"AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False}},
            ("resources of accounts that leave", "kept", "deleted"),
        ),
        (changed("Scanning", ScanType="ENHANCED"), ("scan type", "BASIC", "ENHANCED")),
        (changed("Cache", UpstreamRegistry="k8s"), ("caches", "quay=quay", "quay=k8s")),
        (
            changed("Quay", ImageTagMutability="MUTABLE"),
            (
                "creation templates",
                "quay=IMMUTABLE\nteam=MUTABLE",
                "quay=MUTABLE\nteam=MUTABLE",
            ),
        ),
        (changed("Signing", Rules=[]), ("signing", "team/*", "none")),
    ],
)
def test_each_difference_is_named(
    tmp_path: Path, changes: dict[str, Any], row: tuple[str, str, str]
) -> None:
    found = rows(checks(tmp_path, answers(**changes)), SUBJECT)
    assert [one for one in found if one[1] != one[2]] == [row]


def test_stacks_that_are_not_current_are_named(tmp_path: Path) -> None:
    client = answers(
        instance("222222222222"),
        instance("444444444444", "INOPERABLE"),
        instance("333333333333", "OUTDATED"),
    )
    (check,) = (one for one in checks(tmp_path, client) if one.differs)
    assert (check.what, check.declared) == ("stacks", "CURRENT")
    assert check.found == "333333333333 us-west-2: OUTDATED\n444444444444 us-west-2: INOPERABLE"


@pytest.mark.parametrize(("count", "end"), [(10, "000000000009"), (11, "and 1 more")])
def test_of_many_stacks_ten_are_named(tmp_path: Path, count: int, end: str) -> None:
    client = answers(*(instance(f"{index:012}", "OUTDATED") for index in range(count)))
    (check,) = (one for one in checks(tmp_path, client) if one.differs)
    lines = check.found.splitlines()
    assert len(lines) == count
    assert lines[-1].startswith(end)


@pytest.mark.parametrize(
    "answer",
    [
        missing("DescribeStackSet", "StackSetNotFoundException"),
        always({"StackSet": {**STACK_SET, "Status": "DELETED"}}),
    ],
)
def test_a_stack_set_that_does_not_exist_is_missing(tmp_path: Path, answer: Any) -> None:
    client = StubClient(describe_stack_set=answer)
    assert checks(tmp_path, client) == [Check(SUBJECT, "exists", "yes", MISSING)]
    read = RESOURCE_TYPES["AWS::CloudFormation::StackSet"].read
    assert read
    reading = Reading(stub_aws(cloudformation=StubClient(describe_stack_set=answer)))
    assert read(reading, Given("dev-Registry:1")) is None


def test_an_environment_without_a_baseline_has_no_row(tmp_path: Path) -> None:
    file = 'account: "111111111111"\nregion: us-west-2\nrepositories: [{name: a}]\n'
    assert checks(tmp_path, StubClient(), file.replace("name: a", "name: team/api")) == []


def test_an_emulator_without_stack_sets_leaves_all_undecided(tmp_path: Path) -> None:
    client = StubClient(describe_stack_set=missing("DescribeStackSet", "InvalidAction"))
    assert checks(tmp_path, client, is_emulated=True) == [
        Check.not_compared(SUBJECT, "every setting", "this endpoint has no stack sets")
    ]
    with pytest.raises(ClientError):
        checks(tmp_path, client)


DECLARED: Mapping[str, tuple[Any, Any]] = {
    "StackSetName": ("dev-Registry", "other"),
    "Description": ("Settings", "Other"),
    "PermissionModel": ("SERVICE_MANAGED", "SELF_MANAGED"),
    "AutoDeployment": (
        {"Enabled": True, "RetainStacksOnAccountRemoval": True},
        {"Enabled": True, "RetainStacksOnAccountRemoval": False},
    ),
    "Capabilities": (["CAPABILITY_IAM"], None),
    "ManagedExecution": ({"Active": True}, {"Active": False}),
    "Parameters": (None, [{"ParameterKey": "A", "ParameterValue": "b"}]),
    "StackInstancesGroup": (
        [
            {
                "DeploymentTargets": {"OrganizationalUnitIds": UNITS[::-1]},
                "Regions": ["eu-west-1", "us-west-2"],
            }
        ],
        [
            {
                "DeploymentTargets": {"OrganizationalUnitIds": UNITS},
                "Regions": ["eu-west-1"],
            }
        ],
    ),
    "TemplateBody": (json.dumps(TEMPLATE, indent=1), json.dumps({"Resources": {}})),
    "Tags": (None, [{"Key": "team", "Value": "web"}]),
}


@pytest.mark.parametrize("name", DECLARED)
def test_the_properties_of_a_stack_are_read(name: str) -> None:
    kind = RESOURCE_TYPES["AWS::CloudFormation::StackSet"]
    assert kind.read
    client = answers()
    given = Given("dev-Registry:1", {"CallAs": "DELEGATED_ADMIN"})
    live = kind.read(Reading(stub_aws(cloudformation=client)), given)
    assert live
    assert client.requests[0][1] == {
        "StackSetName": "dev-Registry:1",
        "CallAs": "DELEGATED_ADMIN",
    }
    assert DECLARED.keys() == kind.properties.keys() == live.properties.keys()
    same, other = DECLARED[name]
    assert are_same(kind.properties[name].form, same, live.properties[name])
    assert not are_same(kind.properties[name].form, other, live.properties[name])
