"""An account of moto with images, and findings in the forms of ECR and of Inspector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from moto.ecr.models import ecr_backends

from ecrctl.aws.clients import Aws

ACCOUNT, REGION, REPOSITORY = "123456789012", "us-east-1", "team/api"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
COMPLETED = "2026-11-20T10:00:00+00:00"


def put_manifest(aws: Aws, document: Mapping[str, Any], tag: str | None = None) -> str:
    """Put an image, and return its digest."""
    text = json.dumps(document)
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    # Without a digest, moto makes one of the layers alone.
    named: dict[str, Any] = {"imageDigest": digest} | ({"imageTag": tag} if tag else {})
    aws.ecr.put_image(
        repositoryName=REPOSITORY,
        imageManifest=text,
        imageManifestMediaType=str(document["mediaType"]),
        **named,
    )
    return digest


def image(content: str) -> dict[str, Any]:
    """Return a manifest; another content has another digest."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": content},
        "layers": [],
    }


def index(*manifests: Mapping[str, Any]) -> dict[str, Any]:
    """Return an image index."""
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)}


def listed(digest: str, platform: str, **others: Any) -> dict[str, Any]:
    """Return what an index has of a platform such as ``linux/arm64``."""
    system, architecture, *variant = platform.split("/")
    found = {"os": system, "architecture": architecture}
    if variant:
        found["variant"] = variant[0]
    return {"mediaType": MANIFEST, "digest": digest, "platform": found, **others}


def basic(name: str, severity: str, package: str = "openssl", **others: Any) -> dict[str, Any]:
    """Return a finding of a basic scan."""
    attributes = [
        {"key": "package_name", "value": package},
        {"key": "package_version", "value": "3.0.1"},
        {"key": "CVSS3_SCORE", "value": "9.1"},
    ]
    return {
        "name": name,
        "severity": severity,
        "description": f"{name} in {package}\nmore",
        "uri": f"https://security.example/{name}",
        "attributes": attributes,
        **others,
    }


def enhanced(name: str, severity: str, *packages: Mapping[str, Any], **others: Any) -> Any:
    """Return a finding of Inspector."""
    return {
        "title": f"{name} - openssl",
        "severity": severity,
        "status": "ACTIVE",
        "score": 7.5,
        "packageVulnerabilityDetails": {
            "vulnerabilityId": name,
            "sourceUrl": f"https://security.example/{name}",
            "vulnerablePackages": list(packages),
        },
        **others,
    }


def answer(
    findings: Sequence[Any] = (),
    *,
    kind: str = "findings",
    status: str = "COMPLETE",
    **others: Any,
) -> dict[str, Any]:
    """Return an answer of DescribeImageScanFindings."""
    results = {kind: list(findings), "imageScanCompletedAt": COMPLETED, **others}
    return {
        "imageScanStatus": {"status": status, "description": f"It is {status}."},
        "imageScanFindings": {name: one for name, one in results.items() if one is not None},
    }


def put_scan(aws: Aws, digest: str, *answers: Mapping[str, Any]) -> None:
    """Let moto answer with these results of a scan, and the last of them from then on."""
    aws.ecr.start_image_scan(repositoryName=REPOSITORY, imageId={"imageDigest": digest})
    backend = ecr_backends[ACCOUNT][REGION]
    found = backend._get_repository(REPOSITORY)._get_image(None, digest)
    for one in answers:
        found.scan_finding_results[json.dumps({"imageDigest": digest})] = dict(one)
