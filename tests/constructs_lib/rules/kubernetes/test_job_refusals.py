"""Kubernetes Jobs that are refused, each with its whole sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.hardening import PodHardening
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec
from constructs_lib.rules.kubernetes.pod import JobPod, Resources, SecretKey, Toleration, Volume

JOB = JobSpec(name="list", service_account="reader")

REFUSED_OF_JOB: list[tuple[dict[str, Any], str]] = [
    (
        {"name": "List"},
        "Job 'List': name: a name must have 1 to 52 lower-case letters, digits and '-', and "
        "begin and end with a letter or digit (RFC 1123), got 'List'. Choose "
        "another name.",
    ),
    (
        {"name": "a" * 53},
        "Job 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': name: a name must have 1 "
        "to 52 lower-case letters, digits and '-', and begin and end with a letter or digit "
        "(RFC 1123), got 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (53 "
        "characters). Choose another name.",
    ),
    (
        {"name": "a" * 64, "name_suffix": "none"},
        "Job 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': name: a name "
        "must have 1 to 63 lower-case letters, digits and '-', and begin and end with a letter "
        "or digit (RFC 1123), got "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' (64 characters). "
        "Choose another name.",
    ),
    (
        {"namespace": "a_b"},
        "Job 'list': namespace: a name must have 1 to 63 lower-case letters, digits and '-', "
        "and begin and end with a letter or digit (RFC 1123), got 'a_b'. Choose "
        "another name.",
    ),
    (
        {"service_account": "A"},
        "Job 'list': service_account: a service account's name must have up to 253 lower-case "
        "letters, digits, '-' and '.', got 'A'. Write its name in the cluster.",
    ),
    (
        {"name_suffix": "Hash"},
        "Job 'list': name_suffix: name_suffix must be one of hash, none, got 'Hash'.",
    ),
]
REFUSED_OF_RUN: list[tuple[dict[str, Any], str]] = [
    (
        {"parallelism": 0},
        "Job 'list': parallelism: parallelism must be 1 to 2,147,483,647, got 0. Write 1 or more: "
        "without a pod, a Job never finishes.",
    ),
    (
        {"completions": 0},
        "Job 'list': completions: completions must be 1 to 2,147,483,647, got 0. Write 1 or more: "
        "a Job that requires no pod to succeed runs nothing.",
    ),
    (
        {"active_deadline_seconds": 0},
        "Job 'list': active_deadline_seconds: active_deadline_seconds must be 1 to "
        "2,147,483,647, got 0. Write a number of seconds, or remove it.",
    ),
    (
        {"backoff_limit": -1},
        "Job 'list': backoff_limit: backoff_limit must be 0 to 2,147,483,647, got -1. Write how "
        "many times a failed pod is retried, or remove it.",
    ),
    (
        {"ttl_seconds_after_finished": -1},
        "Job 'list': ttl_seconds_after_finished: ttl_seconds_after_finished must be 0 to "
        "2,147,483,647, got -1. Write a number of seconds, or remove it to keep the Job.",
    ),
    (
        {"parallelism": 3, "completions": 2},
        "Job 'list': parallelism: parallelism cannot exceed completions, got 3 and 2. Lower "
        "parallelism, or raise completions.",
    ),
]
REFUSED_OF_POD: list[tuple[dict[str, Any], str]] = [
    (
        {"container_name": "-a"},
        "Job 'list': container_name: a name must have 1 to 63 lower-case letters, digits and "
        "'-', and begin and end with a letter or digit (RFC 1123), got '-a'. "
        "Choose another name.",
    ),
    (
        {"restart_policy": "Always"},
        "Job 'list': restart_policy: restart_policy must be one of Never, OnFailure, got "
        "'Always'. A Job that always restarts would never finish.",
    ),
    (
        {"hardening": PodHardening(user=0)},
        "Job 'list': hardening.user: a container's user must be a number of at least 1, as 0 is "
        "root, got 0. Write the image's user, such as 1000, or null to keep the image's own.",
    ),
    (
        {"labels": {"app": "a b"}},
        "Job 'list': labels.app: a label's value must have up to 63 letters, digits, '-', '_' "
        "and '.', and begin and end with a letter or digit, got 'a b'. Shorten or change it.",
    ),
    (
        {"labels": {"a b": "c"}},
        "Job 'list': labels.a b: 'a b' is not a valid label key. Write it like 'app'.",
    ),
    (
        {"node_selector": {"a b": "c"}},
        "Job 'list': node_selector.a b: 'a b' is not a valid label key. Write it like 'app'.",
    ),
    (
        {"environment": {"1A": ""}},
        "Job 'list': environment.1A: an environment variable's name must have letters, digits, "
        "'_', '.' and '-' and cannot begin with a digit, got '1A'. Write it like 'DB_HOST'.",
    ),
    (
        {"environment": {"A": "1"}, "secrets": {"A": SecretKey(secret="s", key="k")}},
        "Job 'list': secrets.A: 'A' is in environment as well. Remove one of them.",
    ),
    (
        {"secrets": {"A": SecretKey(secret="S", key="k")}},
        "Job 'list': secrets.A.secret: a Secret's name must have up to 253 lower-case letters, "
        "digits, '-' and '.', got 'S'. Write its name in the cluster.",
    ),
    (
        {"secrets": {"A": SecretKey(secret="s", key="")}},
        "Job 'list': secrets.A.key: a key of a Secret must have up to 253 letters, digits, '-', "
        "'_' and '.', got ''. Write the key that the Secret has.",
    ),
    (
        {"resources": Resources(requests={"cpu": "lots"}, limits={})},
        "Job 'list': resources.requests.cpu: an amount of cpu must be a positive Kubernetes "
        "quantity, got 'lots'. Write it like '250m'.",
    ),
    (
        {"resources": Resources(requests={}, limits={"memory": "128m"})},
        "Job 'list': resources.limits.memory: '128m' of memory is 0.128 bytes, because 'm' "
        "means a thousandth. For mebibytes, write '128Mi'.",
    ),
    (
        {"resources": Resources(requests={"memmory": "1Gi"}, limits={})},
        "Job 'list': resources.requests.memmory: a container cannot request 'memmory'. Write "
        "cpu, memory, ephemeral-storage, or a qualified name such as 'nvidia.com/gpu'.",
    ),
    (
        {"resources": Resources(requests={}, limits={"nvidia.com/gpu": "500m"})},
        "Job 'list': resources.limits.nvidia.com/gpu: nvidia.com/gpu must be a whole number, "
        "got '500m'. Write it like '1'.",
    ),
    (
        {"resources": Resources(requests={"nvidia.com/gpu": "1"}, limits={})},
        "Job 'list': resources.requests.nvidia.com/gpu: the request for the extended resource "
        "nvidia.com/gpu must equal its limit, got request 1, no limit. Write the limit alone.",
    ),
    (
        {"resources": Resources(requests={"memory": "2e9"}, limits={"memory": "1Gi"})},
        "Job 'list': resources.requests.memory: the request for memory cannot exceed its limit, "
        "got request 2e9, limit 1Gi. Raise the limit, or request less.",
    ),
    (
        {"resources": Resources(requests={"memory": "2Gi"}, limits={"memory": "1Gi"})},
        "Job 'list': resources.requests.memory: the request for memory cannot exceed its limit, "
        "got request 2Gi, limit 1Gi. Raise the limit, or request less.",
    ),
    (
        {"volumes": (Volume(name="T", path="/t"),)},
        "Job 'list': volumes[0].name: a name must have 1 to 63 lower-case letters, digits and "
        "'-', and begin and end with a letter or digit (RFC 1123), got 'T'. "
        "Choose another name.",
    ),
    (
        {"volumes": (Volume(name="t", path="t"),)},
        "Job 'list': volumes[0].path: a volume's path must be absolute and have no ':', got "
        "'t'. Write it like '/tmp'.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t"), Volume(name="u", path="/t"))},
        "Job 'list': volumes[1].path: the path '/t' is taken by volumes[0]. Choose another one.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t", source="secret"),)},
        "Job 'list': volumes[0].source_name: source_name is required, got none. Add the "
        "Secret's name.",
    ),
    (
        {"volumes": (Volume(name="t", path="/t", source_name="x"),)},
        "Job 'list': volumes[0].source_name: source_name is only for config_map and secret "
        "volumes, got 'x'. Remove source_name, or set source to config_map or secret.",
    ),
    (
        {
            "volumes": (
                Volume(name="t", path="/t", source="secret", source_name="x", size_limit="1Gi"),
            )
        },
        "Job 'list': volumes[0].size_limit: only an empty volume can have a size_limit. Remove it.",
    ),
    (
        {"tolerations": (Toleration(operator="Equal"),)},
        "Job 'list': tolerations[0].key: the operator Equal requires the taint's key, got none. "
        "Add it.",
    ),
    (
        {"tolerations": (Toleration(key="a", value="b"),)},
        "Job 'list': tolerations[0].value: the operator Exists takes no value, got 'b'. Set the "
        "operator to Equal, or remove the value.",
    ),
    (
        {"tolerations": (Toleration(key="a", effect="Never"),)},
        "Job 'list': tolerations[0].effect: effect must be one of NoSchedule, PreferNoSchedule, "
        "NoExecute, got 'Never'.",
    ),
    (
        {"tolerations": (Toleration(key="a", operator="In"),)},
        "Job 'list': tolerations[0].operator: operator must be one of Exists, Equal, got 'In'.",
    ),
]


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
