"""Other apps, with the CDK's own constructs: nested stacks, stages, no environment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from ecrctl.review.command import Request, review
from ecrctl.review.findings import CATEGORIES
from ecrctl.review.sides.projects import OwnProject
from tests.support import cdk_context

Made = Callable[[Construct], None]


def assembly(folder: Path, make: Callable[[cdk.App], None]) -> Path:
    """Synthesise an app with the context of the CDK CLI."""
    context = {**cdk_context(), "aws:cdk:enable-asset-metadata": True}
    context["aws:cdk:enable-path-metadata"] = True
    app = cdk.App(analytics_reporting=False, context=context, outdir=str(folder))
    make(app)
    app.synth()
    return folder


def found(
    folder: Path, base: Callable[[cdk.App], None], head: Callable[[cdk.App], None]
) -> list[tuple[str, str, str]]:
    """Return the environment, rule and sentence of each finding between two apps."""
    sides = [assembly(folder / name, make) for name, make in (("base", base), ("head", head))]
    result = review(
        Request(
            base=str(sides[0]),
            head=str(sides[1]),
            project=OwnProject(Path("environments")),
            gate=CATEGORIES,
            acknowledgements=None,
            images={},
            today=date(2026, 1, 1),
        )
    )
    findings = [one.finding for one in result.judgements]
    return [
        (one.environment, one.rule, f"{one.subject} {one.message}")
        for one in findings
        if one.rule not in {"other-change", "stack-change"}
    ]


def repository(scope: Construct, *, mutable: bool = False) -> ecr.Repository:
    """Return a repository of the CDK's own construct."""
    mutability = ecr.TagMutability.MUTABLE if mutable else ecr.TagMutability.IMMUTABLE
    return ecr.Repository(scope, "Api", repository_name="team/api", image_tag_mutability=mutability)


@pytest.mark.parametrize(
    "environment", [None, cdk.Environment(account="1" * 12, region="eu-west-1")]
)
def test_a_nested_stack_is_reviewed(tmp_path: Path, environment: cdk.Environment | None) -> None:
    def app_with(*, mutable: bool) -> Callable[[cdk.App], None]:
        def make(app: cdk.App) -> None:
            stack = cdk.Stack(app, "Main", env=environment)
            nested = cdk.NestedStack(stack, "Images")
            repository(cdk.NestedStack(nested, "Deep"), mutable=mutable)

        return make

    where = "111111111111/eu-west-1" if environment else "no stage"
    assert found(tmp_path, app_with(mutable=False), app_with(mutable=True)) == [
        (
            where,
            "tags-mutable",
            "repository team/api gets mutable tags: a tag that was pulled may refer to another "
            "image tomorrow",
        )
    ]


def test_another_role_as_parameter_of_a_nested_stack_is_found(tmp_path: Path) -> None:
    def app_with(role: str) -> Callable[[cdk.App], None]:
        def make(app: cdk.App) -> None:
            stack = cdk.Stack(app, "Main")
            nested = cdk.NestedStack(stack, "Images", parameters={"Puller": role})
            puller = cdk.CfnParameter(nested, "Puller").value_as_string
            repository(nested).grant_pull(iam.ArnPrincipal(puller))

        return make

    sides = (app_with(f"arn:aws:iam::222222222222:role/{name}") for name in ("one", "two"))
    sentences = [(rule, text) for _, rule, text in found(tmp_path, *sides)]
    assert (
        "access-gained",
        "repository team/api lets `arn:aws:iam::222222222222:role/two` pull",
    ) in sentences


def test_a_stage_within_a_stage_is_an_environment_of_its_own(tmp_path: Path) -> None:
    def app_with(*, mutable: bool) -> Callable[[cdk.App], None]:
        def make(app: cdk.App) -> None:
            inner = cdk.Stage(cdk.Stage(app, "prod"), "eu")
            repository(cdk.Stack(inner, "Images"), mutable=mutable)

        return make

    ((environment, rule, _),) = found(tmp_path, app_with(mutable=False), app_with(mutable=True))
    assert (environment, rule) == ("prod/eu", "tags-mutable")


def test_grants_of_the_cdk_are_read_through_its_references(tmp_path: Path) -> None:
    def without(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Main")
        repository(stack)
        iam.Role(stack, "Builder", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"))

    def with_grant(app: cdk.App) -> None:
        stack = cdk.Stack(app, "Main")
        role = iam.Role(
            stack, "Builder", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com")
        )
        repository(stack).grant_push(role)

    assert found(tmp_path, without, with_grant) == [
        ("no stage", "access-gained", "repository team/api lets `role Main/Builder` push"),
        ("no stage", "access-gained", "role Main/Builder may log in to the registry"),
    ]


def test_a_grant_in_another_stack_is_followed_through_its_export(tmp_path: Path) -> None:
    def make(app: cdk.App, *, pulls: bool) -> None:
        environment = cdk.Environment(account="1" * 12, region="eu-west-1")
        images = repository(cdk.Stack(app, "Images", env=environment))
        builds = cdk.Stack(app, "Builds", env=environment)
        project = codebuild.PipelineProject(builds, "Project")
        if pulls:
            images.grant_pull(project)

    def without(app: cdk.App) -> None:
        make(app, pulls=False)

    def with_pull(app: cdk.App) -> None:
        make(app, pulls=True)

    sentences = [
        text for _, rule, text in found(tmp_path, without, with_pull) if rule == "access-gained"
    ]
    assert "repository team/api lets `role Builds/Project/Role` pull" in sentences


def test_an_image_of_the_cdk_is_reported_by_repository_and_tag(tmp_path: Path) -> None:
    def app_with(tag: str) -> Callable[[cdk.App], None]:
        def make(app: cdk.App) -> None:
            stack = cdk.Stack(
                app, "Main", env=cdk.Environment(account="1" * 12, region="eu-west-1")
            )
            task = ecs.Ec2TaskDefinition(stack, "Task", family="api")
            image = ecs.ContainerImage.from_ecr_repository(repository(stack), tag)
            task.add_container("app", image=image, memory_limit_mib=200)

        return make

    sentences = {rule: text for _, rule, text in found(tmp_path, app_with("v1"), app_with("v2"))}
    assert sentences["image-changed"] == (
        "task definition api runs `111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api` "
        "in container `app`: tag `v1` → `v2`"
    )
