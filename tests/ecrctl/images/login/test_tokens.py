"""The token of a registry: what is accepted, and what is shown of it."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.login.tokens import RegistryToken, registry_token
from tests.ecrctl.aws.stubs import StubClient, StubSession

ACCOUNT = "111111111111"
EXPIRES = datetime(2026, 11, 27, 3, 5, tzinfo=timezone(timedelta(hours=2)))


def token(text: str, endpoint: str | None = None) -> RegistryToken:
    """Return the token that ECR answers with."""
    data = {"authorizationToken": text, "expiresAt": EXPIRES}
    ecr = StubClient(get_authorization_token=lambda: {"authorizationData": [data]})
    session: boto3.Session = StubSession(ecr=ecr)
    return registry_token(Aws(session, "cn-north-1", endpoint), ACCOUNT)


def encoded(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()


def test_a_token_is_for_the_host_of_its_account_until_it_expires() -> None:
    found = token(encoded("AWS:secret"))
    assert found.address == "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn"
    assert (found.password, found.basic) == ("secret", encoded("AWS:secret"))
    assert found.is_encrypted
    assert found.expiry == "2026-11-27 01:05 UTC"


@pytest.mark.parametrize(
    ("endpoint", "address", "is_encrypted"),
    [
        ("http://localhost:4566", "localhost:4566", False),
        ("https://user:pass@aws.example:8443/path", "aws.example:8443", True),
    ],
)
def test_a_token_of_an_emulator_is_for_its_address(
    endpoint: str, address: str, *, is_encrypted: bool
) -> None:
    found = token(encoded("AWS:secret"), endpoint)
    assert (found.address, found.is_encrypted) == (address, is_encrypted)


def test_no_representation_contains_the_token() -> None:
    found = token(encoded("AWS:secret"))
    assert "secret" not in repr(found) + str(found)
    assert found.redacted(f"a secret, {encoded('AWS:secret')}") == "a ***, ***"


@pytest.mark.parametrize(
    "text",
    [
        "secret!",
        encoded("secret"),
        encoded("AWS:"),
        encoded("root:secret"),
        encoded("AWS:sec\nret"),
        base64.b64encode(b"AWS:\xff").decode(),
    ],
)
def test_what_is_no_token_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(UserError) as error:
        token(text)
    assert str(error.value) == (
        "Logging in to the registry failed: ECR returned no token. Check AWS_ENDPOINT_URL and the "
        "network."
    )
    assert error.value.__cause__ is None


def test_an_answer_without_a_token_is_refused() -> None:
    answer: dict[str, Any] = {"authorizationData": []}
    ecr = StubClient(get_authorization_token=lambda: answer)
    with pytest.raises(UserError, match="ECR returned no token"):
        registry_token(Aws(StubSession(ecr=ecr), "us-east-1", None), ACCOUNT)
