"""A repository of which many images were looked up together, a hundred a call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ecrctl.images.oci import Descriptor, Manifest, fallback_tag
from ecrctl.images.stores.ecr import EcrRepository
from ecrctl.images.stores.registry import Repository
from ecrctl.images.stores.store import Referrers


@dataclass(frozen=True, slots=True)
class ReadAhead(EcrRepository):
    """A repository for plans, which knows the answers to questions that were asked before.

    :param asked: the tags and digests that were looked up; those without a manifest are absent.
    """

    manifests: dict[str, Manifest] = field(default_factory=dict, repr=False)
    asked: set[str] = field(default_factory=set, repr=False)
    _blobs: dict[str, bool] = field(default_factory=dict, repr=False)
    # Whether the registry finds referrers itself, as soon as that is known.
    _is_native: list[bool] = field(default_factory=list, repr=False)

    @staticmethod
    def of(repository: EcrRepository) -> ReadAhead:
        """Return a repository that has looked up nothing yet."""
        return ReadAhead(
            repository.registry,
            repository.name,
            repository.writable,
            aws=repository.aws,
            account=repository.account,
        )

    def look_up(self, references: Collection[str]) -> None:
        """Look up tags and digests that were not asked for before."""
        wanted = [one for one in dict.fromkeys(references) if one not in self.asked]
        found = self.manifests_of(wanted)
        for manifest in found.values():
            self.manifests[manifest.digest] = manifest
        self.manifests.update(found)
        self.asked.update(wanted)

    def absent(self, references: Collection[str]) -> None:
        """Remember that tags do not exist, from a list of all tags."""
        self.asked.update(references)

    def manifest(self, reference: str) -> Manifest | None:
        """Return a manifest."""
        if reference in self.manifests or reference in self.asked:
            return self.manifests.get(reference)
        return Repository.manifest(self, reference)

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the digests of the tags and digests that exist."""
        known = {one: self.manifests[one].digest for one in references if one in self.manifests}
        rest = [one for one in references if one not in known and one not in self.asked]
        return known | dict(EcrRepository.digests_of(self, rest)) if rest else known

    def referrers(self, digest: str) -> Referrers:
        """Return the manifests whose subject is an image."""
        tag = fallback_tag(digest)
        if self._is_native == [False] and tag in self.asked:
            index = self.manifests.get(tag)
            return Referrers(index.children if index else (), is_native=False)
        found = Repository.referrers(self, digest)
        self._is_native[:] = [found.is_native]
        return found

    def has_blob(self, blob: Descriptor) -> bool:
        """Return whether the repository has a blob."""
        if blob.digest not in self._blobs:
            self._blobs[blob.digest] = Repository.has_blob(self, blob)
        return self._blobs[blob.digest]
