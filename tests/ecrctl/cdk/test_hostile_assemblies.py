"""Assemblies that another user wrote: each is read, or refused in one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk import assemblies
from ecrctl.cdk.assemblies import stacks_of
from ecrctl.errors import ExitCode, UserError
from tests.ecrctl.review.pairs import write_assembly

TOPIC = {"Type": "AWS::SNS::Topic"}
MANIFEST, TEMPLATE = "assembly-dev/manifest.json", "assembly-dev/devWeb.template.json"
ORIGIN = "Check where the assembly comes from."
VALUES: tuple[Any, ...] = ([], "x", None, 1, {}, True, [[]], {"a": []})


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """Return an assembly with one stack."""
    return write_assembly(tmp_path / "head", {"dev/Web": {"Topic": TOPIC}})


def refused(assembly: Path) -> str:
    """Return the sentence that refuses an assembly."""
    with pytest.raises(UserError) as error:
        stacks_of(assembly)
    assert error.value.exit_code == ExitCode.TOOL_ERROR
    return str(error.value)


def change(file: Path, edit: Callable[[Any], None]) -> None:
    """Change a JSON file."""
    document = json.loads(file.read_text())
    edit(document)
    file.write_text(json.dumps(document))


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "name",
    [
        *("type", "environment", "displayName", "properties", "dependencies"),
        *("properties.templateFile", "properties.stackName", "properties.tags"),
        *("properties.parameters", "properties.terminationProtection"),
        *("properties.notificationArns", "properties.cloudFormationExecutionRoleArn"),
    ],
)
def test_a_malformed_artifact_is_read_or_refused(assembly: Path, name: str, value: Any) -> None:
    def edit(manifest: Any) -> None:
        (artifact,) = manifest["artifacts"].values()
        *around, last = name.split(".")
        (artifact[around[0]] if around else artifact)[last] = value

    change(assembly / MANIFEST, edit)
    try:
        stacks_of(assembly)
    except UserError as error:
        assert error.exit_code == ExitCode.TOOL_ERROR
        assert "\n" not in str(error)


@pytest.mark.parametrize("part", ["artifacts", "version"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_malformed_manifest_is_read_or_refused(assembly: Path, part: str, value: Any) -> None:
    change(assembly / MANIFEST, lambda manifest: manifest.update({part: value}))
    try:
        stacks_of(assembly)
    except UserError as error:
        assert str(error).startswith(str(assembly / "assembly-dev"))


def test_a_malformed_artifact_is_named(assembly: Path) -> None:
    def edit(manifest: Any) -> None:
        manifest["artifacts"]["Web"]["properties"]["templateFile"] = 7

    change(assembly / MANIFEST, edit)
    assert refused(assembly) == (
        f"{assembly / MANIFEST} is not the manifest of a cloud assembly: the artifact Web has "
        "other properties: templateFile: text is expected here, got the number 7. Write it in "
        "quotes. Run `cdk synth` again."
    )


def test_values_of_parameters_and_tags_are_read_as_text(assembly: Path) -> None:
    """CloudFormation takes numbers and booleans, too, and stores their text."""

    def edit(manifest: Any) -> None:
        properties = manifest["artifacts"]["Web"]["properties"]
        properties |= {"parameters": {"Days": 90}, "tags": {"paid": True, "team": "web"}}

    change(assembly / MANIFEST, edit)
    (stack,) = stacks_of(assembly)
    assert (stack.parameters, stack.tags) == ({"Days": "90"}, {"paid": "true", "team": "web"})


@pytest.mark.parametrize(("value", "given"), [(["web"], "a list"), ({"team": "web"}, "a mapping")])
def test_a_list_or_a_mapping_is_no_value_of_a_tag(assembly: Path, value: Any, given: str) -> None:
    def edit(manifest: Any) -> None:
        manifest["artifacts"]["Web"]["properties"]["tags"] = {"team": value}

    change(assembly / MANIFEST, edit)
    assert refused(assembly) == (
        f"{assembly / MANIFEST} is not the manifest of a cloud assembly: the artifact Web has "
        f"other properties: tags.team: text is expected here, got {given}. Run `cdk synth` again."
    )


def test_a_list_of_assets_without_any_key_is_refused(tmp_path: Path) -> None:
    facts = {"dev/Web": {"assets": {"a": "text"}}}
    assembly = write_assembly(tmp_path / "head", {"dev/Web": {"Topic": TOPIC}}, facts)
    file = assembly / "assembly-dev" / "devWeb.assets.json"
    file.write_text("[]")
    assert refused(assembly) == (
        f"{file} is not a list of assets: a mapping is expected here, got a list. Run `cdk synth` "
        "again."
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 100_000 + "]" * 100_000, "it nests values more than 100 levels deep"),
        ("[" * 101 + "]" * 101, "it nests values more than 100 levels deep"),
        ('{"Resources": NaN}', "NaN is no number of JSON"),
        ('{"Resources": {"__proto__": {}}}', "it has a key '__proto__', which no template needs"),
    ],
)
def test_json_that_no_template_needs_is_refused(assembly: Path, text: str, problem: str) -> None:
    (assembly / TEMPLATE).write_text(text)
    assert (
        refused(assembly) == f"{assembly / TEMPLATE} is not JSON: {problem}. Run `cdk synth` again."
    )


def test_a_huge_template_is_refused_before_it_is_read(assembly: Path) -> None:
    with (assembly / TEMPLATE).open("wb") as file:
        file.truncate(100_000_000)
    assert refused(assembly) == (
        f"{assembly / TEMPLATE} must have at most 16 MB, got 100 MB. CloudFormation refuses "
        "templates of more than 1 MB: split the stack."
    )


def test_a_template_of_exactly_the_most_megabytes_is_read(assembly: Path) -> None:
    text = json.dumps({"Resources": {"Topic": TOPIC}})
    (assembly / TEMPLATE).write_text(text + " " * (16_000_000 - len(text)))
    (stack,) = stacks_of(assembly)
    assert stack.template == {"Resources": {"Topic": TOPIC}}
    with (assembly / TEMPLATE).open("a") as file:
        file.write(" ")
    assert "must have at most 16 MB, got 16 MB." in refused(assembly)


def test_a_nested_stack_cannot_contain_itself(assembly: Path) -> None:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Metadata": {"aws:asset:path": "devWeb.template.json"},
    }
    (assembly / TEMPLATE).write_text(json.dumps({"Resources": {"Child": nested}}))
    assert refused(assembly) == (
        f"{assembly / TEMPLATE} must not contain itself as a nested stack. Run `cdk synth` again."
    )


def test_an_assembly_cannot_contain_itself(assembly: Path) -> None:
    def edit(manifest: Any) -> None:
        (artifact,) = manifest["artifacts"].values()
        artifact["properties"]["directoryName"] = "."

    change(assembly / "manifest.json", edit)
    assert "must not contain itself as a nested assembly" in refused(assembly)


@pytest.mark.parametrize(
    "place", ["link", "asset.1/link", "assembly-dev/link", TEMPLATE, MANIFEST, "assembly-dev"]
)
def test_a_link_out_of_an_assembly_is_refused_anywhere(
    assembly: Path, tmp_path: Path, place: str
) -> None:
    link = assembly / place
    link.parent.mkdir(exist_ok=True)
    target = tmp_path / "elsewhere"
    if link.exists():
        link.rename(target)
    link.symlink_to(target)
    assert refused(assembly) == f"{link} must not be a link out of its cloud assembly. {ORIGIN}"


def test_a_link_inside_of_an_assembly_and_a_link_to_one_are_followed(
    assembly: Path, tmp_path: Path
) -> None:
    (assembly / TEMPLATE).rename(assembly / "moved.json")
    (assembly / TEMPLATE).symlink_to("../moved.json")
    (tmp_path / "cdk.out").symlink_to(assembly)
    assert [one.name for one in stacks_of(tmp_path / "cdk.out")] == ["dev/Web"]


def test_a_link_to_a_folder_around_it_is_not_followed_in_circles(assembly: Path) -> None:
    (assembly / "assembly-dev" / "again").symlink_to("..")
    assert [one.name for one in stacks_of(assembly)] == ["dev/Web"]


def test_only_files_and_folders_are_read(assembly: Path) -> None:
    (assembly / TEMPLATE).unlink()
    os.mkfifo(assembly / TEMPLATE)
    assert refused(assembly) == f"{assembly / TEMPLATE} must be a file or a folder. {ORIGIN}"


def test_an_assembly_has_a_limit_of_stacks_nested_ones_included(
    assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nested(*files: str) -> str:
        resources = {
            f"Child{number}": {
                "Type": "AWS::CloudFormation::Stack",
                "Metadata": {"aws:asset:path": file},
            }
            for number, file in enumerate(files)
        }
        return json.dumps({"Resources": resources})

    monkeypatch.setattr(assemblies, "_MOST_STACKS", 3)
    folder = (assembly / TEMPLATE).parent
    for name in "abc":
        (folder / f"{name}.json").write_text(nested())
    (assembly / TEMPLATE).write_text(nested("a.json", "b.json"))
    assert len(stacks_of(assembly)) == 3
    (assembly / TEMPLATE).write_text(nested("a.json", "b.json", "c.json"))
    assert refused(assembly) == (
        "a cloud assembly must have at most 3 stacks, nested ones included; "
        f"{assembly} has more. Name the folder of one stage."
    )
