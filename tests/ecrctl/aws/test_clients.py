"""Missing resources and errors of AWS."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors, or_none
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


def test_an_error_of_aws_becomes_a_sentence_with_its_code() -> None:
    with pytest.raises(UserError) as refusal, as_user_errors("Reading the keys"):
        raise failing("ListKeys", "AccessDeniedException", "not authorized")
    assert str(refusal.value) == (
        "Reading the keys failed: AWS answered AccessDeniedException: not authorized"
    )
    assert refusal.value.exit_code is ExitCode.TOOL_ERROR
