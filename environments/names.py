"""The names of what an environment deploys: stacks, keys, parameters and roles."""

import re
from hashlib import sha256

from constructs_lib.rules.kubernetes.delivery import parameter_name
from constructs_lib.rules.policy.github_oidc import GitHubSubject

ENCRYPTION = "Encryption"
REGISTRY = "Registry"
REGISTRY_BASELINE = "RegistryBaseline"
GITHUB_ACCESS = "GitHubAccess"
PUBLIC_REPOSITORIES = "PublicRepositories"
NOTIFICATIONS = "Notifications"
ECS_WORKLOADS = "EcsWorkloads"
EKS_WORKLOADS = "EksWorkloads"

# IAM's limit for the name of a role, and the digits behind a shortened one.
_LONGEST_ROLE = 64
_DIGITS = 8
# IAM does not tell roles apart whose names differ in upper and lower case alone.
_PLAIN = re.compile(r"[a-z0-9._-]+")
_NOT_IN_A_ROLE = re.compile(r"[^A-Za-z0-9._@-]")


def repositories_id(group: str) -> str:
    """Return the construct ID of the stack of a group of repositories."""
    return f"Repositories-{group}"


def stack_name(environment: str, construct_id: str) -> str:
    """Return CloudFormation's name for a stack: the CDK joins the stage's ID and the stack's."""
    return f"{environment}-{construct_id}"


def stack_path(environment: str, construct_id: str) -> str:
    """Return a stack's path in the app, as ``cdk deploy`` takes it."""
    return f"{environment}/{construct_id}"


def registry_stack_set(environment: str) -> str:
    """Return the name of the stack set of an environment's registry baseline."""
    return stack_name(environment, REGISTRY)


def repositories_stack(environment: str, group: str) -> str:
    """Return CloudFormation's name for the stack of a group of repositories."""
    return stack_name(environment, repositories_id(group))


def repositories_group(environment: str, stack: str) -> str | None:
    """Return the group whose repositories a stack contains; ``None`` for any other stack."""
    prefix = repositories_stack(environment, "")
    return stack.removeprefix(prefix) if stack.startswith(prefix) else None


def key_alias(environment: str) -> str:
    """Return the alias of an environment's own key, without ``alias/``."""
    return f"ecr/{environment}"


def key_alias_name(environment: str) -> str:
    """Return the alias of an environment's own key as KMS names it, with ``alias/``."""
    return f"alias/{key_alias(environment)}"


def job_parameter(environment: str, path: str) -> str:
    """Return the name of the SSM parameter that contains a Job's manifest.

    :param path: the Job's name, after its namespace and a slash when it has one.
    """
    return parameter_name(stack_name(environment, EKS_WORKLOADS), path)


def push_role(environment: str, region: str, subject: GitHubSubject) -> str:
    """Return the name of the role with which workflow runs of GitHub push.

    Such as ``dev.us-west-2.push.acme.api@main`` for a branch. A name that is too long, or that has
    characters which a role cannot have, is shortened: its first 55 characters, ``=`` and 8 digits
    of the SHA-256 digest of everything that it stands for. Two subjects never share a name.
    Source: IAM user guide, "IAM and AWS STS quotas".
    """
    owner, repository = subject.repository.split("/")
    kind, run = _run(subject)
    name = f"{environment}.{region}.{kind}.{owner}.{repository}{f'@{run}' if run else ''}"
    parts = (environment, owner, repository, run or "-")
    is_plain = subject.owner_id is None and all(map(_PLAIN.fullmatch, parts))
    if is_plain and len(name) <= _LONGEST_ROLE:
        return name
    digest = sha256(f"{environment} {region} {subject.subject}".encode()).hexdigest()[:_DIGITS]
    readable = _NOT_IN_A_ROLE.sub("-", name)[: _LONGEST_ROLE - _DIGITS - 1]
    return f"{readable}={digest}"


def _run(subject: GitHubSubject) -> tuple[str, str]:
    """Return the words of a role's name for a kind of workflow runs, and the name of their ref."""
    if subject.pull_request:
        return "push-pull-request", ""
    if subject.environment:
        return "push-environment", subject.environment
    ref = subject.ref or ""
    if ref.startswith("refs/tags/"):
        return "push-tag", ref.removeprefix("refs/tags/")
    return "push", ref.removeprefix("refs/heads/")
