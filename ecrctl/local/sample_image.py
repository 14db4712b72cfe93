"""A small OCI image without a base image: two layers, the same bytes every time.

Source: OCI image specification, "Image Manifest" and "Image Layer Filesystem Changeset".
"""

import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from constructs_lib.rules.kubernetes.hardening import NON_ROOT_USER
from ecrctl.images.copying.plan import CopyOptions, plan_copy
from ecrctl.images.copying.run import run_copy
from ecrctl.images.oci import MANIFEST_TYPE, OciImage, digest_of
from ecrctl.images.stores.layout import WritableLayout
from ecrctl.images.stores.memory import Memory

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
# Not compressed, because the digest would depend on the compressor's version.
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

_USERS = (
    "root:x:0:0:root:/root:/sbin/nologin\n"
    f"nonroot:x:{NON_ROOT_USER}:{NON_ROOT_USER}:nonroot:/home/nonroot:/sbin/nologin\n"
)


def write_layout(folder: Path, image: OciImage, tag: str) -> None:
    """Write an image as an OCI layout, in place of what is in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    options = CopyOptions()
    layout = WritableLayout.at(folder)
    run_copy(plan_copy(Memory(image), image.digest, layout, tag, options), options)


def sample_image(message: str = "Hello world\n") -> OciImage:
    """Return an image that contains a message; another message has another digest."""
    layers = (_layer("etc/passwd", _USERS), _layer("app/message.txt", message))
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "User": f"{NON_ROOT_USER}:{NON_ROOT_USER}",
                "WorkingDir": "/app",
                "Labels": {"org.opencontainers.image.title": "aws-nodejs-sample"},
            },
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(CONFIG_TYPE, config),
            "layers": [_descriptor(LAYER_TYPE, layer) for layer in layers],
        }
    )
    return OciImage(manifest, {digest_of(blob): blob for blob in (config, *layers)})


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _layer(name: str, text: str) -> bytes:
    """Return a layer with one file."""
    buffer, content = io.BytesIO(), text.encode()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(name)  # owner root, time 0: independent of this machine
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
