"""The sample image."""

from __future__ import annotations

import json

from ecrctl.images.oci import digest_of
from ecrctl.local.sample_image import sample_image


def test_it_is_the_same_bytes_every_time() -> None:
    assert sample_image().digest == (
        "sha256:b642a4cc99a808d625ee311e71101dad5eebd68060570b0b1877e7a7456c8723"
    )


def test_its_manifest_names_its_two_layers_and_its_configuration() -> None:
    image = sample_image()
    manifest = json.loads(image.manifest)
    named = [manifest["config"], *manifest["layers"]]
    assert len(manifest["layers"]) == 2
    assert {item["digest"] for item in named} == set(image.blobs)
    for item in named:
        blob = image.blobs[item["digest"]]
        assert (digest_of(blob), len(blob)) == (item["digest"], item["size"])


def test_other_content_is_another_image() -> None:
    assert sample_image("Something else\n").digest != sample_image().digest
