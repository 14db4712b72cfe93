"""Kubernetes Jobs that run one image.

Sources: Kubernetes API reference, "Job v1 batch"; Kubernetes documentation, "Jobs".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from constructs_lib.rules.faults import Fault, raise_if_any, range_faults, under, word_faults
from constructs_lib.rules.types import checked_types

from .names import NAME_LENGTH, dns_label_faults, dns_subdomain_faults
from .pod import JobPod, pod_faults

SUFFIX_LENGTH = 10

NameSuffix = Literal["hash", "none"]
NAME_SUFFIXES: tuple[NameSuffix, ...] = get_args(NameSuffix)


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """The retries, the deadline and the parallelism of a Job.

    :param backoff_limit: how many times a failed pod is retried, 0 or more; 6 by default.
    :param active_deadline_seconds: after this many seconds, 1 or more, Kubernetes stops the whole
        Job as failed; no deadline by default.
    :param ttl_seconds_after_finished: this many seconds after its end, 0 or more, a Job is
        deleted; by default it is kept. A GitOps loop or a rollback that applies the same manifest
        after the deletion runs the Job again.
    :param parallelism: how many pods run at the same time, 1 or more; 1 by default.
    :param completions: how many pods must succeed, 1 or more; 1 by default. With ``parallelism``
        alone, the Job is complete when one pod has succeeded and the others have ended.

    >>> JobRun(backoff_limit=2, active_deadline_seconds=3600).completions is None
    True
    """

    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    parallelism: int | None = None
    completions: int | None = None


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A Job that runs one container to its end, without its image.

    :param name: the Job's name, or its beginning: see ``name_suffix``. An RFC 1123 label of up to
        52 characters, or 63 without a hash.
    :param service_account: the Kubernetes service account whose identity the pod has; by default
        the namespace's default service account.
    :param namespace: the namespace; by default that of the client that applies the manifest.
    :param pod: the container, its volumes and its restrictions.
    :param run: the retries, the deadline and the parallelism.
    :param name_suffix: ``hash`` (the default) appends a hash of the immutable fields, so that a
        new image creates a new Job, because Kubernetes would refuse to change the old one;
        ``none`` appends nothing.
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


def job_faults(job: JobSpec) -> Iterator[Fault]:
    """Yield the faults for which the API server, or the kubelet, would refuse a Job."""
    room = NAME_LENGTH - (SUFFIX_LENGTH + 1 if job.name_suffix == "hash" else 0)
    yield from under("name", dns_label_faults(job.name, room))
    if job.namespace is not None:
        yield from under("namespace", dns_label_faults(job.namespace))
    if job.service_account is not None:
        what = "a service account's name"
        yield from under("service_account", dns_subdomain_faults(what, job.service_account))
    yield from word_faults("name_suffix", job.name_suffix, NAME_SUFFIXES)
    yield from pod_faults(job.pod)
    yield from run_faults(job.run)


LEAST_OF_A_RUN: Mapping[str, tuple[int, str]] = {
    "backoff_limit": (0, "Write how many times a failed pod is retried, or remove it."),
    "active_deadline_seconds": (1, "Write a number of seconds, or remove it."),
    "ttl_seconds_after_finished": (0, "Write a number of seconds, or remove it to keep the Job."),
    "parallelism": (1, "Write 1 or more: without a pod, a Job never finishes."),
    "completions": (1, "Write 1 or more: a Job that requires no pod to succeed runs nothing."),
}
LARGEST_OF_A_RUN = 2**31 - 1


def run_faults(run: JobRun) -> Iterator[Fault]:
    """Yield the faults of a Job's numbers, and of numbers with which it would never finish."""
    for name, (least, cure) in LEAST_OF_A_RUN.items():
        yield from range_faults(
            name, getattr(run, name), least, LARGEST_OF_A_RUN, cure, optional=True
        )
    parallelism, completions = run.parallelism, run.completions
    if parallelism is not None and completions is not None and parallelism > completions >= 1:
        yield Fault(
            "parallelism",
            f"parallelism cannot exceed completions, got {parallelism} and {completions}. Lower "
            "parallelism, or raise completions.",
        )
