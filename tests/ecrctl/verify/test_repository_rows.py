"""Every row of a repository, with scripted answers of AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from ecrctl.verify.check import MISSING, NOT_RETURNED
from ecrctl.verify.files.lookup import Lookup
from ecrctl.verify.files.repositories import check_repository
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import (
    Row,
    always,
    differing,
    load,
    lookup,
    missing,
    rows,
    stacks_with,
)

HEAD = 'account: "111111111111"\nregion: us-west-2\n'
STATEMENTS = """\
[{Sid: PullFromPartner, Effect: Allow, Principal: {AWS: ["333333333333", "444444444444"]},
  Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
  Condition: {StringEquals: {"aws:PrincipalTag/team": web}}}]"""
FILE = f"""\
repositories:
  - name: team/api
    stack: web
    encryption: aes256
    tags: {{team: web, cost: "1"}}
    lifecycle:
      - {{tag_status: tagged, tag_patterns: ["live-*"], count_type: imageCountMoreThan,
         count_number: 1000000, description: Keep}}
    statements: {STATEMENTS}
"""
ARN = "arn:aws:ecr:us-west-2:111111111111:repository/team/api"
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
OWN = {"KeyId": "1-2", "Arn": "arn:aws:kms:us-west-2:111111111111:key/1-2", "KeyState": "Enabled"}
SUBJECT = "repository team/api"
# As ECR returns it: the ARN of an account's root, lists in any order, one statement by itself.
PARTNER = {
    "Sid": "PullFromPartner",
    "Effect": "Allow",
    "Principal": {"AWS": [f"arn:aws:iam::{one}:root" for one in ("444444444444", "333333333333")]},
    "Action": ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
    "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["web"]}},
}
RULE = {
    "rulePriority": 1,
    "description": "Keep",
    "selection": {
        "tagStatus": "tagged",
        "tagPatternList": ["live-*"],
        "countType": "imageCountMoreThan",
        "countNumber": 1000000,
    },
    "action": {"type": "expire"},
}
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}


def template(**resource: Any) -> Any:
    """Return a deployed template with the repository."""
    properties = {"RepositoryName": "team/api", **resource.pop("Properties", {})}
    deletion = {"DeletionPolicy": "Retain", **resource}
    declared = {key: value for key, value in deletion.items() if value}
    return {
        "Resources": {
            "Other": {"Type": "AWS::CDK::Metadata"},
            "Api": {**declared, "Properties": properties},
        }
    }


def described_key(KeyId: str) -> Any:  # noqa: N803 - AWS spells it so
    """Return the key that AWS manages, or else the environment's own."""
    managed = {"Arn": KeyId, "KeyManager": "AWS"}
    return {"KeyMetadata": managed if KeyId == MANAGED else OWN}


def ecr_with(
    policy: Any = None, lifecycle: Any = None, tags: Any = (), **described: Any
) -> StubClient:
    """Return a client of a registry with the repository."""
    repository = {
        "repositoryName": "team/api",
        "repositoryArn": ARN,
        "repositoryUri": "uri",
        **described,
    }
    return StubClient(
        describe_repositories=always({"repositories": [repository]}),
        get_repository_policy=always({"policyText": json.dumps(policy)})
        if policy
        else missing("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"),
        get_lifecycle_policy=always({"lifecyclePolicyText": json.dumps(lifecycle)})
        if lifecycle
        else missing("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"),
        list_tags_for_resource=always({"tags": list(tags)}),
    )


DECLARED: dict[str, Any] = {
    "policy": {"Version": "2012-10-17", "Statement": PARTNER},
    "lifecycle": {"rules": [RULE]},
    "tags": [
        {"Key": "team", "Value": "web"},
        {"Key": "aws:cloudformation:stack-name", "Value": "dev-Repositories-web"},
        {"Key": "cost", "Value": "1"},
    ],
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfiguration": {"encryptionType": "AES256"},
}
NO_REPOSITORY = missing("DescribeRepositories", "RepositoryNotFoundException")


def repository_rows(
    settings: EnvironmentSettings,
    ecr: StubClient,
    deployed: Any = None,
    *,
    physical_id: str = "team/api",
    is_emulated: bool = False,
) -> list[Row]:
    """Return the rows of the environment's one repository."""
    found = lookup(
        settings,
        is_emulated=is_emulated,
        ecr=ecr,
        cloudformation=stacks_with(
            template() if deployed is None else deployed, Repositories_web={("Api",): physical_id}
        ),
        kms=StubClient(describe_key=described_key),
    )
    return _rows_of(settings, found)


def _rows_of(settings: EnvironmentSettings, found: Lookup) -> list[Row]:
    (repository,) = settings.repositories
    return rows(check_repository(repository, found), SUBJECT)


def declared_as(settings: EnvironmentSettings, **changes: Any) -> EnvironmentSettings:
    """Return an environment whose repository has other declared properties."""
    (repository,) = settings.repositories
    changed = replace(repository, spec=replace(repository.spec, **changes))
    return replace(settings, repositories=(changed,))


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with one repository."""
    return load(tmp_path, FILE, HEAD)


def test_a_repository_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    ecr = ecr_with(**DECLARED)
    assert repository_rows(settings, ecr) == [
        (what, value, value)
        for what, value in (
            ("tag immutability", "IMMUTABLE"),
            ("stack", "dev-Repositories-web"),
            ("scan on push", "on"),
            ("encryption", "AES256"),
            ("repository policy", "PullFromPartner"),
            ("lifecycle policy", "1 Keep"),
            ("tags", "cost=1\nteam=web"),
            ("removal", "Retain"),
            ("empty on delete", "off"),
        )
    ]
    assert ecr.requests == [
        ("describe_repositories", {"repositoryNames": ["team/api"]}),
        ("get_repository_policy", {"repositoryName": "team/api"}),
        ("get_lifecycle_policy", {"repositoryName": "team/api"}),
        ("list_tags_for_resource", {"resourceArn": ARN}),
    ]


PARTNER_TEXT = (
    '{"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "Condition": '
    '{"StringEquals": {"aws:PrincipalTag/team": "web"}}, "Effect": "Allow", '
    '"Principal": {"AWS": ["333333333333", "444444444444"]}}'
)
OPEN_TEXT = '{"Action": "ecr:PutImage", "Effect": "Allow", "Principal": {"AWS": "*"}}'
RULE_TEXT = json.dumps(
    {
        **{key: value for key, value in RULE.items() if key != "rulePriority"},
        "selection": {**RULE["selection"], "tagPatternList": "live-*"},  # type: ignore[dict-item]
    },
    sort_keys=True,
)
EXPIRE = {"rulePriority": 2, "action": {"type": "expire"}}


@pytest.mark.parametrize(
    ("changes", "what", "declared", "found"),
    [
        ({"imageTagMutability": "MUTABLE"}, "tag immutability", "IMMUTABLE", "MUTABLE"),
        ({"imageTagMutability": None}, "tag immutability", "IMMUTABLE", MISSING),
        ({"imageScanningConfiguration": {"scanOnPush": False}}, "scan on push", "on", "off"),
        ({"imageScanningConfiguration": {}}, "scan on push", "on", "off"),
        (
            {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY}},
            *("encryption", "AES256", "KMS"),
        ),
        (
            {"policy": None},
            *("repository policy", f"PullFromPartner: {PARTNER_TEXT}"),
            f"PullFromPartner: {MISSING}",
        ),
        (
            {"policy": {"Statement": [PARTNER, {"Sid": "Open", **OPEN}, OPEN]}},
            *("repository policy", f"Open: {MISSING}\nstatement 2: {MISSING}"),
            f"Open: {OPEN_TEXT}\nstatement 2: {OPEN_TEXT}",
        ),
        (
            # The statement that hides behind the Sid of a declared one.
            {"policy": {"Statement": [{**OPEN, "Sid": "PullFromPartner"}, PARTNER]}},
            "repository policy",
            f"PullFromPartner: {PARTNER_TEXT}\nPullFromPartner statement 2: {MISSING}",
            f"PullFromPartner: {OPEN_TEXT}\nPullFromPartner statement 2: {PARTNER_TEXT}",
        ),
        (
            {"lifecycle": None},
            *("lifecycle policy", f"1 Keep: {RULE_TEXT}", f"1 Keep: {MISSING}"),
        ),
        (
            {"lifecycle": {"rules": [RULE, EXPIRE]}},
            *("lifecycle policy", f"2: {MISSING}", '2: {"action": {"type": "expire"}}'),
        ),
        ({"tags": []}, "tags", "cost=1\nteam=web", "none"),
        (
            {"tags": [*DECLARED["tags"], {"Key": "owner", "Value": "me"}]},
            *("tags", "cost=1\nteam=web", "cost=1\nowner=me\nteam=web"),
        ),
    ],
)
def test_a_changed_property_has_both_values_in_its_row(
    settings: EnvironmentSettings, changes: Any, what: str, declared: str, found: str
) -> None:
    ecr = ecr_with(**(DECLARED | changes))
    assert differing(repository_rows(settings, ecr)) == {what: (declared, found)}


@pytest.mark.parametrize(
    ("deployed", "what", "declared", "found"),
    [
        (template(DeletionPolicy="Delete"), "removal", "Retain", "Delete"),
        (template(DeletionPolicy=None), "removal", "Retain", "Delete"),
        (template(Properties={"EmptyOnDelete": True}), "empty on delete", "off", "on"),
    ],
)
def test_a_deletion_that_the_deployed_template_declares_otherwise_is_named(
    settings: EnvironmentSettings, deployed: Any, what: str, declared: str, found: str
) -> None:
    assert differing(repository_rows(settings, ecr_with(**DECLARED), deployed)) == {
        what: (declared, found)
    }


def test_a_repository_that_its_stack_deletes_is_as_declared(settings: EnvironmentSettings) -> None:
    deleted = declared_as(settings, removal="destroy", empty_on_delete=True)
    deployed = template(DeletionPolicy="Delete", Properties={"EmptyOnDelete": True})
    found = repository_rows(deleted, ecr_with(**DECLARED), deployed)
    assert found[-2:] == [("removal", "Delete", "Delete"), ("empty on delete", "on", "on")]
    assert differing(found) == {}


@pytest.mark.parametrize("deployed", ["Resources:\n  Api: {}\n", {"Resources": {}}, {}, False])
def test_a_deletion_that_no_template_declares_is_not_compared(
    settings: EnvironmentSettings, deployed: Any
) -> None:
    found = repository_rows(settings, ecr_with(**DECLARED), deployed)
    reason = "no deployed template in JSON declares the repository"
    assert found[-2:] == [(what, reason, reason) for what in ("removal", "empty on delete")]


def test_a_repository_of_no_stack_is_explained(settings: EnvironmentSettings) -> None:
    found = repository_rows(settings, ecr_with(**DECLARED), physical_id="team/web")
    assert differing(found) == {
        "stack": (
            "dev-Repositories-web",
            "not in this stack: the repository was retained when it was removed from the file, or "
            "was created elsewhere. A deployment would fail with AlreadyExists; first run "
            "`ecrctl import dev`",
        )
    }


def test_a_repository_of_a_deleted_resource_is_in_no_stack(settings: EnvironmentSettings) -> None:
    for status in ("DELETE_COMPLETE", "DELETE_SKIPPED", "DELETE_FAILED"):
        summary = {
            "LogicalResourceId": "Api",
            "PhysicalResourceId": "team/api",
            "ResourceStatus": status,
        }
        stacks = stacks_with(template())
        stacks.answers["list_stack_resources"] = always([{"StackResourceSummaries": [summary]}])
        kept = _rows_of(settings, lookup(settings, ecr=ecr_with(**DECLARED), cloudformation=stacks))
        # What could not be deleted is still there.
        assert ("stack" in differing(kept)) is (status != "DELETE_FAILED")


OWN_KEY = EncryptionSpec(kind="customer-managed")
NAMED_KEY = EncryptionSpec(kind="customer-managed", key_arn=KEY)
AWS_KEY = EncryptionSpec(kind="aws-managed")
TWO_LAYERS = EncryptionSpec(kind="dsse")
ALIAS = "alias/ecr/dev"
MANAGED = "arn:aws:kms:us-west-2:111111111111:key/managed-by-aws"


@pytest.mark.parametrize(
    ("encryption", "returned", "row"),
    [
        (AWS_KEY, ("KMS", KEY), ("KMS", f"KMS {KEY}")),
        (AWS_KEY, ("KMS", MANAGED), ("KMS", "KMS")),
        (AWS_KEY, ("AES256", ""), ("KMS", "AES256")),
        (NAMED_KEY, ("KMS", KEY), (f"KMS {KEY}", f"KMS {KEY}")),
        (NAMED_KEY, ("KMS", KEY.rpartition("/")[2]), (f"KMS {KEY}", f"KMS {KEY}")),
        (NAMED_KEY, ("KMS", "other"), (f"KMS {KEY}", "KMS other")),
        (NAMED_KEY, ("KMS_DSSE", KEY), (f"KMS {KEY}", f"KMS_DSSE {KEY}")),
        (OWN_KEY, ("KMS", OWN["Arn"]), (f"KMS {ALIAS}", f"KMS {ALIAS}")),
        (OWN_KEY, ("KMS", OWN["KeyId"]), (f"KMS {ALIAS}", f"KMS {ALIAS}")),
        (OWN_KEY, ("KMS", KEY), (f"KMS {ALIAS}", f"KMS {KEY}")),
        (OWN_KEY, ("AES256", ""), (f"KMS {ALIAS}", "AES256")),
        (TWO_LAYERS, ("KMS_DSSE", OWN["Arn"]), (f"KMS_DSSE {ALIAS}", f"KMS_DSSE {ALIAS}")),
        (TWO_LAYERS, ("KMS", OWN["Arn"]), (f"KMS_DSSE {ALIAS}", f"KMS {OWN['Arn']}")),
    ],
)
def test_each_form_of_encryption_has_its_row(
    settings: EnvironmentSettings,
    encryption: EncryptionSpec,
    returned: tuple[str, str],
    row: tuple[str, str],
) -> None:
    kind, key = returned
    given = {"encryptionType": kind, **({"kmsKey": key} if key else {})}
    # Only GovCloud has encryption in two layers.
    place = Place.of("111111111111", "us-gov-west-1")
    declared = declared_as(settings, encryption=encryption, place=place)
    found = repository_rows(declared, ecr_with(**(DECLARED | {"encryptionConfiguration": given})))
    assert {what: values for what, *values in found}["encryption"] == [*row]


EXCLUSION = "IMMUTABLE_WITH_EXCLUSION"
FILTERS = "exclusion filters"


@pytest.mark.parametrize(
    ("declared", "returned", "is_emulated", "row"),
    [
        (("v*", "dev-*"), ("dev-*", "v*"), False, ("dev-*, v*", "dev-*, v*")),
        (("v*", "dev-*"), ("x",), False, ("dev-*, v*", "x")),
        (("v*", "dev-*"), ("x",), True, ("dev-*, v*", "x")),
        (("v*", "dev-*"), (), False, ("dev-*, v*", "none")),
        (("v*", "dev-*"), (), True, (NOT_RETURNED, NOT_RETURNED)),
        ((), ("x",), False, ("none", "x")),
        ((), ("x",), True, ("none", "x")),
        ((), (), False, None),
        ((), (), True, None),
    ],
)
def test_exclusion_filters_are_compared_in_any_order(
    settings: EnvironmentSettings,
    declared: tuple[str, ...],
    returned: tuple[str, ...],
    row: tuple[str, str] | None,
    *,
    is_emulated: bool,
) -> None:
    mode: Any = EXCLUSION if declared else "IMMUTABLE"
    immutability = TagImmutability(mode=mode, exclusion_filters=declared)
    filters = [{"filterType": "WILDCARD", "filter": one} for one in returned]
    ecr = ecr_with(
        **DECLARED
        | {
            "imageTagMutability": mode,
            **({"imageTagMutabilityExclusionFilters": filters} if filters else {}),
        }
    )
    found = repository_rows(
        declared_as(settings, tag_immutability=immutability), ecr, is_emulated=is_emulated
    )
    by_name = {what: tuple(values) for what, *values in found}
    assert by_name["tag immutability"] == (mode, mode)
    assert by_name.get(FILTERS) == row


def test_a_missing_repository_has_one_row(settings: EnvironmentSettings) -> None:
    ecr = StubClient(describe_repositories=NO_REPOSITORY)
    assert repository_rows(settings, ecr) == [("exists", "yes", MISSING)]
