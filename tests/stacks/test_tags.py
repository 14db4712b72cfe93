"""The tags of an environment reach every resource that can have tags."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from ecrctl.cdk.assemblies import Stack, stacks_of
from tests.ecrctl.verify.deploying import EVERYTHING, NAME
from tests.support import Template, synthesise

# Of ``everything.yaml``.
TAGS = {"division": "shop", "cost-center": "0"}


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> list[Stack]:
    """Return the stacks of an environment with resources of every type."""
    return stacks_of(synthesise(EVERYTHING, tmp_path_factory.mktemp("tags"), NAME))


def resources(stacks: list[Stack]) -> dict[str, Template]:
    """Return all resources by their stack and logical ID."""
    return {
        f"{stack.name}/{name}": resource
        for stack in stacks
        for name, resource in stack.template["Resources"].items()
    }


def is_taggable(resource: Template) -> bool:
    """Return whether CloudFormation's schema of a resource has tags."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"])
    return "Tags" in schema.schema["properties"]


def tags_of(resource: Template) -> dict[str, Any]:
    """Return the tags of a resource, which a few types have as a mapping."""
    given = resource["Properties"].get("Tags", {})
    return given if isinstance(given, dict) else {one["Key"]: one["Value"] for one in given}


def test_every_resource_that_can_have_tags_has_those_of_the_environment(
    stacks: list[Stack],
) -> None:
    taggable = {name: one for name, one in resources(stacks).items() if is_taggable(one)}
    own = {"AWS::ECR::Repository"}
    assert {
        name: tags_of(one)
        for name, one in taggable.items()
        if one["Type"] not in own and not TAGS.items() <= tags_of(one).items()
    } == {}
    assert len({one["Type"] for one in taggable.values()}) > 10


def test_the_own_tags_of_a_repository_override_those_of_the_environment(
    stacks: list[Stack],
) -> None:
    found = {
        one["Properties"]["RepositoryName"]: tags_of(one)
        for one in resources(stacks).values()
        if one["Type"] == "AWS::ECR::Repository"
    }
    assert found["team/api"] == {"division": "shop", "cost-center": "1", "team": "web"}
    assert found["tools/spare"] == {"division": "shop", "cost-center": "0", "team": "platform"}
