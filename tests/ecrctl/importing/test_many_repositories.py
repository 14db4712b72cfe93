"""1,200 varied repositories: the written file, loaded again, declares what the account has.

Every property is compared literally; what no file can express must have its note.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_RESOURCES, MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.ecr.images import repository_logical_id
from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.lifecycle.presets import PRESETS
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import policy_document
from ecrctl.importing.account import ExistingRepository
from ecrctl.importing.command import write_import
from ecrctl.importing.environment import Import, import_of
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.ecrctl.importing.test_import import HEAD, KEY, KEYS, OWN_KEY, existing

COUNT = 1_200
SEED = 20_261_126
ORGANIZATION = "o-a1b2c3d4e5"
USERS = [f"arn:aws:iam::{account}:user/pull" for account in ("111111111111", "222222222222")]
SESSION = "arn:aws:sts::222222222222:assumed-role/deploy/alice"
FUNCTION = "arn:aws:lambda:us-west-2:555555555555:function:resize"
ROLES = [f"arn:aws:iam::{account}:role/pull" for account in ("111111111111", "222222222222")]
PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "222222222222"},
    {"AWS": ["arn:aws:iam::222222222222:root", "333333333333"]},
    {"AWS": ["arn:aws:iam::222222222222:user/ci"]},
    {"Service": "lambda.amazonaws.com"},
    {"Service": ["codebuild.amazonaws.com"], "AWS": "*"},
    {"AWS": "AROA1234567890EXAMPLE"},  # a deleted role, which no template can name
]
ACTIONS: list[Any] = [
    "ecr:*",
    "ecr:BatchGetImage",
    ["ecr:BatchGetImage"],
    ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"],
    ["ecr:Put*", "ecr:DescribeImages"],
]
CONDITIONS: list[Any] = [
    None,
    {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
    {"StringLike": {"aws:sourceArn": ["arn:aws:lambda:us-west-2:222222222222:function:*"]}},
    {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"aws:MultiFactorAuthAge": 60}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"Null": {"aws:PrincipalArn": "false"}},
]


def varied(number: int, some: random.Random) -> ExistingRepository:
    """Return a repository, each of whose properties is drawn by chance."""
    mode = some.choice(
        ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]
    )
    filters = tuple(some.sample(["v*", "dev-*", "*-rc.*", "latest", "Sha_*"], some.randint(1, 4)))
    kind, key = some.choice(
        [
            ("AES256", None),
            ("KMS", None),
            ("KMS", KEY),
            ("KMS", OWN_KEY),
            ("KMS", "alias/images"),
            ("KMS", KEY.rpartition("/")[2]),
            ("KMS_DSSE", KEY),
        ]
    )
    unknown = mode.endswith("_WITH_EXCLUSION") and some.random() < 0.05
    return existing(
        name=f"{some.choice(['team/api', 'a.b/api', 'x_y/w-b', 'on'])}-{number:04}",
        immutability_mode=mode,
        exclusion_filters=None if unknown else filters if "_WITH_" in mode else (),
        scan_on_push=some.random() < 0.5,
        encryption_type=kind,
        kms_key=key,
        policy=some.choice([None, policy_of(some), policy_of(some)]),
        lifecycle=some.choice([None, lifecycle_of(some), lifecycle_of(some)]),
        tags=dict(some.sample(TAGS, some.randint(0, len(TAGS)))),
        stack=some.choice([None] * 30 + ["legacy"]),
    )


TAGS = [
    ("owner", "web"),
    ("on", "off"),
    ("cost-center", "0012"),
    ("größe", "klein + fein"),
    ("time", "12:30:00"),
    ("aws:cloudformation:stack-name", "x"),
    ("empty", ""),
    ("not;valid", "x"),
]


def policy_of(some: random.Random) -> dict[str, Any]:
    """Return a policy of this package's own statements and of others, in any order."""
    access = Access(
        accounts=("222222222222",) if some.random() < 0.5 else (),
        role_arns=tuple(some.sample(ROLES, some.randint(0, 2))),
        user_arns=tuple(some.sample(USERS, some.randint(0, 2))),
        session_arns=(SESSION,) if some.random() < 0.2 else (),
        organization_id=ORGANIZATION if some.random() < 0.3 else None,
        organization_ids=("o-zzzzzzzzzz",) if some.random() < 0.2 else (),
        lambda_accounts=("444444444444",) if some.random() < 0.2 else (),
        lambda_function_arns=(FUNCTION,) if some.random() < 0.2 else (),
    )
    statements: list[dict[str, Any]] = [
        dict(one)
        for one in access_statements(
            pull=access, push=Access(), account="111111111111", region="us-west-2", partition="aws"
        )
        if some.random() < 0.8
    ]
    for number in range(some.randint(1, 4)):
        condition = some.choice(CONDITIONS)
        statements.append(
            {
                **some.choice([{}, {}, {"Sid": ""}, {"Sid": f"Statement {number}"}]),
                "Effect": some.choice(["Allow", "Allow", "Deny"]),
                "Principal": some.choice(PRINCIPALS),
                some.choice(["Action", "Action", "NotAction"]): some.choice(ACTIONS),
                **({"Condition": condition} if condition else {}),
            }
        )
    some.shuffle(statements)
    versions: list[dict[str, Any]] = [{"Version": "2012-10-17"}] * 8
    version = some.choice([*versions, {"Version": "2008-10-17"}, {}])
    identity: dict[str, Any] = some.choice([{}] * 8 + [{"Id": "mine"}])
    return {**version, **identity, "Statement": statements}


def lifecycle_of(some: random.Random) -> dict[str, Any]:
    """Return a preset, or rules of which some have properties without content."""
    if some.random() < 0.3:
        document: dict[str, Any] = some.choice([*PRESETS.values()])().document()
        return document
    rules: list[dict[str, Any]] = []
    for number in range(some.randint(1, 4)):
        tags = some.choice([{"tagPatternList": ["v*", "*-x"]}, {"tagPrefixList": [f"p{number}"]}])
        counts = some.choice(
            [
                {"countType": "imageCountMoreThan"},
                {"countType": "sinceImagePushed", "countUnit": "days"},
            ]
        )
        description = [{}, {"description": ""}, {"description": f"Rule: {number} # 'on'"}]
        rules.append(
            {
                "rulePriority": (number + 1) * 10,
                **some.choice(description),
                "selection": {
                    "tagStatus": "tagged",
                    **tags,
                    **some.choice([{}, {"storageClass": "standard"}]),
                    **counts,
                    "countNumber": some.randint(1, 500),
                },
                "action": {"type": "expire"},
            }
        )
    return {"rules": rules}


@pytest.fixture(scope="module")
def account() -> list[ExistingRepository]:
    """Return the repositories of an account, sorted by name."""
    some = random.Random(SEED)  # noqa: S311 - no secret
    found = [varied(number, some) for number in range(COUNT)]
    return sorted(found, key=lambda one: one.name)


@pytest.fixture(scope="module")
def result(account: list[ExistingRepository]) -> Import:
    """Return the import of the account."""
    by_name = {"alias/images": KEY, KEY.rpartition("/")[2]: KEY}
    keys = replace(KEYS, by_name=by_name)
    return import_of("dev", account, head=HEAD, entries={}, keys=keys)


@pytest.fixture(scope="module")
def declared(result: Import, tmp_path_factory: pytest.TempPathFactory) -> EnvironmentSettings:
    """Return what the written file declares when it is loaded again."""
    folder = tmp_path_factory.mktemp("import")
    write_import("dev", result, folder)
    return load_environment("dev", folder)


def described(spec: RepositorySpec) -> dict[str, Any]:
    """Return the properties that a specification deploys, in the form of the account."""
    encryption = {
        "aes256": ("AES256", None),
        "aws-managed": ("KMS", None),
        "customer-managed": ("KMS", spec.encryption.key_arn or OWN_KEY),
    }[spec.encryption.kind]
    return {
        "tags that can move": (
            spec.tag_immutability.mode,
            list(spec.tag_immutability.exclusion_filters),
        ),
        "scan on push": spec.scan_on_push,
        "encryption": encryption,
        "policy": in_one_order(policy_document(spec.policy)),
        "lifecycle": spec.lifecycle and spec.lifecycle.document(),
        "tags": dict(spec.tags),
    }


def expected(repository: ExistingRepository) -> tuple[dict[str, Any], set[str]]:
    """Return the properties that can be declared, and the beginnings of the notes on the others."""
    losses: set[str] = set()
    key = repository.kms_key and (OWN_KEY if repository.kms_key == OWN_KEY else KEY)
    tags = {name: value for name, value in repository.tags.items() if not name.startswith("aws:")}
    for name in set(tags) & {"empty", "not;valid"}:
        del tags[name]
        losses.add(f"its tag '{name}' cannot be expressed")
    properties = {
        "tags that can move": (
            repository.immutability_mode,
            list(repository.exclusion_filters or ()),
        ),
        "scan on push": repository.scan_on_push,
        "encryption": (repository.encryption_type, key),
        "policy": in_one_order(_policy_without_losses(repository.policy, losses)),
        "lifecycle": _lifecycle_without_losses(repository.lifecycle, losses),
        "tags": tags,
    }
    return properties, losses


def _policy_without_losses(policy: Mapping[str, Any] | None, losses: set[str]) -> Any:
    if policy is None:
        return None
    if "Id" in policy:
        losses.add("its policy has the Id 'mine'")
    if "Version" not in policy:
        losses.add("its policy has no version")
    elif policy["Version"] != "2012-10-17":
        losses.add("its policy has the version 2008-10-17")
    kept = []
    for number, one in enumerate(policy["Statement"], start=1):
        name = f"'{one['Sid']}'" if one.get("Sid") else number
        if one["Principal"] == PRINCIPALS[-1]:
            losses.add(f"statement {name} cannot be declared")
        else:
            kept.append(one)
        is_open = one["Principal"] == "*" or "*" in str(one["Principal"].get("AWS"))
        if is_open and one["Effect"] == "Allow" and "Condition" not in one:
            losses.add(f"statement {name} is open to everyone")
    return {"Version": "2012-10-17", "Statement": kept} if kept else None


def _lifecycle_without_losses(document: Mapping[str, Any] | None, losses: set[str]) -> Any:
    if document is None:
        return None
    rules = []
    for rule in document["rules"]:
        if rule.get("description") == "":
            losses.add(
                f"rule {rule['rulePriority']} of its lifecycle policy has properties without"
            )
            rules.append({key: value for key, value in rule.items() if key != "description"})
        else:
            rules.append(rule)
    return {"rules": rules}


def in_one_order(policy: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a policy with its statements in one order, each of them literally as it is."""
    return policy and {**policy, "Statement": sorted(policy["Statement"], key=_text)}


def _text(statement: Any) -> str:
    return json.dumps(statement, sort_keys=True)


def is_omitted(repository: ExistingRepository) -> bool:
    """Return whether a file cannot express a repository."""
    return (
        repository.stack is not None
        or repository.exclusion_filters is None
        or repository.encryption_type == "KMS_DSSE"
    )


def test_every_property_is_the_same_or_is_noted(
    account: list[ExistingRepository], result: Import, declared: EnvironmentSettings
) -> None:
    specs = {one.name: one.spec for one in declared.repositories}
    assert set(specs) == {one.name for one in account if not is_omitted(one)}
    notes = defaultdict(list)
    for note in result.notes:
        notes[note.repository].append(note)
    for repository in account:
        found = [note.what for note in notes[repository.name]]
        if is_omitted(repository):
            (*_, last) = notes[repository.name]
            assert "the repository is omitted" in last.then
            continue
        properties, losses = expected(repository)
        assert described(specs[repository.name]) == properties
        # Each loss is noted, and nothing else is.
        assert sorted(losses) == sorted(
            loss for loss in losses for what in found if what.startswith(loss)
        )
        assert len(found) == len(losses)
    kinds = {note.what.partition("'")[0] for note in result.notes}
    assert len(kinds) > 12, "the account is varied"
    assert sum(not notes[name] for name in specs) > COUNT / 10


def test_every_group_can_be_deployed_and_imported(
    result: Import, declared: EnvironmentSettings
) -> None:
    groups = declared.groups()
    assert list(groups) == ["main", "main-2", "main-3", "main-4"]
    for group, repositories in groups.items():
        assert len(repositories) <= MAXIMUM_RESOURCES
        assert sum(one.spec.template_bytes for one in repositories) < MAXIMUM_TEMPLATE_BYTES
        assert result.mappings[f"dev-Repositories-{group}"] == {
            repository_logical_id(one.name): {"RepositoryName": one.name} for one in repositories
        }
