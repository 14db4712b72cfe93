"""The manifests of Kubernetes Jobs, compared with AWS and with Kubernetes' own schemas."""

from collections.abc import Iterator

import kubernetes_validate

from constructs_lib.rules.kubernetes.manifest import (
    Document,
    cron_job_manifest,
    job_manifest,
    manifests_text,
)
from constructs_lib.rules.kubernetes.workload_identity import identity_documents
from ecrctl.aws.clients import Aws, or_none
from environments.names import job_parameter
from environments.settings import EksJobSettings, EnvironmentSettings

from .check import MISSING, Check

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


def check_job(job: EksJobSettings, settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield whether a Job's stored manifest is as declared.

    A Job that CloudFormation applies to a cluster has no stored manifest.
    """
    if job.cluster:
        return
    name = job_parameter(settings.name, job.spec.path)
    answer = or_none(lambda: aws.ssm.get_parameter(Name=name))
    documents = documents_of(job, settings)
    declared, found = manifests_text(documents), answer["Parameter"]["Value"] if answer else MISSING
    if found == declared:
        declared = found = f"{documents[-1]['metadata']['name']}\n{job.image.uri}"
    yield Check(_subject(job), "manifest", declared, found)


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
