"""Kubernetes Jobs and CronJobs that run one image, as values, and the rules they must obey.

Sources: Kubernetes API reference, "Job v1 batch" and "CronJob v1 batch"; Kubernetes
documentation, "Jobs".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.rules.faults import Fault, raise_if_any

from .names import NAME_LENGTH, dns_label_faults, dns_subdomain_faults
from .pod import JobPod, pod_faults

SUFFIX_LENGTH = 10

NameSuffix = Literal["hash", "none"]
NAME_SUFFIXES: tuple[NameSuffix, ...] = ("hash", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """Define how often and how long a Job runs; what is left out is Kubernetes' own default.

    :param backoff_limit: how often a failed pod is tried again; Kubernetes' default is 6.
    :param active_deadline_seconds: the whole Job is stopped, as failed, after so long.
    :param ttl_seconds_after_finished: a finished Job is deleted after so long; kept by default.
        Whoever applies the same manifest after that, a GitOps loop or a rollback, runs it again.
    :param parallelism: how many pods run at once; Kubernetes' default is 1.
    :param completions: how many pods must succeed; Kubernetes' default is 1. With parallelism
        alone the Job is done when one pod has succeeded and the others have ended.

    >>> JobRun(backoff_limit=2, active_deadline_seconds=3600).completions is None
    True
    """

    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    parallelism: int | None = None
    completions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A Job that runs one container to its end, without its image.

    :param name: the Job's name, or its beginning: see ``name_suffix``. An RFC 1123 label of up to
        52 characters, or 63 without a hash.
    :param service_account: the Kubernetes service account whose identity the pod has; by default
        the namespace's own.
    :param namespace: the namespace; by default that of the client that applies the manifest.
    :param pod: the container's settings and limits.
    :param run: how often and how long the Job runs.
    :param name_suffix: ``hash`` appends a hash of every immutable field, so that a new image
        makes a new Job where Kubernetes would refuse to change the old one; ``none`` does not.
    :raises RuleError: with every rule that is broken.
    """

    name: str
    service_account: str | None = None
    namespace: str | None = None
    pod: JobPod = field(default_factory=JobPod)
    run: JobRun = field(default_factory=JobRun)
    name_suffix: NameSuffix = "hash"

    def __post_init__(self) -> None:
        raise_if_any(f"Job '{self.name}'", job_faults(self))

    @property
    def path(self) -> str:
        """The Job's name, after its namespace and a slash when it has one."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def job_faults(job: JobSpec) -> list[Fault]:
    """Return what the API server, or the kubelet, would refuse in a Job."""
    room = NAME_LENGTH - (SUFFIX_LENGTH + 1 if job.name_suffix == "hash" else 0)
    faults = [fault.under("name") for fault in dns_label_faults(job.name, room)]
    if job.namespace is not None:
        faults += [fault.under("namespace") for fault in dns_label_faults(job.namespace)]
    if job.service_account is not None:
        faults += [
            fault.under("service_account")
            for fault in dns_subdomain_faults("a service account's name", job.service_account)
        ]
    if job.name_suffix not in NAME_SUFFIXES:
        faults.append(
            Fault("name_suffix", f"name_suffix must be hash or none, got '{job.name_suffix}'.")
        )
    return [*faults, *pod_faults(job.pod), *run_faults(job.run)]


_LEAST: Mapping[str, tuple[int, str]] = {
    "backoff_limit": (0, "Give how often a failed pod is tried again, or leave it out."),
    "active_deadline_seconds": (1, "Give it in seconds, or leave it out."),
    "ttl_seconds_after_finished": (0, "Give it in seconds, or leave it out to keep the Job."),
    "parallelism": (1, "A Job none of whose pods runs would never finish."),
    "completions": (1, "A Job that needs no pod to succeed would run nothing."),
}
_LARGEST = 2**31 - 1


def run_faults(run: JobRun) -> Iterator[Fault]:
    """Check the numbers of a Job, and that it can come to its end."""
    for name, (least, advice) in _LEAST.items():
        value = getattr(run, name)
        if value is not None and not least <= value <= _LARGEST:
            yield Fault(name, f"{name} is {least} to {_LARGEST:,}, got {value}. {advice}")
    parallelism, completions = run.parallelism, run.completions
    if parallelism is not None and completions is not None and parallelism > completions >= 1:
        yield Fault(
            "parallelism",
            f"no more pods run than must succeed, got parallelism {parallelism} with completions "
            f"{completions}. Lower one, or raise the other.",
        )
