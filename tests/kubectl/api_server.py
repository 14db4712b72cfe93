"""A Kubernetes API server that records every change kubectl makes.

It keeps objects, adds the defaults that a real one adds to a Job, and refuses to change what is
immutable. Nothing runs: every Job that is created counts as one run, and the test says when it
ends. It accepts unknown fields, because it has no schemas.

Sources: Kubernetes documentation, "Kubernetes API Concepts"; Kubernetes' own
``pkg/apis/batch/validation``; API conventions, "Response Status Kind".
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Document = dict[str, Any]
Verb = Literal["create", "patch", "delete", "expire"]

# Kinds that kubectl discovers: those of `kubectl apply --prune`, and ours.
_KINDS = {
    "v1": "ConfigMap Endpoints Namespace PersistentVolume PersistentVolumeClaim Pod "
    "ReplicationController Secret Service ServiceAccount",
    "apps/v1": "DaemonSet Deployment ReplicaSet StatefulSet",
    "batch/v1": "CronJob Job",
    "networking.k8s.io/v1": "Ingress",
}
_PLURALS = {"Endpoints": "endpoints", "Ingress": "ingresses"}
RESOURCES = {
    version: {_PLURALS.get(kind, f"{kind.lower()}s"): kind for kind in kinds.split()}
    for version, kinds in _KINDS.items()
}
_OF_NO_NAMESPACE = ("namespaces", "persistentvolumes")

# ValidateJobSpecUpdate, less its exceptions for Indexed and for suspended Jobs.
_IMMUTABLE = ("completionMode", "completions", "selector", "template")

# The lists that a strategic merge patch merges, and by what; all others it replaces.
_MERGE_KEYS = {"containers": "name", "env": "name", "volumeMounts": "mountPath", "volumes": "name"}

_PATH = re.compile(
    r"/(?:api|apis)/(?P<version>v1|[^/]+/v1)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)
_NOW = "2024-01-01T00:00:00Z"


class RefusedError(Exception):
    """Raised when the server refuses a request; its Status states why."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.status = _status("Failure", code, reason=reason, message=message, details=details)


class Cluster:
    """The objects of a cluster, and the history of their changes.

    ``mutations`` lists every change in order; ``removed`` has every deleted Job as it was last.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Document] = {}
        self.mutations: list[tuple[Verb, str]] = []
        self.removed: dict[str, Document] = {}
        self._versions = 0

    def job(self, name: str) -> Document:
        """Return a Job as it is now."""
        return self.objects["jobs", "default", name]

    @property
    def jobs(self) -> list[str]:
        """Return the names of all Jobs."""
        return sorted(name for plural, _, name in self.objects if plural == "jobs")

    def runs(self, name: str) -> int:
        """Return how often a Job has been started."""
        return self.mutations.count(("create", name))

    def finish(self, name: str, *, succeeded: bool = True) -> None:
        """End a Job as the Job controller does: only one that succeeded has a completion time."""
        condition = {"type": "Complete" if succeeded else "Failed", "status": "True"}
        status: Document = {"conditions": [condition]}
        status |= {"completionTime": _NOW, "succeeded": 1} if succeeded else {"failed": 1}
        self.job(name)["status"] = status

    def let_ttl_pass(self) -> None:
        """Delete every finished Job that has a TTL, as the TTL-after-finished controller does."""
        for name in self.jobs:
            job = self.job(name)
            if "conditions" in job["status"] and "ttlSecondsAfterFinished" in job["spec"]:
                self._remove("expire", ("jobs", "default", name))

    def get(self, plural: str, namespace: str, name: str) -> Document:
        if (found := self.objects.get((plural, namespace, name))) is None:
            message = f'{plural} "{name}" not found'
            raise RefusedError(404, "NotFound", message, name=name, kind=plural)
        return found

    def list(self, plural: str, namespace: str | None, selector: str) -> list[Document]:
        return [
            document
            for (its_plural, its_namespace, _), document in sorted(self.objects.items())
            if its_plural == plural
            and namespace in (None, its_namespace)
            and _selected(document["metadata"].get("labels", {}), selector)
        ]

    def create(self, plural: str, namespace: str, document: Document) -> Document:
        name = document["metadata"]["name"]
        key = (plural, namespace, name)
        if key in self.objects:
            message = f'{plural} "{name}" already exists'
            raise RefusedError(409, "AlreadyExists", message, name=name, kind=plural)
        created = deepcopy(document)
        created["metadata"] |= {
            "namespace": namespace,
            "uid": f"uid-{self._next_version()}",
            "creationTimestamp": _NOW,
            "resourceVersion": str(self._versions),
        }
        self.objects[key] = _with_job_defaults(_started(created)) if plural == "jobs" else created
        self.mutations.append(("create", name))
        return self.objects[key]

    def patch(self, plural: str, namespace: str, name: str, patch: Document) -> Document:
        old = self.get(plural, namespace, name)
        new = merged(old, patch)
        if plural == "jobs":
            _refuse_immutable_changes(name, old["spec"], _with_job_defaults(new)["spec"])
        new["metadata"]["resourceVersion"] = self._next_version()
        self.objects[plural, namespace, name] = new
        self.mutations.append(("patch", name))
        return new

    def delete(self, plural: str, namespace: str, name: str) -> Document:
        self.get(plural, namespace, name)
        uid = self._remove("delete", (plural, namespace, name))["metadata"]["uid"]
        return _status("Success", 200, details={"name": name, "kind": plural, "uid": uid})

    def _remove(self, verb: Verb, key: tuple[str, str, str]) -> Document:
        name = key[-1]
        self.removed[name] = self.objects.pop(key)
        self.mutations.append((verb, name))
        return self.removed[name]

    def _next_version(self) -> str:
        self._versions += 1
        return str(self._versions)


def merged(current: Document, patch: Document) -> Document:
    """Apply a strategic merge patch to a map, as far as Jobs need it."""
    result = deepcopy(current)
    for key, value in patch.items():
        if key.startswith("$setElementOrder/"):
            continue  # the order of what is merged changes nothing here
        if key.startswith("$"):
            raise RefusedError(400, "BadRequest", f"this server does not know {key}")
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)
        elif key in _MERGE_KEYS:
            result[key] = _merged_list(result.get(key) or [], value, _MERGE_KEYS[key])
        else:
            result[key] = value
    return result


def _merged_list(current: list[Document], patch: list[Document], merge_key: str) -> list[Document]:
    items = {item[merge_key]: item for item in current}
    for change in patch:
        if change.get("$patch") == "delete":
            items.pop(change[merge_key], None)
        else:
            items[change[merge_key]] = merged(items.get(change[merge_key], {}), change)
    return list(items.values())


def _started(job: Document) -> Document:
    """Start a new Job and label its pods; kubectl must not see the labels as a change."""
    labels = {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}
    job["spec"]["selector"] = {"matchLabels": labels}
    job["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {}).update(labels)
    job["status"] = {"active": 1, "startTime": _NOW}
    return job


def _with_job_defaults(job: Document) -> Document:
    """Add the defaults of a Job, as a real server does at every write (``SetDefaults_Job``)."""
    # With parallelism alone there is no number of completions: any pod's success is the Job's.
    completions = {} if "parallelism" in job["spec"] else {"completions": 1}
    defaults = completions | {"parallelism": 1, "backoffLimit": 6, "suspend": False}
    job["spec"] = defaults | {"completionMode": "NonIndexed"} | job["spec"]
    pod = job["spec"]["template"]["spec"]
    pod.setdefault("dnsPolicy", "ClusterFirst")
    for container in pod["containers"]:
        container.setdefault("imagePullPolicy", "IfNotPresent")
    return job


def _refuse_immutable_changes(name: str, old: Document, new: Document) -> None:
    changed = [field for field in _IMMUTABLE if old.get(field) != new.get(field)]
    if not changed:
        return
    causes = [
        {
            "reason": "FieldValueInvalid",
            "message": f"Invalid value: {json.dumps(new.get(field))}: field is immutable",
            "field": f"spec.{field}",
        }
        for field in changed
    ]
    reasons = ", ".join(f"{cause['field']}: {cause['message']}" for cause in causes)
    message = f'Job.batch "{name}" is invalid: {reasons}'
    raise RefusedError(422, "Invalid", message, name=name, group="batch", kind="Job", causes=causes)


def _selected(labels: dict[str, str], selector: str) -> bool:
    """Return whether labels meet a selector of keys, ``a``, and equalities, ``a=b``."""
    for requirement in filter(None, selector.split(",")):
        key, equals, value = requirement.partition("=")
        if key not in labels or (equals and labels[key] != value):
            return False
    return True


def _status(outcome: str, code: int, **more: Any) -> Document:
    return {"kind": "Status", "apiVersion": "v1", "status": outcome, "code": code, **more}


def _resource_list(version: str) -> Document:
    resources = [
        {
            "name": plural,
            "singularName": kind.lower(),
            "namespaced": plural not in _OF_NO_NAMESPACE,
            "kind": kind,
            "verbs": ["create", "delete", "get", "list", "patch"],
        }
        for plural, kind in RESOURCES[version].items()
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


def _group_list() -> Document:
    groups = []
    for version in RESOURCES:
        if "/" in version:
            its = {"groupVersion": version, "version": "v1"}
            groups.append(
                {"name": version.split("/")[0], "versions": [its], "preferredVersion": its}
            )
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _openapi(version: str) -> Document:
    """Return the OpenAPI document by which kubectl learns that this server validates fields."""
    group = version.rpartition("/")[0]
    paths = {
        f"/{_root(version)}/namespaces/{{namespace}}/{plural}/{{name}}": {
            "patch": {
                "parameters": [{"name": "fieldValidation", "in": "query"}],
                "x-kubernetes-group-version-kind": {"group": group, "version": "v1", "kind": kind},
            }
        }
        for plural, kind in RESOURCES[version].items()
    }
    return {"openapi": "3.0.0", "info": {"title": "Test", "version": "v1"}, "paths": paths}


def _root(version: str) -> str:
    return f"apis/{version}" if "/" in version else f"api/{version}"


def _discovery() -> dict[str, Document]:
    roots = {version: _root(version) for version in RESOURCES}
    index = {root: {"serverRelativeURL": f"/openapi/v3/{root}"} for root in roots.values()}
    return {
        "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": _group_list(),
        "/openapi/v3": {"paths": index},
        **{f"/{root}": _resource_list(version) for version, root in roots.items()},
        **{f"/openapi/v3/{root}": _openapi(version) for version, root in roots.items()},
    }


_DISCOVERY = _discovery()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cluster = cluster
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 2**16  # head and body in one packet, or each answer waits for an acknowledgement

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' word
        """Log nothing."""

    def _respond(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        try:
            with server.lock:
                code = 201 if self.command == "POST" else 200
                answer = json.dumps(_answer(server.cluster, self.command, self.path, body))
        except RefusedError as refused:
            code, answer = refused.code, json.dumps(refused.status)
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer.encode())

    do_GET = do_POST = do_PATCH = do_DELETE = _respond  # noqa: N815 - the base class' words


def _answer(cluster: Cluster, method: str, url: str, body: Any) -> Document:
    path = urlsplit(url).path
    if method == "GET" and path in _DISCOVERY:
        return _DISCOVERY[path]
    match = _PATH.fullmatch(path)
    if match is None or match["plural"] not in RESOURCES.get(match["version"], {}):
        raise RefusedError(404, "NotFound", "the server could not find the requested resource")
    plural, name, namespace = match["plural"], match["name"], match["namespace"]
    if method == "POST":
        return cluster.create(plural, namespace, body)
    if method == "PATCH":
        return cluster.patch(plural, namespace, name, body)
    if method == "DELETE":
        return cluster.delete(plural, namespace, name)
    if name:
        return cluster.get(plural, namespace, name)
    selector = parse_qs(urlsplit(url).query).get("labelSelector", [""])[0]
    return {
        "kind": RESOURCES[match["version"]][plural] + "List",
        "apiVersion": match["version"],
        "metadata": {"resourceVersion": "1"},
        "items": cluster.list(plural, namespace, selector),
    }


@contextmanager
def serving(cluster: Cluster) -> Iterator[str]:
    """Serve a cluster on a free port of the loopback, and yield its URL."""
    with _Server(cluster) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def kubeconfig(url: str) -> Document:
    """Return the kubeconfig of a server."""
    context = {"cluster": "served", "user": "nobody"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "served", "cluster": {"server": url}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "served", "context": context}],
        "current-context": "served",
    }
