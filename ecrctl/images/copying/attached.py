"""The manifests that belong to an image: its platforms, and its signatures and attestations.

Sources: OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema";
cosign's specification of signatures, whose older form are tags.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ecrctl.errors import UserError
from ecrctl.images.oci import Descriptor, Manifest, short, signature_tags
from ecrctl.images.stores.store import Source

_DEEPEST = 4
_MOST_MANIFESTS = 5_000


@dataclass(slots=True)
class Family:
    """An image with everything that belongs to it.

    :param manifests: each manifest by its digest, children before their index.
    :param listed: the digests that an index of the family lists.
    :param referrers: the referrers of each subject.
    :param tags: the tags of signatures, and their digests.
    """

    root: Manifest
    manifests: dict[str, Manifest] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    referrers: dict[str, tuple[Descriptor, ...]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def platforms(self) -> list[Manifest]:
        """The image and the manifests that it lists, without signatures."""
        return list(_below(self, self.root))


def family_of(source: Source, reference: str, *, with_referrers: bool) -> Family:
    """Return an image of a place with its platforms, signatures and attestations."""
    root = source.manifest(reference)
    if root is None:
        raise UserError(
            f"{source.describe(reference)} does not exist in {source.name}. Check the name; an "
            "image that ECR has archived must be restored first."
        )
    family = Family(root)
    _add(family, source, root, _DEEPEST)
    if with_referrers:
        _add_referrers(family, source, list(family.manifests), _DEEPEST)
    return family


def _add(family: Family, source: Source, manifest: Manifest, depth: int) -> None:
    """Add a manifest after everything that it lists."""
    if manifest.digest in family.manifests:
        return
    if depth == 0 or len(family.manifests) >= _MOST_MANIFESTS:
        raise UserError(
            f"{source.describe(family.root.digest)} nests indexes more than {_DEEPEST} levels "
            f"deep, or lists more than {_MOST_MANIFESTS:,} manifests. Build a smaller index."
        )
    for child in manifest.children:
        family.listed.add(child.digest)
        found = source.manifest(child.digest)
        if found is None:
            place = "/".join(str(child.platform.get(one, "?")) for one in ("os", "architecture"))
            raise UserError(
                f"{source.describe(manifest.digest)} lists the manifest {child.digest} "
                f"({place}), which {source.name} does not have. Write all platforms, or build "
                "the index again."
            )
        _add(family, source, found, depth - 1)
    family.manifests[manifest.digest] = manifest


def _add_referrers(family: Family, source: Source, subjects: list[str], depth: int) -> None:
    """Add the referrers of some manifests, and of these referrers in turn."""
    tags = source.digests_of([tag for one in subjects for tag in signature_tags(one)])
    before = set(family.manifests)
    for subject in subjects:
        found = source.referrers(subject).found
        if found:
            family.referrers[subject] = found
            for one in found:
                _add_existing(family, source, one.digest, f"the referrer {short(one.digest)}")
    for tag, digest in tags.items():
        family.tags[tag] = digest
        _add_existing(family, source, digest, f"the tag {tag}")
    added = [one for one in family.manifests if one not in before]
    if added and depth > 1:
        _add_referrers(family, source, added, depth - 1)


def _add_existing(family: Family, source: Source, digest: str, what: str) -> None:
    found = source.manifest(digest)
    if found is None:
        raise UserError(
            f"{source.name} lists {what} of an image and does not have it. Delete the entry, or "
            "copy the image with --without-referrers."
        )
    _add(family, source, found, _DEEPEST)


def _below(family: Family, manifest: Manifest) -> Iterator[Manifest]:
    yield manifest
    for child in manifest.children:
        yield from _below(family, family.manifests[child.digest])
