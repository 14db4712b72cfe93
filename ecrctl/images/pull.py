"""``ecrctl pull``: an image of a declared repository to this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import image_in_ecr
from ecrctl.errors import UserError
from ecrctl.output.documents import PulledDocument
from ecrctl.output.formats import print_json
from ecrctl.output.messages import working

from .copying.plan import CopyOptions, Plan, plan_copy
from .copying.progress import shown_progress
from .copying.run import Result, run_copy
from .declared import declared_repository
from .oci import Descriptor, Manifest, is_digest
from .references import LAYOUT, ImageName, Place
from .results import copy_document, print_plan, print_result
from .stores.files import Folder
from .stores.layout import WritableLayout
from .stores.local_places import machine_architecture, opened_target, prepared_for_engine
from .stores.registry import Repository


def run_pull(
    environment: str,
    folder: Path,
    image: ImageName,
    place: Place,
    *,
    platform: str | None,
    shown: tuple[bool, bool],
    with_referrers: bool,
) -> None:
    """Pull an image, or print what would move.

    :param shown: whether the plan alone is shown, and whether as JSON.
    """
    declared = declared_repository(environment, folder, image.repository)
    aws, repository = declared.connect(writable=False)
    with working(f"Look up '{image}'"):
        chosen = _chosen(aws, declared.settings.account, repository, image, place, platform)
    tag = place.tag or (None if is_digest(image.reference) else image.reference)
    # An engine keeps no signatures.
    options = CopyOptions(referrers=with_referrers and not place.is_engine)
    is_plan, as_json = shown
    if is_plan:
        with _present(place) as layout:
            plan = plan_copy(repository, chosen.digest, layout, tag, options)
        if as_json:
            print_json(_document(plan, plan, repository))
        else:
            print_plan(plan)
        return
    with opened_target(place) as layout:
        with working(f"Read '{image}'"):
            plan = plan_copy(repository, chosen.digest, layout, tag, options)
        with shown_progress() as progress:
            result = run_copy(plan, options, progress)
        if place.is_engine:
            with working(f"Load the image into {place}"):
                prepared_for_engine(layout, chosen, place.name)
    if as_json:
        print_json(_document(plan, result, repository))
    else:
        print_result(result, repository, f"{image} in {place}")


def _document(plan: Plan, done: Plan | Result, repository: Repository) -> PulledDocument:
    return PulledDocument(
        repository=repository.name,
        tag=plan.tag,
        digest=plan.digest,
        uri=f"{repository.uri}@{plan.digest}",
        plan=done is plan,
        copied=copy_document(done),
    )


@contextmanager
def _present(place: Place) -> Iterator[WritableLayout]:
    """Yield what a place has already; nothing is created there for a plan."""
    layout = WritableLayout(Folder(Path(place.name)))
    if place.kind == LAYOUT and layout.files.size("index.json") is not None:
        yield layout
        return
    with tempfile.TemporaryDirectory(prefix="ecrctl-") as folder:
        yield WritableLayout.at(Path(folder))


def _chosen(
    aws: Aws,
    account: str,
    repository: Repository,
    image: ImageName,
    place: Place,
    platform: str | None,
) -> Manifest:
    """Return the image to pull: an index with all platforms, or one of its images."""
    found = repository.manifest(image.reference)
    if found is None:
        raise _missing(aws, account, image)
    if not found.is_index or not (platform or place.is_engine):
        return found
    wanted = platform or f"linux/{machine_architecture()}"
    images = [one for one in found.children if not one.is_attestation]
    chosen = [one for one in images if wanted in _platform_names(one)]
    if not chosen and not platform and len(images) == 1:
        chosen = images  # an image of another machine: the engine can emulate it
    if not chosen:
        names = ", ".join(_platform_names(one)[-1] for one in images) or "none"
        raise UserError(
            f"'{image}' has no image for {wanted}. It has {names}. Name one with --platform."
        )
    inner = repository.manifest(chosen[0].digest)
    if inner is None:
        raise _missing(aws, account, ImageName(image.repository, chosen[0].digest))
    return inner


def _platform_names(image: Descriptor) -> list[str]:
    """Return the names by which a platform can be chosen, the longest last."""
    parts = [str(image.platform.get(one, "")) for one in ("os", "architecture", "variant")]
    return ["/".join(parts[:2]), "/".join(filter(None, parts))]


def _missing(aws: Aws, account: str, image: ImageName) -> UserError:
    """Return the error of an image that the registry does not return."""
    try:
        with as_user_errors(f"Looking up '{image}'"):
            known = image_in_ecr(aws, account, image.repository, image.reference)
    except UserError:
        known = None  # a role that only pulls may lack the permission
    if known and known.obstacle:
        return UserError(
            f"The image '{image}' is {known.obstacle}. "
            f"{known.how_to_restore(image.repository, 'pull it')}"
        )
    return UserError(
        f"The repository '{image.repository}' has no image {image.reference} that can be pulled, "
        f"in account {account}, {aws.region}. Check the name. ECR does not find an archived image "
        "either: restore it first."
    )
