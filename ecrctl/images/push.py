"""``ecrctl push``: an image of this machine to a declared repository."""

from contextlib import AbstractContextManager
from pathlib import Path

from ecrctl.output.documents import PushDocument, PushedImage
from ecrctl.output.formats import print_json
from ecrctl.output.messages import working

from .copying.mounts import KnownBlobs
from .copying.plan import CopyOptions, Plan, plan_copy
from .copying.progress import shown_progress
from .copying.run import Result, immutable_tag, run_copy
from .declared import DeclaredRepository, declared_repository
from .references import ImageName, Place
from .results import copy_document, print_plan, print_result
from .stores.local_places import opened_source
from .stores.registry import Repository
from .stores.store import Source, TagIsImmutable


def run_push(
    environment: str,
    folder: Path,
    image: ImageName,
    place: Place,
    *,
    shown: tuple[bool, bool],
    with_referrers: bool,
) -> None:
    """Push an image, or print what would move.

    :param shown: whether the plan alone is shown, and whether as JSON.
    """
    declared = declared_repository(environment, folder, image.repository)
    is_plan, as_json = shown
    with opened_source(place) as (source, digest):
        _, repository = declared.connect(writable=True)
        if is_plan:
            options = push_options(declared, repository, with_referrers=with_referrers)
            with _looking_at(repository):
                plan = plan_copy(source, digest, repository, image.reference, options)
            if as_json:
                print_json(_document(plan, plan, repository))
            else:
                print_plan(plan)
            return
        result = push(
            source, digest, (declared, repository), image.reference, with_referrers=with_referrers
        )
    if as_json:
        print_json(_document(result.plan, result, repository))
    else:
        print_result(result, repository, f"{image} in {repository.registry.host}")


def push(
    source: Source,
    digest: str,
    target: tuple[DeclaredRepository, Repository],
    tag: str,
    *,
    with_referrers: bool = True,
) -> Result:
    """Push an image of a place to a repository under a tag, with progress.

    :raises UserError: where the tag belongs to another image, before any layer is sent.
    """
    declared, repository = target
    options = push_options(declared, repository, with_referrers=with_referrers)
    with _looking_at(repository):
        plan = plan_copy(source, digest, repository, tag, options)
    try:
        with shown_progress() as progress:
            return run_copy(plan, options, progress)
    except TagIsImmutable as refusal:
        raise immutable_tag(refusal, plan) from None


def _document(plan: Plan, done: Plan | Result, repository: Repository) -> PushDocument:
    image = PushedImage(
        image=None,
        repository=repository.name,
        tag=plan.tag,
        digest=plan.digest,
        uri=f"{repository.uri}@{plan.digest}",
        plan=done is plan,
        built=False,
        pinned=False,
        copied=copy_document(done),
    )
    return PushDocument([image])


def _looking_at(repository: Repository) -> AbstractContextManager[None]:
    return working(f"Look up what '{repository.name}' has")


def push_options(
    declared: DeclaredRepository, repository: Repository, *, with_referrers: bool
) -> CopyOptions:
    """Return the options of a copy to a declared repository."""
    return CopyOptions(
        referrers=with_referrers,
        is_immutable=declared.is_immutable,
        known=KnownBlobs.of_registry(repository.registry.host),
    )
