"""What a stack does with each repository that it declares, private or public."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from .rules.faults import Fault, faults_unless, raise_if_any
from .rules.policy.cross_account import RequiredGrant, required_grants
from .rules.policy.statements import (
    PRIVATE,
    PolicyKind,
    Statement,
    merged,
    policy_document,
    repository_policy_faults,
    statement_faults,
)
from .stack_facts import is_token, stack_of

# By the logical ID, which follows from the name, the path of the repository.
_DECLARED: WeakKeyDictionary[cdk.Stack, dict[str, str]] = WeakKeyDictionary()


def taken_faults(scope: Construct, name: str, logical_id: str) -> list[Fault]:
    """Check that a stack declares no other repository of a name, of which ECR has only one."""
    first = _DECLARED.get(stack_of(scope), {}).get(logical_id)
    return faults_unless(
        first is None or is_token(name),
        f"'{first}' declares the repository '{name}' in this stack already. Use that one, or "
        "choose another name.",
        path="repository_name",
    )


def declare(
    resource: cdk.CfnResource, scope: Construct, construct_id: str, name: str, logical_id: str
) -> None:
    """Keep the name of a declared repository, and set the logical ID that follows from it."""
    if is_token(name):
        return
    stack = stack_of(scope)
    # For a construct directly in its stack, the CDK derives the same logical ID.
    if scope is not stack or construct_id != logical_id:
        resource.override_logical_id(logical_id)
    _DECLARED.setdefault(stack, {})[logical_id] = resource.node.path.removesuffix("/Default")


class DeclaredPolicy:
    """The policy of a declared repository, to which the CDK's grants add statements.

    :param who: the repository in messages, such as ``PrivateRepository 'Api'``.
    """

    def __init__(
        self,
        who: str,
        resource: ecr.CfnRepository | ecr.CfnPublicRepository,
        statements: Sequence[Statement],
        kind: PolicyKind = PRIVATE,
    ) -> None:
        self._who, self._resource, self._kind = who, resource, kind
        self._statements = list(statements)

    def add(self, statement: iam.PolicyStatement) -> iam.AddToResourcePolicyResult:
        """Add a statement.

        :raises ValueError: when ECR would refuse the statement in a repository policy.
        """
        added = statement.to_statement_json()
        if self._kind is not PRIVATE:
            # The CDK writes the resource into the statements of its grants on a public repository.
            added.pop("Resource", None)
        policy = merged([*self._statements, added])
        raise_if_any(
            self._who, [*statement_faults([added], self._kind), *repository_policy_faults(policy)]
        )
        self._statements = policy
        self._resource.repository_policy_text = policy_document(policy)
        return iam.AddToResourcePolicyResult(statement_added=True, policy_dependable=self._resource)

    def required_grants(self, *, account: str, repository_arn: str) -> list[RequiredGrant]:
        """Return the grants that owners of other accounts must add for the present policy."""
        # The CDK's own grants name accounts by tokens.
        statements = stack_of(self._resource).resolve(self._statements)
        return required_grants(statements, account=account, repository_arn=repository_arn)
