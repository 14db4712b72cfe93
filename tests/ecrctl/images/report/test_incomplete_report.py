"""What ``ecrctl report`` could not read is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.errors import DeniedError
from tests.ecrctl.images.scanning.accounts import (
    REPOSITORY,
    image,
    index,
    listed,
    put_manifest,
)

from .asking import report, repository_of, run_service
from .conftest import Promotions, Run


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the operations for which the credentials lack the permission; none at first."""
    names: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refuse(client: Any, operation: str, parameters: Any) -> Any:
        if operation in names:
            error: Any = {"Code": "AccessDeniedException", "Message": "User is not authorized."}
            raise ClientError({"Error": error}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    return names


def test_promotion_records_that_may_not_be_read_are_listed(
    run: Run, moto_aws: Aws, promotions: Promotions
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    promotions.error = DeniedError("Reading the records failed.")
    found = report(run)
    assert (repository_of(found)["promotions"], found["complete"]) == (None, False)
    assert found["unread"] == ["Reading the records failed."]


def test_a_pin_of_another_account_is_listed_and_its_workloads_are_unknown(
    run: Run, moto_aws: Aws, folder: Path
) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    (folder / "prod.yaml").write_text('account: "222222222222"\nregion: eu-west-1\n')
    (folder / "prod.images.yaml").write_text(
        f"api: {{registry: dev, repository: {REPOSITORY}, digest: '{digest}'}}\n"
    )
    found = report(run, "--in-use")
    repository = repository_of(found)
    assert repository["pinned_by"] == [{"environment": "prod", "name": "api"}]
    assert (
        "'prod' pins an image of 'team/api', and its workloads in account 222222222222, eu-west-1 "
        "were not looked at."
    ) in found["unread"]


def test_pins_that_cannot_be_read_are_listed(run: Run, moto_aws: Aws, folder: Path) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    (folder / "prod.yaml").write_text('account: "222222222222"\nregion: eu-west-1\n')
    (folder / "prod.images.yaml").write_text("api: {}\n")
    found = report(run)
    assert found["unread"] == ["Not all pins of 'prod' can be read. Correct prod.images.yaml."]


@pytest.mark.parametrize(
    ("operation", "missing"),
    [
        ("DescribeImages", {"images": None, "deployed": None, "monthly_usd": None, "scan": None}),
        ("DescribeImageScanFindings", {"scan": None, "images": 1}),
        ("GetLifecyclePolicy", {"has_lifecycle_policy": None, "lifecycle": None, "images": 1}),
    ],
)
def test_a_missing_permission_is_listed_and_never_nothing(
    run: Run, moto_aws: Aws, denied: set[str], operation: str, missing: dict[str, Any]
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    denied.add(operation)
    found = report(run)
    repository = repository_of(found)
    assert {name: repository[name] for name in missing} == missing
    assert not found["complete"]
    (sentence,) = found["unread"]
    assert (
        f"failed at ecr:{operation} of 'team/api': AWS returned AccessDeniedException" in sentence
    )
    shown = run("report", "dev").out
    assert sentence in shown
    assert "not" in shown


def test_without_the_permission_to_read_indexes_nothing_is_said_about_expiry(
    run: Run, moto_aws: Aws, denied: set[str]
) -> None:
    child = put_manifest(moto_aws, image("a"))
    put_manifest(moto_aws, index(listed(child, "linux/amd64")), "v1")
    denied.add("BatchGetImage")
    repository = repository_of(report(run))
    assert (repository["images"], repository["lifecycle"]) == (2, None)
    assert repository["has_lifecycle_policy"] is None


@pytest.mark.parametrize("operation", ["ListClusters", "ListTasks", "DescribeServices"])
def test_a_missing_permission_of_ecs_makes_in_use_unknown(
    run: Run, moto_aws: Aws, denied: set[str], operation: str
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    put_manifest(moto_aws, image("b"), "v2")
    run_service(moto_aws, ":v1")
    denied.add(operation)
    found = report(run, "--in-use")
    assert "no" not in {one["in_use"] for one in repository_of(found)["details"]}
    assert [one for one in found["unread"] if operation in one]


def test_a_repository_that_is_not_deployed_is_listed(run: Run, moto_aws: Aws) -> None:
    moto_aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    found = report(run)
    assert repository_of(found)["deployed"] is False
    assert found["unread"] == ["The repository 'team/api' is not deployed."]
    assert "not deployed" in run("report", "dev").out


def test_an_error_that_is_no_permission_ends_the_command(
    run: Run, moto_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def fail(client: Any, operation: str, parameters: Any) -> Any:
        if operation == "GetLifecyclePolicy":
            error: Any = {"Code": "ServerException", "Message": "It failed."}
            raise ClientError({"Error": error}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", fail)
    end = run("report", "dev")
    assert (end.code, end.out) == (2, "")
    assert end.err.startswith("ecrctl: Reading the lifecycle policy of 'team/api' failed")
