"""Every row of the permissions of Kubernetes Jobs in AWS, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING
from ecrctl.verify.files.identities import check_identity, check_node_role
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

PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A1"
ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/A1"
STATEMENTS = """\
statements:
        - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*"}
        - {Effect: Allow, Action: ["s3:GetObject"], Resource: "arn:aws:s3:::b/*"}
        - {Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::b/*",
           Condition: {Bool: {"aws:SecureTransport": true}}}"""
JOB = """
eks_jobs:
  - name: report
    image: api
    namespace: batch
    service_account: reporter
    node_role_arn: arn:aws:iam::111111111111:role/path/nodes
    identity:
      %s
      %s
"""
POD_IDENTITY = "cluster_name: main"
BY_PROVIDER = f"oidc_provider_arn: {PROVIDER}\n      role_name: reports"
# The CDK joins the statements, and IAM returns the lists in any order.
READ = {
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"],
}
WRITE = {
    "Effect": "Allow",
    "Action": ["s3:PutObject"],
    "Resource": "arn:aws:s3:::b/*",
    "Condition": {"Bool": {"aws:SecureTransport": "true"}},
}
PODS: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:TagSession", "sts:AssumeRole"],
    "Condition": {
        "StringEquals": {
            "aws:SourceAccount": "111111111111",
            "aws:RequestTag/kubernetes-namespace": "batch",
            "aws:RequestTag/kubernetes-service-account": "reporter",
        },
        "ArnEquals": {"aws:SourceArn": "arn:aws:eks:us-west-2:111111111111:cluster/main"},
    },
}
SERVICE_ACCOUNT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Federated": PROVIDER},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {
        "StringEquals": {
            f"{ISSUER}:aud": ["sts.amazonaws.com"],
            f"{ISSUER}:sub": "system:serviceaccount:batch:reporter",
        }
    },
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE_ARN = "arn:aws:iam::111111111111:role/reports"
ASSOCIATION = {
    "associationArn": "arn",
    "clusterName": "main",
    "namespace": "batch",
    "serviceAccount": "reporter",
    "roleArn": ROLE_ARN,
}
ROW = f"batch/reporter of main: {ROLE_ARN}"
NO_ROLE = missing("GetRole", "NoSuchEntity")


def iam_with(
    trust: Any = PODS, managed: tuple[str, ...] = (), **policies: list[dict[str, Any]]
) -> StubClient:
    """Return a client of an account with one role."""
    role = {
        "RoleName": "reports",
        "RoleId": "AROA",
        "Arn": ROLE_ARN,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
    }
    attached = [{"PolicyArn": arn} for arn in managed]

    def get_role_policy(PolicyName: str, **_: Any) -> Any:  # noqa: N803 - AWS spells it so
        document = {"Version": "2012-10-17", "Statement": policies[PolicyName]}
        return {"PolicyDocument": document}

    return StubClient(
        get_role=always({"Role": role}),
        list_role_policies=always([{"PolicyNames": list(policies)}]),
        list_attached_role_policies=always([{"AttachedPolicies": attached}]),
        list_role_tags=always([]),
        get_role_policy=get_role_policy,
    )


def identity_rows(
    settings: EnvironmentSettings, iam: StubClient, association: Any = ASSOCIATION
) -> list[Row]:
    """Return the rows of the identity of the environment's one Job."""
    no_association = missing("DescribePodIdentityAssociation", "ResourceNotFoundException")
    eks = StubClient(
        describe_pod_identity_association=always({"association": association})
        if association
        else no_association
    )
    stacks = stacks_with(
        EksWorkloads={
            ("reportIdentity", "Role", "Resource"): "reports",
            ("reportIdentity", "Association"): "arn:aws:eks:r:1:podidentityassociation/main/a-1",
        }
    )
    (job,) = settings.eks_jobs
    found = lookup(settings, iam=iam, eks=eks, cloudformation=stacks)
    checks = rows(check_identity(job, found), "role of the Job report")
    if eks.requests:
        assert eks.requests == [
            (
                "describe_pod_identity_association",
                {"clusterName": "main", "associationId": "a-1"},
            )
        ]
    return checks


@pytest.fixture(params=["pod identity", "OIDC provider"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return how a Job's pods assume their role."""
    return str(request.param)


@pytest.fixture
def trust(kind: str) -> dict[str, Any]:
    """Return the only statement of the role's trust policy."""
    return PODS if kind == "pod identity" else SERVICE_ACCOUNT


@pytest.fixture
def settings(tmp_path: Path, kind: str) -> EnvironmentSettings:
    """Return an environment with a Job that has an identity."""
    text = JOB % (POD_IDENTITY if kind == "pod identity" else BY_PROVIDER, STATEMENTS)
    return load(tmp_path, text)


def test_an_identity_as_declared_has_every_row(
    settings: EnvironmentSettings, trust: dict[str, Any], kind: str
) -> None:
    association = [("association", ROW, ROW)] if kind == "pod identity" else []
    assert identity_rows(settings, iam_with(trust, Default=[READ, WRITE])) == [
        ("trust policy", "as declared", "as declared"),
        ("permissions", "as declared", "as declared"),
        ("managed policies", "none", "none"),
        *association,
    ]


@pytest.mark.parametrize(
    "change",
    [{"Condition": {}}, {"Principal": "*"}, {"Condition": {"StringEquals": {"a:b": "c"}}}],
)
def test_a_wider_trust_policy_is_named(
    settings: EnvironmentSettings, trust: dict[str, Any], change: Any
) -> None:
    found = identity_rows(settings, iam_with({**trust, **change}, Default=[READ, WRITE]))
    assert differing(found).keys() == {"trust policy"}


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
WRITE_TEXT = (
    '{"Action": "s3:PutObject", "Condition": {"Bool": {"aws:SecureTransport": "true"}}, '
    '"Effect": "Allow", "Resource": "arn:aws:s3:::b/*"}'
)


@pytest.mark.parametrize(
    ("policies", "row"),
    [
        (
            {"Default": [READ, WRITE], "Extra": [EVERYTHING]},
            (MISSING, '{"Action": "*", "Effect": "Allow", "Resource": "*"}'),
        ),
        ({"Default": [READ]}, (WRITE_TEXT, MISSING)),
        (
            {"Default": [READ, {**WRITE, "Condition": {}}]},
            (
                f"{MISSING}\n{WRITE_TEXT}",
                '{"Action": "s3:PutObject", "Condition": {}, "Effect": "Allow", "Resource": '
                f'"arn:aws:s3:::b/*"}}\n{MISSING}',
            ),
        ),
    ],
)
def test_permissions_that_differ_are_named(
    settings: EnvironmentSettings, trust: dict[str, Any], policies: Any, row: Any
) -> None:
    found = differing(identity_rows(settings, iam_with(trust, **policies)))
    assert found.keys() == {"permissions"}
    assert [sorted(side.split("\n")) for side in found["permissions"]] == [
        sorted(side.split("\n")) for side in row
    ]


def test_a_managed_policy_is_named(settings: EnvironmentSettings, trust: dict[str, Any]) -> None:
    found = identity_rows(settings, iam_with(trust, (ADMINISTRATOR,), Default=[READ, WRITE]))
    assert differing(found) == {"managed policies": ("none", ADMINISTRATOR)}


@pytest.mark.parametrize(
    ("association", "shown"),
    [
        (None, MISSING),
        ({**ASSOCIATION, "roleArn": "other"}, "batch/reporter of main: other"),
        (
            {**ASSOCIATION, "namespace": "a", "serviceAccount": "b"},
            f"a/b of main: {ROLE_ARN}",
        ),
    ],
)
def test_a_changed_association_is_named(tmp_path: Path, association: Any, shown: str) -> None:
    settings = load(tmp_path, JOB % (POD_IDENTITY, STATEMENTS))
    found = identity_rows(settings, iam_with(Default=[READ, WRITE]), association)
    assert differing(found) == {"association": (ROW, shown)}


def test_a_missing_role_has_one_row(settings: EnvironmentSettings) -> None:
    assert identity_rows(settings, StubClient(get_role=NO_ROLE)) == [("exists", "yes", MISSING)]


def test_a_job_without_an_identity_has_no_row_for_one(tmp_path: Path) -> None:
    settings = load(tmp_path, "eks_jobs: [{name: report, image: api}]\n")
    (job,) = settings.eks_jobs
    assert list(check_identity(job, lookup(settings))) == []
    assert list(check_node_role(job, lookup(settings))) == []


API, WEB = (f"arn:aws:ecr:us-west-2:111111111111:repository/team/{name}" for name in ("api", "web"))
PULL_ACTIONS = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
]
PULL: dict[str, Any] = {"Effect": "Allow", "Action": PULL_ACTIONS, "Resource": API}
TOKEN: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "ecr:GetAuthorizationToken",
    "Resource": "*",
}
ALL = ", ".join([*PULL_ACTIONS, "ecr:GetAuthorizationToken"])


def node_rows(folder: Path, iam: StubClient) -> list[Row]:
    """Return the rows of the role that the kubelet uses."""
    settings = load(folder, JOB % (POD_IDENTITY, STATEMENTS))
    (job,) = settings.eks_jobs
    return rows(check_node_role(job, lookup(settings, iam=iam)), "role nodes")


@pytest.mark.parametrize(
    ("statements", "absent"),
    [
        ([PULL, TOKEN], ""),
        # As the CDK joins the pulls of two Jobs.
        ([{**PULL, "Resource": [API, WEB]}, {**TOKEN, "Sid": "Token"}], ""),
        ([{**PULL, "Action": "ecr:*", "Resource": "*"}], ""),
        ([{**PULL, "Action": [*map(str.upper, PULL_ACTIONS)]}, TOKEN], ""),
        ([PULL], "ecr:GetAuthorizationToken"),
        ([{**PULL, "Action": PULL_ACTIONS[:2]}, TOKEN], "ecr:GetDownloadUrlForLayer"),
        ([{**PULL, "Resource": WEB}, TOKEN], ", ".join(PULL_ACTIONS)),
        ([{**PULL, "Condition": {"Bool": {"a:b": "true"}}}, TOKEN], ", ".join(PULL_ACTIONS)),
        ([{**PULL, "Effect": "Deny"}, TOKEN], ", ".join(PULL_ACTIONS)),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], ALL),
        ([], ALL),
    ],
)
def test_the_role_of_the_nodes_must_allow_the_whole_pull(
    tmp_path: Path, statements: list[dict[str, Any]], absent: str
) -> None:
    found = node_rows(tmp_path, iam_with(A=statements[:1], B=statements[1:]))
    shown = f"not in its inline policies: {absent}" if absent else "allowed"
    assert found == [("pull of team/api", "allowed", shown)]


def test_a_missing_role_of_the_nodes_has_one_row(tmp_path: Path) -> None:
    iam = StubClient(get_role=NO_ROLE)
    assert node_rows(tmp_path, iam) == [("exists", "yes", MISSING)]
    assert iam.requests == [("get_role", {"RoleName": "nodes"})]
