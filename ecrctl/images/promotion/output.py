"""The output of ``ecrctl promote``: lines for a person, or JSON; the digests come last."""

from __future__ import annotations

from collections.abc import Sequence

from ecrctl.counts import counted
from ecrctl.images.copying.plan import MOUNT, PRESENT, SEND, Plan
from ecrctl.images.copying.progress import size_text
from ecrctl.images.copying.run import Result
from ecrctl.images.results import copy_document, result_text
from ecrctl.output.documents import PromotedImage, PromoteDocument
from ecrctl.output.formats import print_json
from ecrctl.output.messages import say
from ecrctl.visible import visible

from .ends import End
from .planning import PlannedPromotion
from .running import Promoted


def print_plans(
    planned: Sequence[PlannedPromotion], source: End, target: End, there: int, *, as_json: bool
) -> None:
    """Print what promotions would do.

    :param there: how many other images need nothing.
    """
    if as_json:
        documents = [_document(one, one.copy, source, target) for one in planned]
        print_json(PromoteDocument(documents))
        return
    for one in planned:
        plan = one.copy
        pins = f"; pin {', '.join(one.image.pins)}" if one.image.pins else ""
        record = "; attach a promotion record" if one.record else ""
        print(
            visible(
                f"{one.image} to {one.image.target} in {target.settings.name}: "
                f"{counted(plan.count(SEND), 'blob')} to send ({size_text(plan.size(SEND))}), "
                f"{plan.count(MOUNT)} to mount, {plan.count(PRESENT)} already there; "
                f"{counted(len(plan.manifests), 'manifest')} to write{record}{pins}"
            )
        )
    print(f"Plan: {len(planned)} to promote, {there} already there. Nothing was moved.")


def print_promoted(one: Promoted, source: End, target: End) -> None:
    """Print what was done with an image."""
    image = one.planned.image
    record = "; a promotion record is attached" if one.planned.record else ""
    say(
        f"{image.target}{_reference(one.planned)} in {target.registry.host}, from "
        f"{source.settings.name}: {result_text(one.result)}{record}."
    )
    if one.pin_file:
        text = f"{one.pin_file.name}: {', '.join(image.pins)} pinned to {one.planned.digest}"
        say(f"{text}; the tag {one.planned.live} protects it.")
    elif one.planned.live:
        name = target.settings.name
        say(f"{name}: no workload is known to run {image.target}, so it is not pinned.")


def print_end(
    promoted: Sequence[Promoted], source: End, target: End, there: int | None, *, as_json: bool
) -> None:
    """Print the results: JSON, or the digest of each image alone on a line.

    :param there: how many other images needed nothing; ``None`` where images were named.
    """
    if as_json:
        documents = [_document(one.planned, one.result, source, target) for one in promoted]
        print_json(PromoteDocument(documents))
        return
    if there is not None:
        say(f"{len(promoted)} promoted, {there} already there.")
    for one in promoted:
        print(f"{one.planned.image.target}@{one.planned.digest}")


def _reference(one: PlannedPromotion) -> str:
    return f":{one.image.tag}" if one.image.tag else f"@{one.digest}"


def _document(
    one: PlannedPromotion, done: Plan | Result, source: End, target: End
) -> PromotedImage:
    return PromotedImage(
        repository=one.image.target,
        tag=one.image.tag,
        live_tag=one.live,
        digest=one.digest,
        uri=f"{target.registry.host}/{one.image.target}@{one.digest}",
        source=f"{source.registry.host}/{one.image.source}@{one.digest}",
        recorded=one.record is not None,
        pins=list(one.image.pins),
        plan=isinstance(done, Plan),
        copied=copy_document(done),
    )
