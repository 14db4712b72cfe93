"""Kubernetes manifests of a Job, a CronJob and a service account.

Source: Kubernetes API reference, "Job v1 batch", "CronJob v1 batch" and "ServiceAccount v1".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from constructs_lib.rules.ecr.images import ImageReference
from constructs_lib.rules.mappings import without_none

from .cron_job import CronSchedule
from .hardening import container_security_context, pod_security_context
from .job import SUFFIX_LENGTH, JobSpec
from .names import is_label_value
from .pod import JobPod, Resources, SecretKey, Volume
from .yaml_text import yaml_text

Document = dict[str, Any]

VERSION_LABEL = "app.kubernetes.io/version"
VERSION_ANNOTATION = "org.opencontainers.image.version"

# The fields of an existing Job that may change; the rest of its spec is immutable.
_MUTABLE_SPEC_FIELDS = (
    "activeDeadlineSeconds",
    "backoffLimit",
    "parallelism",
    "suspend",
    "ttlSecondsAfterFinished",
)
_RUN_FIELDS = {
    "backoff_limit": "backoffLimit",
    "active_deadline_seconds": "activeDeadlineSeconds",
    "ttl_seconds_after_finished": "ttlSecondsAfterFinished",
    "parallelism": "parallelism",
    "completions": "completions",
}


def job_manifest(
    job: JobSpec, image: ImageReference, *, meaning: Callable[[Any], Any] | None = None
) -> Document:
    """Return the ``batch/v1`` Job, ready to be applied.

    :param meaning: returns the value to hash for a spec with tokens; by default the spec itself.
    """
    spec = _job_spec(job, image)
    name = job.name
    if job.name_suffix == "hash":
        name = f"{name}-{immutable_hash(meaning(spec) if meaning else spec)}"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(job, image, name),
        "spec": spec,
    }


def cron_job_manifest(job: JobSpec, image: ImageReference, schedule: CronSchedule) -> Document:
    """Return the ``batch/v1`` CronJob. Its Job template is mutable, so its name has no hash."""
    spec = without_none(
        schedule=schedule.schedule,
        timeZone=schedule.time_zone or None,
        concurrencyPolicy=schedule.concurrency_policy,
        startingDeadlineSeconds=schedule.starting_deadline_seconds,
        suspend=schedule.suspend or None,
        jobTemplate={"spec": _job_spec(job, image)},
    )
    metadata = _metadata(job, image, job.name)
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}


def service_account_manifest(name: str, namespace: str, annotations: Mapping[str, str]) -> Document:
    """Return a service account whose API token is mounted only in pods that request it."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": without_none(
            name=name, namespace=namespace or None, annotations=dict(annotations) or None
        ),
        "automountServiceAccountToken": False,
    }


def manifests_text(documents: list[Document]) -> str:
    """Return documents as one YAML file."""
    return "---\n".join(yaml_text(document) for document in documents)


def immutable_hash(spec: Mapping[str, Any]) -> str:
    """Return ten hexadecimal digits of a hash of the immutable fields of a Job's spec."""
    immutable = {key: value for key, value in spec.items() if key not in _MUTABLE_SPEC_FIELDS}
    if "parallelism" in spec:
        # Without parallelism and completions, Kubernetes sets completions to 1. With parallelism
        # alone, completions stays unset, and the Job is a work queue.
        immutable.setdefault("completions", None)
    canonical = json.dumps(immutable, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:SUFFIX_LENGTH]


def _metadata(job: JobSpec, image: ImageReference, name: str) -> Document:
    metadata = without_none(name=name, namespace=job.namespace or None)
    if image.version:
        # On the Job and not on its pods, so that a new version of the same image changes no hash.
        place, key = (
            ("labels", VERSION_LABEL)
            if is_label_value(image.version)
            else ("annotations", VERSION_ANNOTATION)
        )
        metadata[place] = {key: image.version}
    return metadata


def _job_spec(job: JobSpec, image: ImageReference) -> Document:
    return {
        **without_none(**{field: getattr(job.run, name) for name, field in _RUN_FIELDS.items()}),
        "template": {
            "metadata": {"labels": dict(job.pod.labels) or {"app": job.name}},
            "spec": _pod_spec(job, image),
        },
    }


def _pod_spec(job: JobSpec, image: ImageReference) -> Document:
    pod = job.pod
    return without_none(
        serviceAccountName=job.service_account or None,
        automountServiceAccountToken=False if pod.hardening.withhold_token else None,
        securityContext=pod_security_context(pod.hardening) or None,
        nodeSelector=dict(pod.node_selector) or None,
        tolerations=[without_none(**asdict(item)) for item in pod.tolerations] or None,
        containers=[_container(job, image)],
        volumes=[_volume(volume) for volume in pod.volumes] or None,
        restartPolicy=pod.restart_policy,
    )


def _container(job: JobSpec, image: ImageReference) -> Document:
    pod = job.pod
    return without_none(
        name=pod.container_name or job.name,
        image=image.uri,
        command=list(pod.command) or None,
        args=list(pod.args) or None,
        env=_variables(pod) or None,
        resources=_resources(pod.resources) if pod.resources else None,
        securityContext=container_security_context(pod.hardening) or None,
        volumeMounts=[_mount(volume) for volume in pod.volumes] or None,
    )


def _resources(resources: Resources) -> Document:
    return without_none(
        requests=dict(resources.requests) or None, limits=dict(resources.limits) or None
    )


def _variables(pod: JobPod) -> list[Document]:
    plain = [{"name": name, "value": value} for name, value in sorted(pod.environment.items())]
    return plain + [_secret_variable(name, key) for name, key in sorted(pod.secrets.items())]


def _secret_variable(name: str, key: SecretKey) -> Document:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": key.secret, "key": key.key}}}


def _mount(volume: Volume) -> Document:
    mount: Document = {"name": volume.name, "mountPath": volume.path}
    return mount if volume.source == "empty" else {**mount, "readOnly": True}


def _volume(volume: Volume) -> Document:
    if volume.source == "config_map":
        return {"name": volume.name, "configMap": {"name": volume.source_name}}
    if volume.source == "secret":
        return {"name": volume.name, "secret": {"secretName": volume.source_name}}
    limit = {"sizeLimit": volume.size_limit} if volume.size_limit else {}
    return {"name": volume.name, "emptyDir": limit}
