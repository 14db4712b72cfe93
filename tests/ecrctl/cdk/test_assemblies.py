"""Cloud assemblies, read as files, and the command that writes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import NEWEST_SCHEMA, Stack, stacks_of, synthesise
from ecrctl.errors import UserError

REPOSITORY = "AWS::ECR::Repository"
NESTED = "AWS::CloudFormation::Stack"
WRITE_IT = "Choose the folder that `cdk synth --output DIR` writes, such as cdk.out."


def stack_artifact(template: str, **fields: Any) -> dict[str, Any]:
    """Return the artifact of a stack."""
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://111111111111/us-west-2",
        "properties": {"templateFile": template},
        **fields,
    }


def write(folder: Path, files: dict[str, Any], version: str = "36.0.0", **artifacts: Any) -> Path:
    """Write an assembly of some artifacts, and its other files."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"version": version, "artifacts": artifacts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def test_every_property_of_a_stack_is_read(tmp_path: Path) -> None:
    properties = {
        "templateFile": "main.json",
        "stackName": "dev-Main",
        "terminationProtection": True,
    }
    main = stack_artifact("main.json", displayName="dev/Main (dev-Main)", properties=properties)
    stage = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-dev", "displayName": "dev (the stage)"},
    }
    other = {"type": "cdk:asset-manifest", "properties": {"file": "none.json"}}
    template = {"Resources": {"Api": {"Type": REPOSITORY}}}
    write(
        tmp_path, {"plain.json": {}}, Stage=stage, Other=other, Plain=stack_artifact("plain.json")
    )
    write(tmp_path / "assembly-dev", {"main.json": template}, Main=main)
    assert stacks_of(tmp_path) == [
        Stack(
            name="Plain",
            account="111111111111",
            region="us-west-2",
            template={},
            file=tmp_path / "plain.json",
            stage="",
            stack_name="Plain",
            is_protected=False,
            artifact="Plain",
        ),
        Stack(
            name="dev/Main",
            account="111111111111",
            region="us-west-2",
            template=template,
            file=tmp_path / "assembly-dev" / "main.json",
            stage="dev",
            stack_name="dev-Main",
            is_protected=True,
            artifact="Stage/Main",
        ),
    ]


def test_stages_within_stages_have_their_whole_path(tmp_path: Path) -> None:
    def stage(directory: str, **names: str) -> dict[str, Any]:
        properties = {"directoryName": directory, **names}
        return {"type": "cdk:cloud-assembly", "properties": properties}

    write(tmp_path, {}, outer=stage("outer"))
    write(tmp_path / "outer", {}, inner=stage("inner", displayName="outer/inner"))
    main = stack_artifact("main.json", displayName="outer/inner/Main")
    write(tmp_path / "outer" / "inner", {"main.json": {}}, Main=main)
    (stack,) = stacks_of(tmp_path)
    assert (stack.name, stack.stage, stack.environment) == (
        "outer/inner/Main",
        "outer/inner",
        "outer/inner",
    )


def nested(path: str, asset: str | None) -> dict[str, Any]:
    """Return a nested stack as its parent declares it."""
    metadata = {"aws:cdk:path": path, **({"aws:asset:path": asset} if asset else {})}
    return {"Type": NESTED, "Metadata": metadata}


def test_nested_stacks_follow_their_parents(tmp_path: Path) -> None:
    files = {
        "main.json": {
            "Resources": {
                # Only the URL of this template is known.
                "Elsewhere": {"Type": NESTED},
                "First1": nested("Main/First.NestedStack/First.NestedStackResource", "first.json"),
                "Second": {"Type": NESTED, "Metadata": {"aws:asset:path": "second.json"}},
            }
        },
        "first.json": {"Resources": {"Inner2": nested("Main/First/Inner.NestedStack", "in.json")}},
        "second.json": {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}},
        "in.json": {"Resources": {"Api": {"Type": REPOSITORY}}},
        "other.json": {},
    }
    write(tmp_path, files, Main=stack_artifact("main.json"), Main2=stack_artifact("other.json"))
    found = [(stack.name, stack.stack_name, stack.file.name) for stack in stacks_of(tmp_path)]
    assert found == [
        ("Main", "Main", "main.json"),
        ("Main/First", "Main/First1", "first.json"),
        ("Main/First/Inner", "Main/First1/Inner2", "in.json"),
        ("Main/Second", "Main/Second", "second.json"),
        ("Main2", "Main2", "other.json"),
    ]
    assert [stack.template for stack in stacks_of(tmp_path)] == [
        files[file] for _, _, file in found
    ]


def test_a_nested_stack_has_no_assets_and_parameters_of_its_own(tmp_path: Path) -> None:
    manifest = {"version": "36.0.0", "files": {"code": {"source": {"path": "asset.code"}}}}
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "main.assets.json"}}
    child = {"Type": NESTED, "Metadata": {"aws:asset:path": "child.json"}}
    files = {"main.json": {"Resources": {"Child": child}}, "child.json": {}}
    main = stack_artifact("main.json", dependencies=["Assets"])
    main["properties"]["parameters"] = {"Size": "1"}
    write(tmp_path, {**files, "main.assets.json": manifest}, Main=main, Assets=assets)
    found = {one.name: (dict(one.assets), dict(one.parameters)) for one in stacks_of(tmp_path)}
    assert found == {
        "Main": ({"code": tmp_path / "asset.code"}, {"Size": "1"}),
        "Main/Child": ({}, {}),
    }


@pytest.mark.parametrize(
    ("stage", "account", "environment"),
    [
        ("dev", "111111111111", "dev"),
        ("", "111111111111", "111111111111/us-west-2"),
        ("", "unknown-account", "no stage"),
    ],
)
def test_a_stack_without_a_stage_belongs_to_its_account_and_region(
    stage: str, account: str, environment: str
) -> None:
    stack = Stack(name="Main", account=account, region="us-west-2", template={}, stage=stage)
    assert stack.environment == environment
    assert not stack.is_protected


def test_the_resources_of_a_type_are_found_beside_a_loop() -> None:
    api, web = {"Type": REPOSITORY}, {"Type": REPOSITORY, "Properties": {}}
    template = {
        "Resources": {
            "Api": api,
            "Fn::ForEach::Topics": ["Name", ["a"], {"Topic": {"Type": "AWS::SNS::Topic"}}],
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Web": web,
        }
    }
    stack = Stack(name="Main", account="1", region="r", template=template)
    assert list(stack.resources(REPOSITORY)) == [("Api", api), ("Web", web)]
    assert list(Stack(name="Main", account="1", region="r", template={}).resources("x")) == []


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, f"{{folder}} is not a cloud assembly: manifest.json is missing. {WRITE_IT}"),
        (
            "[]",
            "{folder}/manifest.json is not the manifest of a cloud assembly: its version is "
            "missing. Run `cdk synth` again.",
        ),
        (
            '{"version": "x.55"}',
            "{folder}/manifest.json is not the manifest of a cloud assembly: its version is "
            "missing. Run `cdk synth` again.",
        ),
        (
            f'{{"version": "{NEWEST_SCHEMA + 1}.0.0"}}',
            f"{{folder}} is a cloud assembly of schema {NEWEST_SCHEMA + 1}.0.0; ecrctl reads "
            f"schemas up to {NEWEST_SCHEMA}. Synthesise with an older aws-cdk-lib, or use a newer "
            "ecrctl.",
        ),
    ],
)
def test_a_folder_that_is_no_assembly_is_one_sentence(
    tmp_path: Path, manifest: str | None, message: str
) -> None:
    if manifest:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UserError) as refusal:
        stacks_of(tmp_path)
    assert str(refusal.value) == message.format(folder=tmp_path)


def test_the_newest_schema_without_artifacts_is_an_empty_assembly(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(f'{{"version": "{NEWEST_SCHEMA}.9.9"}}')
    assert stacks_of(tmp_path) == []


@pytest.mark.parametrize("template", [[], {"Resources": []}])
def test_a_file_that_is_no_template_is_one_sentence(tmp_path: Path, template: Any) -> None:
    write(tmp_path, {"main.json": template}, Main=stack_artifact("main.json"))
    with pytest.raises(UserError) as refusal:
        stacks_of(tmp_path)
    assert str(refusal.value) == (
        f"{tmp_path / 'main.json'} is not a CloudFormation template: it has no resources."
    )


@pytest.mark.parametrize(("environment", "chosen"), [("dev", ["--context", "env=dev"]), (None, [])])
def test_an_assembly_is_synthesised_without_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str | None, chosen: list[str]
) -> None:
    calls: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(toolchain, "check_cdk", lambda: calls.append(("checked", {})))
    monkeypatch.setattr(
        toolchain, "run_cdk", lambda arguments, **options: calls.append((arguments, options))
    )
    called: list[str] = []
    assembly = synthesise(
        environment, Path("files"), tmp_path, meanwhile=lambda: called.append("meanwhile")
    )
    assert assembly == tmp_path / "cdk.out"
    calls[1][1].pop("on_start")(1234)
    assert called == ["meanwhile"]
    assert calls == [
        ("checked", {}),
        (
            [
                *(
                    "synth",
                    "--quiet",
                    "--no-validation",
                    "--app",
                    toolchain.present_tools().app_command(),
                ),
                *("--output", str(tmp_path / "cdk.out")),
                *chosen,
                *("--context", "environments=files"),
            ],
            {"environment": {}, "log": tmp_path / "cdk.log", "offline": True},
        ),
    ]


def test_the_files_and_images_of_a_stack_are_its_assets_without_templates(tmp_path: Path) -> None:
    manifest = {
        "version": "36.0.0",
        "files": {
            "code": {"source": {"path": "asset.code"}, "destinations": {}},
            "template": {"source": {"path": "main.template.json"}, "destinations": {}},
            # A command makes the file when the app is deployed.
            "made": {"source": {"executable": ["make"]}, "destinations": {}},
        },
        "dockerImages": {"image": {"source": {"directory": "asset.image"}, "destinations": {}}},
    }
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "main.assets.json"}}
    other = {"type": "aws:cloudformation:stack", **stack_artifact("main.template.json")}
    main = stack_artifact("main.template.json", dependencies=["Assets", "Other", "Missing"])
    files = {"main.template.json": {}, "main.assets.json": manifest}
    write(tmp_path, files, Main=main, Assets=assets, Other=other)
    found = {one.name: one.assets for one in stacks_of(tmp_path)}
    assert found == {
        "Main": {"code": tmp_path / "asset.code", "image": tmp_path / "asset.image"},
        "Other": {},
    }


def test_a_stack_without_an_artifact_is_identified_by_its_name() -> None:
    stack = Stack(name="dev/Main", account="1", region="r", template={"a": 1})
    assert stack.id == "dev/Main"
    assert replace(stack, artifact="Stage/Main").id == "Stage/Main"


def test_a_resolved_stack_keeps_its_template_as_it_is_written() -> None:
    stack = Stack(name="dev/Main", account="1", region="r", template={"a": 1})
    assert stack.as_written == {"a": 1}
    assert replace(stack, written={"b": 2}).as_written == {"b": 2}


def test_settings_are_everything_beside_the_template_and_the_assets() -> None:
    stack = Stack(
        name="dev/Main",
        account="111111111111",
        region="us-west-2",
        template={},
        stack_name="dev-Main",
        is_protected=True,
        tags={"team": "web"},
        parameters={"Size": "1"},
        deploy_role="arn:deployer",
        execution_role="arn:role",
        notification_arns=("arn:topic",),
    )
    assert stack.settings == {
        "account": "111111111111",
        "region": "us-west-2",
        "stack name": "dev-Main",
        "termination protection": True,
        "tags": {"team": "web"},
        "parameters": {"Size": "1"},
        "deploy role": "arn:deployer",
        "execution role": "arn:role",
        "notification topics": ["arn:topic"],
    }


def test_a_failed_synth_names_no_file_that_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run_cdk(_arguments: object, *, log: Path, **_options: object) -> None:
        raise UserError(f"`cdk synth` failed. The end of {log}:\n    a fault")

    monkeypatch.setattr(toolchain, "check_cdk", lambda: None)
    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    with pytest.raises(UserError) as failed:
        synthesise("dev", tmp_path, tmp_path / "deleted")
    assert str(failed.value) == "`cdk synth` failed. The end of its output:\n    a fault"
