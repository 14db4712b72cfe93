"""The manifests of Kubernetes Jobs, compared with AWS and with Kubernetes' own schemas."""

from collections.abc import Iterator
from difflib import SequenceMatcher

import kubernetes_validate

from constructs_lib.rules.kubernetes.manifest import (
    Document,
    cron_job_manifest,
    job_manifest,
    manifests_text,
)
from constructs_lib.rules.kubernetes.workload_identity import identity_documents
from ecrctl.verify.check import MISSING, Check
from environments.names import job_parameter
from environments.settings import EksJobSettings, EnvironmentSettings

from .lookup import Lookup

NEWEST = 3


def documents_of(job: EksJobSettings, settings: EnvironmentSettings) -> list[Document]:
    """Return the documents of a Job's manifest, from the environment's files alone."""
    spec, identity = job.spec, job.identity
    document = (
        cron_job_manifest(spec, job.image, job.cron) if job.cron else job_manifest(spec, job.image)
    )
    if identity is None or spec.service_account is None or spec.namespace is None:
        return [document]
    role_arn = None
    if identity.oidc_provider_arn and identity.role_name:
        partition = identity.oidc_provider_arn.split(":")[1]
        role_arn = f"arn:{partition}:iam::{settings.account}:role/{identity.role_name}"
    return [*identity_documents(spec.service_account, spec.namespace, role_arn), document]


def check_job(job: EksJobSettings, lookup: Lookup) -> Iterator[Check]:
    """Yield whether a Job's stored manifest is as declared."""
    subject, settings = _subject(job), lookup.settings
    if job.cluster:
        reason = (
            f"CloudFormation applies it to the cluster {job.cluster.name}, which alone knows its "
            f"state; read it with `kubectl get`"
        )
        yield Check.not_compared(subject, "manifest", reason)
        return
    answer = lookup.reading.call(
        "ssm", "get_parameter", Name=job_parameter(settings.name, job.spec.path)
    )
    if answer is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    documents = documents_of(job, settings)
    declared, found = manifests_text(documents), answer["Parameter"]["Value"]
    if found == declared:
        shown = f"{documents[-1]['metadata']['name']}\n{job.image.uri}"
        yield Check(subject, "manifest", shown, shown)
        return
    for what, before, after in _differing_lines(declared, found):
        yield Check(subject, what, before, after)


def _differing_lines(declared: str, found: str) -> Iterator[tuple[str, str, str]]:
    """Yield each group of lines that differ, instead of two whole manifests."""
    before, after = declared.splitlines(), found.splitlines()
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        if tag != "equal":
            what = f"manifest, line {i1 + 1}"
            yield what, _lines(before[i1:i2]), _lines(after[j1:j2])


def _lines(lines: list[str]) -> str:
    return "\n".join(lines) or MISSING


def newest_versions() -> list[str]:
    """Return the newest versions of Kubernetes whose schemas are installed."""
    major, minor = (int(part) for part in kubernetes_validate.latest_version().split(".")[:2])
    return [f"{major}.{minor - age}.0" for age in range(NEWEST)]


def check_schemas(settings: EnvironmentSettings) -> Iterator[Check]:
    """Yield whether every manifest is valid for each version, unknown fields being faults."""
    for job in settings.eks_jobs:
        for version in newest_versions():
            found = "valid"
            try:
                for document in documents_of(job, settings):
                    kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                found = str(error.message)
            yield Check(_subject(job), f"Kubernetes {version}", "valid", found)


def _subject(job: EksJobSettings) -> str:
    return f"{'CronJob' if job.cron else 'Job'} {job.spec.name}"
