"""Clients and their endpoints, missing resources, and errors of AWS."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import boto3
import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors, configured_region, or_none
from ecrctl.aws.problems import CallError
from ecrctl.errors import ExitCode, UserError

TASK_DEFINITION = "DescribeTaskDefinition"
NOT_FOUND = "Unable to describe task definition."


def failing(operation: str, code: str, message: str) -> ClientError:
    """Return the error that botocore raises for an answer of AWS."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def outcome(error: ClientError) -> Any:
    """Return ``None`` where an error means that the resource does not exist."""

    def call() -> NoReturn:
        raise error

    return or_none(call)


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (TASK_DEFINITION, "ClientException", NOT_FOUND),
        ("ListStackResources", "ValidationError", "Stack with id x does not exist"),
        ("DescribeRepositories", "RepositoryNotFoundException", ""),
        ("GetRepositoryPolicy", "RepositoryPolicyNotFoundException", ""),
        ("GetLifecyclePolicy", "LifecyclePolicyNotFoundException", ""),
        ("DescribeImages", "ImageNotFoundException", ""),
        ("DescribeKey", "NotFoundException", ""),
        ("GetParameter", "ParameterNotFound", ""),
    ],
)
def test_the_error_of_a_missing_resource_is_none(operation: str, code: str, message: str) -> None:
    assert outcome(failing(operation, code, message)) is None


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (TASK_DEFINITION, "ClientException", "Too many concurrent attempts to describe."),
        (TASK_DEFINITION, "AccessDeniedException", NOT_FOUND),
        ("ListClusters", "ClientException", NOT_FOUND),
        ("DescribeServices", "ClientException", "The request is not valid."),
        ("ListStackResources", "ValidationError", "1 validation error detected"),
        ("DescribeRepositories", "AccessDeniedException", "does not exist"),
    ],
)
def test_any_other_error_is_raised(operation: str, code: str, message: str) -> None:
    with pytest.raises(ClientError):
        outcome(failing(operation, code, message))


def test_the_embedded_aws_answers_as_aws_does_where_a_task_definition_is_missing(aws: Aws) -> None:
    with pytest.raises(ClientError, match=NOT_FOUND.rstrip(".")) as missing:
        aws.ecs.describe_task_definition(taskDefinition="no-such-family")
    assert missing.value.response["Error"]["Code"] == "ClientException"
    assert outcome(missing.value) is None


def test_an_error_of_aws_becomes_a_sentence_with_its_operation_and_code() -> None:
    with pytest.raises(UserError) as refusal, as_user_errors("Reading the keys"):
        raise failing("ListKeys", "AccessDeniedException", "not authorized")
    assert str(refusal.value) == (
        "Reading the keys failed at ListKeys: AWS returned AccessDeniedException: not authorized"
    )
    assert refusal.value.exit_code is ExitCode.TOOL_ERROR


def test_an_error_of_a_call_becomes_a_sentence() -> None:
    with pytest.raises(UserError) as refusal, as_user_errors("Reading the keys"):
        raise CallError("kms:ListKeys", "the connection failed.")
    assert str(refusal.value) == "Reading the keys failed at kms:ListKeys: the connection failed."
    with pytest.raises(UserError) as refusal, as_user_errors("Reading the keys"):
        raise CallError("", "no AWS credentials were found.")
    assert str(refusal.value) == "Reading the keys failed: no AWS credentials were found."


def test_a_document_in_an_answer_that_is_not_json_becomes_a_sentence() -> None:
    with pytest.raises(UserError) as refusal, as_user_errors("Reading the keys"):
        json.loads("<html>")
    assert str(refusal.value) == (
        "Reading the keys failed: AWS returned a document that is not JSON."
    )


def test_a_mistake_of_the_program_is_no_error_of_aws() -> None:
    with pytest.raises(ValueError, match="a mistake"), as_user_errors("Reading the keys"):
        raise ValueError("a mistake")


def test_an_error_without_a_code_is_raised() -> None:
    with pytest.raises(ClientError):
        outcome(ClientError({}, "ListKeys"))


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set the credentials of clients that connect to nothing."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return monkeypatch


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("eu-west-1", None),
        ("cn-north-1", None),
        ("eu-west-1", "https://api.ecr.eu-west-1.amazonaws.com"),
        ("eu-west-1", "https://vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com."),
        ("cn-north-1", "https://api.ecr.us-east-1.amazonaws.com"),
        ("eu-west-1", "https://ecr.eu-west-1.api.aws"),
    ],
)
def test_an_endpoint_of_aws_is_no_emulator(
    variables: pytest.MonkeyPatch, region: str, endpoint: str | None
) -> None:
    if endpoint:
        variables.setenv("AWS_ENDPOINT_URL", endpoint)
    aws = Aws.from_variables(region)
    assert (aws.region, aws.endpoint_url) == (region, None)
    assert aws.session.region_name == region


@pytest.mark.parametrize("endpoint", ["http://localhost:4566", "https://amazonaws.com.example"])
def test_any_other_endpoint_is_an_emulator(variables: pytest.MonkeyPatch, endpoint: str) -> None:
    variables.setenv("AWS_ENDPOINT_URL", endpoint)
    aws = Aws.from_variables("eu-west-1")
    assert aws.endpoint_url == endpoint
    assert aws.ecr.meta.endpoint_url == endpoint


def test_every_client_is_of_its_service_and_region(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("AWS_REGION", "us-east-1")
    aws = Aws.from_variables("eu-west-1")
    clients = (aws.cloudformation, aws.ecr, aws.ecs, aws.events, aws.kms, aws.ssm)
    assert [client.meta.service_model.service_name for client in clients] == [
        *("cloudformation", "ecr", "ecs", "events", "kms", "ssm")
    ]
    assert {client.meta.region_name for client in clients} == {"eu-west-1"}


@pytest.mark.usefixtures("variables")
def test_clients_of_a_profile_without_a_region_have_the_region_that_is_asked_for() -> None:
    aws = Aws(boto3.Session(), "eu-west-1", None)
    assert aws.ecr.meta.region_name == "eu-west-1"


@pytest.mark.usefixtures("variables")
def test_a_service_has_one_client_in_every_thread() -> None:
    aws = Aws.from_variables("eu-west-1")
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: aws.client("events"), range(32)))
    assert set(map(id, clients)) == {id(aws.events)}


@pytest.mark.usefixtures("variables")
def test_clients_of_two_accounts_are_not_shared() -> None:
    assert Aws.from_variables("eu-west-1").ecr is not Aws.from_variables("eu-west-1").ecr


@pytest.mark.parametrize(
    ("endpoint", "seconds"), [(None, (10, 20)), ("http://localhost:1", (5, 5))]
)
def test_requests_back_off_share_connections_and_have_time_limits(
    variables: pytest.MonkeyPatch, endpoint: str | None, seconds: tuple[int, int]
) -> None:
    if endpoint:
        variables.setenv("AWS_ENDPOINT_URL", endpoint)
    config: Any = Aws.from_variables("eu-west-1").ecr.meta.config
    assert config.retries == {"mode": "adaptive", "total_max_attempts": 8}
    assert config.max_pool_connections == 32
    assert (config.connect_timeout, config.read_timeout) == seconds


@pytest.mark.parametrize(
    ("values", "region"),
    [
        ({}, None),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-2"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
    ],
)
def test_either_variable_configures_the_region(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], region: str | None
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert configured_region() == region


def test_the_account_is_that_of_the_credentials(aws: Aws) -> None:
    assert aws.account() == "000000000000"
