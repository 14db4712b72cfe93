"""Kubernetes Jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes_job import JobRun, JobSpec
from constructs_lib.rules.kubernetes_manifest import job_manifest
from constructs_lib.rules.kubernetes_pod import (
    JobPod,
    Resources,
    SecretKey,
    Toleration,
    Volume,
)
from constructs_lib.rules.pod_hardening import PodHardening, restricted_faults

JOB = JobSpec(name="list", image_uri="registry/team/api:v1", service_account="reader")


def name_of(job: JobSpec) -> str:
    """Give the name that a Job has in the cluster."""
    name: str = job_manifest(job)["metadata"]["name"]
    return name


def with_pod(**changes: Any) -> JobSpec:
    """Give a Job with a pod of its own."""
    return replace(JOB, pod=JobPod(**changes))


def pod_of(job: JobSpec) -> dict[str, Any]:
    """Give the spec of a Job's pod."""
    spec: dict[str, Any] = job_manifest(job)["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    "changed",
    [
        replace(JOB, image_uri="registry/team/api:v2"),
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
    assert job_manifest(replace(JOB, run=run))["spec"] != job_manifest(JOB)["spec"]


@pytest.mark.parametrize("completions", [None, 4])
def test_how_many_pods_run_at_once_may_change_in_place(completions: int | None) -> None:
    few, many = (
        replace(JOB, run=JobRun(parallelism=count, completions=completions)) for count in (2, 3)
    )
    assert name_of(few) == name_of(many)


def test_a_name_without_hash_is_kept() -> None:
    assert name_of(replace(JOB, name_suffix="none")) == "list"


def test_another_name_for_the_same_image_is_a_label_and_no_other_job() -> None:
    named = replace(JOB, version="v1")
    assert name_of(named) == name_of(JOB)
    metadata = job_manifest(named)["metadata"]
    assert metadata["labels"] == {"app.kubernetes.io/version": "v1"}
    assert "org.opencontainers.image.version" in str(job_manifest(replace(JOB, version="v_")))


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
    assert restricted_faults(pod) == []


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


def test_everything_a_pod_is_given_arrives() -> None:
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


REFUSED_OF_JOB: list[tuple[dict[str, Any], str]] = [
    (
        {"name": "List"},
        "Job 'List': name: a name here has 1 to 52 lower-case letters, digits and '-', "
        "and begins and ends with a letter or digit (RFC 1123), got 'List' (4 "
        "characters). Choose another name.",
    ),
    (
        {"name": "a" * 53},
        "Job 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': name: a name here"
        " has 1 to 52 lower-case letters, digits and '-', and begins and ends with a "
        "letter or digit (RFC 1123), got "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (53 characters). "
        "Choose another name.",
    ),
    (
        {"name": "a" * 64, "name_suffix": "none"},
        "Job 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': name: "
        "a name here has 1 to 63 lower-case letters, digits and '-', and begins and "
        "ends with a letter or digit (RFC 1123), got "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (64 "
        "characters). Choose another name.",
    ),
    (
        {"namespace": "a_b"},
        "Job 'list': namespace: a name here has 1 to 63 lower-case letters, digits and "
        "'-', and begins and ends with a letter or digit (RFC 1123), got 'a_b' (3 "
        "characters). Choose another name.",
    ),
    (
        {"service_account": "A"},
        "Job 'list': service_account: a service account's name has up to 253 lower-case"
        " letters, digits, '-' and '.', got 'A'. Give the name it has in the cluster.",
    ),
    ({"name_suffix": "Hash"}, "Job 'list': name_suffix: name_suffix is hash or none, got 'Hash'."),
    (
        {"image_uri": "registry/api:latest"},
        "Job 'list': image: deploying the tag 'latest' is refused, because it does not "
        "say which image runs. Give the image's digest, or a tag that names its "
        "version.",
    ),
    (
        {"image_uri": "registry:5000/api"},
        "Job 'list': image: deploying the tag 'latest' is refused, because it does not "
        "say which image runs. Give the image's digest, or a tag that names its "
        "version.",
    ),
]
REFUSED_OF_RUN: list[tuple[dict[str, Any], str]] = [
    (
        {"parallelism": 0},
        "Job 'list': parallelism: parallelism is 1 to 2,147,483,647, got 0. A Job none "
        "of whose pods runs would never finish.",
    ),
    (
        {"completions": 0},
        "Job 'list': completions: completions is 1 to 2,147,483,647, got 0. A Job that "
        "needs no pod to succeed would run nothing.",
    ),
    (
        {"active_deadline_seconds": 0},
        "Job 'list': active_deadline_seconds: active_deadline_seconds is 1 to "
        "2,147,483,647, got 0. Give it in seconds, or leave it out.",
    ),
    (
        {"backoff_limit": -1},
        "Job 'list': backoff_limit: backoff_limit is 0 to 2,147,483,647, got -1. Give "
        "how often a failed pod is tried again, or leave it out.",
    ),
    (
        {"ttl_seconds_after_finished": -1},
        "Job 'list': ttl_seconds_after_finished: ttl_seconds_after_finished is 0 to "
        "2,147,483,647, got -1. Give it in seconds, or leave it out to keep the Job.",
    ),
    (
        {"parallelism": 3, "completions": 2},
        "Job 'list': parallelism: no more pods run than must succeed, got parallelism 3"
        " with completions 2. Lower one, or raise the other.",
    ),
]
REFUSED_OF_POD: list[tuple[dict[str, Any], str]] = [
    (
        {"container_name": "-a"},
        "Job 'list': container_name: a name here has 1 to 63 lower-case letters, digits"
        " and '-', and begins and ends with a letter or digit (RFC 1123), got '-a' (2 "
        "characters). Choose another name.",
    ),
    (
        {"restart_policy": "Always"},
        "Job 'list': restart_policy: a Job's restart_policy is Never or OnFailure, got "
        "'Always'. A Job that always restarts would never finish.",
    ),
    (
        {"hardening": PodHardening(user=0)},
        "Job 'list': hardening.user: a container runs as a numeric user above 0, which "
        "is root, got 0. Give the image's user, or say that it is left to the image.",
    ),
    (
        {"labels": {"app": "a b"}},
        "Job 'list': labels.app: a label's value has up to 63 letters, digits, '-', '_'"
        " and '.', and begins and ends with a letter or digit, got 'a b'. Shorten or "
        "change it.",
    ),
    (
        {"labels": {"a b": "c"}},
        "Job 'list': labels.a b: 'a b' is not a label's key. Write it such as 'app'.",
    ),
    (
        {"node_selector": {"a b": "c"}},
        "Job 'list': node_selector.a b: 'a b' is not a label's key. Write it such as 'app'.",
    ),
    (
        {"environment": {"1A": ""}},
        "Job 'list': environment.1A: an environment variable's name has letters, "
        "digits, '_', '.' and '-' and begins with no digit, got '1A'. Write it such as "
        "'DB_HOST'.",
    ),
    (
        {"environment": {"A": "1"}, "secrets": {"A": SecretKey(secret="s", key="k")}},
        "Job 'list': secrets.A: 'A' is given in environment as well. Leave one out.",
    ),
    (
        {"secrets": {"A": SecretKey(secret="S", key="k")}},
        "Job 'list': secrets.A.secret: a Secret's name has up to 253 lower-case "
        "letters, digits, '-' and '.', got 'S'. Give the name it has in the cluster.",
    ),
    (
        {"secrets": {"A": SecretKey(secret="s", key="")}},
        "Job 'list': secrets.A.key: a key of a Secret has up to 253 letters, digits, "
        "'-', '_' and '.', got ''. Give the key that it has there.",
    ),
    (
        {"resources": Resources(requests={"cpu": "lots"}, limits={})},
        "Job 'list': resources.requests.cpu: an amount of cpu is a positive Kubernetes "
        "quantity, got 'lots'. Write it such as '250m'.",
    ),
    (
        {"resources": Resources(requests={}, limits={"memory": "128m"})},
        "Job 'list': resources.limits.memory: '128m' of memory is 0.128 bytes, as 'm' "
        "means a thousandth. For mebibytes write '128Mi'.",
    ),
    (
        {"resources": Resources(requests={"memmory": "1Gi"}, limits={})},
        "Job 'list': resources.requests.memmory: 'memmory' is nothing that a container "
        "asks for. Write cpu, memory, ephemeral-storage, or a qualified name such as "
        "'nvidia.com/gpu'.",
    ),
    (
        {"resources": Resources(requests={}, limits={"nvidia.com/gpu": "500m"})},
        "Job 'list': resources.limits.nvidia.com/gpu: nvidia.com/gpu is counted in "
        "whole numbers, got '500m'. Write it such as '1'.",
    ),
    (
        {"resources": Resources(requests={"nvidia.com/gpu": "1"}, limits={})},
        "Job 'list': resources.requests.nvidia.com/gpu: as much nvidia.com/gpu is asked"
        " for as it is limited to, got 1 with no limit. Say it as the limit alone.",
    ),
    (
        {"resources": Resources(requests={"memory": "2e9"}, limits={"memory": "1Gi"})},
        "Job 'list': resources.requests.memory: a container asks for no more memory "
        "than its limit, got 2e9 with a limit of 1Gi. Raise the limit, or ask for less.",
    ),
    (
        {"resources": Resources(requests={"memory": "2Gi"}, limits={"memory": "1Gi"})},
        "Job 'list': resources.requests.memory: a container asks for no more memory "
        "than its limit, got 2Gi with a limit of 1Gi. Raise the limit, or ask for less.",
    ),
    (
        {"volumes": (Volume(name="T", path="/t"),)},
        "Job 'list': volumes[0].name: a name here has 1 to 63 lower-case letters, "
        "digits and '-', and begins and ends with a letter or digit (RFC 1123), got 'T'"
        " (1 characters). Choose another name.",
    ),
    (
        {"volumes": (Volume(name="t", path="t"),)},
        "Job 'list': volumes[0].path: a volume's path is absolute and has no ':', got "
        "'t'. Write it such as '/tmp'.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t"), Volume(name="u", path="/t"))},
        "Job 'list': volumes[1].path: the path '/t' is taken by volumes[0]. Choose another one.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t", source="secret"),)},
        "Job 'list': volumes[0].source_name: which secret is missing. Give its name.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t", source_name="x"),)},
        "Job 'list': volumes[0].source_name: an empty volume comes from nothing, got "
        "'x'. Leave it out, or say source config_map or secret.",
    ),
    (
        {
            "volumes": (
                Volume(name="t", path="/t", source="secret", source_name="x", size_limit="1Gi"),
            )
        },
        "Job 'list': volumes[0].size_limit: only an empty volume has a size_limit. Leave it out.",
    ),
    (
        {"tolerations": (Toleration(operator="Equal"),)},
        "Job 'list': tolerations[0].key: the operator Equal needs the taint's key. Give it.",
    ),
    (
        {"tolerations": (Toleration(key="a", value="b"),)},
        "Job 'list': tolerations[0].value: with the operator Exists any value will do, "
        "got one. Say operator Equal, or leave the value out.",
    ),
    (
        {"tolerations": (Toleration(key="a", effect="Never"),)},
        "Job 'list': tolerations[0].effect: a taint's effect is NoSchedule, "
        "PreferNoSchedule, NoExecute, got 'Never'.",
    ),
    (
        {"tolerations": (Toleration(key="a", operator="In"),)},
        "Job 'list': tolerations[0].operator: a toleration's operator is Exists or "
        "Equal, got 'In'.",
    ),
]


@pytest.mark.parametrize("amount", ["1", "0.5", ".5", "1.", "1e3", "2E-1", "1E", "128Mi"])
def test_a_quantity_that_kubernetes_takes_is_taken(amount: str) -> None:
    resources = Resources(requests={}, limits={"memory": amount, "nvidia.com/gpu": "1"})
    container = pod_of(with_pod(resources=resources))["containers"][0]
    assert container["resources"]["limits"]["memory"] == amount


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        *REFUSED_OF_JOB,
        *(({"run": JobRun(**change)}, sentence) for change, sentence in REFUSED_OF_RUN),
        *(({"pod": JobPod(**change)}, sentence) for change, sentence in REFUSED_OF_POD),
    ],
)
def test_what_the_api_server_would_refuse_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        replace(JOB, **change)
    assert str(refusal.value) == sentence


def test_all_faults_of_a_job_are_named_at_once() -> None:
    with pytest.raises(RuleError) as refusal:
        replace(
            JOB,
            name="List",
            service_account="A",
            namespace="B",
            pod=JobPod(container_name="C"),
            run=JobRun(parallelism=0),
        )
    assert len(refusal.value.faults) == 5
