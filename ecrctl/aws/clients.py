"""AWS clients: whatever the environment variables and profiles say, or an emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
)

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_ssm import SSMClient

_CONFIG = Config(retries={"mode": "standard"}, connect_timeout=10)
# What AWS calls a thing that is not there, service by service.
_NOT_FOUND = frozenset(
    (
        "ClientException",
        "ImageNotFoundException",
        "LifecyclePolicyNotFoundException",
        "NotFoundException",
        "ParameterNotFound",
        "RepositoryNotFoundException",
        "RepositoryPolicyNotFoundException",
    )
)


@dataclass(frozen=True, slots=True)
class Aws:
    """Define the clients of one account and region."""

    session: boto3.Session
    region: str
    endpoint_url: str | None

    @staticmethod
    def from_variables(region: str) -> Aws:
        """Give clients as the usual AWS variables and profiles say, in a region."""
        with explained("Connecting to AWS"):
            session = boto3.Session(region_name=region)
            # Read the way botocore reads it, so that a profile's endpoint_url counts too.
            endpoint_url = session.client("ecr", config=_CONFIG).meta.endpoint_url
        return Aws(session, region, None if _is_real(endpoint_url, region) else endpoint_url)

    def _client(self, service: str) -> Any:
        return self.session.client(
            cast("Any", service),
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            config=_CONFIG,
        )

    @property
    def cloudformation(self) -> CloudFormationClient:
        """Give a CloudFormation client."""
        return cast("CloudFormationClient", self._client("cloudformation"))

    @property
    def ecr(self) -> ECRClient:
        """Give an ECR client."""
        return cast("ECRClient", self._client("ecr"))

    @property
    def ecs(self) -> ECSClient:
        """Give an ECS client."""
        return cast("ECSClient", self._client("ecs"))

    @property
    def events(self) -> EventBridgeClient:
        """Give an EventBridge client."""
        return cast("EventBridgeClient", self._client("events"))

    @property
    def kms(self) -> KMSClient:
        """Give a KMS client."""
        return cast("KMSClient", self._client("kms"))

    @property
    def ssm(self) -> SSMClient:
        """Give an SSM client."""
        return cast("SSMClient", self._client("ssm"))

    def account(self) -> str:
        """Give the account that the credentials belong to."""
        return cast("str", self._client("sts").get_caller_identity()["Account"])


def _is_real(endpoint_url: str, region: str) -> bool:
    host = (urlsplit(endpoint_url).hostname or "").rstrip(".")
    return host.endswith((f".{partition_of(region).url_suffix}", ".amazonaws.com", ".api.aws"))


def or_none(call: Callable[[], Any]) -> Any:
    """Make a call, and give nothing when what it asks for does not exist."""
    try:
        return call()
    except ClientError as error:
        said = error.response.get("Error", {})
        # CloudFormation has no code of its own for a stack that is not there.
        is_stack = said.get("Code") == "ValidationError" and "does not exist" in said["Message"]
        if said.get("Code") in _NOT_FOUND or is_stack:
            return None
        raise


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what AWS or its client refuses into a sentence."""
    try:
        yield
    except NoCredentialsError:
        raise UserError(
            f"{doing} needs AWS credentials, and none were found. "
            "Set AWS_PROFILE, or the usual AWS_* variables."
        ) from None
    except EndpointConnectionError as error:
        raise UserError(
            f"{doing} failed: nothing answers at {error.kwargs.get('endpoint_url')}. "
            "Check AWS_ENDPOINT_URL and the network."
        ) from None
    except ClientError as error:
        said = error.response.get("Error", {})
        raise UserError(
            f"{doing} failed: AWS answered {said.get('Code')}: {said.get('Message')}"
        ) from None
    except (BotoCoreError, ValueError) as error:
        raise UserError(f"{doing} failed: {error}") from None
