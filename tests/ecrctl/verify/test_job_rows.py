"""Every row of a Job and of an image, with scripted answers of AWS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from constructs_lib.rules.kubernetes.manifest import manifests_text
from ecrctl.aws.clients import Aws
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.jobs import check_job, check_schemas, documents_of, newest_versions
from ecrctl.verify.images import PUBLIC, check_images
from environments.settings import EcsTaskSettings, EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import DIGEST, IMAGE, load, lookup, missing

TASK = "ecs_tasks: [{name: web, image: api, memory_mib: 64}]\n"


JOBS = """
eks_jobs:
  - {name: once, image: api, namespace: batch, args: [one, two, three]}
  - {name: nightly, image: api, schedule: "15 3 * * *"}
"""


def job_rows(settings: EnvironmentSettings, *manifests: str) -> list[Check]:
    """Return the rows of the environment's Jobs, with their stored manifests."""
    texts = iter(manifests)
    ssm = StubClient(get_parameter=lambda **_: {"Parameter": {"Value": next(texts)}})
    if not manifests:
        ssm = StubClient(get_parameter=missing("GetParameter", "ParameterNotFound"))
    found = lookup(settings, ssm=ssm)
    checks = [check for job in settings.eks_jobs for check in check_job(job, found)]
    assert [request for _, request in ssm.requests] == [
        {"Name": f"/dev-EksWorkloads/jobs/{job.spec.path}"}
        for job in settings.eks_jobs
        if not job.cluster
    ]
    return checks


def manifests_of(settings: EnvironmentSettings) -> list[str]:
    """Return the declared manifest of each Job."""
    return [manifests_text(documents_of(job, settings)) for job in settings.eks_jobs]


def test_a_job_that_is_not_stored_has_one_row(tmp_path: Path) -> None:
    assert job_rows(load(tmp_path, JOBS)) == [
        Check("Job once", "exists", "yes", MISSING),
        Check("CronJob nightly", "exists", "yes", MISSING),
    ]


def test_a_stored_manifest_as_declared_is_shown_by_its_name_and_image(tmp_path: Path) -> None:
    settings = load(tmp_path, JOBS)
    manifests = manifests_of(settings)
    documents = [yaml.safe_load(text) for text in manifests]
    assert [document["kind"] for document in documents] == ["Job", "CronJob"]
    shown = [f"{document['metadata']['name']}\n{IMAGE}" for document in documents]
    assert job_rows(settings, *manifests) == [
        Check("Job once", "manifest", shown[0], shown[0]),
        Check("CronJob nightly", "manifest", shown[1], shown[1]),
    ]


def line_of(manifest: str, text: str) -> int:
    """Return the number of the line with a text, the first line being 1."""
    (number,) = [number for number, one in enumerate(manifest.splitlines(), 1) if text in one]
    return number


def test_each_group_of_lines_that_differ_has_its_row(tmp_path: Path) -> None:
    settings = load(tmp_path, JOBS)
    once, nightly = manifests_of(settings)
    lines = once.splitlines()
    first, last = line_of(once, "- one"), line_of(once, "- three")
    changed = [*lines[: first - 1], "- x", "- y", *lines[first : last - 1], *lines[last:], "z: 1"]
    found = job_rows(settings, "\n".join(changed), nightly)[:-1]
    assert found == [
        Check("Job once", f"manifest, line {first}", lines[first - 1], "- x\n- y"),
        Check("Job once", f"manifest, line {last}", lines[last - 1], MISSING),
        Check("Job once", f"manifest, line {len(lines) + 1}", MISSING, "z: 1"),
    ]


def test_an_empty_manifest_differs_as_a_whole(tmp_path: Path) -> None:
    settings = load(tmp_path, JOBS)
    once, nightly = manifests_of(settings)
    (check, _) = job_rows(settings, "", nightly)
    assert check == Check("Job once", "manifest, line 1", once.rstrip("\n"), MISSING)


CLUSTER = """
eks_cluster:
  name: sample
  kubectl_provider: arn:aws:lambda:us-west-2:111111111111:function:kubectl
eks_jobs: [{name: once, image: api, delivery: cluster}]
"""


def test_a_job_that_cloudformation_applies_is_not_compared(tmp_path: Path) -> None:
    assert job_rows(load(tmp_path, CLUSTER)) == [
        Check.not_compared(
            "Job once",
            "manifest",
            "CloudFormation applies it to the cluster sample, which alone knows its state; read it "
            "with `kubectl get`",
        )
    ]


PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.example.com/id/A"


@pytest.mark.parametrize(
    ("settings", "kinds", "annotations"),
    [
        ("", ["Job"], None),
        ("service_account: reader", ["Job"], None),
        (
            "service_account: reader, namespace: batch, identity: {cluster_name: main}",
            ["ServiceAccount", "Job"],
            None,
        ),
        (
            "service_account: reader, namespace: batch, "
            "identity: {cluster_name: main, role_name: reads}",
            ["ServiceAccount", "Job"],
            None,
        ),
        (
            "service_account: reader, namespace: batch, "
            f"identity: {{oidc_provider_arn: '{PROVIDER}', role_name: reads}}",
            ["ServiceAccount", "Job"],
            {"eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/reads"},
        ),
    ],
)
def test_the_manifest_of_a_job_has_its_service_account_where_it_has_an_identity(
    tmp_path: Path, settings: str, kinds: list[str], annotations: dict[str, str] | None
) -> None:
    loaded = load(tmp_path, f"eks_jobs: [{{name: once, image: api, {settings}}}]\n")
    (manifest,) = manifests_of(loaded)
    documents = list(yaml.safe_load_all(manifest))
    assert [document["kind"] for document in documents] == kinds
    accounts = [one for one in documents if one["kind"] == "ServiceAccount"]
    assert [one["metadata"].get("annotations") for one in accounts] == [annotations] * len(accounts)
    (shown,) = job_rows(loaded, manifest)
    assert shown.found == f"{documents[-1]['metadata']['name']}\n{IMAGE}"


def test_each_image_has_a_row_for_its_digest_and_one_for_its_tag(tmp_path: Path) -> None:
    settings = load(tmp_path, JOBS)
    own = settings.eks_jobs[0].image
    public = replace(own, account=None, region=None, repository="acme/tool")
    other_public = replace(public, repository="acme/other")
    tagged = replace(own, digest=None, tag="v3", repository="team/web")
    images = (own, public, other_public, own)
    jobs = [replace(settings.eks_jobs[0], image=image) for image in images]
    task = EcsTaskSettings(
        name="web",
        spec=load(tmp_path, TASK).ecs_tasks[0].spec,
        images=(tagged,),
        task_role_arn=None,
        logs=True,
    )
    ecr = StubClient(
        describe_images=lambda **request: {
            "imageDetails": [{"imageDigest": DIGEST if DIGEST in str(request) else "sha256:b"}]
            if "/api" in str(request)
            else []
        }
    )
    settings = replace(settings, eks_jobs=tuple(jobs), ecs_tasks=(task,))
    rows = check_images(settings, lambda _: stub_aws(ecr=ecr))
    place = "image 111111111111/us-west-2"
    assert list(rows) == [
        Check(f"{place}/team/api", "in its registry", DIGEST, DIGEST),
        Check(f"{place}/team/api", "tag v1", DIGEST, "sha256:b"),
        Check(f"{place}/team/web", "in its registry", "v3", MISSING),
        Check.not_compared("image acme/other", "in its registry", PUBLIC),
        Check.not_compared("image acme/tool", "in its registry", PUBLIC),
    ]
    assert ecr.requests == [
        (
            "describe_images",
            {"registryId": "111111111111", "repositoryName": name, "imageIds": [image_id], **extra},
        )
        for name, image_id, extra in (
            ("team/api", {"imageDigest": DIGEST}, {}),
            ("team/api", {"imageTag": "v1"}, {}),
            ("team/web", {"imageTag": "v3"}, {}),
            ("team/web", {"imageTag": "v3"}, {"filter": {"imageStatus": "ANY"}}),
        )
    ]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("ARCHIVED", "archived, so no workload can pull it"),
        ("ACTIVATING", "being restored from the archive, so no workload can pull it yet"),
    ],
)
def test_an_image_that_no_workload_can_pull_differs(
    tmp_path: Path, status: str, found: str
) -> None:
    settings = load(tmp_path, JOBS)
    own = replace(settings.eks_jobs[0].image, digest=DIGEST, tag="v1", repository="team/api")
    settings = replace(settings, eks_jobs=(replace(settings.eks_jobs[0], image=own),))
    detail = {"imageDigest": DIGEST, "imageStatus": status}
    ecr = StubClient(describe_images=lambda **_: {"imageDetails": [detail]})
    in_registry, tag = check_images(settings, lambda _: stub_aws(ecr=ecr))
    assert (in_registry.found, in_registry.differs) == (found, True)
    assert not tag.differs


def test_the_clients_of_a_region_are_made_once(tmp_path: Path) -> None:
    settings = load(tmp_path, JOBS)
    regions: list[str] = []
    image = replace(settings.eks_jobs[0].image, digest=DIGEST, tag=None)
    jobs = [
        replace(settings.eks_jobs[0], image=replace(image, repository=name)) for name in ("a", "b")
    ]
    ecr = StubClient(
        describe_images=lambda **_: {"imageDetails": [{"imageDigest": DIGEST}]},
        describe_image_signing_status=lambda **_: {"signingStatuses": []},
    )

    def clients(region: str) -> Aws:
        regions.append(region)
        return stub_aws(ecr=ecr)

    rows = list(check_images(replace(settings, eks_jobs=tuple(jobs)), clients))
    assert (len(rows), regions) == (2, ["us-west-2"])


def test_every_manifest_is_validated_by_the_three_newest_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_validate, "latest_version", lambda: "1.34.2")
    versions = ["1.34.0", "1.33.0", "1.32.0"]
    assert newest_versions() == versions
    validated: list[tuple[str, str, bool]] = []

    def validate(document: dict[str, Any], version: str, *, strict: bool) -> None:
        validated.append((document["kind"], version, strict))
        if (document["kind"], version) == ("CronJob", "1.33.0"):
            error = ValueError()
            error.__dict__["message"] = "spec: a field is unknown"
            raise kubernetes_validate.ValidationError(error, version)

    monkeypatch.setattr(kubernetes_validate, "validate", validate)
    rows = list(check_schemas(load(tmp_path, JOBS)))
    assert [(check.subject, check.what, check.declared, check.found) for check in rows] == [
        *(("Job once", f"Kubernetes {version}", "valid", "valid") for version in versions),
        ("CronJob nightly", "Kubernetes 1.34.0", "valid", "valid"),
        ("CronJob nightly", "Kubernetes 1.33.0", "valid", "spec: a field is unknown"),
        ("CronJob nightly", "Kubernetes 1.32.0", "valid", "valid"),
    ]
    assert validated == [
        (kind, version, True) for kind in ("Job", "CronJob") for version in versions
    ]
