"""Refused settings of creation templates and the registry policy."""

from __future__ import annotations

import pytest

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.registry.registry_policy import RegistryPolicy, ReplicationSource
from tests.constructs_lib.rules.registry.settings import (
    STATEMENT,
    Make,
    faults_of,
    public,
    registry,
    template,
)

FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:resize"

REFUSED: list[tuple[Make, tuple[str, ...]]] = [
    (
        lambda: template(""),
        (
            "prefix: a template's prefix must have 1 to 256 lower-case letters and digits, "
            "joined by '/', '-', '_' or '.', or be ROOT, got ''. Write it like 'team'.",
        ),
    ),
    (
        lambda: template("t" * 257),
        (
            "prefix: a template's prefix must have 1 to 256 lower-case letters and digits, "
            "joined by '/', '-', '_' or '.', or be ROOT, got "
            "'tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt'. "
            "Write it like 'team'.",
        ),
    ),
    (
        lambda: template("team/"),
        (
            "prefix: a template's prefix must end without '/', which ECR adds itself, got 'team/'. "
            "Write 'team'.",
        ),
    ),
    (
        lambda: template(applied_for=()),
        (
            "applied_for: a template requires at least one of PULL_THROUGH_CACHE, REPLICATION, "
            "CREATE_ON_PUSH, got none. Write CREATE_ON_PUSH.",
        ),
    ),
    (
        lambda: template(applied_for=("PUSH",)),
        (
            "applied_for[0]: applied_for must be one of PULL_THROUGH_CACHE, REPLICATION, "
            "CREATE_ON_PUSH, got 'PUSH'.",
        ),
    ),
    (
        lambda: template(applied_for=("REPLICATION", "REPLICATION")),
        ("applied_for[1]: applied_for can have REPLICATION once, got it twice. Remove one.",),
    ),
    (
        lambda: template(encryption=EncryptionSpec(kind="own-key")),
        (
            "encryption: a template's repositories cannot have a key for each of them "
            "(own-key), because ECR creates them. Choose customer-managed.",
        ),
    ),
    (
        lambda: template(description="d" * 257),
        (
            "description: a template's description can have at most 256 characters, got 257. "
            "Shorten it.",
        ),
    ),
    (
        lambda: template(tag_immutability=TagImmutability(), statements=(STATEMENT,)),
        (
            "statements[0].Resource: a repository policy's statement cannot have Resource, "
            "because the resource is the repository. Remove Resource.",
        ),
    ),
    (
        lambda: template(push=Access(lambda_accounts=("222222222222",))),
        (
            "push.lambda_accounts: Lambda and CodeBuild's own credentials can only pull, got "
            "222222222222. Write the role that pushes in role_arns.",
        ),
    ),
    (
        lambda: registry(templates=(template(), template())),
        ("templates[1].prefix: the prefix 'team' is taken by templates[0]. Choose another one.",),
    ),
    (
        lambda: registry(caches=(public("team"),), templates=(template(),)),
        ("templates[0].prefix: the prefix 'team' is taken by caches[0]. Choose another one.",),
    ),
    (
        lambda: registry(templates=(template(encryption=EncryptionSpec(kind="dsse")),)),
        (
            "templates[0].encryption: dual-layer encryption (dsse) requires a GovCloud region, "
            "got 'us-west-2'. Choose customer-managed encryption.",
        ),
    ),
    (
        lambda: registry(templates=(template(pull=Access(lambda_function_arns=(FUNCTION,))),)),
        (
            "templates[0].pull: Lambda runs images of its own region only, and the repository is "
            f"in us-west-2, got '{FUNCTION}'. Name a function of us-west-2.",
        ),
    ),
    (
        lambda: registry(
            templates=(
                template(
                    pull=Access(
                        role_arns=tuple(
                            f"arn:aws:iam::111111111111:role/{index:060}" for index in range(120)
                        )
                    )
                ),
            )
        ),
        (
            "templates[0]: a repository policy can have at most 10,240 characters, got 11,473. "
            "Replace single roles by their accounts, or accounts by the organization.",
        ),
    ),
    (
        lambda: ReplicationSource(account="12", repositories=()),
        (
            "account: an AWS account number has 12 digits, got '12'. Write all of them, in "
            "quotes, leading zeros included.",
            "repositories: a replication source requires at least one repository, got none. "
            "List them, such as 'team/*'.",
        ),
    ),
    (
        lambda: ReplicationSource(account="222222222222", repositories=("Team",)),
        (
            "repositories[0]: a repository in a registry policy must be a name or a pattern "
            "such as 'team/*', got 'Team'. Write it without its registry.",
        ),
    ),
    (
        lambda: RegistryPolicy(
            replication=(
                ReplicationSource(account="222222222222", repositories=("a",)),
                ReplicationSource(account="222222222222", repositories=("b",)),
            )
        ),
        (
            "replication[1].account: an account can be in one source only, got 222222222222 "
            "also in replication[0]. Write the repositories of both in one.",
        ),
    ),
    (
        lambda: RegistryPolicy(pull=Access(organization_id="o-a1b2c3d4e5")),
        (
            "pull_repositories: pulling by the registry policy requires the repositories, got "
            "none. List them, such as 'team/*'; repositories that are not listed stay closed.",
        ),
    ),
    (
        lambda: RegistryPolicy(pull_repositories=("team/*",)),
        (
            "pull: pull_repositories requires principals in pull, got none. Add one, or remove "
            "pull_repositories.",
        ),
    ),
    (
        lambda: RegistryPolicy(
            pull=Access(organization_id="o-a1b2c3d4e5"), pull_repositories=("arn:aws:ecr",)
        ),
        (
            "pull_repositories[0]: a repository in a registry policy must be a name or a "
            "pattern such as 'team/*', got 'arn:aws:ecr'. Write it without its registry.",
        ),
    ),
    (
        lambda: RegistryPolicy(
            statements=({key: value for key, value in STATEMENT.items() if key != "Resource"},)
        ),
        (
            "statements[0].Resource: a registry policy's statement requires Resource, got "
            "none. Write the ARNs of its repositories, such as "
            "'arn:aws:ecr:us-west-2:111111111111:repository/team/*'.",
        ),
    ),
    (
        lambda: RegistryPolicy(statements=({**STATEMENT, "Action": "s3:GetObject"},)),
        (
            "statements[0].Action: a registry policy can have only ECR's actions, got "
            "'s3:GetObject'. Write one such as 'ecr:BatchGetImage'.",
        ),
    ),
    (
        lambda: RegistryPolicy(statements=("Allow",)),  # type: ignore[arg-type]
        (
            "statements[0]: a statement must be a mapping, got 'Allow'. Write one with Effect, "
            "Principal and Action.",
        ),
    ),
    (
        lambda: registry(
            policy=RegistryPolicy(
                replication=(ReplicationSource(account="111111111111", repositories=("a",)),)
            )
        ),
        (
            "policy.replication[0].account: an account replicates into its own registries "
            "without a permission, got its own account 111111111111. Remove it.",
        ),
    ),
    (
        lambda: registry(
            policy=RegistryPolicy(statements=({**STATEMENT, "Sid": "A"}, {**STATEMENT, "Sid": "A"}))
        ),
        ("policy: a Sid must be unique in its policy, got 'A' more than once. Rename one.",),
    ),
    (
        lambda: registry(
            policy=RegistryPolicy(
                statements=(
                    {
                        **STATEMENT,
                        "Resource": [
                            "arn:aws:ecr:us-west-2:111111111111:repository/" + "a" * 10_200
                        ],
                    },
                )
            )
        ),
        (
            "policy: a registry policy can have at most 10,240 characters, got 10,383. Replace "
            "repositories by a pattern such as 'team/*', or accounts by the organization.",
        ),
    ),
]

ACCEPTED: list[Make] = [
    lambda: template("t"),
    lambda: template("t" * 256, description="d" * 256),
    lambda: registry(templates=(template("team"), template("team/web"), template("ROOT"))),
    lambda: registry(
        scanning=None,
        policy=RegistryPolicy(
            statements=(
                {
                    **STATEMENT,
                    "Resource": ["arn:aws:ecr:us-west-2:111111111111:repository/" + "a" * 10_000],
                },
            )
        ),
    ),
]


@pytest.mark.parametrize(("make", "faults"), REFUSED)
def test_a_setting_that_ecr_would_refuse_is_refused(make: Make, faults: tuple[str, ...]) -> None:
    assert faults_of(make) == faults


@pytest.mark.parametrize("make", ACCEPTED)
def test_a_setting_just_inside_a_limit_does_not_raise(make: Make) -> None:
    assert make() is not None
