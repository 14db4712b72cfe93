"""The registry protocol, as far as pushing an image and reading it back needs it.

Source: OCI distribution specification, "Pulling manifests" and "Pushing manifests".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.aws.clients import Aws, explained
from ecrctl.errors import UserError

from .oci import MANIFEST_TYPE, OciImage, digest_of

# Docker, containerd and ECR itself agree on these; an index is a manifest too.
ACCEPTED_MANIFESTS = (
    MANIFEST_TYPE,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class TagIsImmutable(Exception):
    """Say that a registry refused to move a tag to another image."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Define a connection to one account's private registry.

    :param base_url: where to connect: the registry itself, or an emulator in its place.
    :param host: the registry's own name, by which an emulator tells accounts apart.
    """

    base_url: str
    host: str
    authorization: str = field(repr=False)
    pool: urllib3.PoolManager = field(repr=False)

    @staticmethod
    def of_account(aws: Aws, account: str) -> Registry:
        """Connect with a token from ``GetAuthorizationToken``.

        AWS names the real registry as the token's endpoint. A client that was given another
        endpoint must not follow it there.
        """
        with explained("Logging in to the registry"):
            data = aws.ecr.get_authorization_token()["authorizationData"][0]
        host = registry_host(account, aws.region)
        # The token is already base64 of "AWS:password", which is what basic authentication takes.
        return Registry(
            base_url=aws.endpoint_url or f"https://{host}",
            host=host,
            authorization=f"Basic {data['authorizationToken']}",
            pool=urllib3.PoolManager(retries=urllib3.Retry(3, redirect=0), timeout=60),
        )

    def push(self, repository: str, tag: str, image: OciImage) -> None:
        """Push an image under a tag: its blobs first, then the manifest that names them."""
        for digest, blob in image.blobs.items():
            self._push_blob(repository, digest, blob)
        response = self._request(
            "PUT",
            f"/v2/{repository}/manifests/{tag}",
            body=image.manifest,
            headers={"Content-Type": MANIFEST_TYPE},
        )
        if response.status != HTTPStatus.CREATED:
            _refuse_manifest(response, repository, tag)

    def manifest(self, repository: str, reference: str) -> bytes:
        """Give the manifest of a tag or digest, whose content is checked against the digest."""
        response = self._request(
            "GET",
            f"/v2/{repository}/manifests/{reference}",
            headers={"Accept": ", ".join(ACCEPTED_MANIFESTS)},
        )
        if response.status != HTTPStatus.OK:
            raise UserError(f"{_named(repository, reference)} could not be read: {_said(response)}")
        if reference.startswith("sha256:") and digest_of(response.data) != reference:
            raise UserError(f"What {self.host} gave for {reference} has another digest.")
        return response.data

    def _push_blob(self, repository: str, digest: str, blob: bytes) -> None:
        if self._request("HEAD", f"/v2/{repository}/blobs/{digest}").status == HTTPStatus.OK:
            return
        started = self._request("POST", f"/v2/{repository}/blobs/uploads/")
        self._expect(started, HTTPStatus.ACCEPTED, repository)
        sent = self._request(
            "PATCH",
            started.headers["Location"],
            body=blob,
            headers={"Content-Type": "application/octet-stream"},
        )
        self._expect(sent, HTTPStatus.ACCEPTED, repository)
        location = sent.headers.get("Location", started.headers["Location"])
        joint = "&" if "?" in location else "?"
        ended = self._request("PUT", f"{location}{joint}{urlencode({'digest': digest})}")
        self._expect(ended, HTTPStatus.CREATED, repository)

    def _expect(self, response: urllib3.BaseHTTPResponse, status: int, repository: str) -> None:
        if response.status != status:
            raise UserError(f"Pushing to '{repository}' failed: {_said(response)}")

    def _request(
        self,
        method: str,
        location: str,
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request to this registry, whatever host a location names."""
        parts = urlsplit(location)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            return self.pool.request(
                method,
                urljoin(self.base_url, target),
                body=body,
                headers={
                    "Host": self.host,
                    "Authorization": self.authorization,
                    **(headers or {}),
                },
            )
        except urllib3.exceptions.HTTPError as error:
            raise UserError(
                f"The registry {self.host} cannot be reached at {self.base_url}: "
                f"{type(error).__name__}. Check the network and AWS_ENDPOINT_URL."
            ) from None


def _refuse_manifest(response: urllib3.BaseHTTPResponse, repository: str, tag: str) -> None:
    said = _said(response)
    if "TAG_INVALID" in said or "ImageTagAlreadyExists" in said or "immutable" in said:
        raise TagIsImmutable(said)
    raise UserError(f"Pushing {_named(repository, tag)} failed: {said}")


def _named(repository: str, reference: str) -> str:
    return f"'{repository}{'@' if ':' in reference else ':'}{reference}'"


def _said(response: urllib3.BaseHTTPResponse) -> str:
    try:
        errors = json.loads(response.data)["errors"]
        text = "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors)
    except (ValueError, KeyError, TypeError):
        text = ""
    return f"{response.status} {text}".strip()
