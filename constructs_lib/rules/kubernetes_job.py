"""Kubernetes Jobs: the manifest of a Job that runs one image, and the rules it must obey.

Sources: Kubernetes API reference, "Job v1 batch"; Kubernetes documentation, "Object Names and
IDs", "Pod Security Standards" and "Jobs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from .faults import Fault, refuse

RestartPolicy = Literal["Never", "OnFailure"]
RESTART_POLICIES: tuple[RestartPolicy, ...] = ("Never", "OnFailure")

NAME_LENGTH = 63
SUBDOMAIN_LENGTH = 253
SUFFIX_LENGTH = 10
NON_ROOT_USER = 65_532

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")

# All that may change in a Job that exists; the rest of its spec is immutable.
_MUTABLE_SPEC_FIELDS = (
    "activeDeadlineSeconds",
    "backoffLimit",
    "parallelism",
    "suspend",
    "ttlSecondsAfterFinished",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """Define a Job that runs one container of one image to its end.

    :param name: the Job's name, or its beginning: see ``name_suffix``.
    :param image_uri: the image, by digest or tag.
    :param service_account: the Kubernetes service account whose identity the pod has.
    :param args: the container's arguments; the image's own when left out.
    :param command: the container's entry point; the image's own when left out.
    :param container_name: the container's name; the Job's when left out.
    :param labels: the pod's labels; ``app: <name>`` when left out.
    :param namespace: the namespace; the one of whoever applies the manifest when left out.
    :param restart_policy: ``Never`` or ``OnFailure``; a Job knows no other.
    :param name_suffix: ``hash`` appends a hash of every immutable field, so that a new image
        makes a new Job where Kubernetes would refuse to change the old one; ``none`` does not.
    :param hardening: ``restricted`` follows the Pod Security Standard of that name with a
        read-only root file system; ``none`` leaves the cluster's defaults.
    :raises RuleError: with every rule that is broken.
    """

    name: str
    image_uri: str
    service_account: str
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    container_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    restart_policy: RestartPolicy = "Never"
    name_suffix: Literal["hash", "none"] = "hash"
    hardening: Literal["restricted", "none"] = "restricted"

    def __post_init__(self) -> None:
        refuse(f"Job '{self.name}'", job_faults(self))


def job_faults(job: JobSpec) -> list[Fault]:
    """Check a Job for what the API server, or the kubelet, would refuse."""
    room = NAME_LENGTH - (SUFFIX_LENGTH + 1 if job.name_suffix == "hash" else 0)
    faults = [fault.under("name") for fault in dns_label_faults(job.name, room)]
    if job.container_name is not None:
        faults += [
            fault.under("container_name")
            for fault in dns_label_faults(job.container_name, NAME_LENGTH)
        ]
    if job.namespace is not None:
        faults += [
            fault.under("namespace") for fault in dns_label_faults(job.namespace, NAME_LENGTH)
        ]
    if len(job.service_account) > SUBDOMAIN_LENGTH or not _DNS_SUBDOMAIN.fullmatch(
        job.service_account
    ):
        faults.append(
            Fault(
                "service_account",
                "a service account's name has up to 253 lower-case letters, digits, '-' and '.', "
                f"got '{job.service_account[:80]}'. Give the name it has in the cluster.",
            )
        )
    if job.restart_policy not in RESTART_POLICIES:
        faults.append(
            Fault(
                "restart_policy",
                f"a Job's restart_policy is Never or OnFailure, got '{job.restart_policy}'. "
                "A Job that always restarts would never finish.",
            )
        )
    for path, given, words in (
        ("name_suffix", job.name_suffix, ("hash", "none")),
        ("hardening", job.hardening, ("restricted", "none")),
    ):
        if given not in words:
            faults.append(Fault(path, f"{path} is {' or '.join(words)}, got '{given}'."))
    for key, value in job.labels.items():
        faults += [fault.under(f"labels.{key}") for fault in _label_faults(key, value)]
    return faults


def dns_label_faults(name: str, longest: int) -> list[Fault]:
    """Check an RFC 1123 label: up to 63 lower-case letters, digits and '-'."""
    if len(name) <= longest and _DNS_LABEL.fullmatch(name):
        return []
    return [
        Fault(
            "",
            f"a name here has 1 to {longest} lower-case letters, digits and '-', and begins and "
            f"ends with a letter or digit (RFC 1123), got '{name[:80]}' ({len(name)} characters). "
            "Choose another name.",
        )
    ]


def _label_faults(key: str, value: str) -> list[Fault]:
    faults: list[Fault] = []
    if len(key.rpartition("/")[2]) > NAME_LENGTH or not _LABEL_KEY.fullmatch(key):
        faults.append(Fault("", f"'{key}' is not a label's key. Write it such as 'app'."))
    if len(value) > NAME_LENGTH or not _LABEL_VALUE.fullmatch(value):
        faults.append(
            Fault(
                "",
                "a label's value has up to 63 letters, digits, '-', '_' and '.', and begins and "
                f"ends with a letter or digit, got '{value[:80]}'. Shorten or change it.",
            )
        )
    return faults


def job_manifest(job: JobSpec) -> dict[str, Any]:
    """Give the ``batch/v1`` Job, ready to be applied."""
    spec = {
        "template": {
            "metadata": {"labels": dict(job.labels) or {"app": job.name}},
            "spec": _pod_spec(job),
        }
    }
    metadata: dict[str, Any] = {"name": job.name}
    if job.namespace:
        metadata["namespace"] = job.namespace
    if job.name_suffix == "hash":
        metadata["name"] = f"{job.name}-{immutable_hash(spec)}"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _pod_spec(job: JobSpec) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": job.container_name or job.name,
        "image": job.image_uri,
    }
    if job.command:
        container["command"] = list(job.command)
    if job.args:
        container["args"] = list(job.args)
    pod: dict[str, Any] = {"serviceAccountName": job.service_account}
    if job.hardening == "restricted":
        pod["securityContext"] = {
            "runAsNonRoot": True,
            "runAsUser": NON_ROOT_USER,
            "runAsGroup": NON_ROOT_USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        container["securityContext"] = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
    return {**pod, "containers": [container], "restartPolicy": job.restart_policy}


def immutable_hash(spec: Mapping[str, Any]) -> str:
    """Give ten hexadecimal digits that differ when any immutable field of a Job's spec does."""
    immutable = {key: value for key, value in spec.items() if key not in _MUTABLE_SPEC_FIELDS}
    canonical = json.dumps(immutable, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:SUFFIX_LENGTH]
