"""The token of an account's registry.

Source: Amazon ECR API reference, "GetAuthorizationToken".
"""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.errors import UserError

USER = "AWS"
_NOTHING = "ECR returned no token. Check AWS_ENDPOINT_URL and the network."


@dataclass(frozen=True, slots=True)
class RegistryToken:
    """A token, which is valid for one registry until it expires.

    :param address: the registry's host, with the port of an emulator.
    :param is_encrypted: whether the registry has TLS; an emulator has none.
    """

    address: str
    is_encrypted: bool
    expires_at: datetime
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The user and the password, as an auth file contains them."""
        return base64.b64encode(f"{USER}:{self.password}".encode()).decode()

    @property
    def expiry(self) -> str:
        """The time until which the token is valid, in words."""
        return f"{self.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def redacted(self, text: str) -> str:
        """Return a text of others without the token."""
        return text.replace(self.password, "***").replace(self.basic, "***")


def registry_token(aws: Aws, account: str) -> RegistryToken:
    """Return a new token of an account's registry.

    The credentials decide the account, so :func:`check_account` is called first.
    """
    with as_user_errors("Logging in to the registry"):
        answer = aws.ecr.get_authorization_token()["authorizationData"]
        if not answer:
            raise UserError(f"Logging in to the registry failed: {_NOTHING}")
        token, expires_at = answer[0]["authorizationToken"], answer[0]["expiresAt"]
    try:
        user, _, password = base64.b64decode(token, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if user != USER or not password or not password.isprintable():
        raise UserError(f"Logging in to the registry failed: {_NOTHING}")
    endpoint = urlsplit(aws.endpoint_url) if aws.endpoint_url else None
    return RegistryToken(
        # Without a user and a password, which the URL of an endpoint can contain.
        address=endpoint.netloc.rpartition("@")[2]
        if endpoint
        else registry_host(account, aws.region),
        is_encrypted=endpoint is None or endpoint.scheme == "https",
        expires_at=expires_at,
        password=password,
    )
