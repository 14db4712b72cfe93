"""Images that a Kubernetes cluster runs: those of its pods, and those that controllers start.

`kubectl` asks the cluster, because it knows every way to log in that a kubeconfig can name.
Sources: Kubernetes documentation, "Pod Lifecycle", "Jobs" and "CronJob".
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.rules.ecr.images import digest_faults
from ecrctl.aws.unread import Unread

from .uses import Use, identity_of

_SECONDS = 120
_REQUEST_SECONDS = 30
_POD, _JOB = "Pod", "Job"
_TEMPLATE = ("spec", "template", "spec")
# By the name that kubectl has for a kind: the kind, and the path of its pods' specification. Each
# is asked for alone, because a role may read one and not another.
_KINDS: Mapping[str, tuple[str, Sequence[str]]] = {
    "pods": (_POD, ("spec",)),
    "jobs.batch": (_JOB, _TEMPLATE),
    "cronjobs.batch": ("CronJob", ("spec", "jobTemplate", *_TEMPLATE)),
    "deployments.apps": ("Deployment", _TEMPLATE),
    "statefulsets.apps": ("StatefulSet", _TEMPLATE),
    "daemonsets.apps": ("DaemonSet", _TEMPLATE),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_STATUSES = tuple(f"{name[:-1]}Statuses" for name in _CONTAINERS)
_ENDED_PHASES = ("Succeeded", "Failed")
_ENDED_CONDITIONS = ("Complete", "Failed")
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class KubernetesCluster:
    """A cluster as a kubeconfig names it.

    :param kubeconfig: ``None`` for kubectl's default.
    :param context: ``None`` for the kubeconfig's current context.
    """

    kubeconfig: Path | None = None
    context: str | None = None

    def __str__(self) -> str:
        """Return the cluster as a sentence names it."""
        named = [f"context {self.context}"] if self.context else []
        named += [f"kubeconfig {self.kubeconfig}"] if self.kubeconfig else []
        return f"Kubernetes ({', '.join(named)})" if named else "Kubernetes"


def named_cluster(kubeconfig: Path | None, context: str | None) -> KubernetesCluster | None:
    """Return the cluster that a command names; ``None`` where it names none."""
    if kubeconfig is None and context is None:
        return None
    return KubernetesCluster(kubeconfig, context)


class KubectlError(Exception):
    """Raised when `kubectl` returns no list of objects."""


def kubernetes_uses(cluster: KubernetesCluster, unread: Unread) -> list[Use]:
    """Return what a cluster runs or will start, each use once.

    A cluster that cannot be read is a sentence of ``unread``.
    """
    found: dict[Use, None] = {}
    problems: dict[str, list[str]] = {}
    for name, (kind, path) in _KINDS.items():
        try:
            objects = _objects(cluster, name)
        except KubectlError as error:
            problems.setdefault(str(error), []).append(name.partition(".")[0])
            continue
        found.update(dict.fromkeys(use for one in objects for use in _uses(kind, one, path)))
    for problem, kinds in problems.items():
        unread.add(f"{cluster}: {', '.join(kinds)} cannot be read: {problem}")
    return list(found)


def _objects(cluster: KubernetesCluster, kind: str) -> list[Mapping[str, Any]]:
    command = ["kubectl", "get", kind, "--all-namespaces", "--output", "json"]
    command += ["--request-timeout", f"{_REQUEST_SECONDS}s"]
    if cluster.kubeconfig:
        command += ["--kubeconfig", str(cluster.kubeconfig)]
    if cluster.context:
        command += ["--context", cluster.context]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise KubectlError("kubectl is not installed. Install it.") from None
    except OSError as error:
        raise KubectlError(f"kubectl cannot be run: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise KubectlError(f"kubectl did not end within {_SECONDS} s.") from None
    if done.returncode:
        raise KubectlError(_reason(done.stderr.decode(errors="replace")))
    try:
        items = json.loads(done.stdout)["items"]
    except (ValueError, KeyError, TypeError):
        items = None
    if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
        raise KubectlError("kubectl returned no list of objects.")
    return items


def _reason(error: str) -> str:
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    # Above the last line, kubectl logs its attempts.
    last = lines[-1][:_LONGEST_REASON] if lines else "kubectl gave no reason"
    return last if last.endswith(".") else f"{last}."


def _uses(kind: str, item: Mapping[str, Any], path: Iterable[str]) -> Iterator[Use]:
    if _has_ended(kind, item):
        return
    metadata = _mapping(item.get("metadata"))
    name = f"{metadata.get('namespace')}/{metadata.get('name')}"
    spec = item
    for part in path:
        spec = _mapping(spec.get(part))
    digests = _digests(_mapping(item.get("status")))
    for container in _all(spec, _CONTAINERS):
        digest = digests.get(str(container.get("name")))
        image = identity_of(str(container.get("image") or ""), digest)
        if image:
            yield Use(kind=f"Kubernetes {kind}", name=name, image=image)


def _has_ended(kind: str, item: Mapping[str, Any]) -> bool:
    status = _mapping(item.get("status"))
    if kind == _POD:
        return status.get("phase") in _ENDED_PHASES
    return kind == _JOB and any(
        one.get("type") in _ENDED_CONDITIONS and one.get("status") == "True"
        for one in _all(status, ("conditions",))
    )


def _digests(status: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest that each container's image has, by the container's name."""
    found = {}
    for one in _all(status, _STATUSES):
        # An ID without a repository is that of the configuration, and no image of a registry.
        _, at, digest = str(one.get("imageID") or "").rpartition("@")
        if at and not digest_faults(digest):
            found[str(one.get("name"))] = digest
    return found


def _all(values: Mapping[str, Any], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for name in names:
        yield from (one for one in values.get(name) or () if isinstance(one, Mapping))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
