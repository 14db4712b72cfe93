"""Registries, and their repositories as places that contain images.

Sources: OCI distribution specification 1.1, "Pull", "Push" and "Content Discovery"; Amazon ECR
user guide, "Service quotas".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.errors import UserError
from ecrctl.images.oci import (
    ACCEPTED_MANIFESTS,
    INDEX_TYPE,
    Descriptor,
    Manifest,
    digest_of,
    fallback_tag,
    is_digest,
    parse_manifest,
)

from . import refusals
from .authorization import Authorization, scope_of
from .connections import Connections
from .refusals import is_immutable_tag, is_unknown_repository, refusal
from .registry_http import Answer, RegistryHttp
from .retries import FOR_AWS, FOR_EMULATOR, Patience, TokenBucket, Transient
from .store import CHUNK, OpenBlob, Referrers, TagIsImmutable, named

if TYPE_CHECKING:
    from ecrctl.aws.clients import Aws

THREADS = 8
# ECR's quota of PutImage a second, which is an account's in one region.
PUT_IMAGE_RATE = 10.0
_ACCEPT = {"Accept": ", ".join(ACCEPTED_MANIFESTS)}
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Registry:
    """One account's private registry, or any other registry.

    :param budget: the manifests that may be written a second.
    """

    http: RegistryHttp
    budget: TokenBucket = field(default_factory=lambda: TokenBucket(PUT_IMAGE_RATE))

    @property
    def host(self) -> str:
        """The registry's host name."""
        return self.http.host

    @staticmethod
    def of_account(aws: Aws, account: str) -> Registry:
        """Return a connection with a token from ``GetAuthorizationToken``.

        The answer names the real registry as the token's endpoint. A client of an emulator must
        not follow that name.
        """
        host = registry_host(account, aws.region)
        return Registry.at(
            aws.endpoint_url or f"https://{host}",
            host=host,
            # The token is already base64 of "AWS:password", the form of basic authentication.
            authorization=Authorization(_token(aws), renew=partial(_token, aws)),
            patience=FOR_EMULATOR if aws.endpoint_url else FOR_AWS,
        )

    @staticmethod
    def at(
        base_url: str,
        *,
        host: str,
        authorization: Authorization,
        patience: Patience = FOR_AWS,
        rate: float = PUT_IMAGE_RATE,
    ) -> Registry:
        """Return a connection to any registry."""
        http = RegistryHttp(base_url, host, authorization, patience, Connections())
        return Registry(http, TokenBucket(rate))

    def repository(self, name: str, *, writable: bool = False) -> Repository:
        """Return a repository of this registry."""
        return Repository(self, name, writable)


def _token(aws: Aws) -> str:
    from ecrctl.aws.clients import as_user_errors  # noqa: PLC0415 - other registries need no boto3

    with as_user_errors("Logging in to the registry"):
        answer = aws.ecr.get_authorization_token()["authorizationData"]
        token = answer[0]["authorizationToken"] if answer else None
    if token is None:
        raise UserError("Logging in to the registry failed: ECR returned no token. Try again.")
    return token


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of a registry: a :class:`~ecrctl.images.stores.store.Store`.

    :param writable: whether tokens are requested for pushing as well.
    """

    registry: Registry
    name: str
    writable: bool = False
    # An upload that a refused mount has opened: the next attempt to send the blob uses it.
    _started: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def patience(self) -> Patience:
        """How often a blob is sent or received again after a fault that may pass."""
        return self._http.patience

    @property
    def uri(self) -> str:
        """The repository's URI."""
        return f"{self.registry.host}/{self.name}"

    def describe(self, reference: str) -> str:
        """Return how messages name an image."""
        return named(self.name, reference)

    def manifest(self, reference: str) -> Manifest | None:
        """Return a manifest; its content must have the digest that is asked for."""
        answer = self._http.request(
            "GET", self._path(f"manifests/{reference}"), scopes=self._scopes, headers=_ACCEPT
        )
        if answer.status == HTTPStatus.NOT_FOUND and not is_unknown_repository(answer):
            return None
        if answer.status != HTTPStatus.OK or answer.is_html:
            action = f"Reading {self.describe(reference)}"
            raise refusal(self._http, action, answer, refusals.READ_MANIFEST)
        if is_digest(reference) and digest_of(answer.content) != reference:
            raise UserError(
                f"{self.registry.host} returned a manifest whose digest is not {reference}. Push "
                "the image again."
            )
        return parse_manifest(
            answer.content, answer.headers.get("Content-Type"), self.describe(reference)
        )

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the digests of the tags and digests that exist."""
        with ThreadPoolExecutor(max(1, min(THREADS, len(references)))) as threads:
            found = list(threads.map(self._digest, references))
        return {
            reference: digest for reference, digest in zip(references, found, strict=True) if digest
        }

    def referrers(self, digest: str) -> Referrers:
        """Return the manifests whose subject is an image, by the API or by the tag schema."""
        found: list[Descriptor] = []
        target = self._path(f"referrers/{digest}")
        for _ in range(_MOST_PAGES):
            answer = self._http.request("GET", target, scopes=self._scopes)
            if _has_no_api(answer):
                index = self.manifest(fallback_tag(digest))
                return Referrers(index.children if index else (), is_native=False)
            where = f"the list of referrers of {self.describe(digest)}"
            if answer.status != HTTPStatus.OK or answer.is_html:
                raise refusal(self._http, f"Reading {where}", answer, refusals.LIST_REFERRERS)
            found += parse_manifest(answer.content, INDEX_TYPE, where).children
            target = _next_page(answer.headers.get("Link", ""))
            if not target:
                break
        return Referrers(tuple(found), is_native=True)

    def has_blob(self, blob: Descriptor) -> bool:
        """Return whether the repository has a blob."""
        answer = self._http.request("HEAD", self._path(f"blobs/{blob.digest}"), scopes=self._scopes)
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise refusal(self._http, self._pushing, answer, refusals.CHECK_BLOB)
        # A page of a proxy has status 200 too, but not the length of the blob.
        has_length = answer.headers.get("Content-Length") == str(blob.size)
        return answer.status == HTTPStatus.OK and has_length

    @contextmanager
    def open_blob(self, blob: Descriptor) -> Iterator[Iterator[bytes]]:
        """Open a blob, at another host where the registry redirects to one."""
        target = self._path(f"blobs/{blob.digest}")
        with self._http.download(target, self._scopes) as response:
            if response.status != HTTPStatus.OK:
                raise self._missing_blob(blob, response)
            length = response.headers.get("Content-Length")
            if length is not None and length != str(blob.size):
                raise UserError(
                    f"{self.registry.host} announced {length[:20]} bytes for the blob "
                    f"{blob.digest} of '{self.name}', whose manifest states {blob.size}. Check "
                    "the proxy settings, or push the image again."
                )
            yield self._chunks(response)

    def mount_blob(self, blob: Descriptor, repository: str) -> bool:
        """Take a blob from another repository of this registry."""
        query = urlencode({"mount": blob.digest, "from": repository})
        scopes = (*self._scopes, scope_of(repository, ("pull",)))
        answer = self._http.request("POST", self._path(f"blobs/uploads/?{query}"), scopes=scopes)
        location = answer.headers.get("Location")
        if answer.status == HTTPStatus.ACCEPTED and location:
            self._started[blob.digest] = location
        return answer.status == HTTPStatus.CREATED and not answer.is_html

    def put_blob(self, blob: Descriptor, opened: OpenBlob) -> None:
        """Upload a blob by POST and one PUT; ECR's PATCH does not follow the specification."""
        location = self._started.pop(blob.digest, None) or self._start_upload()
        joint = "&" if "?" in location else "?"
        with opened() as chunks:
            answer = self._http.send(
                "PUT",
                f"{location}{joint}{urlencode({'digest': blob.digest})}",
                scopes=self._scopes,
                body=chunks,
                headers={
                    "Content-Type": "application/octet-stream",
                    "Content-Length": str(blob.size),
                },
                seconds=self._http.patience.upload_seconds,
            )
        if answer.status != HTTPStatus.CREATED or answer.is_html:
            raise refusal(self._http, self._pushing, answer, refusals.UPLOAD)

    def put_manifest(
        self, manifest: Manifest, tag: str | None = None, *, is_child: bool = False
    ) -> None:
        """Write a manifest, at most as often a second as ECR's quota permits."""
        del is_child  # a registry finds every manifest by its digest
        reference = tag or manifest.digest
        self.registry.budget.take()
        answer = self._http.request(
            "PUT",
            self._path(f"manifests/{reference}"),
            scopes=self._scopes,
            body=manifest.content,
            headers={"Content-Type": manifest.media_type},
        )
        if answer.status == HTTPStatus.CREATED and not answer.is_html:
            stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
            if stored != manifest.digest:
                raise UserError(
                    f"{self.registry.host} stored {self.describe(reference)} as {stored[:80]}, "
                    f"and its digest is {manifest.digest}. Check AWS_ENDPOINT_URL."
                )
            return
        if tag and is_immutable_tag(answer):
            # A repeated attempt, or another run, can have written the very same image.
            if self._digest(tag) == manifest.digest:
                return
            raise TagIsImmutable(self._http.text_of(answer))
        action = f"Pushing {self.describe(reference)}"
        raise refusal(self._http, action, answer, refusals.PUT_MANIFEST)

    @property
    def _http(self) -> RegistryHttp:
        return self.registry.http

    @property
    def _pushing(self) -> str:
        return f"Pushing to '{self.name}'"

    @property
    def _scopes(self) -> tuple[str, ...]:
        return (scope_of(self.name, ("pull", "push") if self.writable else ("pull",)),)

    def _path(self, rest: str) -> str:
        return f"/v2/{self.name}/{rest}"

    def _digest(self, reference: str) -> str | None:
        answer = self._http.request(
            "HEAD", self._path(f"manifests/{reference}"), scopes=self._scopes, headers=_ACCEPT
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK or answer.is_html:
            action = f"Looking up {self.describe(reference)}"
            raise refusal(self._http, action, answer, refusals.READ_MANIFEST)
        digest = answer.headers.get("Docker-Content-Digest", "")
        if is_digest(digest):
            return digest
        found = self.manifest(reference)  # the header is optional
        return found.digest if found else None

    def _start_upload(self) -> str:
        try:
            answer = self._http.send("POST", self._path("blobs/uploads/"), scopes=self._scopes)
        except Transient as fault:
            if not fault.is_reset:
                raise
            problem = UserError(
                f"{self._pushing} failed: the registry {self.registry.host} closed every "
                "connection on which an upload was to start. ECR does so for a repository that "
                "does not exist. Deploy the repository first, and check the network."
            )
            raise Transient(problem, is_reset=True) from None
        if answer.status != HTTPStatus.ACCEPTED or answer.is_html:
            raise refusal(self._http, self._pushing, answer, refusals.START_UPLOAD)
        location = answer.headers.get("Location")
        if not location:
            raise UserError(
                f"{self._pushing} failed: the registry {self.registry.host} named no location for "
                "the upload. Check AWS_ENDPOINT_URL and the network."
            )
        return location

    def _chunks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        with self._http.connection_errors():
            yield from response.stream(CHUNK, decode_content=False)

    def _missing_blob(self, blob: Descriptor, response: urllib3.BaseHTTPResponse) -> UserError:
        hint = (
            f"The credentials require `{refusals.READ_BLOB}` on the repository."
            if response.status == HTTPStatus.FORBIDDEN
            else "Push the image again."
        )
        return UserError(
            f"Reading the blob {blob.digest} of '{self.name}' failed: {self.registry.host} "
            f"answered {response.status}. {hint}"
        )


def _has_no_api(answer: Answer) -> bool:
    """Return whether a registry does not know the path of the referrers API."""
    if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return True
    # The embedded AWS gives a path that it does not know to another of its services.
    return answer.status == HTTPStatus.BAD_REQUEST and b'"InvalidAction"' in answer.content


def _next_page(link: str) -> str:
    """Return the target of the next page of a list."""
    target, _, relation = link.partition(">")
    return target.lstrip("<").strip() if 'rel="next"' in relation else ""
