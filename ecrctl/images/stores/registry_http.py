"""Requests to one registry: its own origin, its credentials, attempts, and redirected downloads.

Sources: OCI distribution specification 1.1; Amazon ECR user guide, "Private registries".
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3 import exceptions

from ecrctl.aws.problems import address
from ecrctl.errors import UserError
from ecrctl.images.oci import MOST_MANIFEST_BYTES

from .authorization import Authorization, Scopes
from .connections import Connections
from .retries import Patience, Transient, retrying

Result = TypeVar("Result")
Body = bytes | Iterable[bytes]

NOT_A_REGISTRY = (
    "the response is not one of a registry. Check AWS_ENDPOINT_URL, the proxy settings and the "
    "network."
)
MOST_REDIRECTS = 3
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_FIRST_SERVER_ERROR = 500
_LONGEST_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a registry."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_html(self) -> bool:
        """Whether a proxy or a sign-in page answered in place of the registry."""
        return "html" in self.headers.get("Content-Type", "").lower()

    def errors(self) -> list[tuple[str, str]]:
        """Return the codes and messages of a refusal."""
        try:
            listed = json.loads(self.content)["errors"]
            return [(str(one.get("code")), str(one.get("message"))) for one in listed]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return []


@dataclass(frozen=True, slots=True)
class RegistryHttp:
    """The connections to one registry, for any number of threads.

    :param base_url: the URL to connect to: the registry's, or an emulator's.
    :param host: the registry's own host name, from which an emulator derives the account.
    """

    base_url: str
    host: str
    authorization: Authorization
    patience: Patience
    connections: Connections = field(repr=False)

    def request(
        self,
        method: str,
        target: str,
        *,
        scopes: Scopes,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a request; faults that pass are tried again."""
        return self.retrying(
            lambda: self.send(method, target, scopes=scopes, body=body, headers=headers)
        )

    def retrying(self, attempt: Callable[[], Result]) -> Result:
        """Return the result of the first attempt that succeeds."""
        return retrying(self.patience, attempt)

    def send(
        self,
        method: str,
        target: str,
        *,
        scopes: Scopes,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """Send a request once. The host of its target is ignored.

        :raises Transient: where another attempt may succeed.
        """
        response = self._authorized(method, target, scopes, body, headers, seconds)
        with self._closing(response):
            content = self._content(response)
        answer = Answer(response.status, response.headers, content)
        self._check_passing(response, self.text_of(answer))
        return answer

    @contextmanager
    def download(self, target: str, scopes: Scopes) -> Iterator[urllib3.BaseHTTPResponse]:
        """Open a download, at another host where the registry redirects to one.

        :raises Transient: where another attempt may succeed.
        """
        response = self._authorized("GET", target, scopes, None, {"Accept-Encoding": "identity"})
        url = urljoin(self.base_url, target)
        for _ in range(MOST_REDIRECTS):
            if response.status not in _REDIRECTS:
                break
            response.close()
            url = self._redirected(url, response.headers.get("Location", ""))
            # Another host gets no credentials; a store's own are in the URL.
            response = self._open("GET", url, {"Accept-Encoding": "identity"})
        with self._closing(response):
            if response.status in _REDIRECTS:
                raise UserError(
                    f"The registry {self.host} redirects a download more than {MOST_REDIRECTS} "
                    f"times, last from {address(url)}. Check the proxy settings and the network."
                )
            self._check_passing(response, str(response.status))
            yield response

    def unreachable(self, reason: str) -> UserError:
        """Return the error of a request without a usable answer."""
        return UserError(
            f"The registry {self.host} cannot be reached at {address(self.base_url)}: "
            f"{reason.rstrip('.')}. Check the network and AWS_ENDPOINT_URL."
        )

    def _failed(self, how: str) -> UserError:
        return UserError(
            f"The registry {self.host} at {address(self.base_url)} {how.rstrip('.')}. Try again "
            "later."
        )

    def text_of(self, answer: Answer) -> str:
        """Return the status and the messages of an answer, without secrets."""
        found = "; ".join(f"{code}: {message}" for code, message in answer.errors())
        text = " ".join(f"{answer.status} {found}".split())[:_LONGEST_MESSAGE]
        return self.authorization.redacted(text)

    def _authorized(
        self,
        method: str,
        target: str,
        scopes: Scopes,
        body: Body | None,
        headers: Mapping[str, str] | None,
        seconds: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        own = urlsplit(target)._replace(scheme="", netloc="").geturl()
        url = urljoin(self.base_url, own)
        for is_last in (False, True):
            used = self.authorization.header(scopes, self._get_token)
            every = {"Host": self.host, **(headers or {})}
            if used:
                every["Authorization"] = used
            response = self._open(method, url, every, body, seconds)
            challenge = response.headers.get("WWW-Authenticate", "")
            if response.status != HTTPStatus.UNAUTHORIZED or is_last:
                break
            try:
                is_other = self.authorization.accepts(challenge, scopes, used, self._get_token)
            except BaseException:
                response.close()  # no caller gets it
                raise
            if not is_other:
                break
            response.close()
            if body is not None and not isinstance(body, bytes):
                # The body is sent again, with the new token.
                raise Transient(self.unreachable("it rejected its own token"))
        return response

    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
        seconds: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        wait = urllib3.Timeout(
            connect=min(self.patience.seconds, 10), read=seconds or self.patience.seconds
        )
        with self.connection_errors():
            return self.connections.request(
                method,
                url,
                body=body,
                headers=dict(headers),
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=wait,
            )

    @contextmanager
    def _closing(self, response: urllib3.BaseHTTPResponse) -> Iterator[None]:
        """Keep the connection of a response that was read to its end, and close any other."""
        is_read = False
        try:
            with self.connection_errors():
                yield
            is_read = True
        finally:
            response.release_conn() if is_read else response.close()

    @contextmanager
    def connection_errors(self) -> Iterator[None]:
        """Raise errors of a connection as a sentence, or as a fault that may pass."""
        try:
            yield
        except (exceptions.NewConnectionError, exceptions.NameResolutionError):
            raise self.unreachable("no server responded") from None
        except exceptions.TimeoutError:
            raise self.unreachable("it did not respond in time") from None
        except exceptions.SSLError:
            raise self.unreachable("its TLS certificate cannot be verified") from None
        except (exceptions.ProtocolError, ConnectionError):
            reason = "the connection was closed before the end of the answer"
            raise Transient(self.unreachable(reason), is_reset=True) from None
        except exceptions.ProxyError:
            reason = (
                "the proxy of HTTPS_PROXY or HTTP_PROXY refused the connection or cannot be reached"
            )
            raise self.unreachable(reason) from None
        except exceptions.HTTPError as error:
            raise self.unreachable(type(error).__name__) from None

    def _content(self, response: urllib3.BaseHTTPResponse) -> bytes:
        content = response.read(MOST_MANIFEST_BYTES + 1, decode_content=True)
        if len(content) > MOST_MANIFEST_BYTES:
            raise UserError(
                f"The registry {self.host} returned more than 4 MiB where a manifest must be: "
                f"{NOT_A_REGISTRY}"
            )
        response.drain_conn()
        return content

    def _check_passing(self, response: urllib3.BaseHTTPResponse, text: str) -> None:
        """Raise an error of a status that may be another one at the next attempt."""
        status = response.status
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = response.headers.get("Retry-After", "")
            raise Transient(
                self._failed(f"throttled every attempt ({text})"),
                after=float(after) if after.isdecimal() else None,
            )
        if status >= _FIRST_SERVER_ERROR:
            raise Transient(self._failed(f"answered {text}"))

    def _redirected(self, url: str, location: str) -> str:
        """Return the URL that a registry redirects to."""
        found = urljoin(url, location)
        if not location or not self._is_safe(urlsplit(found)):
            raise UserError(
                f"The registry {self.host} redirects a download to {address(found)}, which is not "
                "https. Check the proxy settings and the network."
            )
        return found

    def _is_safe(self, url: SplitResult) -> bool:
        """Return whether a URL is encrypted, or of the machine where the registry itself is."""
        own = urlsplit(self.base_url)
        if url.scheme == "https":
            return bool(url.hostname)
        is_own = (url.scheme, url.netloc) == (own.scheme, own.netloc)
        return url.scheme == "http" and (is_own or (_is_loopback(own) and _is_loopback(url)))

    def _get_token(self, url: str, authorization: str | None) -> bytes | None:
        """Return the answer of the server that gives tokens, if it gives one."""
        try:
            is_safe = self._is_safe(urlsplit(url))
        except ValueError:
            is_safe = False
        if not is_safe:
            raise UserError(
                f"The registry {self.host} sends its clients to {address(url)} for a token, which "
                "is not https. Check AWS_ENDPOINT_URL, the proxy settings and the network."
            )

        def attempt() -> bytes | None:
            headers = {"Authorization": authorization} if authorization else {}
            response = self._open("GET", url, headers)
            with self._closing(response):
                content = self._content(response)
            self._check_passing(response, str(response.status))
            return content if response.status == HTTPStatus.OK else None

        return self.retrying(attempt)


def _is_loopback(url: SplitResult) -> bool:
    host = url.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
