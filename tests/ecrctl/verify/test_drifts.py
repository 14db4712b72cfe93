"""Changes made past CloudFormation, each of which ``ecrctl verify`` must name."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from ecrctl.local.emulator import running
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification, verify
from environments.loading import load_environment

from . import drifts_of_workloads as _registered  # noqa: F401
from .deploying import EVERYTHING, NAME, deploy, synthesised
from .drifts import DRIFTS, Deployed, Drift, Row

# The embedded AWS has no associations of EKS Pod Identity.
NOT_DEPLOYED = {("role of the Job report", "association")}
LEAST_ROWS = 60


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Verification]]:
    """Return a verification of what was deployed, and one after all changes."""
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
        at = Deployed(aws)
        for drift in DRIFTS:
            drift.make(at)
        yield [before, verify(settings, stacks, aws)]


def differing(found: Verification) -> dict[Row, Check]:
    """Return the differences by their rows."""
    return {(one.subject, one.what): one for one in found.checks if one.differs}


def test_what_was_deployed_is_as_declared(results: list[Verification]) -> None:
    before, _ = results
    assert differing(before).keys() == NOT_DEPLOYED


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda one: one.name)
def test_each_change_is_named(results: list[Verification], drift: Drift) -> None:
    _, after = results
    found = differing(after)
    for subject, what in drift.rows:
        assert any(fnmatchcase(row[0], subject) and fnmatchcase(row[1], what) for row in found), (
            f"{subject}, {what}"
        )


def test_nothing_else_differs(results: list[Verification]) -> None:
    _, after = results
    expected = [row for drift in DRIFTS for row in drift.rows]
    unexpected = [
        row
        for row in differing(after)
        if row not in NOT_DEPLOYED
        and not any(fnmatchcase(row[0], one[0]) and fnmatchcase(row[1], one[1]) for one in expected)
    ]
    assert unexpected == []


def test_enough_properties_are_changed() -> None:
    assert len({row for drift in DRIFTS for row in drift.rows}) >= LEAST_ROWS
