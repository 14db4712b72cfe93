"""The registry protocol, as far as pushing and pulling an image requires it.

Source: OCI distribution specification, "Pulling manifests" and "Pushing manifests".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.errors import UserError

from .oci import MANIFEST_TYPE, OciImage, digest_of

# An image index is a manifest too.
ACCEPTED_MANIFESTS = (
    MANIFEST_TYPE,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class TagIsImmutable(Exception):
    """Raised when a registry refuses to move a tag to another image."""


@dataclass(frozen=True, slots=True)
class Registry:
    """A connection to one account's private registry.

    :param base_url: the URL to connect to: the registry's, or an emulator's.
    :param host: the registry's own host name, from which an emulator derives the account.
    """

    base_url: str
    host: str
    authorization: str = field(repr=False)
    pool: urllib3.PoolManager = field(repr=False)

    @staticmethod
    def of_account(aws: Aws, account: str) -> Registry:
        """Return a connection with a token from ``GetAuthorizationToken``.

        The answer names the real registry as the token's endpoint. A client of an emulator must
        not follow that name.
        """
        with as_user_errors("Logging in to the registry"):
            answer = aws.ecr.get_authorization_token()["authorizationData"]
            token = answer[0]["authorizationToken"] if answer else None
        if token is None:
            raise UserError("Logging in to the registry failed: ECR returned no token. Try again.")
        host = registry_host(account, aws.region)
        # The token is already base64 of "AWS:password", the form of basic authentication.
        return Registry(
            base_url=aws.endpoint_url or f"https://{host}",
            host=host,
            authorization=f"Basic {token}",
            pool=_pool(is_emulator=aws.endpoint_url is not None),
        )

    def push(self, repository: str, tag: str, image: OciImage) -> None:
        """Push an image under a tag: first its blobs, then the manifest that names them.

        :raises TagIsImmutable: where the tag belongs to another image and cannot be moved.
        """
        for digest, blob in image.blobs.items():
            self._push_blob(repository, digest, blob)
        response = self._request(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            body=image.manifest,
            headers={"Content-Type": MANIFEST_TYPE},
        )
        if response.status != HTTPStatus.CREATED:
            _raise_push_error(response, repository, tag)

    def manifest(self, repository: str, reference: str) -> bytes:
        """Return the manifest of a tag or digest; its content must have that digest."""
        response = self._request(
            "GET",
            f"/v2/{repository}/manifests/{reference}",
            headers={"Accept": ", ".join(ACCEPTED_MANIFESTS)},
        )
        if response.status != HTTPStatus.OK:
            raise UserError(
                f"{_named(repository, reference)} could not be read: {_answer_text(response)}"
            )
        if reference.startswith("sha256:") and digest_of(response.data) != reference:
            raise UserError(
                f"{self.host} returned a manifest whose digest is not {reference}. Push the image "
                "again."
            )
        return response.data

    def _push_blob(self, repository: str, digest: str, blob: bytes) -> None:
        known = self._request("HEAD", f"/v2/{repository}/blobs/{digest}")
        # A page of a proxy has status 200 too, but not the length of the blob.
        has_length = known.headers.get("Content-Length") == str(len(blob))
        if known.status == HTTPStatus.OK and has_length:
            return
        started = self._request("POST", f"/v2/{repository}/blobs/uploads/")
        self._expect(started, HTTPStatus.ACCEPTED, repository)
        upload = started.headers.get("Location")
        if upload is None:
            raise UserError(
                f"Pushing to '{repository}' failed: the registry {self.host} named no location for "
                "the upload. Check AWS_ENDPOINT_URL and the network."
            )
        sent = self._request(
            "PATCH",
            upload,
            body=blob,
            headers={"Content-Type": "application/octet-stream"},
        )
        self._expect(sent, HTTPStatus.ACCEPTED, repository)
        location = sent.headers.get("Location", upload)
        joint = "&" if "?" in location else "?"
        ended = self._request("PUT", f"{location}{joint}{urlencode({'digest': digest})}")
        self._expect(ended, HTTPStatus.CREATED, repository)

    def _expect(self, response: urllib3.BaseHTTPResponse, status: int, repository: str) -> None:
        if response.status != status:
            raise UserError(f"Pushing to '{repository}' failed: {_answer_text(response)}")

    def _request(
        self,
        method: str,
        location: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request to this registry; the host of a location is ignored."""
        target = urlsplit(location)._replace(scheme="", netloc="").geturl()
        try:
            return self.pool.request(
                method,
                urljoin(self.base_url, target),
                body=body,
                headers={"Host": self.host, "Authorization": self.authorization, **(headers or {})},
            )
        except urllib3.exceptions.HTTPError as error:
            raise UserError(
                f"The registry {self.host} cannot be reached at {self.base_url}: "
                f"{type(error).__name__}. Check the network and AWS_ENDPOINT_URL."
            ) from None


def _pool(*, is_emulator: bool) -> urllib3.PoolManager:
    """Return connections whose requests end, as those of the AWS clients do."""
    retries = urllib3.Retry(3, redirect=0, read=0 if is_emulator else None)
    return urllib3.PoolManager(retries=retries, timeout=5 if is_emulator else 20)


def _raise_push_error(response: urllib3.BaseHTTPResponse, repository: str, tag: str) -> None:
    answer = _answer_text(response)
    if "TAG_INVALID" in answer or "ImageTagAlreadyExists" in answer or "immutable" in answer:
        raise TagIsImmutable(answer)
    raise UserError(f"Pushing {_named(repository, tag)} failed: {answer}")


def _named(repository: str, reference: str) -> str:
    return f"'{repository}{'@' if ':' in reference else ':'}{reference}'"


def _answer_text(response: urllib3.BaseHTTPResponse) -> str:
    try:
        errors = json.loads(response.data)["errors"]
        text = "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors)
    except (ValueError, KeyError, TypeError):
        text = ""
    return f"{response.status} {text}".strip()
