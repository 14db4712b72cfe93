"""The record of a promotion: an in-toto statement that refers to the image.

A record is not signed. It informs a person, and decides nothing.

Sources: in-toto attestation framework, "Statement v1"; OCI image specification 1.1, "Guidelines
for Artifact Usage".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ecrctl.errors import UserError
from ecrctl.files import json_value
from ecrctl.images.oci import (
    MANIFEST_TYPE,
    Descriptor,
    Manifest,
    OciImage,
    digest_of,
    is_digest,
    parse_manifest,
)
from ecrctl.images.stores.retries import Transient
from ecrctl.images.stores.store import Source

RECORD_TYPE = "application/vnd.ecrctl.promotion.v1+json"
PREDICATE_TYPE = "https://github.com/acme/cdk-container-images/promotion/v1"
_STATEMENT = "https://in-toto.io/Statement/v1"
_STATEMENT_TYPE = "application/vnd.in-toto+json"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY = b"{}"
# A list of referrers has the annotations of each: a record is recognised without being read.
_SOURCE = "vnd.ecrctl.promotion.source"
_DESTINATION = "vnd.ecrctl.promotion.destination"
_MOST_BYTES = 64 * 1024
_MOST_RECORDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRecord:
    """A promotion of an image.

    :param source: the repository's URI that the image came from.
    :param destination: the repository's URI that the image was promoted to.
    :param promoted_by: the ARN of the principal, as AWS STS states it.
    """

    source: str
    destination: str
    digest: str
    promoted_by: str
    promoted_at: datetime

    def statement(self) -> dict[str, Any]:
        """Return the record as an in-toto statement."""
        algorithm, _, value = self.digest.partition(":")
        return {
            "_type": _STATEMENT,
            "subject": [{"name": self.destination, "digest": {algorithm: value}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "source": self.source,
                "destination": self.destination,
                "promotedBy": self.promoted_by,
                "promotedAt": self.promoted_at.astimezone(UTC).isoformat(timespec="seconds"),
            },
        }

    def artifact(self, subject: Descriptor) -> OciImage:
        """Return the record as an artifact that refers to the image."""
        content = _as_json(self.statement())
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": RECORD_TYPE,
            "config": _described(_EMPTY_TYPE, _EMPTY),
            "layers": [_described(_STATEMENT_TYPE, content)],
            "subject": {
                "mediaType": subject.media_type,
                "digest": subject.digest,
                "size": subject.size,
            },
            "annotations": {_SOURCE: self.source, _DESTINATION: self.destination},
        }
        return OciImage(_as_json(document), {digest_of(one): one for one in (_EMPTY, content)})


def promotion_records(store: Source, digest: str) -> list[PromotionRecord]:
    """Return the promotion records of an image, the oldest first.

    What else claims to be a record, and is none, is skipped: anyone who may push can attach it.

    :raises UserError: where the registry does not return what it lists.
    """
    listed = [one for one in store.referrers(digest).found if _may_be_record(one)]
    found = (_read(store, one, digest) for one in listed[:_MOST_RECORDS])
    return sorted((one for one in found if one), key=lambda one: (one.promoted_at, one.source))


def is_recorded(store: Source, referrers: tuple[Descriptor, ...], record: PromotionRecord) -> bool:
    """Return whether a record of the same promotion is among the referrers of an image.

    No blob is read.
    """
    for one in referrers:
        if not _may_be_record(one):
            continue
        annotations: Mapping[str, str] = one.annotations
        if _SOURCE not in annotations:
            # A registry can list referrers without their annotations.
            manifest = store.manifest(one.digest)
            annotations = manifest.annotations if manifest else {}
        if is_annotated(annotations, record.source, record.destination):
            return True
    return False


def is_annotated(annotations: Mapping[str, str], source: str, destination: str) -> bool:
    """Return whether annotations are those of a record of a promotion."""
    wanted = {_SOURCE: source, _DESTINATION: destination}
    return wanted.items() <= annotations.items()


def record_manifest(artifact: OciImage) -> Manifest:
    """Return the manifest of a record."""
    return parse_manifest(artifact.manifest, MANIFEST_TYPE, "the promotion record")


def _may_be_record(referrer: Descriptor) -> bool:
    # The type is optional in a list that another program wrote.
    return referrer.artifact_type in (RECORD_TYPE, None)


def _read(store: Source, referrer: Descriptor, digest: str) -> PromotionRecord | None:
    manifest = store.manifest(referrer.digest)
    if manifest is None or manifest.artifact_type != RECORD_TYPE:
        return None
    statements = [one for one in manifest.blobs if one.media_type == _STATEMENT_TYPE]
    if len(statements) != 1 or statements[0].size > _MOST_BYTES:
        return None
    content = _content(store, statements[0])
    if digest_of(content) != statements[0].digest:
        return None
    return _parsed(content, digest)


def _content(store: Source, blob: Descriptor) -> bytes:
    content = b""
    try:
        with store.open_blob(blob) as pieces:
            for piece in pieces:
                content += piece
                if len(content) > blob.size:
                    break
    except Transient as fault:
        raise fault.error from None
    return content


def _parsed(content: bytes, digest: str) -> PromotionRecord | None:
    """Return the record in a statement about an image; ``None`` where it is no such statement."""
    try:
        statement = json_value(content.decode())
        predicate, [subject] = statement["predicate"], statement["subject"]
        texts = [predicate[name] for name in ("source", "destination", "promotedBy", "promotedAt")]
        is_record = (
            statement["predicateType"] == PREDICATE_TYPE
            and f"sha256:{subject['digest']['sha256']}" == digest
            and is_digest(digest)
            and all(isinstance(one, str) for one in texts)
        )
        moment = datetime.fromisoformat(texts[3])
    except (ValueError, KeyError, TypeError, UserError):
        return None
    if not is_record or moment.tzinfo is None:
        return None
    return PromotionRecord(
        source=texts[0],
        destination=texts[1],
        digest=digest,
        promoted_by=texts[2],
        promoted_at=moment,
    )


def _described(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _as_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
