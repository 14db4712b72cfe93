"""Archives of ``docker save``, which become an OCI layout.

Their layers are not compressed, and a registry identifies an image by its compressed layers. Equal
archives become equal images: the compressor gets no time stamp and no file name.

Source: Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ecrctl.errors import UserError
from ecrctl.files import file_errors, json_value
from ecrctl.images.oci import MANIFEST_TYPE, Descriptor, digest_of, parse_manifest

from .files import Archive
from .layout import Layout, WritableLayout, blob_path

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_GZIP_START = b"\x1f\x8b"
# A window of gzip's format, whose header has no time.
_GZIP_WINDOW = 31
_LEVEL = 6
_THREADS = 4


def converted(archive: Archive, tag: str | None, work: Path) -> tuple[Layout, str]:
    """Return an image of an archive as a layout, and its digest.

    :param work: a temporary folder for the compressed layers.
    """
    chosen = _chosen(archive, tag)
    config = archive.read(str(chosen.get("Config")))
    layers = chosen.get("Layers")
    if config is None or not isinstance(layers, list):
        raise _damaged(archive, "its manifest.json names no config or no layers")
    layers = [str(one) for one in layers]
    missing = [one for one in layers if archive.size(one) is None]
    if missing:
        raise _damaged(archive, f"it lacks the layer {missing[0][:120]}")
    layout = WritableLayout.at(work / "layout")
    contents = _contents(archive, config, len(layers))
    # A layer without files can be there several times.
    different = dict(zip(layers, contents, strict=True))
    with ThreadPoolExecutor(_THREADS) as threads:
        results = threads.map(lambda pair: _layer(archive, layout, *pair), different.items())
        written = dict(zip(different, results, strict=True))
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": digest_of(config), "size": len(config)},
        "layers": [written[one].document() for one in layers],
    }
    (layout.files.path / blob_path(digest_of(config))).write_bytes(config)
    content = json.dumps(document, separators=(",", ":")).encode()
    manifest = parse_manifest(content, None, archive.name)
    layout.put_manifest(manifest)
    return layout, manifest.digest


def _chosen(archive: Archive, tag: str | None) -> Mapping[str, Any]:
    content = archive.read("manifest.json")
    try:
        images = json_value((content or b"").decode())
    except ValueError:
        images = None
    if not isinstance(images, list) or not all(isinstance(one, dict) for one in images):
        raise UserError(
            f"{archive.name} is no archive of `docker save`: it has no manifest.json with a list "
            "of images. Write it again, or name an OCI archive as oci-archive:FILE."
        )
    if tag is not None:
        images = [one for one in images if _has_tag(one, tag)]
    if len(images) != 1:
        raise UserError(
            f"{archive.name} has {len(images)} images{f' with the tag {tag}' if tag else ''}, and "
            "must have one. Save one image alone."
        )
    return dict(images[0])


def _has_tag(image: Mapping[str, Any], tag: str) -> bool:
    return any(str(name).rpartition(":")[2] == tag for name in image.get("RepoTags") or ())


def _contents(archive: Archive, config: bytes, count: int) -> list[str]:
    """Return the digest of each layer before its compression."""
    try:
        found = json_value(config.decode())["rootfs"]["diff_ids"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, list) or len(found) != count:
        raise _damaged(archive, "its config states another number of layers")
    return [str(one) for one in found]


def _layer(archive: Archive, layout: WritableLayout, path: str, content: str) -> Descriptor:
    """Write a layer to the layout, compressed; its content must have the stated digest."""
    target = layout.files.path / "blobs" / "sha256" / f".ecrctl-{path.replace('/', '-')}"
    plain, compressed, size = hashlib.sha256(), hashlib.sha256(), 0
    with (
        archive.open(path) as pieces,
        file_errors(f"{target} cannot be written", "Free some space, or set TMPDIR."),
        target.open("wb") as file,
    ):
        for piece in _compressed(pieces, plain):
            compressed.update(piece)
            size += len(piece)
            file.write(piece)
    if f"sha256:{plain.hexdigest()}" != content:
        raise _damaged(
            archive, f"the layer {path[:120]} has another content than its config states"
        )
    digest = f"sha256:{compressed.hexdigest()}"
    target.replace(layout.files.path / blob_path(digest))
    return Descriptor(media_type=LAYER_TYPE, digest=digest, size=size)


def _compressed(pieces: Iterator[bytes], plain: Any) -> Iterator[bytes]:
    """Yield pieces compressed by gzip; those of a file that is compressed already as they are."""
    first = next(pieces, b"")
    if first.startswith(_GZIP_START):
        opened = zlib.decompressobj(_GZIP_WINDOW)
        for piece in (first, *pieces):
            plain.update(opened.decompress(piece))
            yield piece
        return
    compressor = zlib.compressobj(_LEVEL, wbits=_GZIP_WINDOW)
    piece = first
    while piece:
        plain.update(piece)
        if out := compressor.compress(piece):
            yield out
        piece = next(pieces, b"")
    yield compressor.flush()


def _damaged(archive: Archive, problem: str) -> UserError:
    return UserError(f"{archive.name} is damaged: {problem}. Save the image again.")
