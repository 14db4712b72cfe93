"""Changes of a deployed environment, made past CloudFormation, and the rows that name them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ecrctl.aws.clients import Aws
from ecrctl.local.sample_image import sample_image
from ecrctl.verify.files.lookup import logical_id
from environments.names import job_parameter

Row = tuple[str, str]
ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
EVERYTHING_ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
MAIN = "repo:acme%2Fapi:ref:refs%2Fheads%2Fmain"
PRODUCTION = "repo:acme%2Fapi:environment:production"
LOGICAL_REPOSITORIES = {
    "team/api": "RepositoryteamSlashapi",
    "team/web": "RepositoryteamSlashweb",
    "tools/backup": "RepositorytoolsSlashbackup",
    "tools/scanner": "RepositorytoolsSlashscanner",
    "tools/spare": "RepositorytoolsSlashspare",
}


class Deployed:
    """The deployed environment ``everything``, by the paths of its constructs."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._ids: dict[str, dict[str, str]] = {}

    def __getattr__(self, service: str) -> Any:
        """Return the client of a service."""
        return self.aws.client(service)

    def id(self, stack: str, *path: str) -> str:
        """Return the physical ID of a resource."""
        if stack not in self._ids:
            listed = self.aws.cloudformation.list_stack_resources(StackName=f"everything-{stack}")
            self._ids[stack] = {
                one["LogicalResourceId"]: one["PhysicalResourceId"]
                for one in listed["StackResourceSummaries"]
            }
        return self._ids[stack][logical_id(*path)]

    def ecs(self, *path: str) -> str:
        """Return the physical ID of a resource of the ECS workloads."""
        return self.id("EcsWorkloads", *path)


@dataclass(frozen=True)
class Drift:
    """A change.

    :param rows: the resource and the property of each row that names it.
    """

    name: str
    make: Callable[[Deployed], object]
    rows: tuple[Row, ...]


DRIFTS: list[Drift] = []


def drift(*rows: Row) -> Callable[[Callable[[Deployed], object]], Callable[[Deployed], object]]:
    """Register a change with the rows that name it."""

    def register(make: Callable[[Deployed], object]) -> Callable[[Deployed], object]:
        DRIFTS.append(Drift(make.__name__, make, rows))
        return make

    return register


def resource(stack: str, *path: str) -> str:
    """Return the subject of a resource in its stack."""
    return f"everything-{stack}: {logical_id(*path)}"


def repository(name: str) -> str:
    """Return the subject of a repository in its stack."""
    group = "web" if name.startswith("team/") else "platform"
    return f"everything-Repositories-{group}: {LOGICAL_REPOSITORIES[name]}"


def repository_arn(name: str) -> str:
    """Return the ARN of a repository."""
    return f"arn:aws:ecr:us-east-1:000000000000:repository/{name}"


# Repositories


@drift(("repository team/api", "tags"), (repository("team/api"), "Tags.team"))
def required_tag_removed(at: Deployed) -> object:
    return at.ecr.untag_resource(resourceArn=repository_arn("team/api"), tagKeys=["team"])


@drift(("repository team/web", "tags"), (repository("team/web"), "Tags.cost-center"))
def tag_changed(at: Deployed) -> object:
    tag = {"Key": "cost-center", "Value": "99"}
    return at.ecr.tag_resource(resourceArn=repository_arn("team/web"), tags=[tag])


@drift(("repository tools/backup", "tags"), (repository("tools/backup"), "Tags.owner"))
def tag_added(at: Deployed) -> object:
    tag = {"Key": "owner", "Value": "someone"}
    return at.ecr.tag_resource(resourceArn=repository_arn("tools/backup"), tags=[tag])


@drift(("repository team/api", "tag immutability"), (repository("team/api"), "ImageTagMutability"))
def tags_made_mutable(at: Deployed) -> object:
    return at.ecr.put_image_tag_mutability(repositoryName="team/api", imageTagMutability="MUTABLE")


@drift(
    ("repository team/api", "scan on push"),
    (repository("team/api"), "ImageScanningConfiguration.ScanOnPush"),
)
def scan_switched_off(at: Deployed) -> object:
    return at.ecr.put_image_scanning_configuration(
        repositoryName="team/api", imageScanningConfiguration={"scanOnPush": False}
    )


@drift(
    ("repository team/api", "repository policy"),
    (repository("team/api"), "RepositoryPolicyText.*"),
)
def repository_opened(at: Deployed) -> object:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"}
    return at.ecr.set_repository_policy(
        repositoryName="team/api",
        policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


@drift(
    ("repository tools/backup", "repository policy"),
    (repository("tools/backup"), "RepositoryPolicyText"),
)
def repository_policy_deleted(at: Deployed) -> object:
    return at.ecr.delete_repository_policy(repositoryName="tools/backup")


@drift(
    ("repository team/api", "lifecycle policy"), (repository("team/api"), "LifecyclePolicy.rule 1*")
)
def shield_removed(at: Deployed) -> object:
    text = json.loads(at.ecr.get_lifecycle_policy(repositoryName="team/api")["lifecyclePolicyText"])
    text["rules"] = text["rules"][1:]
    return at.ecr.put_lifecycle_policy(
        repositoryName="team/api", lifecyclePolicyText=json.dumps(text)
    )


@drift(
    ("repository tools/backup", "lifecycle policy"),
    (repository("tools/backup"), "LifecyclePolicy"),
)
def lifecycle_policy_added(at: Deployed) -> object:
    text = at.ecr.get_lifecycle_policy(repositoryName="team/web")["lifecyclePolicyText"]
    return at.ecr.put_lifecycle_policy(repositoryName="tools/backup", lifecyclePolicyText=text)


@drift(
    ("repository tools/scanner", "lifecycle policy"),
    (repository("tools/scanner"), "LifecyclePolicy"),
)
def lifecycle_policy_deleted(at: Deployed) -> object:
    return at.ecr.delete_lifecycle_policy(repositoryName="tools/scanner")


@drift(("repository tools/spare", "exists"), (repository("tools/spare"), "exists"))
def repository_deleted(at: Deployed) -> object:
    return at.ecr.delete_repository(repositoryName="tools/spare", force=True)


@drift(
    ("image 000000000000/us-east-1/team/web", "in its registry"),
    ("image 000000000000/us-east-1/team/web", "tag v2"),
)
def running_image_deleted(at: Deployed) -> object:
    return at.ecr.batch_delete_image(
        repositoryName="team/web", imageIds=[{"imageDigest": sample_image().digest}]
    )


# Keys

KEY = resource("Encryption", "Key", "Resource", "Resource")
TOPIC_KEY = resource("Notifications", "Images", "Key", "Resource")


def key(at: Deployed) -> str:
    return at.id("Encryption", "Key", "Resource", "Resource")


@drift((KEY, "KeyPolicy.*"))
def key_opened(at: Deployed) -> object:
    return at.kms.put_key_policy(KeyId=key(at), PolicyName="default", Policy=json.dumps(ANYONE))


@drift((KEY, "EnableKeyRotation"), ("key alias/ecr/everything", "rotation"))
def key_rotation_disabled(at: Deployed) -> object:
    return at.kms.disable_key_rotation(KeyId=key(at))


@drift((KEY, "Description"))
def key_described_otherwise(at: Deployed) -> object:
    return at.kms.update_key_description(KeyId=key(at), Description="Nothing to see")


@drift((KEY, "Grants"))
def key_granted(at: Deployed) -> object:
    return at.kms.create_grant(
        KeyId=key(at),
        GranteePrincipal="arn:aws:iam::999999999999:role/intruder",
        Operations=["Decrypt"],
    )


@drift((KEY, "Tags*"))
def key_tagged(at: Deployed) -> object:
    return at.kms.tag_resource(KeyId=key(at), Tags=[{"TagKey": "owner", "TagValue": "me"}])


@drift((KEY, "Enabled"), ("key alias/ecr/everything", "state"))
def key_disabled(at: Deployed) -> object:
    return at.kms.disable_key(KeyId=key(at))


@drift((TOPIC_KEY, "KeyPolicy.*"))
def key_of_the_topic_opened(at: Deployed) -> object:
    key_id = at.id("Notifications", "Images", "Key", "Resource")
    return at.kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(ANYONE))


@drift((TOPIC_KEY, "Enabled"))
def deletion_of_the_topics_key_scheduled(at: Deployed) -> object:
    key_id = at.id("Notifications", "Images", "Key", "Resource")
    return at.kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)


# Roles

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


# Notifications

RULES = "notifications, "


def rule(at: Deployed, name: str) -> str:
    return at.id("Notifications", "Images", name)


@drift((resource("Notifications", "Images", "Topic", "Policy", "Resource"), "PolicyDocument.*"))
def topic_opened(at: Deployed) -> object:
    return at.sns.set_topic_attributes(
        TopicArn=at.id("Notifications", "Images", "Topic", "Resource"),
        AttributeName="Policy",
        AttributeValue=json.dumps(ANYONE),
    )


@drift((resource("Notifications", "Images", "Topic", "Resource"), "Tags*"))
def topic_tagged(at: Deployed) -> object:
    arn = at.id("Notifications", "Images", "Topic", "Resource")
    return at.sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "me"}])


@drift((f"{RULES}Pushes", "target"), (resource("Notifications", "Images", "Pushes"), "State"))
def rule_disabled(at: Deployed) -> object:
    return at.events.disable_rule(Name=rule(at, "Pushes"))


@drift(
    (f"{RULES}BasicScans", "target"),
    (resource("Notifications", "Images", "BasicScans"), "Targets*"),
)
def target_added(at: Deployed) -> object:
    target = {"Id": "Extra", "Arn": "arn:aws:sns:us-east-1:999999999999:elsewhere"}
    return at.events.put_targets(Rule=rule(at, "BasicScans"), Targets=[target])


@drift(
    (f"{RULES}InspectorFindings", "target"),
    (resource("Notifications", "Images", "InspectorFindings"), "Targets"),
)
def target_removed(at: Deployed) -> object:
    return at.events.remove_targets(Rule=rule(at, "InspectorFindings"), Ids=["Target"])


@drift(
    (f"{RULES}FailedPulls", "pattern"),
    (resource("Notifications", "Images", "FailedPulls"), "EventPattern*"),
)
def pattern_changed(at: Deployed) -> object:
    pattern = json.dumps({"source": ["nothing"]})
    return at.events.put_rule(Name=rule(at, "FailedPulls"), EventPattern=pattern, State="ENABLED")


@drift(
    (f"{RULES}PullThroughFailures", "exists"),
    (resource("Notifications", "Images", "PullThroughFailures"), "exists"),
)
def rule_deleted(at: Deployed) -> object:
    name = rule(at, "PullThroughFailures")
    at.events.remove_targets(Rule=name, Ids=["Target"])
    return at.events.delete_rule(Name=name)


# Logs and parameters


@drift(
    (resource("EcsWorkloads", "other", "Logs", "Resource"), "RetentionInDays"),
    ("task definition other", "logs are kept"),
)
def retention_shortened(at: Deployed) -> object:
    group = at.ecs("other", "Logs", "Resource")
    return at.logs.put_retention_policy(logGroupName=group, retentionInDays=1)


@drift(
    (resource("EcsWorkloads", "batch", "Logs", "Resource"), "exists"),
    ("task definition batch", "logs are kept"),
)
def log_group_deleted(at: Deployed) -> object:
    return at.logs.delete_log_group(logGroupName=at.ecs("batch", "Logs", "Resource"))


@drift((resource("EcsWorkloads", "other", "Logs", "Resource"), "Tags*"))
def log_group_tagged(at: Deployed) -> object:
    group = at.ecs("other", "Logs", "Resource")
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
    return at.logs.tag_resource(resourceArn=arn, tags={"owner": "me"})


@drift(
    ("CronJob nightly", "manifest, line *"),
    (resource("EksWorkloads", "nightly", "Resource"), "Value"),
    (resource("EksWorkloads", "nightly", "Resource"), "Description"),
)
def manifest_changed(at: Deployed) -> object:
    name = job_parameter("everything", "batch/nightly")
    value = at.ssm.get_parameter(Name=name)["Parameter"]["Value"]
    changed = value.replace("- s3\n", "- s3api\n")
    assert changed != value
    return at.ssm.put_parameter(
        Name=name, Value=changed, Type="String", Overwrite=True, Description="Mine now"
    )


@drift(("Job report", "exists"), (resource("EksWorkloads", "report", "Resource"), "exists"))
def manifest_deleted(at: Deployed) -> object:
    return at.ssm.delete_parameter(Name=job_parameter("everything", "batch/report"))
