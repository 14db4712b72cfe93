"""Every row of a repository, its key and its notifications, with scripted answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.notifications import check_notifications
from ecrctl.verify.repositories import check_key, check_repositories
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import missing

FILE = """\
account: "111111111111"
region: us-west-2
repositories:
  - {name: team/api, stack: web, encryption: aes256, lifecycle: none}
"""
NOTIFICATIONS = """\
account: "111111111111"
region: us-west-2
notifications: {pushes: true, topic_arn: "arn:aws:sns:us-west-2:111111111111:alerts"}
"""
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
OWN = {"KeyId": "1-2", "Arn": "arn:aws:kms:us-west-2:111111111111:key/1-2", "KeyState": "Enabled"}


def load(folder: Path, text: str = FILE) -> EnvironmentSettings:
    """Return the environment ``dev`` of a file."""
    (folder / "dev.yaml").write_text(text)
    return load_environment("dev", folder)


def ecr_with(policy: Any = None, lifecycle: Any = None, **described: Any) -> StubClient:
    """Return a client of a registry with one repository."""
    no_policy = missing("GetRepositoryPolicy", "RepositoryPolicyNotFoundException")
    no_lifecycle = missing("GetLifecyclePolicy", "LifecyclePolicyNotFoundException")
    return StubClient(
        describe_repositories=lambda **_: {"repositories": [described]},
        get_repository_policy=(lambda **_: {"policyText": json.dumps(policy)})
        if policy
        else no_policy,
        get_lifecycle_policy=(lambda **_: {"lifecyclePolicyText": json.dumps(lifecycle)})
        if lifecycle
        else no_lifecycle,
    )


def stack_of(*names: str) -> StubClient:
    """Return a client of an account with a stack of some repositories."""
    listed = [
        {
            "PhysicalResourceId": name,
            "ResourceType": "AWS::ECR::Repository",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for name in names
    ]
    return StubClient(list_stack_resources=lambda **_: [{"StackResourceSummaries": listed}])


def rows(
    settings: EnvironmentSettings, ecr: StubClient, deployed: Sequence[str] = ("team/api",)
) -> dict[str, tuple[str, str]]:
    """Return the declared and the found value of each property of the repository."""
    kms = StubClient(describe_key=lambda **_: {"KeyMetadata": OWN})
    aws = stub_aws(ecr=ecr, cloudformation=stack_of(*deployed), kms=kms)
    checks = list(check_repositories(settings, aws))
    assert {check.subject for check in checks} == {"repository team/api"}
    return {check.what: (check.declared, check.found) for check in checks}


def declared_as(settings: EnvironmentSettings, **changes: Any) -> EnvironmentSettings:
    """Return an environment whose repository has other declared properties."""
    (repository,) = settings.repositories
    changed = replace(repository, spec=replace(repository.spec, **changes))
    return replace(settings, repositories=(changed,))


def test_a_repository_as_declared_has_every_row(tmp_path: Path) -> None:
    ecr = ecr_with(imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True})
    assert rows(load(tmp_path), ecr) == {
        what: (value, value)
        for what, value in (
            ("stack", "dev-Repositories-web"),
            ("tag immutability", "IMMUTABLE"),
            ("scan on push", "on"),
            ("encryption", "AES256"),
            ("repository policy", "none"),
            ("lifecycle policy", "none"),
        )
    }
    assert ecr.requests == [
        ("describe_repositories", {"repositoryNames": ["team/api"]}),
        ("get_repository_policy", {"repositoryName": "team/api"}),
        ("get_lifecycle_policy", {"repositoryName": "team/api"}),
    ]


def test_a_changed_repository_has_both_values_in_every_row(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
    rule = {"rulePriority": 2, "action": {"type": "expire"}}
    found = rows(
        load(tmp_path),
        ecr_with(
            policy={"Statement": [{"Sid": "Open", **statement}, statement]},
            lifecycle={"rules": [rule, {**rule, "rulePriority": 3, "description": "All"}]},
            encryptionConfiguration={"encryptionType": "KMS", "kmsKey": KEY},
        ),
        deployed=["team/web"],
    )
    stack, described = found.pop("stack")
    assert stack == "dev-Repositories-web"
    assert described.startswith("not in this stack: ")
    policy = '{"Action": "ecr:PutImage", "Effect": "Allow", "Principal": "*"}'
    expire = '{"action": {"type": "expire"}}'
    described_rule = '{"action": {"type": "expire"}, "description": "All"}'
    assert found == {
        "tag immutability": ("IMMUTABLE", MISSING),
        "scan on push": ("on", "off"),
        "encryption": ("AES256", "KMS"),
        "repository policy": (
            f"Open: {MISSING}\nstatement 2: {MISSING}",
            f"Open: {policy}\nstatement 2: {policy}",
        ),
        "lifecycle policy": (
            f"2: {MISSING}\n3 All: {MISSING}",
            f"2: {expire}\n3 All: {described_rule}",
        ),
    }


OWN_KEY = EncryptionSpec(kind="customer-managed")
NAMED_KEY = EncryptionSpec(kind="customer-managed", key_arn=KEY)
AWS_KEY = EncryptionSpec(kind="aws-managed")


@pytest.mark.parametrize(
    ("encryption", "returned", "row"),
    [
        (AWS_KEY, ("KMS", KEY), ("KMS", "KMS")),
        (AWS_KEY, ("AES256", ""), ("KMS", "AES256")),
        (NAMED_KEY, ("KMS", KEY), (f"KMS {KEY}", f"KMS {KEY}")),
        (NAMED_KEY, ("KMS", KEY.rpartition("/")[2]), (f"KMS {KEY}", f"KMS {KEY}")),
        (NAMED_KEY, ("KMS", "other"), (f"KMS {KEY}", "KMS other")),
        (NAMED_KEY, ("KMS_DSSE", KEY), (f"KMS {KEY}", f"KMS_DSSE {KEY}")),
        (OWN_KEY, ("KMS", OWN["Arn"]), ("KMS alias/ecr/dev", "KMS alias/ecr/dev")),
        (OWN_KEY, ("AES256", ""), ("KMS alias/ecr/dev", "AES256")),
    ],
)
def test_each_form_of_encryption_has_its_row(
    tmp_path: Path, encryption: EncryptionSpec, returned: tuple[str, str], row: tuple[str, str]
) -> None:
    kind, key = returned
    given = {"encryptionType": kind, **({"kmsKey": key} if key else {})}
    settings = declared_as(load(tmp_path), encryption=encryption)
    assert rows(settings, ecr_with(encryptionConfiguration=given))["encryption"] == row


FILTERS = ("v*", "dev-*")


@pytest.mark.parametrize(
    ("returned", "endpoint", "found"),
    [
        ([{"filter": "dev-*"}, {"filter": "v*"}], None, "IMMUTABLE_WITH_EXCLUSION dev-*, v*"),
        ([{"filter": "x"}], "http://localhost:1", "IMMUTABLE_WITH_EXCLUSION x"),
        (None, None, "IMMUTABLE_WITH_EXCLUSION"),
        (
            *(None, "http://localhost:1"),
            "IMMUTABLE_WITH_EXCLUSION (filters not returned by this endpoint)",
        ),
    ],
)
def test_the_exclusion_filters_of_a_repository_are_compared_in_any_order(
    tmp_path: Path, returned: list[dict[str, str]] | None, endpoint: str | None, found: str
) -> None:
    immutability = TagImmutability(mode="IMMUTABLE_WITH_EXCLUSION", exclusion_filters=FILTERS)
    settings = declared_as(load(tmp_path), tag_immutability=immutability)
    described: dict[str, Any] = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}
    if returned is not None:
        described["imageTagMutabilityExclusionFilters"] = returned
    aws = stub_aws(ecr=ecr_with(**described), cloudformation=stack_of())
    checks = check_repositories(settings, replace(aws, endpoint_url=endpoint))
    (check,) = [one for one in checks if one.what == "tag immutability"]
    unknown = "not returned" in found
    assert check.declared == (found if unknown else "IMMUTABLE_WITH_EXCLUSION dev-*, v*")
    assert check.found == found
    assert check.is_unknown is unknown


def test_mutability_without_filters_is_known_on_every_endpoint(tmp_path: Path) -> None:
    aws = stub_aws(ecr=ecr_with(imageTagMutability="MUTABLE"), cloudformation=stack_of())
    checks = check_repositories(load(tmp_path), replace(aws, endpoint_url="http://localhost:1"))
    (check,) = [one for one in checks if one.what == "tag immutability"]
    assert (check.declared, check.found) == ("IMMUTABLE", "MUTABLE")


def test_a_missing_repository_has_one_row(tmp_path: Path) -> None:
    fails = missing("DescribeRepositories", "RepositoryNotFoundException")
    aws = stub_aws(ecr=StubClient(describe_repositories=fails), cloudformation=stack_of())
    assert list(check_repositories(load(tmp_path), aws)) == [
        Check("repository team/api", "exists", "yes", MISSING)
    ]


@pytest.mark.parametrize(
    ("metadata", "rotates", "expected"),
    [
        (OWN, True, [("state", "Enabled", "Enabled"), ("rotation", "on", "on")]),
        (
            *(OWN | {"KeyState": "Disabled"}, False),
            [("state", "Enabled", "Disabled"), ("rotation", "on", "off")],
        ),
        (None, True, [("state", "Enabled", MISSING)]),
    ],
)
def test_the_key_of_an_environment_has_its_rows(
    tmp_path: Path, metadata: Any, *, rotates: bool, expected: list[tuple[str, str, str]]
) -> None:
    settings = load(tmp_path, FILE.replace("encryption: aes256, ", ""))
    kms = StubClient(
        describe_key=(lambda **_: {"KeyMetadata": metadata})
        if metadata
        else missing("DescribeKey", "NotFoundException"),
        get_key_rotation_status=lambda **_: {"KeyRotationEnabled": rotates},
    )
    checks = list(check_key(settings, stub_aws(kms=kms)))
    assert [(check.what, check.declared, check.found) for check in checks] == expected
    assert {check.subject for check in checks} == {"key alias/ecr/dev"}
    assert [request for _, request in kms.requests] == [
        *({"KeyId": "alias/ecr/dev"}, {"KeyId": "1-2"})
    ][: len(expected)]


def test_an_environment_without_a_key_of_its_own_has_no_row_for_one(tmp_path: Path) -> None:
    assert list(check_key(load(tmp_path), stub_aws())) == []


def rule_summary(name: str, **fields: str) -> dict[str, str]:
    """Return a resource of the stack of notifications."""
    return {
        "ResourceType": "AWS::Events::Rule",
        "LogicalResourceId": f"Images{name}1A2B",
        "PhysicalResourceId": f"arn:aws:events:us-west-2:111111111111:rule/dev-{name}",
        "ResourceStatus": "CREATE_COMPLETE",
        **fields,
    }


def test_a_rule_has_the_targets_and_the_pattern_that_are_found(tmp_path: Path) -> None:
    settings = load(tmp_path, NOTIFICATIONS)
    summaries = [
        rule_summary("Pushes", ResourceStatus="DELETE_COMPLETE", PhysicalResourceId="gone"),
        rule_summary("Pushes", ResourceType="AWS::Lambda::Permission", PhysicalResourceId="other"),
        rule_summary("Pushes"),
        rule_summary("FailedPulls", PhysicalResourceId="dev-failed-pulls"),
    ]
    pages = [{"StackResourceSummaries": summaries[:2]}, {"StackResourceSummaries": summaries[2:]}]
    cloudformation = StubClient(list_stack_resources=lambda **_: pages)
    events = StubClient(
        describe_rule=lambda **_: {"State": "ENABLED"},
        list_targets_by_rule=lambda **_: {"Targets": [{"Arn": "b"}, {"Arn": "a"}]},
    )
    checks = list(
        check_notifications(settings, stub_aws(cloudformation=cloudformation, events=events))
    )
    topic = "arn:aws:sns:us-west-2:111111111111:alerts"
    found = {(check.subject, check.what): (check.declared, check.found) for check in checks}
    for name in ("Pushes", "FailedPulls"):
        subject = f"notifications, {name}"
        assert found.pop((subject, "target")) == (topic, "a, b")
        assert found.pop((subject, "pattern")) == ("as declared", "{}")
    assert found
    assert set(found.values()) == {(topic, MISSING)}
    assert cloudformation.requests == [("list_stack_resources", {"StackName": "dev-Notifications"})]
    assert {request["Name"] for name, request in events.requests if name == "describe_rule"} == {
        *("dev-Pushes", "dev-failed-pulls")
    }
    assert {request["Rule"] for name, request in events.requests if name != "describe_rule"} == {
        *("dev-Pushes", "dev-failed-pulls")
    }


def test_an_environment_without_notifications_has_no_row_for_them(tmp_path: Path) -> None:
    assert list(check_notifications(load(tmp_path), stub_aws())) == []
