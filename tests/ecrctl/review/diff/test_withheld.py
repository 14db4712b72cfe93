"""Values of environment variables and secrets, which no output shows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.diff.withheld import is_secret_name, withheld
from tests.ecrctl.review.pairs import write_assembly
from tests.support import ROOT

OLD, NEW = "hunter2-old", "hunter2-new"


def pod(value: str) -> dict[str, Any]:
    """Return a pod with an environment variable."""
    variable = {"name": "DB", "value": value}
    return {"kind": "Pod", "spec": {"containers": [{"name": "a", "env": [variable]}]}}


def secret(field: str, value: str) -> dict[str, Any]:
    """Return a secret of a cluster."""
    return {"apiVersion": "v1", "kind": "Secret", field: {"key": value}}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """Return a template with one resource."""
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


def applied(manifest: Any) -> dict[str, Any]:
    """Return a template that applies a manifest to a cluster."""
    return resource("Custom::AWSCDK-EKS-KubernetesResource", Manifest=manifest)


def parameter(value: str) -> dict[str, Any]:
    """Return a template with a secret parameter."""
    given = {"Type": "String", "NoEcho": True, "Default": value}
    return {"Parameters": {"Pass": given}, **resource("AWS::SNS::Topic")}


CASES: dict[str, Callable[[str], dict[str, Any]]] = {
    "container": lambda value: resource(
        "AWS::ECS::TaskDefinition",
        ContainerDefinitions=[{"Name": "a", "Environment": [{"Name": "DB", "Value": value}]}],
    ),
    "function": lambda value: resource(
        "AWS::Lambda::Function", Environment={"Variables": {"DB": value}}
    ),
    "function in a condition": lambda value: resource(
        "AWS::Lambda::Function",
        Environment={"Fn::If": ["C", {"Variables": {"DB": value}}, {"Ref": "AWS::NoValue"}]},
    ),
    "joined variable": lambda value: resource(
        "AWS::Lambda::Function",
        Environment={"Variables": {"DB": {"Fn::Join": ["", [value, {"Ref": "AWS::Region"}]]}}},
    ),
    "build": lambda value: resource(
        "AWS::CodeBuild::Project",
        Environment={
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "EnvironmentVariables": [{"Name": "DB", "Type": "PLAINTEXT", "Value": value}],
        },
    ),
    "model": lambda value: resource(
        "AWS::SageMaker::Model", PrimaryContainer={"Environment": {"DB": value}}
    ),
    "manifest": lambda value: applied(json.dumps([pod(value)])),
    "joined manifest": lambda value: applied(
        {
            "Fn::Join": [
                "",
                ['[{"kind":"Secret","data":{"a":"', value, '","b":"', {"Ref": "X"}, '"}}]'],
            ]
        }
    ),
    "data": lambda value: applied(json.dumps([secret("data", value)])),
    "text data": lambda value: applied(json.dumps([secret("stringData", value)])),
    "manifest in a parameter": lambda value: resource(
        "AWS::SSM::Parameter", Type="String", Value=yaml.safe_dump(secret("stringData", value))
    ),
    "secret": lambda value: resource("AWS::SecretsManager::Secret", SecretString=value),
    "secret template": lambda value: resource(
        "AWS::SecretsManager::Secret",
        GenerateSecretString={"SecretStringTemplate": value, "PasswordLength": 20},
    ),
    "parameter": parameter,
    "cache": lambda value: resource("AWS::ElastiCache::ReplicationGroup", AuthToken=value),
    "database": lambda value: resource("AWS::RDS::DBInstance", MasterUserPassword=value),
    "login": lambda value: resource("AWS::IAM::User", LoginProfile={"Password": value}),
}


def write_side(folder: Path, value: str) -> Path:
    """Write every case as a stack of an assembly."""
    stacks = {f"dev/S{number}": case(value) for number, case in enumerate(CASES.values())}
    return write_assembly(folder, stacks)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two assemblies in which every value differs."""
    folder = tmp_path_factory.mktemp("sides")
    return write_side(folder / "base", OLD), write_side(folder / "head", NEW)


@pytest.fixture(scope="module")
def comparison(sides: tuple[Path, Path]) -> Comparison:
    """Return the comparison of both sides."""
    return compare(*map(stacks_of, sides))


@pytest.mark.parametrize("name", CASES)
def test_a_secret_is_not_shown_and_seen_to_differ(name: str, comparison: Comparison) -> None:
    text = dict(comparison.cli_texts)[f"dev/S{[*CASES].index(name)}"]
    assert "hunter2" not in text
    assert "(withheld value 1)" in text
    assert "(withheld value 2)" in text


def test_no_output_shows_a_secret(sides: tuple[Path, Path], tmp_path: Path) -> None:
    base, head = sides
    command = [sys.executable, "-m", "ecrctl", "review", "--out", str(tmp_path)]
    command += ["--base", str(base), "--head", str(head), "--fail-on", "none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = done.stdout + "".join(file.read_text() for file in sorted(tmp_path.iterdir()))
    assert "withheld value" in found
    assert "hunter2" not in found


def test_the_same_value_has_the_same_mark_on_both_sides() -> None:
    base, head = withheld(CASES["function"](OLD), CASES["function"](OLD))
    assert base == head != CASES["function"](OLD)


@pytest.mark.parametrize(
    "value",
    [
        resource("AWS::RDS::DBInstance", MasterUserPassword={"Ref": "Password"}),
        resource("AWS::RDS::DBInstance", MasterUserPassword="{{resolve:ssm-secure:a:1}}"),
        resource("AWS::RDS::DBCluster", ManageMasterUserPassword=True),
        resource("AWS::ECS::TaskDefinition", ContainerDefinitions=[{"Secrets": [{"Name": "A"}]}]),
        resource("AWS::CodeBuild::Project", Environment={"ComputeType": "S", "Image": "a:1"}),
        resource("AWS::Cognito::UserPool", Policies={"PasswordPolicy": {"MinimumLength": 8}}),
        resource("AWS::SNS::Topic", Tags=[{"Key": "Environment", "Value": "prod"}]),
    ],
)
def test_names_and_references_are_shown(value: Any) -> None:
    assert withheld(value, value) == (value, value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SecretString", True),
        ("MasterUserPassword", True),
        ("AuthToken", True),
        ("OAuthToken", True),
        ("SecretAccessKey", True),
        ("PrivateKey", True),
        ("db_password", True),
        ("SecretArn", False),
        ("SecretId", False),
        ("PasswordPolicy", False),
        ("NextToken", False),
        ("KmsKeyId", False),
        ("ImageTag", False),
    ],
)
def test_the_name_of_a_secret(name: str, expected: bool) -> None:
    assert is_secret_name(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("Env", "Environment", "EnvironmentVariables", "RuntimeEnvironmentVariables"),
        *("Variables", "env", "environment", "environmentVariables", "environment_variables"),
    ],
)
def test_a_variable_is_withheld_under_each_name_of_the_services(name: str) -> None:
    template = resource("AWS::Other::Thing", Parts=[{name: {"DB": OLD}}])
    assert withheld(template, {})[0] == resource(
        "AWS::Other::Thing", Parts=[{name: {"DB": "(withheld value 1)"}}]
    )


def test_a_document_in_a_text_keeps_its_order() -> None:
    document = f"kind: Pod\nenv:\n- name: DB\n  value: {OLD}\napiVersion: v1\n"
    template = resource("AWS::SSM::Parameter", Value=document)
    shown = withheld(template, {})[0]["Resources"]["It"]["Properties"]["Value"]
    assert shown == document.replace(OLD, "(withheld value 1)")
