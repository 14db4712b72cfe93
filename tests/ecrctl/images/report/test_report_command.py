"""``ecrctl report`` against moto's ECR and ECS."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from ecrctl.aws.clients import Aws
from ecrctl.images.promotion.records import PromotionRecord
from ecrctl.images.report.output.json import SCHEMA, schema
from tests.ecrctl.images.scanning.accounts import (
    REPOSITORY,
    answer,
    basic,
    image,
    index,
    listed,
    put_manifest,
    put_scan,
)

from .asking import HOST, report, repository_of, run_service
from .conftest import Promotions, Run

SIZE = 52_428_800  # of each image of moto
SPARES_LIVE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": ["v*"],
                "countType": "imageCountMoreThan",
                "countNumber": 1,
            },
            "action": {"type": "expire"},
        }
    ]
}
READS = re.compile(r"(Describe|List|Get|BatchGet)[A-Z]\w*")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the operations of AWS that are called from now on."""
    called: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(client: Any, operation: str, parameters: Any) -> Any:
        called.append(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", record)
    return called


def test_the_published_schema_is_that_of_the_document() -> None:
    assert SCHEMA.read_text() == schema() + "\n"


def test_a_repository_has_its_images_size_newest_and_cost(run: Run, moto_aws: Aws) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    put_manifest(moto_aws, image("b"))
    found = report(run)
    repository = repository_of(found)
    assert (repository["images"], repository["archived_images"]) == (2, 0)
    assert repository["size_bytes"] == {"standard": 2 * SIZE, "archive": 0}
    assert repository["monthly_usd"] == 0.0105
    assert repository["newest"]["tag"] == "v1"
    assert (repository["has_lifecycle_policy"], repository["lifecycle"]) == (False, None)
    assert (repository["last_pulled_at"], repository["in_use"]) == (None, "not asked")
    assert found["totals"]["images"] == 2
    assert found["prices"]["as_of"] == "March 2026"
    assert found["complete"]


def test_an_index_has_no_size_of_its_own(run: Run, moto_aws: Aws) -> None:
    child = put_manifest(moto_aws, image("a"))
    put_manifest(moto_aws, index(listed(child, "linux/amd64")), "v1")
    repository = repository_of(report(run))
    assert (repository["images"], repository["size_bytes"]["standard"]) == (2, SIZE)


def test_findings_of_the_newest_and_of_pinned_images_count_once(
    run: Run, moto_aws: Aws, folder: Path
) -> None:
    old, pinned = (put_manifest(moto_aws, image(name)) for name in "ab")
    newest = put_manifest(moto_aws, image("c"), "v1")
    put_scan(moto_aws, old, answer([basic("CVE-2026-1", "CRITICAL")]))
    put_scan(moto_aws, pinned, answer([basic("CVE-2026-2", "HIGH"), basic("CVE-2026-3", "LOW")]))
    put_scan(moto_aws, newest, answer([basic("CVE-2026-2", "HIGH")]))
    (folder / "dev.images.yaml").write_text(
        f"api: {{repository: {REPOSITORY}, digest: '{pinned}'}}\n"
    )
    repository = repository_of(report(run))
    scan = repository["scan"]
    assert (scan["images"], scan["scanned"], scan["unscanned"]) == (2, 2, [])
    assert {name: count for name, count in scan["severities"].items() if count} == {
        "high": 1,
        "low": 1,
    }
    assert repository["pinned_by"] == [{"environment": "dev", "name": "api"}]
    scans = {one["digest"]: one["scan"] for one in repository["details"]}
    assert scans[old] is None
    assert scans[newest]["severities"]["high"] == 1


def test_an_image_without_a_scan_is_unscannable_and_no_clean_one(run: Run, moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    found = report(run)
    assert repository_of(found)["scan"]["unscanned"] == [
        {"digest": digest, "platform": "", "reason": "there is no scan of it"}
    ]
    assert found["totals"]["unscanned"] == 1
    shown = run("report", "dev").out
    assert "1" in shown
    assert "unscannable" in shown
    assert "no findings" not in shown


def test_the_promotion_records_of_an_image_are_shown(
    run: Run, moto_aws: Aws, promotions: Promotions
) -> None:
    promoted = put_manifest(moto_aws, image("a"), "v1")
    other = put_manifest(moto_aws, image("b"))
    records = [
        PromotionRecord(
            source=f"{account}.dkr.ecr.us-east-1.amazonaws.com/team/api",
            destination=f"{HOST}/{REPOSITORY}",
            digest=promoted,
            promoted_by=f"arn:aws:iam::{account}:role/release",
            promoted_at=datetime(2026, 11, day, tzinfo=UTC),
        )
        for day, account in ((20, "222222222222"), (21, "333333333333"))
    ]
    promotions.by_digest = {promoted: records, other: records}
    repository = repository_of(report(run))
    assert repository["promotions"] == [
        {
            "source": one.source,
            "promoted_by": one.promoted_by,
            "promoted_at": f"2026-11-{day}T00:00:00Z",
        }
        for day, one in zip((20, 21), records, strict=True)
    ]
    # The records of an image that is neither the newest nor needed are not read.
    shown = {one["digest"]: one["promotions"] for one in repository["details"]}
    assert shown == {promoted: repository["promotions"], other: None}
    text = "".join(run("report", "dev").out.replace("│", "").split())
    assert "333333333333" in text


def test_the_deployed_policy_decides_what_expires_next(run: Run, moto_aws: Aws) -> None:
    digests = {put_manifest(moto_aws, image(name), f"v{name}") for name in "abc"}
    moto_aws.ecr.put_lifecycle_policy(
        repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(SPARES_LIVE)
    )
    repository = repository_of(report(run))
    assert repository["has_lifecycle_policy"] is True
    expired = set(repository["lifecycle"]["expires"])
    assert len(expired) == 2
    assert expired < digests
    outcomes = {one["digest"]: one["lifecycle"]["outcome"] for one in repository["details"]}
    assert {digest for digest, outcome in outcomes.items() if outcome == "expired"} == expired


def test_a_policy_that_expires_a_pinned_image_is_a_warning(
    run: Run, moto_aws: Aws, folder: Path
) -> None:
    digests = [put_manifest(moto_aws, image(name), f"v{name}") for name in "abc"]
    moto_aws.ecr.put_lifecycle_policy(
        repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(SPARES_LIVE)
    )
    pins = "".join(
        f"p{number}: {{repository: {REPOSITORY}, digest: '{digest}'}}\n"
        for number, digest in enumerate(digests)
    )
    (folder / "dev.images.yaml").write_text(pins)
    repository = repository_of(report(run))
    warnings = repository["lifecycle"]["warnings"]
    assert len(warnings) == 2
    assert (
        "rule 1 of the lifecycle policy expires the image, which is needed by the pin"
        in (warnings[0])
    )
    assert warnings[0] in run("report", "dev").out


def test_a_service_of_ecs_uses_its_image(run: Run, moto_aws: Aws) -> None:
    used = put_manifest(moto_aws, image("a"), "v1")
    other = put_manifest(moto_aws, image("b"), "v2")
    run_service(moto_aws, ":v1")
    found = report(run, "--in-use")
    repository = repository_of(found)
    assert repository["used_by"] == [{"kind": "ECS service", "name": "main/api", "reference": "v1"}]
    in_use = {one["digest"]: one["in_use"] for one in repository["details"]}
    # No Kubernetes cluster is named, so the other image may be in use there.
    assert in_use == {used: "yes", other: "unknown"}
    assert not found["complete"]
    assert found["unread"] == [
        "Kubernetes was not looked at. Add --kubeconfig FILE or --context NAME to look at a "
        "cluster."
    ]


def test_a_workload_whose_image_is_gone_is_named(run: Run, moto_aws: Aws) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    run_service(moto_aws, ":v0")
    repository = repository_of(report(run, "--in-use"))
    assert repository["in_use"] == "yes"
    assert repository["notes"] == ["ECS service main/api names team/api:v0, which is not there."]


def test_a_pin_of_the_same_name_in_another_registry_is_no_pin(
    run: Run, moto_aws: Aws, folder: Path
) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    (folder / "prod.yaml").write_text('account: "222222222222"\nregion: eu-west-1\n')
    (folder / "prod.images.yaml").write_text(
        f"api: {{repository: {REPOSITORY}, digest: '{digest}'}}\n"
    )
    assert repository_of(report(run))["pinned_by"] == []


def test_only_reads_are_called(run: Run, moto_aws: Aws, calls: list[str]) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    put_manifest(moto_aws, index(listed(digest, "linux/amd64")), "v2")
    run_service(moto_aws, ":v1")
    calls.clear()
    for output in ("table", "json", "html"):
        assert run("report", "dev", REPOSITORY, "--in-use", "--format", output).code == 0
    assert {"DescribeImages", "ListTasks", "GetLifecyclePolicy"} < set(calls)
    assert [name for name in calls if not READS.fullmatch(name)] == []


def test_a_file_has_the_report_and_a_line_names_it(run: Run, moto_aws: Aws, folder: Path) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    end = run("report", "dev", "--format", "json", "--output", "report.json", "--in-use")
    assert end.out == (
        "dev: the report is in report.json. It is incomplete, and lists what was not read.\n"
    )
    assert json.loads((folder / "report.json").read_text())["environment"] == "dev"


def test_named_repositories_show_their_images(run: Run, moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    assert digest[:19] not in run("report", "dev").out
    assert digest[:19] in run("report", "dev", REPOSITORY).out


@pytest.mark.usefixtures("moto_aws")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("team/apy",),
            1,
            "The environment 'dev' declares no repository 'team/apy'; did you mean 'team/api'? "
            "Known: team/api.",
        ),
        (
            ("--context", "a"),
            2,
            "--kubeconfig and --context require --in-use. Add it, or omit them.",
        ),
        (
            ("--in-use", "--kubeconfig", "none"),
            2,
            "--kubeconfig: there is no file none. Create it, for example with `aws eks "
            "update-kubeconfig`.",
        ),
        (
            ("--output", "none/a.html"),
            2,
            "--output: the folder none does not exist. Create it first.",
        ),
    ],
)
def test_bad_input_is_one_sentence(
    run: Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    end = run("report", "dev", *arguments)
    assert (end.code, end.err) == (code, f"ecrctl: {message}\n")


def test_faulty_pins_of_the_environment_itself_are_1(run: Run, moto_aws: Aws, folder: Path) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    (folder / "dev.images.yaml").write_text("api: {}\n")
    assert run("report", "dev").code == 1
