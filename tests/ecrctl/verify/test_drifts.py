"""Changes past CloudFormation, and of the files, each of which ``ecrctl verify`` must name."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from ecrctl.cdk.assemblies import Stack
from ecrctl.local.emulator import running
from ecrctl.verify.check import NOT_RETURNED, Check
from ecrctl.verify.command import Verification, verify
from ecrctl.verify.files import checks_of_files
from ecrctl.verify.files.lookup import Lookup
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.deployed import DeployedEnvironment
from environments.loading import load_environment
from environments.settings import EnvironmentSettings

from . import drifts
from .deploying import EVERYTHING, NAME, deploy, synthesised
from .drifts import (
    DRIFTS,
    Deployed,
    Drift,
    Row,
    keys,
    notifications,
    repositories,
    roles,
    workloads,
)
from .fields import CHANGES, REASONS, Change, field_paths

# The embedded AWS has no associations of EKS Pod Identity.
NOT_DEPLOYED = {("role of the Job report", "association")}
# The rows of fields that it does not return; tests of the rows have scripted answers instead.
UNRETURNED = {
    "ecs_tasks[].architecture": "architecture",
    "ecs_tasks[].secrets.*.parameter": "secrets",
    "ecs_tasks[].depends_on": "depends on",
    "ecs_tasks[].hardening.drop_capabilities": "capabilities dropped",
    "ecs_tasks[].hardening.init_process": "init process",
    **{field: "health check" for field in CHANGES if ".health_check." in field},
}
# Types that no resource of the deployment has.
UNREAD = (
    "AWS::CloudFormation::StackSet",
    "AWS::ECR::PublicRepository",
    "AWS::ECR::PullThroughCacheRule",
    "AWS::ECR::PullTimeUpdateExclusion",
    "AWS::ECR::RegistryPolicy",
    "AWS::ECR::RegistryScanningConfiguration",
    "AWS::ECR::ReplicationConfiguration",
    "AWS::ECR::RepositoryCreationTemplate",
    "AWS::ECR::SigningConfiguration",
    "AWS::EKS::PodIdentityAssociation",
    "AWS::IAM::OIDCProvider",
    "AWS::Signer::SigningProfile",
    "Custom::AWSCDK-EKS-KubernetesObjectValue",
    "Custom::AWSCDK-EKS-KubernetesResource",
    "Custom::ECRBlobMounting",
)
LEAST_ROWS = 60
# Each adds its changes to DRIFTS.
MODULES = (repositories, keys, roles, notifications, workloads)
FILES = {path.name: path.read_text() for path in EVERYTHING.iterdir()}


@dataclass(frozen=True)
class Run:
    """The results of one deployment.

    :param before: what was found of the environment as it was deployed.
    :param read: the properties that each reader returned, by the resource type.
    :param by_field: what was found for the change of each field, before any drift.
    :param after: what was found after all drifts.
    """

    before: Verification
    read: dict[str, set[str]]
    by_field: dict[str, list[Check]]
    after: Verification


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Deploy the environment, change it, and return what was found."""
    folder = tmp_path_factory.mktemp("drifts")
    settings, stacks = load_environment(NAME, EVERYTHING), synthesised(folder / "cdk.out")
    with running(
        account=settings.account,
        region=settings.region,
        port=None,
        directory=folder,
        keep=False,
    ) as emulator:
        aws = emulator.clients()
        deploy(aws, stacks)
        before = verify(settings, stacks, aws)
        # The same answers for all fields, so that only what a change adds is read.
        reading = Reading(aws)
        by_field = {
            field: checks_of(changed(change, folder / str(number)), reading)
            for number, (field, change) in enumerate(CHANGES.items())
        }
        read = read_properties(stacks, reading)
        at = Deployed(aws)
        for drift in DRIFTS:
            drift.make(at)
        yield Run(before, read, by_field, verify(settings, stacks, aws))


def read_properties(stacks: list[Stack], reading: Reading) -> dict[str, set[str]]:
    """Return the properties that each reader returns, by the resource type."""
    with ThreadPoolExecutor(1) as pool:
        deployed = DeployedEnvironment(stacks, reading, pool)
        return {
            one.name: set(one.live.properties)
            for stack in deployed.stacks
            for one in stack.resources
            if one.live
        }


def changed(change: Change, folder: Path) -> EnvironmentSettings:
    """Return the environment with a change of its file."""
    folder.mkdir()
    document = change.apply(yaml.safe_load(FILES[f"{NAME}.yaml"]))
    (folder / f"{NAME}.yaml").write_text(yaml.safe_dump(document))
    (folder / f"{NAME}.images.yaml").write_text(FILES[f"{NAME}.images.yaml"])
    return load_environment(NAME, folder)


def checks_of(settings: EnvironmentSettings, reading: Reading) -> list[Check]:
    """Return the checks of the files, without those of the templates."""
    return [check for job in checks_of_files(Lookup(settings, reading)) for check in job()]


def differing(checks: list[Check]) -> set[Row]:
    """Return the rows of the differences."""
    return {(one.subject, one.what) for one in checks if one.differs}


def is_named(rows: set[Row], row: Row) -> bool:
    """Return whether one of some rows has a subject and a property, which may be patterns."""
    return any(fnmatchcase(one[0], row[0]) and fnmatchcase(one[1], row[1]) for one in rows)


def test_the_changes_of_every_module_are_made() -> None:
    made = {drift.make.__module__ for drift in DRIFTS}
    assert made == {module.__name__ for module in MODULES}
    names = {path.stem for path in Path(drifts.__file__).parent.glob("*.py")} - {"__init__"}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == names


def test_what_was_deployed_is_as_declared(run: Run) -> None:
    assert differing(run.before.checks) == NOT_DEPLOYED


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda one: one.name)
def test_each_change_past_cloudformation_is_named(run: Run, drift: Drift) -> None:
    rows = differing(run.after.checks)
    assert [row for row in drift.rows if not is_named(rows, row)] == []


def test_a_reader_returns_the_properties_that_its_type_compares(run: Run) -> None:
    assert run.read == {name: set(RESOURCE_TYPES[name].properties) for name in run.read}
    assert len(run.read) >= len(RESOURCE_TYPES) - len(UNREAD)


def test_nothing_else_differs(run: Run) -> None:
    expected = {row for drift in DRIFTS for row in drift.rows} | NOT_DEPLOYED
    rows = differing(run.after.checks)
    assert [row for row in rows if not any(is_named({row}, one) for one in expected)] == []


def test_enough_properties_are_changed() -> None:
    assert len({row for drift in DRIFTS for row in drift.rows}) >= LEAST_ROWS


def test_each_field_has_a_change_or_a_reason() -> None:
    assert sorted(field_paths()) == sorted((*CHANGES, *REASONS))


@pytest.mark.parametrize("field", CHANGES)
def test_each_field_of_a_file_is_compared(run: Run, field: str) -> None:
    checks = run.by_field[field]
    if field in UNRETURNED:
        reasons = {one.reason for one in checks if one.what.endswith(UNRETURNED[field])}
        assert NOT_RETURNED in reasons
    else:
        assert differing(checks) - NOT_DEPLOYED
