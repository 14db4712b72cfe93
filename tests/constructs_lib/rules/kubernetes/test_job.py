"""Kubernetes Jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.hardening import PodHardening, restricted_faults
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec
from constructs_lib.rules.kubernetes.manifest import job_manifest
from constructs_lib.rules.kubernetes.pod import (
    JobPod,
    Resources,
    SecretKey,
    Toleration,
    Volume,
    pod_faults,
)

JOB = JobSpec(name="list", service_account="reader")
IMAGE = ImageSpec(
    account="111111111111", region="eu-west-1", repository="team/api", tag="v1", digest=None
)


def name_of(job: JobSpec, image: ImageSpec = IMAGE) -> str:
    """Return the name that a Job has in the cluster."""
    name: str = job_manifest(job, image)["metadata"]["name"]
    return name


def with_pod(**changes: Any) -> JobSpec:
    """Return a Job with a changed pod."""
    return replace(JOB, pod=JobPod(**changes))


def pod_of(job: JobSpec) -> dict[str, Any]:
    """Return the spec of a Job's pod."""
    spec: dict[str, Any] = job_manifest(job, IMAGE)["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    "changed",
    [
        replace(JOB, service_account="writer"),
        replace(JOB, service_account=None),
        replace(JOB, run=JobRun(completions=2)),
        # Which Kubernetes sets to 1 for a Job that says neither.
        replace(JOB, run=JobRun(parallelism=1)),
        with_pod(args=("s3", "ls")),
        with_pod(command=("/bin/list",)),
        with_pod(restart_policy="OnFailure"),
        with_pod(labels={"app": "other"}),
        with_pod(environment={"A": "1"}),
        with_pod(secrets={"A": SecretKey(secret="s", key="k")}),
        with_pod(volumes=(Volume(name="tmp", path="/tmp"),)),
        with_pod(resources=None),
        with_pod(node_selector={"a": "b"}),
        with_pod(tolerations=(Toleration(key="spot"),)),
        with_pod(hardening=PodHardening.none()),
        with_pod(container_name="other"),
    ],
)
def test_a_change_that_kubernetes_refuses_in_place_makes_another_job(changed: JobSpec) -> None:
    assert name_of(changed) != name_of(JOB)


@pytest.mark.parametrize(
    "run",
    [
        JobRun(backoff_limit=2),
        JobRun(active_deadline_seconds=5),
        JobRun(ttl_seconds_after_finished=5),
    ],
)
def test_what_kubernetes_changes_in_place_keeps_the_name(run: JobRun) -> None:
    assert name_of(replace(JOB, run=run)) == name_of(JOB)
    assert job_manifest(replace(JOB, run=run), IMAGE)["spec"] != job_manifest(JOB, IMAGE)["spec"]


@pytest.mark.parametrize("completions", [None, 4])
def test_how_many_pods_run_at_once_may_change_in_place(completions: int | None) -> None:
    few, many = (
        replace(JOB, run=JobRun(parallelism=count, completions=completions)) for count in (2, 3)
    )
    assert name_of(few) == name_of(many)


def test_a_name_without_hash_is_kept() -> None:
    assert name_of(replace(JOB, name_suffix="none")) == "list"


def test_another_image_makes_another_job() -> None:
    assert name_of(JOB, replace(IMAGE, tag="v2")) != name_of(JOB)


def test_another_name_for_the_same_image_is_a_label_and_no_other_job() -> None:
    named, unnamed, unusual = (
        replace(IMAGE, tag=tag, digest=f"sha256:{'a' * 64}") for tag in ("v1", None, "v_")
    )
    assert name_of(JOB, named) == name_of(JOB, unnamed)
    metadata = job_manifest(JOB, named)["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/version": "v1"}
    assert "org.opencontainers.image.version" in str(job_manifest(JOB, unusual))


def test_the_restricted_pod_security_standard_is_the_default() -> None:
    pod = pod_of(JOB)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"memory": "256Mi"},
    }
    assert list(restricted_faults(pod)) == []


@pytest.mark.parametrize(
    ("stripped", "path"),
    [
        ({"hardening": PodHardening(user=None)}, "containers[0].securityContext.runAsUser"),
        (
            {"hardening": PodHardening(read_only_root_filesystem=False)},
            "containers[0].securityContext.readOnlyRootFilesystem",
        ),
        (
            {"hardening": PodHardening(drop_capabilities=False)},
            "containers[0].securityContext.capabilities",
        ),
        (
            {"hardening": PodHardening(forbid_privilege_escalation=False)},
            "containers[0].securityContext.allowPrivilegeEscalation",
        ),
        (
            {"hardening": PodHardening(seccomp=False)},
            "containers[0].securityContext.seccompProfile",
        ),
        ({"hardening": PodHardening(withhold_token=False)}, "automountServiceAccountToken"),
        ({"resources": None}, "containers[0].resources.limits.memory"),
    ],
)
def test_each_hardening_that_is_stripped_is_found(stripped: dict[str, Any], path: str) -> None:
    assert [fault.path for fault in restricted_faults(pod_of(with_pod(**stripped)))] == [path]


def test_a_privileged_container_is_found() -> None:
    pod = pod_of(JOB)
    pod["containers"][0]["securityContext"]["privileged"] = True
    assert [fault.message for fault in restricted_faults(pod)] == ["it is privileged."]


def test_no_hardening_leaves_no_trace() -> None:
    pod = pod_of(with_pod(hardening=PodHardening.none(), resources=None))
    assert set(pod) == {"serviceAccountName", "containers", "restartPolicy"}
    assert set(pod["containers"][0]) == {"name", "image"}


def test_every_field_of_a_pod_is_in_its_manifest() -> None:
    pod = pod_of(
        with_pod(
            environment={"B": "2", "A": "1"},
            secrets={"PASSWORD": SecretKey(secret="db", key="password")},
            volumes=(
                Volume(name="tmp", path="/tmp", size_limit="1Gi"),
                Volume(name="conf", path="/etc/app", source="config_map", source_name="app"),
                Volume(name="cert", path="/etc/cert", source="secret", source_name="cert"),
            ),
            resources=Resources(requests={"cpu": "1"}, limits={"cpu": "2", "memory": "1Gi"}),
            node_selector={"kubernetes.io/arch": "arm64"},
            tolerations=(
                Toleration(key="spot", operator="Equal", value="yes", effect="NoExecute"),
            ),
        )
    )
    (container,) = pod["containers"]
    assert container["env"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "2"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]
    assert container["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "conf", "mountPath": "/etc/app", "readOnly": True},
        {"name": "cert", "mountPath": "/etc/cert", "readOnly": True},
    ]
    assert pod["volumes"] == [
        {"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}},
        {"name": "conf", "configMap": {"name": "app"}},
        {"name": "cert", "secret": {"secretName": "cert"}},
    ]
    assert pod["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert pod["tolerations"] == [
        {"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoExecute"}
    ]


@pytest.mark.parametrize("amount", ["1", "0.5", ".5", "1.", "1e3", "2E-1", "1E", "128Mi"])
def test_a_quantity_that_kubernetes_takes_is_taken(amount: str) -> None:
    resources = Resources(requests={}, limits={"memory": amount, "nvidia.com/gpu": "1"})
    container = pod_of(with_pod(resources=resources))["containers"][0]
    assert container["resources"]["limits"]["memory"] == amount


@pytest.mark.parametrize("path", ["environment.1A", "secrets.1A"])
def test_a_variable_has_a_name_of_its_form_wherever_its_value_is(path: str) -> None:
    field = path.partition(".")[0]
    value: Any = "" if field == "environment" else SecretKey(secret="s", key="k")
    with pytest.raises(RuleError) as refusal:
        with_pod(**{field: {"1A": value}})
    assert [fault.path for fault in refusal.value.faults] == [path]


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"hardening": PodHardening(user=1)}, []),
        ({"hardening": PodHardening(user=-1)}, ["hardening.user"]),
        ({"restart_policy": "OnFailure"}, []),
        ({"secrets": {"A": SecretKey(secret="s", key="k" * 253)}}, []),
        ({"secrets": {"A": SecretKey(secret="s", key="k" * 254)}}, ["secrets.A.key"]),
        ({"resources": Resources(requests={"cpu": "1"}, limits={"cpu": "1"})}, []),
        ({"resources": Resources(requests={"cpu": "1"}, limits={})}, []),
        ({"resources": Resources(requests={"a/b": "1"}, limits={"a/b": "1"})}, []),
        (
            {"resources": Resources(requests={"a/b": "1"}, limits={"a/b": "2"})},
            ["resources.requests.a/b"],
        ),
        (
            {"resources": Resources(requests={"cpu": "x"}, limits={"cpu": "1"})},
            ["resources.requests.cpu"],
        ),
        ({"volumes": (Volume(name="t", path="/a:b"),)}, ["volumes[0].path"]),
        (
            {"volumes": tuple(Volume(name="t", path=f"/{path}") for path in "abc")},
            ["volumes[1].name", "volumes[2].name"],
        ),
        ({"volumes": (Volume(name="t", path="/t", source="disk"),)}, ["volumes[0].source"]),  # type: ignore[arg-type]
        (
            {"volumes": (Volume(name="t", path="/t", source="config_map", source_name="A"),)},
            ["volumes[0].source_name"],
        ),
        ({"volumes": (Volume(name="t", path="/t", size_limit="0"),)}, ["volumes[0].size_limit"]),
        ({"tolerations": (Toleration(),)}, []),
        ({"tolerations": (Toleration(key="a", operator="Equal", value="b"),)}, []),
        ({"tolerations": (Toleration(key="a b"),)}, ["tolerations[0].key"]),
        (
            {"tolerations": (Toleration(key="a", operator="Equal", value="b c"),)},
            ["tolerations[0].key"],
        ),
        *(
            ({"tolerations": (Toleration(key="a", effect=effect),)}, [])
            for effect in ("NoSchedule", "PreferNoSchedule", "NoExecute")
        ),
    ],
)
def test_a_fault_of_a_pod_names_where_it_is(change: dict[str, Any], paths: list[str]) -> None:
    assert [fault.path for fault in pod_faults(JobPod(**change))] == paths


def test_every_optional_field_of_a_job_is_in_its_manifest() -> None:
    run = JobRun(
        backoff_limit=0,
        active_deadline_seconds=60,
        ttl_seconds_after_finished=0,
        parallelism=1,
        completions=2,
    )
    job = replace(JOB, name_suffix="none", namespace="team", run=run)
    manifest = job_manifest(job, IMAGE)
    template = manifest["spec"].pop("template")
    assert manifest == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "list", "namespace": "team"},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 60,
            "ttlSecondsAfterFinished": 0,
            "parallelism": 1,
            "completions": 2,
        },
    }
    assert template["metadata"] == {"labels": {"app": "list"}}
    assert (job.path, JOB.path) == ("team/list", "list")


def test_a_name_ends_with_ten_digits_of_a_hash() -> None:
    name, _, suffix = name_of(JOB).partition("-")
    assert name == "list"
    assert len(suffix) == 10
    assert set(suffix) <= set("0123456789abcdef")
