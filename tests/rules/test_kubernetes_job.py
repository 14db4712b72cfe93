"""Kubernetes Jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes_job import JobSpec, immutable_hash, job_manifest

JOB = JobSpec(name="list", image_uri="registry/team/api:v1", service_account="reader")


def name_of(job: JobSpec) -> str:
    """Give the name that a Job has in the cluster."""
    name: str = job_manifest(job)["metadata"]["name"]
    return name


@pytest.mark.parametrize(
    "change",
    [
        {"image_uri": "registry/team/api:v2"},
        {"args": ("s3", "ls")},
        {"command": ("/bin/list",)},
        {"service_account": "writer"},
        {"restart_policy": "OnFailure"},
        {"labels": {"app": "other"}},
        {"hardening": "none"},
        {"container_name": "other"},
    ],
)
def test_a_change_that_kubernetes_refuses_in_place_makes_another_job(
    change: dict[str, Any],
) -> None:
    assert name_of(replace(JOB, **change)) != name_of(JOB)


def test_what_kubernetes_changes_in_place_keeps_the_name() -> None:
    spec = job_manifest(JOB)["spec"]
    assert immutable_hash({**spec, "backoffLimit": 2, "parallelism": 3}) == immutable_hash(spec)


def test_a_name_without_hash_is_kept() -> None:
    assert name_of(replace(JOB, name_suffix="none")) == "list"


def test_the_restricted_pod_security_standard_is_the_default() -> None:
    pod = job_manifest(JOB)["spec"]["template"]["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_no_hardening_leaves_no_trace() -> None:
    pod = job_manifest(replace(JOB, hardening="none"))["spec"]["template"]["spec"]
    assert "securityContext" not in pod
    assert "securityContext" not in pod["containers"][0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "List"}, "name: a name here has 1 to 52 lower-case letters, digits and '-'"),
        ({"name": "a" * 53}, "(53 characters)"),
        ({"name": "a" * 64, "name_suffix": "none"}, "name: a name here has 1 to 63"),
        ({"namespace": "a_b"}, "namespace: a name here has"),
        ({"container_name": "-a"}, "container_name: a name here has"),
        ({"service_account": "A"}, "service_account: a service account's name has up to 253"),
        (
            {"restart_policy": "Always"},
            "a Job's restart_policy is Never or OnFailure, got 'Always'. "
            "A Job that always restarts would never finish.",
        ),
        ({"hardening": "strict"}, "hardening: hardening is restricted or none, got 'strict'."),
        ({"name_suffix": "Hash"}, "name_suffix: name_suffix is hash or none, got 'Hash'."),
        ({"labels": {"app": "a b"}}, "labels.app: a label's value has up to 63"),
        ({"labels": {"a b": "c"}}, "'a b' is not a label's key"),
    ],
)
def test_what_the_api_server_would_refuse_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        replace(JOB, **change)
    assert sentence in str(refusal.value)


def test_all_faults_of_a_job_are_named_at_once() -> None:
    with pytest.raises(RuleError) as refusal:
        replace(JOB, name="List", service_account="A", namespace="B")
    assert len(refusal.value.faults) == 3
