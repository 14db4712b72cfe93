"""AWS clients, configured by the usual variables and profiles, or for an emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from constructs_lib.rules.aws.partitions import partition_of
from ecrctl.errors import DeniedError, UserError

from .calls import call_error, new_client, new_session
from .problems import CallError, problem_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_ssm import SSMClient

# Botocore waits up to 20 s before a repetition, so eight attempts outlast a minute of throttling.
_ATTEMPTS = 8
_CONNECTIONS = 32
_CONNECT_SECONDS = 10
_READ_SECONDS = 20
# An emulator runs nearby and responds at once, unless it has ended or stalled.
_EMULATOR_SECONDS = 5
# How often a request is sent that no server answers in time. A stalled emulator stays stalled.
_AWS_TIMEOUTS = 2
_EMULATOR_TIMEOUTS = 1
# The error codes of a missing resource, service by service.
_NOT_FOUND = frozenset(
    (
        "ClusterNotFoundException",
        "ImageNotFoundException",
        "LifecyclePolicyNotFoundException",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "PullThroughCacheRuleNotFoundException",
        "RegistryPolicyNotFoundException",
        "RepositoryCatalogDataNotFoundException",
        "RepositoryNotFoundException",
        "RepositoryPolicyNotFoundException",
        "ResourceNotFoundException",
        "SigningConfigurationNotFoundException",
        "StackSetNotFoundException",
        "TemplateNotFoundException",
    )
)


@dataclass(frozen=True, slots=True)
class Aws:
    """The clients of one account and region, one for each service, for any number of threads.

    :param endpoint_url: the endpoint of an emulator; ``None`` for AWS itself.
    """

    session: boto3.Session
    region: str
    endpoint_url: str | None
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @staticmethod
    def from_variables(region: str, profile: str | None = None) -> Aws:
        """Return clients for a region, configured by the usual AWS variables and profiles.

        :param profile: the profile to use in place of the one that the variables name.
        """
        with as_user_errors("Connecting to AWS"), _configuration():
            session = new_session(region, client_config(is_emulator=False), profile)
            aws = Aws(session, region, None)
            # Taken from a client, because a profile's endpoint_url counts too.
            endpoint_url = aws.ecr.meta.endpoint_url
        return aws if _is_real(endpoint_url, region) else Aws(aws.session, region, endpoint_url)

    def in_region(self, region: str) -> Aws:
        """Return the clients of a region, of the same credentials."""
        return self if region == self.region else replace(self, region=region)

    def client(self, service: str) -> Any:
        """Return the client of a service, which keeps its connections for the next call."""
        # A client can be used by several threads, but boto3 creates one at a time.
        with self._lock:
            if service not in self._clients:
                is_emulator = self.endpoint_url is not None
                create = partial(
                    self.session.client,
                    cast("Any", service),
                    region_name=self.region,
                    endpoint_url=self.endpoint_url,
                    config=client_config(is_emulator=is_emulator),
                )
                timeouts = _EMULATOR_TIMEOUTS if is_emulator else _AWS_TIMEOUTS
                with _configuration():
                    self._clients[service] = new_client(self.session, create, timeouts=timeouts)
            return self._clients[service]

    @property
    def cloudformation(self) -> CloudFormationClient:
        """A CloudFormation client."""
        return cast("CloudFormationClient", self.client("cloudformation"))

    @property
    def ecr(self) -> ECRClient:
        """An ECR client."""
        return cast("ECRClient", self.client("ecr"))

    @property
    def ecs(self) -> ECSClient:
        """An ECS client."""
        return cast("ECSClient", self.client("ecs"))

    @property
    def events(self) -> EventBridgeClient:
        """An EventBridge client."""
        return cast("EventBridgeClient", self.client("events"))

    @property
    def kms(self) -> KMSClient:
        """A KMS client."""
        return cast("KMSClient", self.client("kms"))

    @property
    def ssm(self) -> SSMClient:
        """An SSM client."""
        return cast("SSMClient", self.client("ssm"))

    def account(self) -> str:
        """Return the account that the credentials belong to."""
        return cast("str", self.client("sts").get_caller_identity()["Account"])

    def caller(self) -> str:
        """Return the ARN of the principal that the credentials belong to."""
        return cast("str", self.client("sts").get_caller_identity()["Arn"])


def client_config(*, is_emulator: bool) -> Config:
    """Return the configuration of every client: retries, connections and timeouts."""
    return Config(
        # Slows down every call of a client as soon as AWS throttles one of them.
        retries={"mode": "adaptive", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        connect_timeout=_EMULATOR_SECONDS if is_emulator else _CONNECT_SECONDS,
        read_timeout=_EMULATOR_SECONDS if is_emulator else _READ_SECONDS,
    )


def configured_region() -> str | None:
    """Return the region of the usual AWS variables or the profile; ``None`` where none is set."""
    # Boto3 reads AWS_DEFAULT_REGION alone; AWS's other SDKs and its CLI read AWS_REGION first.
    with _configuration():
        return os.environ.get("AWS_REGION") or boto3.Session().region_name


@contextmanager
def _configuration() -> Iterator[None]:
    """Raise errors of variables, profiles and credentials as a :class:`UserError`."""
    try:
        yield
    except UserError:
        raise
    # Botocore passes on the errors of every library that reads credentials.
    except Exception as error:  # noqa: BLE001
        raise CallError("", problem_of(error)) from None


def _is_real(endpoint_url: str, region: str) -> bool:
    host = (urlsplit(endpoint_url).hostname or "").rstrip(".")
    return host.endswith((f".{partition_of(region).url_suffix}", ".amazonaws.com", ".api.aws"))


def or_none(call: Callable[[], Any]) -> Any:
    """Return the answer of a call, or ``None`` where the resource does not exist."""
    try:
        return call()
    except ClientError as error:
        if _is_not_found(error):
            return None
        raise


def is_denied(error: ClientError) -> bool:
    """Return whether the credentials lack the permission for a call."""
    return error.response.get("Error", {}).get("Code") in ("AccessDenied", "AccessDeniedException")


def is_unknown_call(error: ClientError) -> bool:
    """Return whether the endpoint does not know a call, as an emulator may not."""
    return error.response.get("Error", {}).get("Code") in ("InvalidAction", "UnknownOperation")


def _is_not_found(error: ClientError) -> bool:
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", ""), answer.get("Message", "")
    # These two have no code of their own; only the message separates them from other faults.
    if error.operation_name == "DescribeTaskDefinition" and code == "ClientException":
        return message.startswith("Unable to describe task definition")
    if code == "ValidationError":  # CloudFormation's, for a stack
        return "does not exist" in message
    # EC2 has a code for each kind of resource, such as InvalidVpcID.NotFound.
    return code in _NOT_FOUND or code.endswith(".NotFound")


@contextmanager
def as_user_errors(action: str) -> Iterator[None]:
    """Raise errors of AWS and of its client as a :class:`UserError`.

    :param action: the beginning of the message, such as ``Reading the keys``.
    :raises DeniedError: where the credentials lack the permission, or where this AWS, such as an
        emulator, has no such call.
    """
    try:
        yield
    except CallError as error:
        raise UserError(_failure(action, error)) from None
    except ClientError as error:
        is_final = is_denied(error) or is_unknown_call(error)
        kind = DeniedError if is_final else UserError
        raise kind(_failure(action, call_error(error))) from None
    except json.JSONDecodeError:
        raise UserError(f"{action} failed: AWS returned a document that is not JSON.") from None


def _failure(action: str, error: CallError) -> str:
    at = f" at {error.where}" if error.where else ""
    return f"{action} failed{at}: {error.problem}"
