"""What an environment expects in its account before its first deployment, made in the embedded AWS.

Existing roles that a stack attaches a policy to, and GitHub's OIDC provider.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from constructs_lib.rules.policy.github_oidc import AUDIENCE, HOST
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.cdk.assemblies import Stack
from environments.settings import EnvironmentSettings

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
# Nobody may assume it: it stands in for a role whose trust policy is unknown here.
_TRUST: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}


def make_prerequisites(
    settings: EnvironmentSettings, stacks: Sequence[Stack], aws: Aws
) -> list[str]:
    """Make what must exist, where it does not, and return its names."""
    iam = aws.client("iam")
    trust = json.dumps(_TRUST)
    wanted = {
        f"role {role}": partial(iam.create_role, RoleName=role, AssumeRolePolicyDocument=trust)
        for role in sorted(set(_existing_roles(stacks)))
    }
    if settings.github_pushes and not settings.creates_github_provider:
        create, url = iam.create_open_id_connect_provider, f"https://{HOST}"
        wanted["GitHub's OIDC provider"] = partial(create, Url=url, ClientIDList=[AUDIENCE])
    with as_user_errors(f"Preparing the account of '{settings.name}'"):
        return [name for name, create in wanted.items() if _is_made(create)]


def _is_made(create: Callable[[], object]) -> bool:
    """Make something, unless another environment of the account made it."""
    try:
        create()
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
        return False
    return True


def _existing_roles(stacks: Sequence[Stack]) -> Iterator[str]:
    """Yield the roles that a policy names: one of the same stack is referred to instead."""
    for stack in stacks:
        for policy in _POLICIES:
            for _, resource in stack.resources(policy):
                roles = resource.get("Properties", {}).get("Roles", [])
                yield from (one for one in roles if isinstance(one, str))
