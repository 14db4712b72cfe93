"""Calls of AWS: what an answer must be, the sentence of each problem, and the limits of a wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.config import Config

from ecrctl.aws import clients
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.problems import address, problem_of
from ecrctl.errors import UserError
from tests.ecrctl.aws.servers import answer, server

NAME = "team/api"
NOT_AWS = (
    "the response is not one of AWS. Check AWS_ENDPOINT_URL, the proxy settings and the network."
)
STATUS = (
    "the response has HTTP status {} and no error code of AWS. Check AWS_ENDPOINT_URL, the proxy "
    "settings and the network."
)
HTML = b"<html><body>Sign in</body></html>"


def configure(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Repeat a request once, with these settings of each client."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 2}, **settings)
    monkeypatch.setattr(clients, "client_config", lambda **_: config)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat a request once and at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    configure(monkeypatch)


def describe(aws: Aws) -> Any:
    """Return the repository that the server describes."""
    with as_user_errors("Reading the repository"):
        return aws.ecr.describe_repositories(repositoryNames=[NAME])["repositories"][0]


def problem(respond: Callable[[BaseHTTPRequestHandler], None]) -> str:
    """Return the sentence about an answer, after the operation and its resource."""
    with server(respond) as (aws, _), pytest.raises(UserError) as refusal:
        describe(aws)
    start = f"Reading the repository failed at ecr:DescribeRepositories of '{NAME}': "
    assert str(refusal.value).startswith(start)
    return str(refusal.value).removeprefix(start)


@pytest.mark.parametrize(
    "respond",
    [
        answer(200, HTML, "text/html"),
        answer(200, HTML),
        answer(200, b"{}"),
        answer(200, b""),
        answer(200, b'{"repositories": [{"repositoryNa'),
        answer(200, b'{"repositories": null}'),
        answer(200, b'{"repositories": {}}'),
        answer(200, b'{"repositories": "none"}'),
        answer(200, b'{"repositories": [null]}'),
        answer(200, b'{"repositories": [{"repositoryName": 1}]}'),
        answer(200, b'{"repositories": [{"imageScanningConfiguration": {"scanOnPush": "no"}}]}'),
        answer(200, b'{"other": []}'),
        answer(200, b"[]"),
    ],
)
def test_a_response_that_is_not_one_of_aws_is_one_sentence(respond: Any) -> None:
    assert problem(respond) == NOT_AWS


def test_a_page_is_no_answer_to_an_operation_that_returns_nothing() -> None:
    with server(answer(200, HTML, "text/html")) as (aws, _), pytest.raises(UserError) as refusal:
        aws.events.delete_rule(Name="a")
    assert str(refusal.value) == f"events:DeleteRule of 'a' failed: {NOT_AWS}"
    with server(answer(200, b"{}")) as (aws, requests):
        aws.events.delete_rule(Name="a")
    assert requests == ["DeleteRule"]


@pytest.mark.parametrize(
    ("respond", "expected"),
    [
        (answer(302, b"", "text/html"), STATUS.format(302)),
        (answer(404, HTML, "text/html"), STATUS.format(404)),
        (answer(503, HTML, "text/html"), STATUS.format(503)),
        (answer(400, b'{"message": "no"}'), STATUS.format(400)),
        (answer(400, b'{"__type": "ServerException"}'), "AWS returned ServerException."),
        (
            answer(400, b'{"__type": "AccessDenied", "message": "not authorized\\nto see"}'),
            "AWS returned AccessDenied: not authorized",
        ),
        (
            answer(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
            "AWS throttled every attempt (ThrottlingException). Try again later.",
        ),
        (
            answer(400, b'{"__type": "ExpiredTokenException", "message": "expired"}'),
            (
                "AWS rejected the credentials (ExpiredTokenException). Renew them, for example "
                "with `aws sso login`."
            ),
        ),
        (
            answer(
                403, b'{"__type": "SignatureDoesNotMatch", "message": "x-amz-security-token:abc"}'
            ),
            (
                "AWS rejected the credentials (SignatureDoesNotMatch). Renew them, for example "
                "with `aws sso login`."
            ),
        ),
        (
            answer(400, b'{"__type": "Odd", "message": "Authorization: AWS4 Credential=AKIA"}'),
            "AWS returned Odd.",
        ),
    ],
)
def test_an_error_is_named_by_its_code(respond: Any, expected: str) -> None:
    assert problem(respond) == expected


def test_a_message_that_repeats_a_secret_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "IQoJb3JpZ2lu")
    message = b'{"__type": "Odd", "message": "you sent IQoJb3JpZ2lu"}'
    assert problem(answer(400, message)) == "AWS returned Odd."


def test_a_member_that_an_answer_lacks_is_named() -> None:
    with server(answer(200, b'{"repositories": [{}]}')) as (aws, _):
        described = describe(aws)
        assert described.get("repositoryName") is None
        with pytest.raises(UserError) as refusal, as_user_errors("Reading"):
            described["repositoryName"]
        with pytest.raises(KeyError):
            described["a mistake of the program"]
    assert str(refusal.value) == (
        f"Reading failed at ecr:DescribeRepositories of '{NAME}': the member `repositoryName` is "
        f"missing: {NOT_AWS}"
    )


def test_an_answer_with_every_type_is_returned_as_it_is() -> None:
    body = (
        b'{"repositories": [{"repositoryName": "team/api", "createdAt": 1.5, '
        b'"imageScanningConfiguration": {"scanOnPush": true}, "registryId": null}]}'
    )
    with server(answer(200, body)) as (aws, _):
        described = describe(aws)
    assert described["imageScanningConfiguration"] == {"scanOnPush": True}
    assert "registryId" not in described


def stall(_handler: BaseHTTPRequestHandler) -> None:
    """Answer nothing, and keep the connection."""


def close(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection."""
    handler.close_connection = True


def test_a_stalled_emulator_is_named_after_one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, read_timeout=0.3)
    with server(stall) as (aws, requests), pytest.raises(UserError) as refusal:
        describe(aws)
    assert requests == ["DescribeRepositories"]
    assert str(refusal.value).endswith(
        f": {aws.endpoint_url} did not respond in time. Check AWS_ENDPOINT_URL and the network."
    )


@pytest.mark.parametrize(
    ("respond", "attempts"), [(close, 2), (answer(500, b"{}"), 2), (answer(400, b"{}"), 1)]
)
def test_a_request_is_repeated_where_another_attempt_can_succeed(
    respond: Any, attempts: int
) -> None:
    with server(respond) as (aws, requests), pytest.raises(UserError):
        describe(aws)
    assert len(requests) == attempts


def test_a_header_that_cannot_be_sent_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waits.append))
    session = boto3.Session("a", "b", "a token\nof two lines", region_name="us-east-1")
    with server(answer(200, b"{}")) as (other, requests), pytest.raises(UserError):
        describe(Aws(session, "us-east-1", other.endpoint_url))
    assert (requests, waits) == ([], [])


def test_a_connection_is_used_again() -> None:
    ports = set()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address[1])
        answer(200, b'{"repositories": [{}]}')(handler)

    with server(respond) as (aws, requests), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: describe(aws), range(60)))
    assert len(requests) == 60
    assert len(ports) <= 4


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (exceptions.PartialCredentialsError(provider="env", cred_var="secret"), "Set both."),
        (exceptions.ProfileNotFound(profile="secret"), "`aws configure list-profiles` lists."),
        (exceptions.SSOTokenLoadError(error_msg="secret"), "Run `aws sso login`."),
        (
            exceptions.CredentialRetrievalError(provider="custom-process", error_msg="secret"),
            "`credential_process`, or `aws sts get-caller-identity`, to read the reason.",
        ),
        (
            exceptions.ConfigParseError(path="secret"),
            "Check the profile with `aws configure list`.",
        ),
        (exceptions.InvalidRegionError(region_name="secret"), "or AWS_REGION."),
        (
            exceptions.ProxyConnectionError(proxy_url="http://user:secret@proxy"),
            "Check HTTPS_PROXY and HTTP_PROXY.",
        ),
        (
            exceptions.SSLError(
                endpoint_url="https://user:secret@host/?secret", error=OSError("secret")
            ),
            "of https://host cannot be verified. Check AWS_CA_BUNDLE.",
        ),
        (exceptions.HTTPClientError(error=ValueError("secret")), "AWS_SESSION_TOKEN again."),
        (exceptions.HTTPClientError(error=OSError("secret")), "the network."),
        (ValueError("Invalid endpoint: secret"), "Write it as http://localhost:4566."),
        (FileNotFoundError(2, "No such file or directory", "secret"), "and AWS_CA_BUNDLE."),
        (KeyError("secret"), "with `aws sts get-caller-identity`."),
    ],
)
def test_no_sentence_repeats_the_message_of_a_library(error: Exception, expected: str) -> None:
    sentence = problem_of(error)
    assert sentence.endswith(expected)
    assert "secret" not in sentence.replace("secret key", "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:4566/path?token=a", "http://localhost:4566"),
        ("https://user:password@host", "https://host"),
        ("https://host:port", "the endpoint"),
        ("", "the endpoint"),
    ],
)
def test_an_address_has_neither_password_nor_query(url: str, shown: str) -> None:
    assert address(url) == shown


def test_a_parameter_that_is_not_valid_is_named() -> None:
    with server(answer(200, b"{}")) as (aws, requests), pytest.raises(UserError) as refusal:
        aws.ecr.describe_images(repositoryName="")
    assert requests == []
    assert "ecr:DescribeImages failed: the request is not valid: " in str(refusal.value)
