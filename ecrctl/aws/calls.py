"""Calls of AWS: each error names the operation and its resource, and each wait has a limit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from getpass import getpass
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.session
from botocore import exceptions
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from ecrctl.errors import UserError

from .answers import UnusableAnswerError, answer_of, check_response
from .problems import NOT_AWS, CallError, is_header_error, problem_of

if TYPE_CHECKING:
    from botocore.model import OperationModel

# Names of parameters that hold no identifier of a resource.
_NO_RESOURCE = ("registryid", "token", "marker", "media", "manifest", "digest", "filter", "include")
_IDENTIFIERS = ("name", "names", "arn", "arns", "id", "ids", "definition", "rule", "cluster")
_WHERE = "Where"
_CONNECTION_ATTEMPTS = 3


class CheckedClient:
    """The first base class of every client: it checks answers and names errors."""

    def _make_api_call(self, operation_name: str, api_params: Mapping[str, Any]) -> Any:
        client = cast("BaseClient", self)
        model = client.meta.service_model.operation_model(operation_name)
        where = _where(model, api_params)
        try:
            # Botocore's one method behind every operation, paginators and waiters included.
            answer = super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
            return answer_of(answer, model, where)
        except ClientError as error:
            # The credentials' own call, such as sts:AssumeRole, has named itself already.
            cast("Any", error.response).setdefault(_WHERE, where)
            raise
        except CallError as error:
            raise error if error.where else CallError(where, error.problem) from None
        except UserError:
            raise
        except UnusableAnswerError:
            raise CallError(where, NOT_AWS) from None
        # Botocore passes on errors of many libraries, of credentials and of its own parsers.
        except Exception as error:  # noqa: BLE001
            raise CallError(where, problem_of(error)) from None


def _where(model: OperationModel, parameters: Mapping[str, Any]) -> str:
    operation = f"{model.service_model.signing_name}:{model.name}"
    resource = next(filter(None, (_resource(*item) for item in parameters.items())), None)
    return f"{operation} of '{resource}'" if resource else operation


def _resource(name: str, value: Any) -> str | None:
    lower = name.lower()
    if any(part in lower for part in _NO_RESOURCE) or not lower.endswith(_IDENTIFIERS):
        return None
    if isinstance(value, list):
        return value[0] if len(value) == 1 and isinstance(value[0], str) else None
    return value if isinstance(value, str) else None


def call_error(error: ClientError) -> CallError:
    """Return an error of AWS, with its operation and resource, as a sentence."""
    where = cast("Any", error.response).get(_WHERE, error.operation_name)
    return CallError(where, problem_of(error))


def new_session(region: str, config: Config, profile: str | None = None) -> boto3.Session:
    """Return a session whose own clients, such as the one that assumes a role, have time limits."""
    core = botocore.session.Session(profile=profile)
    core.set_default_client_config(config)
    provider = core.get_component("credential_provider").get_provider("assume-role")
    # Its constructor alone takes a function for the MFA code, and botocore calls that itself.
    provider._prompter = _ask_for_code  # noqa: SLF001
    return boto3.Session(botocore_session=core, region_name=region)


def _ask_for_code(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise CallError(
            "",
            "the profile requires an MFA code, and there is no terminal to enter it. Set "
            "AWS_PROFILE to a profile with temporary credentials.",
        )
    return getpass(prompt)


def new_client(session: boto3.Session, create: Callable[[], Any], *, timeouts: int) -> Any:
    """Return a client that checks every answer.

    :param timeouts: how often a request is sent that no server answers in time. AWS's own errors,
        such as throttling, have the limit of the client's configuration.
    """
    session.events.register(
        "creating-client-class", _add_base_class, unique_id="ecrctl-checked-client"
    )
    client = create()
    # Tests have clients of their own.
    if isinstance(client, BaseClient):
        events = client.meta.events
        service = client.meta.service_model.service_id.hyphenize()
        events.register_first(f"needs-retry.{service}", partial(_limit, timeouts))
        events.register(f"before-parse.{service}", _check_response)
    return client


def _add_base_class(base_classes: list[type], **_: Any) -> None:
    base_classes.insert(0, CheckedClient)


def _check_response(
    operation_model: OperationModel, response_dict: Mapping[str, Any], **_: Any
) -> None:
    check_response(operation_model, response_dict)


def _limit(timeouts: int, attempts: int, caught_exception: Exception | None, **_: Any) -> None:
    """Raise the error of a connection that is not worth another attempt."""
    is_timeout = isinstance(
        caught_exception, (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError)
    )
    is_network = isinstance(caught_exception, (exceptions.ConnectionError, HTTPClientError))
    most = timeouts if is_timeout else _CONNECTION_ATTEMPTS
    if caught_exception and is_network and (attempts >= most or is_header_error(caught_exception)):
        raise caught_exception
