"""Every row of the roles with which GitHub Actions pushes, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING
from ecrctl.verify.files.github import check_provider, check_push
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
FILE = """\
github_provider: create
repositories:
  - {name: team/api, push: {github: [{repository: acme/api, ref: refs/heads/main}]}}
  - {name: team/web, push: {github: [{repository: acme/api, ref: refs/heads/main}]}}
"""
SUBJECT = "repo:acme/api:ref:refs/heads/main"
PATH = ("repo:acme%2Fapi:ref:refs%2Fheads%2Fmain", "Role", "Resource")
ROLE = "dev.us-west-2.push.acme.api@main"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
HOST = "token.actions.githubusercontent.com"
REPOSITORIES = [
    f"arn:aws:ecr:us-west-2:111111111111:repository/team/{name}" for name in ("api", "web")
]
TRUST = {
    "Effect": "Allow",
    "Principal": {"Federated": PROVIDER},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com", f"{HOST}:sub": SUBJECT},
    },
}
PUSH_ACTIONS = [
    f"ecr:{name}"
    for name in (
        *("UploadLayerPart", "PutImage", "InitiateLayerUpload", "CompleteLayerUpload"),
        *("BatchGetImage", "BatchCheckLayerAvailability"),
    )
]
PUSH = {"Effect": "Allow", "Action": PUSH_ACTIONS, "Resource": REPOSITORIES}
TOKEN = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with two repositories that one kind of workflow run pushes to."""
    return load(tmp_path, FILE, HEAD)


def iam_with(
    trust: Any = TRUST,
    policies: Any = None,
    managed: tuple[str, ...] = (),
    name: str = ROLE,
    **provider: Any,
) -> StubClient:
    """Return a client of an account with the role and the provider."""
    documents = {"Default": [PUSH, TOKEN]} if policies is None else policies
    role = {
        "RoleName": name,
        "RoleId": "AROA",
        "Arn": f"arn:aws:iam::111111111111:role/{name}",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
    }

    def get_role_policy(RoleName: str, PolicyName: str) -> Any:  # noqa: N803 - AWS spells it so
        assert RoleName == name
        document = {"Version": "2012-10-17", "Statement": documents[PolicyName]}
        return {"PolicyDocument": document}

    return StubClient(
        get_role=always({"Role": role}),
        list_role_policies=always([{"PolicyNames": [one]} for one in documents]),
        list_attached_role_policies=always(
            [{"AttachedPolicies": [{"PolicyArn": arn} for arn in managed]}]
        ),
        list_role_tags=always([]),
        get_role_policy=get_role_policy,
        get_open_id_connect_provider=always(
            {"Url": HOST, "ClientIDList": ["sts.amazonaws.com"], **provider}
        ),
    )


def push_rows(settings: EnvironmentSettings, iam: StubClient, name: str = ROLE) -> list[Row]:
    """Return the rows of the environment's one kind of workflow run."""
    stacks = stacks_with(GitHubAccess={PATH: name})
    (push,) = settings.github_pushes
    found = lookup(settings, iam=iam, cloudformation=stacks)
    return rows(check_push(push, found), f"pushes by {SUBJECT}")


def test_a_role_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    assert push_rows(settings, iam_with()) == [
        ("role", ROLE, ROLE),
        ("trust policy", "as declared", "as declared"),
        ("permissions", "as declared", "as declared"),
        ("managed policies", "none", "none"),
    ]


def test_the_permissions_may_be_in_other_statements(settings: EnvironmentSettings) -> None:
    one_each = [
        {**PUSH, "Sid": f"S{number}", "Resource": arn} for number, arn in enumerate(REPOSITORIES)
    ]
    assert differing(push_rows(settings, iam_with(policies={"A": one_each, "B": [TOKEN]}))) == {}


OTHER_BRANCH = {
    "StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"},
    "StringLike": {f"{HOST}:sub": "repo:acme/api:*"},
}


@pytest.mark.parametrize(
    "trust",
    [
        {**TRUST, "Condition": OTHER_BRANCH},
        {**TRUST, "Principal": "*"},
        {key: value for key, value in TRUST.items() if key != "Condition"},
    ],
)
def test_a_wider_trust_policy_is_named(settings: EnvironmentSettings, trust: Any) -> None:
    found = differing(push_rows(settings, iam_with(trust=trust)))
    assert found.keys() == {"trust policy"}
    declared, shown = found["trust policy"]
    assert SUBJECT in declared
    assert SUBJECT not in shown or '"AWS": "*"' in shown


DELETE = '{"Action": "ecr:DeleteRepository", "Effect": "Allow", "Resource": "*"}'
PUT_ON_WEB = f'{{"Action": "ecr:PutImage", "Effect": "Allow", "Resource": "{REPOSITORIES[1]}"}}'
PUSH_WITHOUT = {**PUSH, "Action": [one for one in PUSH_ACTIONS if one != "ecr:PutImage"]}
PUT_ON_API = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": REPOSITORIES[0]}


@pytest.mark.parametrize(
    ("policies", "declared", "found"),
    [
        (
            {
                "Default": [PUSH, TOKEN],
                "Extra": [{"Effect": "Allow", "Action": "ecr:DeleteRepository", "Resource": "*"}],
            },
            *(MISSING, DELETE),
        ),
        ({"Default": [PUSH_WITHOUT, PUT_ON_API, TOKEN]}, PUT_ON_WEB, MISSING),
    ],
)
def test_permissions_that_differ_are_named_one_by_one(
    settings: EnvironmentSettings, policies: Any, declared: str, found: str
) -> None:
    assert differing(push_rows(settings, iam_with(policies=policies))) == {
        "permissions": (declared, found)
    }


def test_a_managed_policy_is_named(settings: EnvironmentSettings) -> None:
    assert differing(push_rows(settings, iam_with(managed=(ADMINISTRATOR,)))) == {
        "managed policies": ("none", ADMINISTRATOR)
    }


def test_a_missing_role_has_one_row(settings: EnvironmentSettings) -> None:
    iam = StubClient(get_role=missing("GetRole", "NoSuchEntity"))
    assert push_rows(settings, iam) == [("exists", "yes", MISSING)]
    (push,) = settings.github_pushes
    nowhere = lookup(settings, cloudformation=stacks_with())
    assert [check.found for check in check_push(push, nowhere)] == [MISSING]


def provider_rows(
    settings: EnvironmentSettings, iam: StubClient, provider: str = PROVIDER
) -> list[Row]:
    """Return the rows of GitHub's OIDC provider."""
    stacks = stacks_with(GitHubAccess={("Provider", "Resource"): provider})
    checks = check_provider(lookup(settings, iam=iam, cloudformation=stacks))
    return rows(checks, "GitHub's OIDC provider")


AUDIENCE = f"audience of {HOST}"


def test_the_provider_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    iam = iam_with(ClientIDList=["other", "sts.amazonaws.com"])
    assert provider_rows(settings, iam) == [
        ("exists", "yes", "yes"),
        (AUDIENCE, "sts.amazonaws.com", "sts.amazonaws.com"),
        ("stack", "dev-GitHubAccess", "dev-GitHubAccess"),
    ]
    assert iam.requests == [
        ("get_open_id_connect_provider", {"OpenIDConnectProviderArn": PROVIDER})
    ]


@pytest.mark.parametrize(
    ("audiences", "provider", "expected"),
    [
        (["a", "b"], PROVIDER, {AUDIENCE: ("sts.amazonaws.com", "a, b")}),
        ([], PROVIDER, {AUDIENCE: ("sts.amazonaws.com", "none")}),
        (["sts.amazonaws.com"], "other", {"stack": ("dev-GitHubAccess", "another one")}),
    ],
)
def test_a_changed_provider_is_named(
    settings: EnvironmentSettings, audiences: list[str], provider: str, expected: Any
) -> None:
    found = provider_rows(settings, iam_with(ClientIDList=audiences), provider)
    assert differing(found) == expected


def test_an_existing_provider_may_be_of_any_stack(tmp_path: Path) -> None:
    settings = load(tmp_path, FILE.replace("create", "existing"), HEAD)
    found = provider_rows(settings, iam_with(), "other")
    assert [what for what, *_ in found] == ["exists", AUDIENCE]


def test_a_missing_provider_has_one_row(settings: EnvironmentSettings) -> None:
    iam = StubClient(
        get_open_id_connect_provider=missing("GetOpenIDConnectProvider", "NoSuchEntity")
    )
    assert provider_rows(settings, iam) == [("exists", "yes", MISSING)]


def test_an_environment_without_github_has_no_row_for_it(tmp_path: Path) -> None:
    assert list(check_provider(lookup(load(tmp_path, "")))) == []
