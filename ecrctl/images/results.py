"""The output of ``push`` and ``pull``: lines for a person, the digest last, or JSON."""

from ecrctl.counts import counted
from ecrctl.output.documents import (
    CopyDocument,
    CountDocument,
    PlannedBlob,
    PlannedCopy,
    PlannedManifest,
)
from ecrctl.output.messages import say
from ecrctl.visible import visible

from .copying.plan import MOUNT, PRESENT, SEND, Plan
from .copying.progress import size_text
from .copying.run import Result
from .oci import short
from .stores.registry import Repository

_WORDS = {SEND: "to send", MOUNT: "to mount from", PRESENT: "already there"}


def print_plan(plan: Plan) -> None:
    """Print what a copy would move."""
    for step in plan.blobs:
        size = size_text(step.blob.size)
        words = " ".join(filter(None, (_WORDS[step.action], step.repository)))
        print(visible(f"{short(step.blob.digest)}  {size:>9}  {words}"))
    for written in plan.manifests:
        size = size_text(len(written.manifest.content))
        tag = f" as {written.tag}" if written.tag else ""
        print(visible(f"{short(written.manifest.digest)}  {size:>9}  manifest to write{tag}"))
    print(
        f"Plan: {counted(plan.count(SEND), 'blob')} to send ({size_text(plan.size(SEND))}), "
        f"{plan.count(MOUNT)} to mount, {plan.count(PRESENT)} already there; "
        f"{counted(len(plan.manifests), 'manifest')} to write. Nothing was moved."
    )


def print_result(result: Result, repository: Repository, place: str) -> None:
    """Print what a copy has moved, and then the digest.

    :param place: the image's new place, such as ``team/api:v1 in 111111111111.dkr.ecr...``.
    """
    plan = result.plan
    say(f"{place}: {result_text(result)}.")
    print(f"{repository.name}@{plan.digest}")


def result_text(result: Result) -> str:
    """Return what a copy has moved, in words."""
    if result.plan.is_empty:
        return "everything was already there"
    return (
        f"{counted(result.count(SEND), 'blob')} sent ({size_text(result.size(SEND))}), "
        f"{result.count(MOUNT)} mounted, {result.count(PRESENT)} already there; "
        f"{counted(result.manifests, 'manifest')} written"
    )


def copy_document(done: Plan | Result) -> CopyDocument:
    """Return what a copy moved, or would move, for JSON."""
    plan = done if isinstance(done, Plan) else None

    def counted(action: str) -> CountDocument:
        return CountDocument(blobs=done.count(action), bytes=done.size(action))

    return CopyDocument(
        sent=counted(SEND),
        mounted=counted(MOUNT),
        present=counted(PRESENT),
        manifests=len(done.manifests) if isinstance(done, Plan) else done.manifests,
        planned=plan and _planned(plan),
    )


def _planned(plan: Plan) -> PlannedCopy:
    manifests = [
        PlannedManifest(
            digest=step.manifest.digest, media_type=step.manifest.media_type, tag=step.tag
        )
        for step in plan.manifests
    ]
    blobs = [
        PlannedBlob.model_validate(
            {
                "digest": step.blob.digest,
                "size": step.blob.size,
                "action": step.action,
                "mounted_from": step.repository,
            }
        )
        for step in plan.blobs
    ]
    return PlannedCopy(manifests=manifests, blobs=blobs)
