"""The differences between templates, found with the library of the CDK CLI."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError
from ecrctl.review.resolution.templates import resolved

from .comparison import Comparison, Impact, ResourceChange, StackPair, pairs_of
from .resources import resources_of
from .withheld import withheld

LIBRARY = "@aws-cdk/cloudformation-diff"
# A logical ID, wherever a function names it.
_NAME = re.compile(r"[0-9A-Za-z]+")
_SCRIPT = Path(__file__).with_name("diff_templates.js")
# The synths, which run at the same time, go first.
_NICENESS = 10
Library = subprocess.Popen[str]


@contextmanager
def running_library() -> Iterator[Library]:
    """Start the library, which takes half a second, before there is anything to compare."""
    process = subprocess.Popen(
        [str(toolchain.node_binary()), str(_SCRIPT), str(_library_home())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # The output goes into files and comments, which show no colours.
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0"},
    )
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    with process:
        try:
            yield process
        finally:
            process.kill()


def compare(
    base: Sequence[Stack],
    head: Sequence[Stack],
    *,
    image_sets: Mapping[str, Sequence[ImageRecord]] | None = None,
    library: Library | None = None,
) -> Comparison:
    """Compare what the stacks of two assemblies deploy.

    :param library: a running library, which compares once; by default one is started.
    """
    base, head = resolved(base), resolved(head)
    pairs = pairs_of(base, head)
    diffs = _library_diffs(pairs, library) if pairs else {}
    return Comparison(
        base=base,
        head=head,
        pairs=pairs,
        changes=[change for pair in pairs for change in _changes(pair, diffs[pair.id])],
        texts={pair_id: diff["text"] for pair_id, diff in diffs.items()},
        image_sets=image_sets or {},
    )


def _changes(pair: StackPair, diff: Mapping[str, Any]) -> list[ResourceChange]:
    before, after = map(resources_of, (pair.base, pair.head))
    # In the order of the templates, which the library does not keep.
    ids = [*after, *(logical_id for logical_id in before if logical_id not in after)]
    return [
        ResourceChange(
            pair=pair,
            logical_id=logical_id,
            base=_resource(before.get(logical_id)),
            head=_resource(after.get(logical_id)),
            impact=_impact(found),
            changed=tuple(sorted(found["changed"])),
            replacing=tuple(sorted(found["replacing"])),
            other=tuple(sorted(found["other"])),
        )
        for logical_id in ids
        if (found := diff["resources"].get(logical_id)) is not None
        and (before.get(logical_id), after.get(logical_id)) != (None, None)
    ]


def _impact(found: Mapping[str, Any]) -> Impact:
    # The library knows no properties of a custom resource, and reports no change of them.
    unseen = found["impact"] == "NO_CHANGE" and found["changed"]
    impact: Impact = "WILL_UPDATE" if unseen else found["impact"]
    return impact


def _resource(value: Any) -> Mapping[str, Any] | None:
    """Return a resource; an ``Fn::ForEach``, which is a list, as a resource of that type."""
    if value is None or isinstance(value, Mapping):
        return value
    kind = "Fn::ForEach" if isinstance(value, list) else "no resource"
    return {"Type": kind, "Value": value}


def _library_home() -> Path:
    """Return the folder with the library: beside the script in a distribution, or the project's."""
    for folder in (_SCRIPT.parent, toolchain.ROOT):
        if (folder / "node_modules" / LIBRARY / "package.json").is_file():
            return folder
    raise UserError(f"{LIBRARY} is not installed here. Run `make`.")


def _library_diffs(
    pairs: Sequence[StackPair], library: Library | None = None
) -> dict[str, dict[str, Any]]:
    request = json.dumps([_request(pair) for pair in pairs])
    with running_library() if library is None else nullcontext(library) as process:
        output, error = process.communicate(request)
        if process.returncode:
            errors = [line for line in error.splitlines() if "Error" in line]
            reason = errors[0].strip() if errors else "no error message"
            raise UserError(f"{LIBRARY} cannot compare these templates: {reason}")
    diffs: dict[str, dict[str, Any]] = json.loads(output)
    return diffs


def _request(pair: StackPair) -> dict[str, Any]:
    written = _what_differs(*(one.as_written if one else {} for one in (pair.base, pair.head)))
    deployed = _what_differs(*(one.template if one else {} for one in (pair.base, pair.head)))
    shown = [*withheld(*written)]
    return {
        "id": pair.id,
        "name": pair.name,
        # Shown in the output of `cdk diff`.
        "written": shown,
        # Most templates are written as they are resolved, and are compared once.
        "resolved": None if deployed == shown else deployed,
    }


def _what_differs(base: Mapping[str, Any], head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return two templates without the resources that are the same and depend on no other change.

    In a fleet these are nearly all. A resource that refers to a replaced one changes with it.
    """
    before, after = base.get("Resources", {}), head.get("Resources", {})
    changed = {one for one in {**before, **after} if before.get(one) != after.get(one)}
    names = {
        one: {*_NAME.findall(json.dumps(before[one]))}
        for one in before
        if changed and one not in changed
    }
    waiting = changed
    while waiting:
        waiting = {one for one, found in names.items() if one not in changed and found & waiting}
        changed = changed | waiting
    return [
        {
            **template,
            "Resources": {one: value for one, value in resources.items() if one in changed},
        }
        for template, resources in ((base, before), (head, after))
    ]
