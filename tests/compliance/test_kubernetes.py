"""Every Job is valid by Kubernetes' own schemas."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.assemblies import jobs_of

MAJOR, NEWEST = (int(part) for part in kubernetes_validate.latest_version().split(".")[:2])
VERSIONS = tuple(f"{MAJOR}.{NEWEST - age}.0" for age in range(3))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_job_is_valid(assembly: Path, version: str) -> None:
    texts = [text for _, _, text in jobs_of(assembly)]
    assert len(texts) == 5
    for text in texts:
        for document in yaml.safe_load_all(text):
            kubernetes_validate.validate(document, version, strict=True)


def test_an_unknown_field_is_found(assembly: Path) -> None:
    (job, *_) = [yaml.safe_load(text) for name, _, text in jobs_of(assembly) if name == "prod"]
    job["spec"]["template"]["spec"]["restartPolcy"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[0], strict=True)
