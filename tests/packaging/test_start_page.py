"""The start page: what a first deployment creates, and what of it has a price."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ecrctl.review.rules.cost import _MONTHLY_CHARGES
from environments.json_schema import schemas
from tests.assemblies import stacks_of
from tests.end_to_end.commands import section
from tests.support import ROOT, synthesise

PAGE = (ROOT / "docs" / "index.md").read_text()
COSTS = section(PAGE, "What the first deployment creates, and what has a price")
LISTED = set(re.findall(r"^\| `((?:AWS|Custom)::[\w:-]+)`", COSTS, re.MULTILINE))
# AWS charges nothing for these.
FREE = {
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::ECR::PullThroughCacheRule",
    "AWS::ECR::RepositoryCreationTemplate",
    "AWS::ECS::Cluster",
    "AWS::ECS::TaskDefinition",
    "AWS::EKS::PodIdentityAssociation",
    "AWS::Events::Rule",  # for events of AWS's own services
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::SNS::TopicPolicy",
}


def types_of(assembly: Path) -> set[str]:
    """Return the types of all resources of an assembly."""
    return {
        resource["Type"]
        for stack in stacks_of(assembly)
        for resource in stack.template["Resources"].values()
    }


def test_every_resource_of_the_examples_is_free_or_in_the_table_of_prices(assembly: Path) -> None:
    made = types_of(assembly)
    assert made - FREE == LISTED
    assert made - LISTED == FREE


def test_a_resource_whose_monthly_charge_a_review_announces_is_not_free() -> None:
    assert not FREE & set(_MONTHLY_CHARGES)


def test_a_file_of_one_repository_creates_what_the_page_says(tmp_path: Path) -> None:
    assert "A file of one repository creates a KMS key and the repository, and nothing else." in (
        " ".join(COSTS.split())
    )
    (tmp_path / "dev.yaml").write_text(
        'account: "111111111111"\nregion: eu-west-1\nrepositories: [{name: team/api}]\n'
    )
    made = types_of(synthesise(tmp_path, tmp_path / "cdk.out"))
    assert made - FREE == {"AWS::KMS::Key", "AWS::ECR::Repository"}


def test_the_table_names_settings_of_environment_files() -> None:
    reference = json.dumps(schemas()["environment.schema.json"])
    column = [line.split(" | ")[1] for line in COSTS.splitlines() if line.startswith("| `")]
    assert len(column) == len(LISTED)
    for name in re.findall(r"`(\w+)", " ".join(column)):
        assert f'"{name}": {{' in reference
