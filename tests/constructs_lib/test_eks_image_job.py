"""EksImageJob."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml
from aws_cdk import aws_ecr as ecr

from constructs_lib import EksImageJob, Image, JobPod, PrivateRepository, TagImmutability
from tests.support import only, stack_in, template_of

PARAMETER = "AWS::SSM::Parameter"


def job_in(stack: cdk.Stack, **arguments: Any) -> EksImageJob:
    """Return a Job that runs an image of this app."""
    pod = {name: arguments.pop(name) for name in ("args", "command") if name in arguments}
    defaults: dict[str, Any] = {
        "name": "list",
        "image": Image(repository=api_in(stack, "Api"), tag="v1"),
        "service_account": "reader",
        "pod": JobPod(**pod),
    }
    return EksImageJob(stack, "Job", **defaults | arguments)


def api_in(stack: cdk.Stack, construct_id: str) -> PrivateRepository:
    """Refer to a repository of ours whose tags are immutable."""
    return PrivateRepository.from_name(  # type: ignore[return-value]
        stack, construct_id, repository_name="team/api", tag_immutability=TagImmutability()
    )


def test_the_file_and_the_parameter_hold_the_same_manifest() -> None:
    stack = stack_in()
    job = job_in(stack)
    properties = only(template_of(stack), PARAMETER)
    app = stack.node.root
    assert isinstance(app, cdk.App)
    file = Path(app.outdir, "manifests", "Stack", "list.yaml")
    assert file.read_text() == properties["Value"] == job.manifest_yaml
    assert yaml.safe_load(job.manifest_yaml) == job.manifest
    assert properties["Name"] == job.parameter_name == "/Stack/jobs/list"
    assert properties["Tier"] == "Standard"


def test_the_jobs_name_changes_with_its_image_and_its_logical_id_does_not() -> None:
    found: dict[str, set[str]] = {"names": set(), "logical ids": set()}
    for tag in ("v1", "v2"):
        stack = stack_in()
        job = job_in(stack, image=Image(repository=api_in(stack, "Api2"), tag=tag))
        found["names"].add(job.job_name)
        found["logical ids"] |= set(template_of(stack)["Resources"])
    assert len(found["names"]) == 2
    assert len(found["logical ids"]) == 1


def test_a_second_job_of_one_name_is_refused() -> None:
    stack = stack_in()
    job = job_in(stack)
    api = api_in(stack, "Api2")
    with pytest.raises(ValueError, match="another Job of this stack has the name 'list'"):
        EksImageJob(
            stack,
            "Other",
            name="list",
            image=Image(repository=api, tag="v1"),
            service_account=job.manifest["spec"]["template"]["spec"]["serviceAccountName"],
        )


def test_each_job_of_a_stack_has_a_file(tmp_path: Path) -> None:
    stack = cdk.Stack(
        cdk.App(outdir=str(tmp_path)),
        "Stack",
        env=cdk.Environment(account="111111111111", region="eu-west-1"),
    )
    for name in ("one", "two"):
        image = Image(repository=api_in(stack, f"Api-{name}"), tag="v1")
        EksImageJob(stack, f"Job-{name}", name=name, image=image)
    assert sorted(file.name for file in tmp_path.rglob("*.yaml")) == ["one.yaml", "two.yaml"]


def test_a_manifest_that_an_earlier_synth_left_is_gone(tmp_path: Path) -> None:
    for name in ("old", "new"):
        app = cdk.App(outdir=str(tmp_path))
        environment = cdk.Environment(account="111111111111", region="eu-west-1")
        job_in(cdk.Stack(app, "Stack", env=environment), name=name)
    assert [file.name for file in tmp_path.rglob("*.yaml")] == ["new.yaml"]


def test_a_job_in_a_nested_stack_is_refused() -> None:
    nested = cdk.NestedStack(stack_in(), "Nested")
    with pytest.raises(ValueError, match="a Job cannot be in a nested stack"):
        job_in(nested)


def test_a_manifest_that_a_parameter_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot contain '\{\{', which an SSM parameter refuses"):
        job_in(stack_in(), args=("{{ x }}",))


def test_a_command_is_in_the_manifest() -> None:
    (container,) = job_in(stack_in(), command=("/bin/x",)).manifest["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["command"] == ["/bin/x"]


def test_a_namespace_is_part_of_the_parameters_name() -> None:
    stack = stack_in()
    job = job_in(stack, namespace="batch")
    assert job.manifest["metadata"]["namespace"] == "batch"
    assert job.parameter_name == "/Stack/jobs/batch/list"


def test_a_long_manifest_needs_an_advanced_parameter_and_a_longer_one_is_refused() -> None:
    stack = stack_in()
    job_in(stack, args=("x" * 4_096,))
    assert only(template_of(stack), PARAMETER)["Tier"] == "Advanced"
    with pytest.raises(
        ValueError, match="at most 8,192 characters, the limit of an SSM parameter, got 9,0"
    ):
        job_in(stack_in(), args=("x" * 8_192,))


def test_a_manifest_can_fill_its_parameter() -> None:
    shortest = len(job_in(stack_in(), args=("",)).manifest_yaml) - len('""')
    for length, tier in ((4_096, "Standard"), (4_097, "Advanced"), (8_192, "Advanced")):
        stack = stack_in()
        assert len(job_in(stack, args=("x" * (length - shortest),)).manifest_yaml) == length
        assert only(template_of(stack), PARAMETER)["Tier"] == tier
    with pytest.raises(
        ValueError, match="at most 8,192 characters, the limit of an SSM parameter, got 8,193"
    ):
        job_in(stack_in(), args=("x" * (8_193 - shortest),))


def test_a_manifest_with_a_token_is_refused() -> None:
    stack = stack_in()
    image = Image(repository=ecr.Repository(stack, "Plain"), tag="v1", tag_may_move=True)
    with pytest.raises(ValueError, match="a manifest file cannot contain") as refusal:
        job_in(stack, image=image)
    assert str(refusal.value) == (
        "EksImageJob 'Job': a manifest file cannot contain a value that is known only at "
        "deployment, got one in image, args, command or labels. Set a concrete account and region "
        "for the stack, or for the reference to the repository, and a repository name."
    )
    assert stack.node.try_find_child("Job") is None


def test_a_fault_names_the_job() -> None:
    with pytest.raises(ValueError, match="List") as refusal:
        job_in(stack_in(), name="List")
    assert str(refusal.value) == (
        "EksImageJob 'Job': name: a name must have 1 to 52 lower-case letters, digits and '-', and "
        "begin and end with a letter or digit (RFC 1123), got 'List'. Choose "
        "another name."
    )
