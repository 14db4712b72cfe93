"""``ecrctl lifecycle --in-use`` against moto's ECR and ECS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecrctl import lifecycle
from ecrctl.aws.clients import Aws
from tests.ecrctl.images.report.asking import run_service
from tests.ecrctl.images.report.conftest import Run
from tests.ecrctl.images.scanning.accounts import REPOSITORY, image, put_manifest

RULE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    "action": {"type": "expire"},
}
LATER = "2999-01-01T00:00:00Z"
UNASKED = (
    "Not read: Kubernetes was not looked at. Add --kubeconfig FILE or --context NAME to look at a "
    "cluster.\n"
)


@pytest.fixture
def policy(folder: Path) -> Path:
    """Return the file of a policy that expires every image after a day."""
    selection = {
        "tagStatus": "any",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 1,
    }
    file = folder / "policy.json"
    file.write_text(json.dumps({"rules": [RULE | {"selection": selection}]}))
    return file


def test_an_image_that_runs_and_expires_is_a_warning(run: Run, moto_aws: Aws, policy: Path) -> None:
    used = put_manifest(moto_aws, image("a"), "v1")
    put_manifest(moto_aws, image("b"), "v2")
    run_service(moto_aws, ":v1")
    options = ("--policy", str(policy), "--now", LATER)
    end = run("lifecycle", "dev", REPOSITORY, *options, "--in-use")
    assert end.code == 0
    warnings = [line for line in end.out.splitlines() if line.startswith("Warning: ")]
    assert warnings == [
        f"Warning: team/api@{used[:19]} (v1): rule 1 of the lifecycle policy expires the image, "
        "which is needed by ECS service main/api."
    ]
    assert end.out.endswith(UNASKED)
    assert "Warning" not in run("lifecycle", "dev", REPOSITORY, *options).out


def test_a_pinned_image_that_expires_is_a_warning(
    run: Run, moto_aws: Aws, policy: Path, folder: Path
) -> None:
    pinned = put_manifest(moto_aws, image("a"), "v1")
    (folder / "dev.images.yaml").write_text(
        f"api: {{repository: {REPOSITORY}, digest: '{pinned}'}}\n"
    )
    options = ("--policy", str(policy), "--now", LATER, "--in-use")
    assert "needed by the pin 'api' of dev." in run("lifecycle", "dev", REPOSITORY, *options).out
    end = run("lifecycle", "dev", REPOSITORY, *options, "--format", "json")
    (document,) = json.loads(end.out)
    assert (document["outcome"], document["needed_by"]) == ("expired", ["the pin 'api' of dev"])
    assert end.err == f"ecrctl: {UNASKED}"


def test_brackets_in_a_sentence_are_no_markup(
    run: Run, moto_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    monkeypatch.setattr(lifecycle.Needs, "sentences", lambda *_: ["Not read: [red] tasks."])
    assert "Not read: [red] tasks.\n" in run("lifecycle", "dev", REPOSITORY, "--in-use").out


def test_an_image_that_stays_is_no_warning(run: Run, moto_aws: Aws) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    run_service(moto_aws, ":v1")
    end = run("lifecycle", "dev", REPOSITORY, "--in-use")
    assert (
        "The policy expires and archives no image that a pin or a found workload needs.\n"
    ) in end.out


def test_the_credentials_of_another_account_are_refused(
    run: Run, moto_aws: Aws, folder: Path
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    (folder / "dev.yaml").write_text(
        (folder / "dev.yaml").read_text().replace("123456789012", "222222222222")
    )
    (folder / "images.json").write_text("[]")
    end = run("lifecycle", "dev", REPOSITORY, "--in-use", "--images", "images.json")
    assert end.code == 2
    assert "the credentials belong to 123456789012" in end.err


def test_a_cluster_without_in_use_is_refused(run: Run) -> None:
    end = run("lifecycle", "dev", REPOSITORY, "--context", "a")
    assert (end.code, end.err) == (
        2,
        "ecrctl: --kubeconfig and --context require --in-use. Add it, or omit them.\n",
    )
