"""The names of what an environment deploys: stacks, the key's alias, the Jobs' parameters."""

from constructs_lib.rules.kubernetes.delivery import parameter_name

ENCRYPTION = "Encryption"
REGISTRY = "Registry"
REGISTRY_BASELINE = "RegistryBaseline"
GITHUB_ACCESS = "GitHubAccess"
PUBLIC_REPOSITORIES = "PublicRepositories"
NOTIFICATIONS = "Notifications"
ECS_WORKLOADS = "EcsWorkloads"
EKS_WORKLOADS = "EksWorkloads"


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
