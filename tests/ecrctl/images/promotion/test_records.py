"""Promotion records: written as referrers, and read back with suspicion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import OciImage, digest_of
from ecrctl.images.promotion.records import (
    PREDICATE_TYPE,
    RECORD_TYPE,
    PromotionRecord,
    is_recorded,
    promotion_records,
    record_manifest,
)
from ecrctl.images.stores.registry import Repository
from ecrctl.local.sample_image import sample_image
from tests.ecrctl.images.conftest import connection
from tests.ecrctl.images.servers.fake import FakeRegistry

IMAGE = sample_image()
RECORD = PromotionRecord(
    source="111111111111.dkr.ecr.us-east-1.amazonaws.com/team/api",
    destination="222222222222.dkr.ecr.eu-west-1.amazonaws.com/team/api",
    digest=IMAGE.digest,
    promoted_by="arn:aws:sts::222222222222:assumed-role/release/me",
    promoted_at=datetime(2026, 11, 26, 12, tzinfo=UTC),
)


@pytest.fixture
def repository(fake: FakeRegistry) -> Repository:
    """Return a repository with an image that has no referrer."""
    found = connection(fake.url).repository("team/api", writable=True)
    push_image(found, "v1", IMAGE)
    return found


def attach(repository: Repository, artifact: OciImage) -> None:
    """Attach an artifact to the image."""
    manifest = record_manifest(artifact)
    for blob in manifest.blobs:
        content = artifact.blobs[blob.digest]
        repository.put_blob(blob, partial(_opened, content))
    repository.put_manifest(manifest)


@contextmanager
def _opened(content: bytes) -> Iterator[Iterator[bytes]]:
    yield iter([content])


def artifact_of(record: PromotionRecord, repository: Repository) -> OciImage:
    """Return the record's artifact."""
    image = repository.manifest("v1")
    assert image
    return record.artifact(image.descriptor())


def test_a_record_is_read_back(repository: Repository) -> None:
    later = replace(RECORD, promoted_at=datetime(2026, 11, 27, tzinfo=UTC), source="elsewhere")
    assert promotion_records(repository, IMAGE.digest) == []
    for one in (later, RECORD):
        attach(repository, artifact_of(one, repository))
    assert promotion_records(repository, IMAGE.digest) == [RECORD, later]


def test_a_record_is_an_in_toto_statement_about_the_image() -> None:
    assert RECORD.statement() == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": RECORD.destination, "digest": {"sha256": IMAGE.digest.partition(":")[2]}}
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "source": RECORD.source,
            "destination": RECORD.destination,
            "promotedBy": RECORD.promoted_by,
            "promotedAt": "2026-11-26T12:00:00+00:00",
        },
    }


@pytest.mark.parametrize(
    "change",
    [
        {"predicateType": "https://slsa.dev/provenance/v1"},
        {"subject": [{"name": "other", "digest": {"sha256": "0" * 64}}]},
        {"subject": []},
        {"predicate": {"source": "only"}},
        {"predicate": None},
        {"predicate": RECORD.statement()["predicate"] | {"promotedAt": "yesterday"}},
        {"predicate": RECORD.statement()["predicate"] | {"promotedAt": "2026-11-26T12:00:00"}},
        {"predicate": RECORD.statement()["predicate"] | {"promotedBy": 7}},
    ],
)
def test_another_statement_is_no_record(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    changed = RECORD.statement() | change
    monkeypatch.setattr(PromotionRecord, "statement", lambda _self: changed)
    attach(repository, artifact_of(RECORD, repository))
    assert promotion_records(repository, IMAGE.digest) == []


def test_an_artifact_of_another_type_is_not_read(
    repository: Repository, fake: FakeRegistry
) -> None:
    artifact = artifact_of(RECORD, repository)
    other = artifact.manifest.replace(RECORD_TYPE.encode(), b"application/vnd.other+json")
    attach(repository, OciImage(other, artifact.blobs))
    fake.requests.clear()
    assert promotion_records(repository, IMAGE.digest) == []
    assert len(fake.requests) == 1


def test_a_statement_that_a_registry_exchanged_is_no_record(
    repository: Repository, fake: FakeRegistry
) -> None:
    artifact = artifact_of(RECORD, repository)
    attach(repository, artifact)
    statement = json.dumps(RECORD.statement(), separators=(",", ":")).encode()
    exchanged = statement.replace(b"2222", b"3333")
    fake.blobs["team/api"][digest_of(statement)] = exchanged
    assert len(exchanged) == len(statement)
    assert promotion_records(repository, IMAGE.digest) == []


def test_a_record_is_recognised_without_reading_a_blob(
    repository: Repository, fake: FakeRegistry
) -> None:
    attach(repository, artifact_of(RECORD, repository))
    fake.requests.clear()
    found = repository.referrers(IMAGE.digest).found
    again = replace(RECORD, promoted_by="another", promoted_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert is_recorded(repository, found, again)
    assert not is_recorded(repository, found, replace(RECORD, source="elsewhere"))
    assert not [one for one in fake.requests if "/blobs/" in one]
