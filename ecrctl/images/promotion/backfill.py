"""The images that ``--all`` promotes: every tagged one that is not in the other registry yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ecrctl.aws.clients import as_user_errors
from ecrctl.aws.newest_images import describing_tag
from ecrctl.errors import UserError
from ecrctl.images.oci import INDEX_TYPES, Descriptor, Manifest, fallback_tag, signature_tags
from ecrctl.images.stores.ecr import EcrRepository

from .names import PromotedImage
from .planning import PlannedPromotion, Planner
from .reading_ahead import ReadAhead
from .records import RECORD_TYPE, is_annotated

_LIVE = "live-"


@dataclass(frozen=True, slots=True)
class Backlog:
    """The promotions that are left, and how many images need none."""

    planned: list[PlannedPromotion]
    there: int


@dataclass(slots=True)
class Listing:
    """The images of a repository by one list.

    :param tags: the digest of each tag.
    :param referrers: the digests of referrers by their subject, and their types.
    :param indexes: the digests of image indexes.
    """

    tags: dict[str, str] = field(default_factory=dict)
    referrers: dict[str, dict[str, str]] = field(default_factory=dict)
    indexes: set[str] = field(default_factory=set)

    @staticmethod
    def of(repository: EcrRepository) -> Listing:
        """Read the images that can be pulled."""
        found = Listing()
        with as_user_errors(f"Reading the images of '{repository.name}'"):
            pages = repository.aws.ecr.get_paginator("describe_images").paginate(
                registryId=repository.account, repositoryName=repository.name
            )
            for detail in pages.search("imageDetails[]"):
                digest = detail["imageDigest"]
                found.tags |= dict.fromkeys(detail.get("imageTags") or (), digest)
                if detail.get("imageManifestMediaType") in INDEX_TYPES:
                    found.indexes.add(digest)
                if subject := detail.get("subjectManifestDigest"):
                    kind = detail.get("artifactMediaType") or ""
                    found.referrers.setdefault(subject, {})[digest] = kind
        return found

    def wanted(self, pattern: str | None) -> dict[str, str]:
        """Return the tags that people gave; those that protect or sign images are others."""
        return {
            tag: digest
            for tag, digest in sorted(self.tags.items())
            if describing_tag([tag])
            and not tag.startswith(_LIVE)
            and (pattern is None or fnmatchcase(tag, pattern))
        }


def backlog(planner: Planner, pairs: Iterable[tuple[str, str]], pattern: str | None) -> Backlog:
    """Return the promotions of all tagged images that are not complete in the other registry."""
    planned: list[PlannedPromotion] = []
    there = 0
    for source, target in pairs:
        listing = Listing.of(planner.source.repository(source))
        wanted = listing.wanted(pattern)
        complete = set(_complete(planner, source, target, (listing, wanted)))
        there += len(complete)
        left = {tag: digest for tag, digest in wanted.items() if tag not in complete}
        ahead = _looked_up(planner, source, target, (listing, left))
        for tag in left:
            image = PromotedImage(
                owner=planner.source.settings.name,
                source=source,
                reference=tag,
                tag=tag,
                target=target,
            )
            planned.append(planner.plan(image, ahead))
    return Backlog(planned, there)


def _looked_up(
    planner: Planner, source: str, target: str, left: tuple[Listing, Mapping[str, str]]
) -> tuple[ReadAhead, ReadAhead]:
    """Look up what the plans of many images ask for, in both repositories."""
    listing, tags = left
    ours = ReadAhead.of(planner.source.repository(source))
    theirs = ReadAhead.of(planner.target.repository(target, writable=True))
    if not tags:
        return ours, theirs
    ours.look_up(list(tags))
    below = [child.digest for one in tags if one in ours.manifests for child in _below(ours, one)]
    ours.look_up(below)
    images = [*dict.fromkeys([*tags.values(), *below])]
    attached = [tag for one in images for tag in (fallback_tag(one), *signature_tags(one))]
    ours.look_up([tag for tag in attached if tag in listing.tags])
    # The list has every tag, so that the others do not exist.
    ours.absent([tag for tag in attached if tag not in listing.tags])
    theirs.look_up([*tags, *images])
    if planner.author:
        theirs.look_up([fallback_tag(one) for one in images])
    return ours, theirs


def _below(repository: ReadAhead, reference: str) -> tuple[Descriptor, ...]:
    return repository.manifests[reference].children


def _complete(
    planner: Planner, source: str, target: str, listed_and_wanted: tuple[Listing, Mapping[str, str]]
) -> Iterator[str]:
    """Yield the tags whose images are in the other registry with all that belongs to them."""
    listing, wanted = listed_and_wanted
    theirs = planner.target.repository(target, writable=True)
    if planner.author is None:
        found = theirs.digests_of(list(wanted))
        yield from (tag for tag, digest in wanted.items() if found.get(tag) == digest)
        return
    fallbacks = [fallback_tag(one) for one in dict.fromkeys(wanted.values())]
    signatures = [tag for tag in listing.tags if not describing_tag([tag])]
    digests = [one for found in listing.referrers.values() for one in found]
    recorded = _records_in(theirs, set(wanted.values()))
    asked = [*wanted, *(tag for tag in signatures if "." in tag), *fallbacks, *digests]
    there = theirs.manifests_of([*asked, *(one for found in recorded.values() for one in found)])
    ours = planner.source.repository(source).manifests_of(
        [tag for tag in fallbacks if tag in listing.tags]
    )
    names = (f"{planner.source.registry.host}/{source}", theirs.uri)
    # The signature of a platform is not found under the digest of its index.
    has_loose = bool({tag.partition(".")[0] for tag in signatures} - set(fallbacks))
    for tag, digest in wanted.items():
        if _digest(there.get(tag)) != digest or (has_loose and digest in listing.indexes):
            continue
        signed = [one for one in signature_tags(digest) if one in listing.tags]
        listed = _children(there.get(fallback_tag(digest)))
        referrers = {
            *listing.referrers.get(digest, ()),
            *_children(ours.get(fallback_tag(digest))),
        }
        marks = [one.annotations for one in listed.values()]
        marks += [there[one].annotations for one in recorded.get(digest, ()) if one in there]
        if (
            all(_digest(there.get(one)) == listing.tags[one] for one in signed)
            and all(one in there or one in listed for one in referrers)
            and any(is_annotated(one, *names) for one in marks)
        ):
            yield tag


def _records_in(repository: EcrRepository, subjects: set[str]) -> dict[str, list[str]]:
    """Return the digests of the records that a registry lists, by their subjects."""
    try:
        listing = Listing.of(repository)
    except UserError:
        # A role that publishes can lack DescribeImages. Each image is then asked for its record.
        return {}
    return {
        subject: [digest for digest, kind in found.items() if kind == RECORD_TYPE]
        for subject, found in listing.referrers.items()
        if subject in subjects
    }


def _digest(manifest: Manifest | None) -> str | None:
    return manifest.digest if manifest else None


def _children(index: Manifest | None) -> dict[str, Descriptor]:
    return {one.digest: one for one in index.children} if index else {}
