"""Changes of deployed roles: who may use them, and what they may do."""

from __future__ import annotations

import json

from ecrctl.verify.files.lookup import logical_id

from . import ANYONE, Deployed, drift, resource

EVERYTHING_ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
MAIN = "repo:acme%2Fapi:ref:refs%2Fheads%2Fmain"
PRODUCTION = "repo:acme%2Fapi:environment:production"

PUSH = "pushes by repo:acme/api"
MAIN_ROLE = resource("GitHubAccess", MAIN, "Role", "Resource")
PRODUCTION_ROLE = resource("GitHubAccess", PRODUCTION, "Role", "Resource")
TASK_ROLE = resource("EcsWorkloads", "api", "Resource", "TaskRole", "Resource")
EXECUTION_ROLE = resource("EcsWorkloads", "api", "Resource", "ExecutionRole", "Resource")
NIGHTLY_ROLE = resource("EksWorkloads", "nightlyIdentity", "Role", "Resource")
REPORT_ROLE = resource("EksWorkloads", "reportIdentity", "Role", "Resource")


def policy_of(*path: str) -> tuple[str, ...]:
    return (*path, "DefaultPolicy", "Resource")


@drift(
    (f"{PUSH}:ref:refs/heads/main", "trust policy"),
    (MAIN_ROLE, "AssumeRolePolicyDocument.*"),
)
def push_role_opened_to_everyone(at: Deployed) -> object:
    return at.iam.update_assume_role_policy(
        RoleName=at.id("GitHubAccess", MAIN, "Role", "Resource"),
        PolicyDocument=json.dumps(ANYONE),
    )


@drift(
    (f"{PUSH}:environment:production", "permissions"),
    (resource("GitHubAccess", *policy_of(PRODUCTION, "Role")), "exists"),
    (PRODUCTION_ROLE, "Policies*"),
)
def push_policy_deleted(at: Deployed) -> object:
    return at.iam.delete_role_policy(
        RoleName=at.id("GitHubAccess", PRODUCTION, "Role", "Resource"),
        PolicyName=logical_id(*policy_of(PRODUCTION, "Role")),
    )


@drift(
    (f"{PUSH}:environment:production", "managed policies"),
    (PRODUCTION_ROLE, "ManagedPolicyArns"),
)
def managed_policy_attached(at: Deployed) -> object:
    return at.iam.attach_role_policy(
        RoleName=at.id("GitHubAccess", PRODUCTION, "Role", "Resource"), PolicyArn=ADMINISTRATOR
    )


@drift((MAIN_ROLE, "MaxSessionDuration"))
def session_prolonged(at: Deployed) -> object:
    name = at.id("GitHubAccess", MAIN, "Role", "Resource")
    return at.iam.update_role(
        RoleName=name, MaxSessionDuration=43_200, Description="Pushes images from GitHub Actions"
    )


@drift((PRODUCTION_ROLE, "Tags*"))
def role_tagged(at: Deployed) -> object:
    name = at.id("GitHubAccess", PRODUCTION, "Role", "Resource")
    return at.iam.tag_role(RoleName=name, Tags=[{"Key": "owner", "Value": "me"}])


@drift((TASK_ROLE, "Policies*"))
def task_role_allowed_everything(at: Deployed) -> object:
    return at.iam.put_role_policy(
        RoleName=at.ecs("api", "Resource", "TaskRole", "Resource"),
        PolicyName="extra",
        PolicyDocument=json.dumps(EVERYTHING_ALLOWED),
    )


@drift(
    (EXECUTION_ROLE, "Policies.*"),
    (resource("EcsWorkloads", *policy_of("api", "Resource", "ExecutionRole")), "PolicyDocument.*"),
)
def execution_role_allowed_everything(at: Deployed) -> object:
    return at.iam.put_role_policy(
        RoleName=at.ecs("api", "Resource", "ExecutionRole", "Resource"),
        PolicyName=logical_id(*policy_of("api", "Resource", "ExecutionRole")),
        PolicyDocument=json.dumps(EVERYTHING_ALLOWED),
    )


@drift(
    (
        resource("EcsWorkloads", "batch", "Resource", "ExecutionRole", "Resource"),
        "AssumeRolePolicy*",
    )
)
def execution_role_opened_to_a_role(at: Deployed) -> object:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:role/intruder"},
        "Action": "sts:AssumeRole",
    }
    return at.iam.update_assume_role_policy(
        RoleName=at.ecs("batch", "Resource", "ExecutionRole", "Resource"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


@drift(("role of the Job nightly", "trust policy"), (NIGHTLY_ROLE, "AssumeRolePolicyDocument.*"))
def every_pod_trusted(at: Deployed) -> object:
    statement = {
        "Effect": "Allow",
        "Principal": {
            "Federated": "arn:aws:iam::000000000000:oidc-provider/"
            "oidc.eks.us-east-1.amazonaws.com/id/A1"
        },
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    return at.iam.update_assume_role_policy(
        RoleName="nightly",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


@drift(
    ("role of the Job report", "permissions"),
    (REPORT_ROLE, "Policies.*"),
    (resource("EksWorkloads", *policy_of("reportIdentity", "Role")), "PolicyDocument.*"),
)
def pod_allowed_everything(at: Deployed) -> object:
    return at.iam.put_role_policy(
        RoleName=at.id("EksWorkloads", "reportIdentity", "Role", "Resource"),
        PolicyName=logical_id(*policy_of("reportIdentity", "Role")),
        PolicyDocument=json.dumps(EVERYTHING_ALLOWED),
    )


@drift(
    ("role nodes", "pull of team/api"),
    ("everything-EksWorkloads: Nodes*", "exists"),
)
def pull_of_the_nodes_removed(at: Deployed) -> None:
    for name in at.iam.list_role_policies(RoleName="nodes")["PolicyNames"]:
        at.iam.delete_role_policy(RoleName="nodes", PolicyName=name)
