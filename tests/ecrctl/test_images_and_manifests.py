"""`ecrctl verify --images` and `ecrctl manifests`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ecrctl import manifests
from ecrctl.aws.clients import Aws
from ecrctl.images.oci import OciImage
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image
from ecrctl.verify.check import MISSING
from ecrctl.verify.files.jobs import check_schemas, newest_versions
from ecrctl.verify.images import check_images
from environments.loading import load_environment, pins_path
from tests.assemblies import jobs_of
from tests.ecrctl.progress import without_progress
from tests.ecrctl.test_cli import FILE, REPOSITORY, ecrctl, pushed

__all__ = ["pushed"]  # the fixture is found by its name

OTHER = "sha256:" + "d" * 64


def pinned(folder: Path, **pin: str) -> Path:
    """Write an environment whose one workload has a pin."""
    (folder / "dev.yaml").write_text(FILE)
    pins_path("dev", folder).write_text(yaml.safe_dump({"api": {"repository": REPOSITORY} | pin}))
    return folder


def found(folder: Path, aws: Aws) -> list[tuple[str, bool]]:
    """Return each check of an image and whether it matches."""
    settings = load_environment("dev", folder)
    return [
        (check.what, check.outcome == "match")
        for check in check_images(settings, lambda _region: aws)
    ]


def test_an_existing_pinned_image_is_found_by_digest_and_tag(
    tmp_path: Path, aws: Aws, pushed: OciImage
) -> None:
    folder = pinned(tmp_path, tag="v1", digest=pushed.digest)
    assert found(folder, aws) == [("in its registry", True), ("tag v1", True)]
    assert found(pinned(tmp_path, tag="v1"), aws) == [("in its registry", True)]


def test_a_missing_pinned_image_is_named(tmp_path: Path, aws: Aws, pushed: OciImage) -> None:
    folder = pinned(tmp_path, tag="v1", digest=OTHER)
    assert found(folder, aws) == [("in its registry", False), ("tag v1", False)]
    (check, tagged) = check_images(load_environment("dev", folder), lambda _region: aws)
    assert (check.declared, check.found) == (OTHER, MISSING)
    assert tagged.found == pushed.digest


def test_an_image_of_a_missing_repository_is_missing(tmp_path: Path, aws: Aws) -> None:
    assert found(pinned(tmp_path, digest=OTHER), aws) == [("in its registry", False)]


@pytest.mark.parametrize(("digest", "code"), [(sample_image().digest, 0), (OTHER, 3)])
@pytest.mark.usefixtures("pushed")
def test_the_command_reports_a_missing_image_before_a_deployment(
    tmp_path: Path, emulator: Emulator, digest: str, code: int
) -> None:
    folder = pinned(tmp_path, digest=digest)
    done = ecrctl(
        *("--environments", str(folder), "verify", "dev", "--images"),
        variables=emulator.variables(),
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert f"image 000000000000/us-east-1/{REPOSITORY}" in done.stdout
    assert ("checks differ" in done.stdout) is (code == 3)


def test_manifests_are_written_byte_for_byte_and_other_files_are_named(
    tmp_path: Path, environments: Path, assembly: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "gone.yaml").write_text("kind: Job\n")
    command = [sys.executable, "-m", "ecrctl", "--environments", str(environments)]
    done = subprocess.run(
        [*command, "manifests", "dev", "--out", str(out)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    (text,) = [text for name, _, text in jobs_of(assembly) if name == "dev"]
    assert (out / "batch" / "eks-iam-test-s3.yaml").read_text() == text
    assert done.stdout == f"{out / 'batch' / 'eks-iam-test-s3.yaml'}\n"
    assert (
        without_progress(done.stderr)
        == f"ecrctl: {out / 'gone.yaml'} belongs to no Job of 'dev'. Delete it if it is no longer "
        "needed.\n"
    )


def test_manifests_are_listed_in_order_whatever_the_file_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = tmp_path / "assembly" / "assembly-dev" / manifests.FOLDER / "batch"
    stack.mkdir(parents=True)
    for name in ("b", "a", "c"):
        (stack / f"{name}.yaml").touch()
    monkeypatch.setattr(Path, "rglob", lambda folder, _: (folder / f"{one}.yaml" for one in "bca"))
    monkeypatch.setattr("ecrctl.cdk.assemblies.synthesise", lambda *_, **__: tmp_path / "assembly")
    written = manifests.write_manifests("dev", tmp_path, tmp_path / "out")
    assert [file.name for file in written] == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_folder_that_cannot_be_written_to_is_one_sentence(
    tmp_path: Path, environments: Path
) -> None:
    (tmp_path / "batch").write_text("a file")
    done = ecrctl(
        *("--environments", str(environments), "manifests", "dev", "--out", str(tmp_path))
    )
    assert done.returncode == 2
    assert "cannot be written: " in done.stderr
    assert "Choose another --out." in done.stderr


def test_every_job_of_every_environment_is_valid_in_the_newest_schemas(
    environments: Path,
) -> None:
    assert len(newest_versions()) == 3
    for name in ("article", "dev", "local", "prod", "staging"):
        checks = list(check_schemas(load_environment(name, environments)))
        assert checks
        assert all(check.outcome == "match" for check in checks)
