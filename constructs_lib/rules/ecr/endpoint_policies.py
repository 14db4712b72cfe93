"""Policies of the VPC endpoints for a private pull, which allow only the requests of a pull.

Sources: Amazon ECR user guide, "Amazon ECR interface VPC endpoints (AWS PrivateLink)"; AWS
whitepaper "Building a Data Perimeter on AWS".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from constructs_lib.rules.aws.partitions import account_faults
from constructs_lib.rules.faults import each_under, faults_unless, raise_if_any, under
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.mappings import without_none
from constructs_lib.rules.policy.access import organization_faults
from constructs_lib.rules.policy.lists import one_or_list
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from constructs_lib.rules.policy.statements import Statement

RegistryService = Literal["ecr.api", "ecr.dkr", "logs", "s3"]
SecretService = Literal["secretsmanager", "ssm"]
SECRET_SERVICES: tuple[SecretService, ...] = get_args(SecretService)
_ACTIONS_ON = {
    "logs": ("log-group:*", ("logs:CreateLogStream", "logs:PutLogEvents")),
    "secretsmanager": ("secret:*", ("secretsmanager:GetSecretValue",)),
    "ssm": ("parameter/*", ("ssm:GetParameters",)),
}
INTERFACE_SERVICES: tuple[RegistryService, ...] = ("ecr.api", "ecr.dkr", "logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledFrom:
    """The accounts whose repositories may be pulled from through a VPC's endpoints.

    :param accounts: accounts besides the VPC's own, such as that of a central registry.
    :param organization_id: all accounts of an organization, instead of ``accounts``.
    :raises RuleError: with every value of the wrong form.
    """

    accounts: ListOf[str] = ()
    organization_id: str | None = None

    def __post_init__(self) -> None:
        faults = each_under("accounts", self.accounts, account_faults)
        if self.organization_id is not None:
            faults += under("organization_id", organization_faults(self.organization_id))
        faults += faults_unless(
            not self.accounts or not self.organization_id,
            "pulled_from requires either accounts or organization_id, got both. Remove one.",
            path="accounts",
        )
        raise_if_any("PulledFrom", faults)


def endpoint_statements(
    service: RegistryService | SecretService,
    *,
    account: str,
    region: str,
    partition: str,
    pulled_from: PulledFrom,
) -> list[Statement]:
    """Return the statements of an endpoint's policy.

    They allow only principals of the VPC's own account, so that credentials of another account do
    not work inside the network.

    :param account: the account of the VPC. Account, region and partition may be tokens.
    """
    own = {"StringEquals": {"aws:PrincipalAccount": account}}
    if service in _ACTIONS_ON:
        resource, actions = _ACTIONS_ON[service]
        return [_allow(actions, f"arn:{partition}:{service}:{region}:{account}:{resource}", own)]
    if service == "s3":
        # Layers are downloaded from a bucket of ECR's by addresses that ECR signs, so the principal
        # is ECR's and not one of the VPC's account.
        bucket = f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*"
        return [_allow(("s3:GetObject",), bucket, {})]
    return [
        _allow(("ecr:GetAuthorizationToken",), "*", own),
        _pull(account, region, partition, pulled_from, own),
    ]


def _pull(
    account: str, region: str, partition: str, pulled_from: PulledFrom, own: dict[str, Any]
) -> Statement:
    if pulled_from.organization_id:
        in_organization = {"aws:ResourceOrgID": pulled_from.organization_id}
        condition = {"StringEquals": own["StringEquals"] | in_organization}
        return _allow(PULL_ACTIONS, f"arn:{partition}:ecr:{region}:*:repository/*", condition)
    arns = [
        f"arn:{partition}:ecr:{region}:{owner}:repository/*"
        for owner in dict.fromkeys((account, *pulled_from.accounts))
    ]
    return _allow(PULL_ACTIONS, one_or_list(arns), own)


def _allow(
    actions: Sequence[str], resources: str | list[str], condition: Mapping[str, Any]
) -> Statement:
    return without_none(
        Effect="Allow",
        Principal="*",
        Action=one_or_list(actions),
        Resource=resources,
        Condition=condition or None,
    )
