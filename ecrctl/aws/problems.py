"""The problems of a call to AWS as sentences.

No sentence repeats a library's message about headers, credentials or the configuration, because
such a message can contain a secret.
"""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ecrctl.errors import UserError

NOT_AWS = (
    "the response is not one of AWS. Check AWS_ENDPOINT_URL, the proxy settings and the network."
)
_RENEW = "Renew them, for example with `aws sso login`."
_REJECTED = frozenset(
    (
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    )
)
_THROTTLED = frozenset(
    (
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    )
)
_CODE = re.compile(r"[\w.:-]{1,100}", re.ASCII)
_LONGEST_MESSAGE = 500
_NAMES_OF_HEADERS = re.compile(
    r"authorization['\"]?\s*[:=]|x-amz-security-token|credential=|signature=|canonical",
    re.IGNORECASE,
)
_NAMES_OF_SECRETS = re.compile(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY", re.IGNORECASE)
_SHORTEST_SECRET = 8

_CHECK_NETWORK = "Check AWS_ENDPOINT_URL and the network."
# An exception has the first sentence whose class it is an instance of, so subclasses come first.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (
        exceptions.NoCredentialsError,
        ("no AWS credentials were found. Set AWS_PROFILE, or the usual AWS_* variables."),
    ),
    (
        exceptions.NoAuthTokenError,
        ("no AWS credentials were found. Set AWS_PROFILE, or the usual AWS_* variables."),
    ),
    (
        exceptions.PartialCredentialsError,
        ("the AWS credentials lack the access key or the secret key. Set both."),
    ),
    (
        exceptions.ProfileNotFound,
        (
            "no AWS configuration file defines the profile. Set AWS_PROFILE to a profile that "
            "`aws configure list-profiles` lists."
        ),
    ),
    *(
        (
            kind,
            (
                "the login session of the profile has expired or does not exist. Run "
                "`aws sso login`."
            ),
        )
        for kind in (exceptions.SSOError, exceptions.LoginError, exceptions.TokenRetrievalError)
    ),
    *(
        (
            kind,
            (
                "the source of the AWS credentials returned none. Run the profile's "
                "`credential_process`, or `aws sts get-caller-identity`, to read the reason."
            ),
        )
        for kind in (exceptions.CredentialRetrievalError, exceptions.MetadataRetrievalError)
    ),
    *(
        (
            kind,
            "the AWS configuration is not valid. Check the profile with `aws configure list`.",
        )
        for kind in (
            exceptions.ConfigParseError,
            exceptions.ConfigNotFound,
            exceptions.InvalidConfigError,
            exceptions.RefreshWithMFAUnsupportedError,
        )
    ),
    *(
        (
            kind,
            (
                "the AWS region is not valid. Correct `region` in the environment's file, or "
                "AWS_REGION."
            ),
        )
        for kind in (exceptions.InvalidRegionError, exceptions.NoRegionError)
    ),
    (
        exceptions.ProxyConnectionError,
        "the proxy cannot be reached. Check HTTPS_PROXY and HTTP_PROXY.",
    ),
    (exceptions.ConnectTimeoutError, f"{{url}} did not respond in time. {_CHECK_NETWORK}"),
    (exceptions.ReadTimeoutError, f"{{url}} did not respond in time. {_CHECK_NETWORK}"),
    (exceptions.EndpointConnectionError, f"no server responded at {{url}}. {_CHECK_NETWORK}"),
    (
        exceptions.ConnectionClosedError,
        f"{{url}} closed the connection without a response. {_CHECK_NETWORK}",
    ),
    (
        exceptions.SSLError,
        "the TLS certificate of {url} cannot be verified. Check AWS_CA_BUNDLE.",
    ),
    (exceptions.HTTPClientError, f"the connection failed. {_CHECK_NETWORK}"),
    (ResponseParserError, NOT_AWS),
)


class CallError(UserError):
    """Raised when a call of AWS returned no usable answer.

    :param where: the operation and its resource; empty where no operation was called.
    :param problem: the problem, as sentences that begin in lower case.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where} failed: {problem}" if where else problem)
        self.where = where
        self.problem = problem


def problem_of(error: Exception) -> str:
    """Return the problem of a call that raised an error, as one or two sentences.

    :param error: an error of AWS, of botocore or of the operating system.
    """
    if isinstance(error, ClientError):
        return _returned(error)
    if is_header_error(error):
        return (
            "the AWS credentials contain a character that an HTTP header cannot contain, such as a "
            "line break. Set AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN again."
        )
    found = next((sentence for kind, sentence in _SENTENCES if isinstance(error, kind)), None)
    if found:
        return found.format(url=address(_endpoint(error)))
    if isinstance(error, exceptions.ParamValidationError):
        return f"the request is not valid: {_printable(error.kwargs.get('report'))}"
    return _file_problem(error) if isinstance(error, OSError) else _unknown_problem(error)


def is_header_error(error: Exception | None) -> bool:
    """Return whether a header cannot be sent, so that another attempt fails as well."""
    return isinstance(error, exceptions.HTTPClientError) and isinstance(
        error.kwargs.get("error"), ValueError
    )


def _endpoint(error: Exception) -> str:
    known = error.kwargs.get("endpoint_url") if isinstance(error, BotoCoreError) else None
    return str(known or "")


def _returned(error: ClientError) -> str:
    answer: Any = error.response.get("Error") or {}
    code = str(answer.get("Code") or "")
    code = code if _CODE.fullmatch(code) and not _contains_a_secret(code) else ""
    if code in _REJECTED:
        return f"AWS rejected the credentials ({code}). {_RENEW}"
    if code in _THROTTLED:
        return f"AWS throttled every attempt ({code}). Try again later."
    if not code or code.isdigit():
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", code)
        return (
            f"the response has HTTP status {status or 'unknown'} and no error code of AWS. Check "
            "AWS_ENDPOINT_URL, the proxy settings and the network."
        )
    message = _printable(answer.get("Message"))
    return f"AWS returned {code}: {message}" if message else f"AWS returned {code}."


def _printable(value: object) -> str:
    """Return the first line of a message, or nothing where it could contain a secret."""
    lines = str(value or "").strip().splitlines()
    line = "".join(filter(str.isprintable, lines[0]))[:_LONGEST_MESSAGE] if lines else ""
    return "" if _NAMES_OF_HEADERS.search(line) or _contains_a_secret(line) else line


def _contains_a_secret(text: str) -> bool:
    secrets = (
        value
        for name, value in os.environ.items()
        if _NAMES_OF_SECRETS.search(name) and len(value) >= _SHORTEST_SECRET
    )
    return any(secret in text for secret in secrets)


def address(url: str) -> str:
    """Return a URL without a user name, a password and a query, each of which can be a secret."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the endpoint"
    return f"{parts.scheme}://{host}{port}" if host else "the endpoint"


def _file_problem(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    name = "AWS_WEB_IDENTITY_TOKEN_FILE"
    if error.filename and os.environ.get(name) == str(error.filename):
        return f"the file that {name} names cannot be read: {reason}."
    return (
        f"a file or program that the AWS configuration names cannot be used: {reason}. Check "
        "`web_identity_token_file` and `credential_process` of the profile, and AWS_CA_BUNDLE."
    )


def _unknown_problem(error: Exception) -> str:
    if isinstance(error, ValueError) and "endpoint" in str(error):
        return "AWS_ENDPOINT_URL is not a URL. Write it as http://localhost:4566."
    kind = type(error).__name__
    return (
        f"the response, the AWS configuration or the credentials cannot be used ({kind}). Check "
        "AWS_ENDPOINT_URL, and the profile with `aws sts get-caller-identity`."
    )
