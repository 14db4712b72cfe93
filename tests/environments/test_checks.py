"""Faults between settings, and the words for a value of the wrong kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_TEMPLATE_BYTES
from environments.checks import repositories as checks
from environments.faults import EnvironmentFault
from environments.loading import load_environment, load_environments
from environments.model.repository import encryption_text

HEAD = 'account: "111111111111"\nregion: us-west-2\n'
ROLE = "arn:aws:iam::111111111111:role/admin"
NO_PIN = "awaiting_image: true"


def faults(directory: Path, text: str, **others: str) -> list[str]:
    """Return the faults of ``dev``, without their lines, beside other environments."""
    (directory / "dev.yaml").write_text(HEAD + text)
    for name, other in others.items():
        (directory / f"{name}.yaml").write_text(HEAD + other)
    try:
        load_environment("dev", directory)
    except EnvironmentFault as fault:
        lines = str(fault).splitlines()[1:]
        return [re.sub(r"^  - (line \d+ column \d+, )?", "", line) for line in lines]
    return []


def test_an_account_has_one_github_provider(tmp_path: Path) -> None:
    push = (
        "repositories: [{name: a/b, push: {github: [{repository: a/b, ref: refs/heads/main}]}}]\n"
    )
    create, existing = (f"github_provider: {one}\n{push}" for one in ("create", "existing"))
    assert faults(tmp_path, create, other=existing) == []
    assert faults(tmp_path, existing, other=create) == []
    assert faults(tmp_path, create, other=create) == [
        "github_provider: account 111111111111 can have only one GitHub OIDC provider, and "
        "environment 'other' also creates it. Write 'existing' in one of the two."
    ]
    elsewhere = create.join((HEAD.replace("1" * 12, "2" * 12), ""))
    (tmp_path / "other.yaml").write_text(elsewhere)
    assert load_environment("dev", tmp_path).creates_github_provider


@pytest.mark.parametrize("text", [f"administrators: ['{ROLE}']\n", f"break_glass_role: {ROLE}\n"])
def test_administrators_require_a_break_glass_role(tmp_path: Path, text: str) -> None:
    (fault,) = faults(tmp_path, text)
    assert fault.endswith(
        "administrators and break_glass_role require each other, got one of them. Add the other: "
        "without a break-glass role, no principal can repair a repository whose administrators "
        "are deleted."
    )
    both = f"administrators: ['{ROLE}']\nbreak_glass_role: {ROLE}-2\n"
    assert faults(tmp_path, both) == []


def test_an_adopted_repository_that_states_everything_has_no_fault(tmp_path: Path) -> None:
    stated = "{name: team/api, adopted: true, statements: [], encryption: aes256}"
    assert faults(tmp_path, f"repositories: [{stated}]\n") == []


def test_events_have_one_target(tmp_path: Path) -> None:
    topic = "topic_arn: 'arn:aws:sns:us-west-2:111111111111:images'"
    bus = "event_bus_arn: 'arn:aws:events:us-west-2:111111111111:event-bus/images'"
    assert faults(tmp_path, f"notifications: {{{topic}}}\n") == []
    assert faults(tmp_path, f"notifications: {{{bus}}}\n") == []
    assert faults(tmp_path, f"notifications: {{{topic}, {bus}}}\n") == [
        "notifications: notifications take either topic_arn or event_bus_arn, got both. Remove one."
    ]


@pytest.mark.parametrize(("word", "severity"), [("none", None), ("LOW", "LOW")])
def test_findings_are_sent_from_a_severity_on_or_not_at_all(
    tmp_path: Path, word: str, severity: str | None
) -> None:
    assert faults(tmp_path, f"notifications: {{scan_severity: {word}}}\n") == []
    found = load_environment("dev", tmp_path).notifications
    assert found is not None
    assert found.events.scan_severity == severity


def identity(job: str, account: str, namespace: str) -> str:
    """Return a Job with an identity."""
    return (
        f"  - {{name: {job}, image: base, {NO_PIN}, service_account: {account}, "
        f"namespace: {namespace}, identity: {{cluster_name: main}}}}\n"
    )


def test_a_service_account_is_created_once(tmp_path: Path) -> None:
    jobs = "eks_jobs:\n" + identity("a", "reader", "team")
    assert faults(tmp_path, jobs + identity("b", "reader", "other")) == []
    assert faults(tmp_path, jobs + identity("b", "writer", "team")) == []
    assert faults(tmp_path, jobs + identity("b", "reader", "team")) == [
        "eks_jobs[1].identity: the service account 'reader' of the namespace 'team' is created by "
        "eks_jobs[0]. Remove identity here: the Job then has that service account; or name "
        "another one."
    ]


def test_a_group_may_fill_its_template_to_the_last_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "repositories: [{name: team/api}]\n"
    assert faults(tmp_path, text) == []
    (one,) = load_environment("dev", tmp_path).repositories
    rest = MAXIMUM_TEMPLATE_BYTES - one.spec.template_bytes
    monkeypatch.setattr(checks, "_TEMPLATE_BYTES", rest)
    assert faults(tmp_path, text) == []
    monkeypatch.setattr(checks, "_TEMPLATE_BYTES", rest + 1)
    (fault,) = faults(tmp_path, text)
    assert fault.startswith("repositories: a CloudFormation template has at most 1,000,000 bytes")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("account: x\n", "account: an AWS account number has 12 digits, got 'x'."),
        ("repositories: 5\n", "repositories: a list is expected here, got '5'."),
        ("repositories: [5]\n", "repositories[0]: a mapping is expected here, got '5'."),
        (
            "repositories: [{name: 1.5}]\n",
            "repositories[0].name: text is expected here, got the number 1.5. Write it in quotes.",
        ),
        (
            "repositories: [{name: true}]\n",
            "repositories[0].name: text is expected here, got the value true. Write it in quotes.",
        ),
        ("protected: 1\n", "protected: true or false is expected here, got '1'."),
        (
            f"eks_jobs: [{{name: a, image: b, {NO_PIN}, parallelism: many}}]\n",
            "eks_jobs[0].parallelism: a whole number is expected here, got 'many'.",
        ),
        (
            "github_provider: maybe\n",
            "github_provider: one of 'existing' or 'create' is expected here, got 'maybe'.",
        ),
        ("required_tags: []\n", "required_tags: a mapping is expected here, got a list."),
        ("network: none\n", "network: a mapping is expected here, got 'none'."),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_the_kind(
    tmp_path: Path, text: str, fault: str
) -> None:
    if text.startswith("account"):
        (tmp_path / "dev.yaml").write_text(text + "region: us-west-2\n")
        with pytest.raises(EnvironmentFault) as refused:
            load_environments(directory=tmp_path)
        assert fault in str(refused.value)
    else:
        assert faults(tmp_path, text) == [fault]


def test_an_encryption_is_written_as_its_key_or_its_kind(tmp_path: Path) -> None:
    key = "arn:aws:kms:us-west-2:111111111111:key/1234"
    entries = f"[{{name: team/a, encryption: {key}}}, {{name: team/b, encryption: aes256}}]"
    assert faults(tmp_path, f"repositories: {entries}\n") == []
    found = load_environment("dev", tmp_path).repositories
    assert [encryption_text(one.spec.encryption) for one in found] == [key, "aes256"]


def test_a_fault_deep_in_a_job_lists_the_settings_there(tmp_path: Path) -> None:
    job = f"{{name: a, image: b, {NO_PIN}, volumes: [{{name: tmp, path: /tmp, sorce: empty}}]}}"
    (fault,) = faults(tmp_path, f"eks_jobs: [{job}]\n")
    assert fault.startswith(
        "eks_jobs[0].volumes[0].sorce: there is no such setting; did you mean 'source'? Known: "
    )


def test_a_key_after_a_merge_occurs_once_too(tmp_path: Path) -> None:
    text = "x: &x {name: team/a}\nrepositories:\n  - {<<: *x, stack: web, stack: main}\n"
    (fault,) = faults(tmp_path, text)
    assert fault.endswith("line 5 column 26: the key 'stack' occurs twice. Keep one")


def test_the_name_of_a_cron_job_leaves_room_for_its_jobs(tmp_path: Path) -> None:
    job = f"{{name: {'a' * 53}, image: b, {NO_PIN}, name_suffix: none"
    assert faults(tmp_path, f"eks_jobs: [{job}}}]\n") == []
    (fault,) = faults(tmp_path, f"eks_jobs: [{job}, schedule: '@daily'}}]\n")
    assert "must have 1 to 52 lower-case letters" in fault


def test_an_identity_requires_an_account_and_a_namespace(tmp_path: Path) -> None:
    job = f"{{name: a, image: b, {NO_PIN}, identity: {{cluster_name: main}}}}"
    assert faults(tmp_path, f"eks_jobs: [{job}]\n") == [
        "eks_jobs[0].namespace: identity requires namespace, got none. Add 'namespace: NAME'.",
        "eks_jobs[0].service_account: identity requires service_account, got none. Add "
        "'service_account: NAME'.",
    ]
