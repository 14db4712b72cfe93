"""The manifests of an environment's Jobs, validated by Kubernetes' own schemas."""

from __future__ import annotations

from collections.abc import Iterator

import kubernetes_validate

from environments.settings import EnvironmentSettings

from .check import Check
from .jobs import documents_of

NEWEST = 3


def newest_versions() -> list[str]:
    """Return the newest versions of Kubernetes whose schemas are installed."""
    major, minor = (int(part) for part in kubernetes_validate.latest_version().split(".")[:2])
    return [f"{major}.{minor - age}.0" for age in range(NEWEST)]


def check_schemas(settings: EnvironmentSettings) -> Iterator[Check]:
    """Yield whether every manifest is valid for each version, unknown fields being faults."""
    for job in settings.eks_jobs:
        kind = "CronJob" if job.cron else "Job"
        for version in newest_versions():
            found = "valid"
            try:
                for document in documents_of(job, settings):
                    kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                found = str(error.message)
            yield Check(f"{kind} {job.spec.name}", f"Kubernetes {version}", "valid", found)
