"""The output of ``push`` and ``pull``: lines for a person, or JSON; the digest comes last."""

import json
from typing import Any

from ecrctl.output.messages import say
from ecrctl.visible import visible

from .copying.plan import MOUNT, PRESENT, SEND, Plan
from .copying.progress import size_text
from .copying.run import Result
from .oci import short
from .stores.registry import Repository

_WORDS = {SEND: "to send", MOUNT: "to mount from", PRESENT: "already there"}


def print_plan(plan: Plan, repository: Repository, *, as_json: bool) -> None:
    """Print what a copy would move."""
    if as_json:
        _print_json(_names(plan, repository) | {"plan": True} | plan.document())
        return
    for step in plan.blobs:
        size = size_text(step.blob.size)
        words = " ".join(filter(None, (_WORDS[step.action], step.repository)))
        print(visible(f"{short(step.blob.digest)}  {size:>9}  {words}"))
    for written in plan.manifests:
        size = size_text(len(written.manifest.content))
        tag = f" as {written.tag}" if written.tag else ""
        print(visible(f"{short(written.manifest.digest)}  {size:>9}  manifest to write{tag}"))
    print(
        f"Plan: {_counted(plan.count(SEND), 'blob')} to send ({size_text(plan.size(SEND))}), "
        f"{plan.count(MOUNT)} to mount, {plan.count(PRESENT)} already there; "
        f"{_counted(len(plan.manifests), 'manifest')} to write. Nothing was moved."
    )


def print_result(result: Result, repository: Repository, place: str, *, as_json: bool) -> None:
    """Print what a copy has moved, and then the digest.

    :param place: the image's new place, such as ``team/api:v1 in 111111111111.dkr.ecr...``.
    """
    plan = result.plan
    if as_json:
        counts = {
            name: {"blobs": result.count(action), "bytes": result.size(action)}
            for name, action in (("sent", SEND), ("mounted", MOUNT), ("present", PRESENT))
        }
        _print_json(_names(plan, repository) | counts | {"manifests": result.manifests})
        return
    say(f"{place}: {result_text(result)}.")
    print(f"{repository.name}@{plan.digest}")


def result_text(result: Result) -> str:
    """Return what a copy has moved, in words."""
    if result.plan.is_empty:
        return "everything was already there"
    return (
        f"{_counted(result.count(SEND), 'blob')} sent ({size_text(result.size(SEND))}), "
        f"{result.count(MOUNT)} mounted, {result.count(PRESENT)} already there; "
        f"{_counted(result.manifests, 'manifest')} written"
    )


def _names(plan: Plan, repository: Repository) -> dict[str, Any]:
    return {
        "repository": repository.name,
        "tag": plan.tag,
        "digest": plan.digest,
        "uri": f"{repository.uri}@{plan.digest}",
    }


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
