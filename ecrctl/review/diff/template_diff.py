"""The differences themselves, by the library with which the CDK CLI finds them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError

from .comparison import Comparison, Impact, ResourceChange, StackPair, pairs_of

LIBRARY = "@aws-cdk/cloudformation-diff"
_SCRIPT = Path(__file__).with_name("diff_templates.js")


def compare(
    base: Sequence[Stack],
    head: Sequence[Stack],
    *,
    image_sets: Mapping[str, Sequence[ImageRecord]] | None = None,
) -> Comparison:
    """Compare the stacks of two assemblies."""
    pairs = pairs_of(base, head)
    answers = _answers(pairs) if pairs else {}
    return Comparison(
        base=base,
        head=head,
        pairs=pairs,
        changes=[change for pair in pairs for change in _changes(pair, answers[pair.name])],
        texts={name: answer["text"] for name, answer in answers.items()},
        parts={name: answer["parts"] for name, answer in answers.items()},
        image_sets=image_sets or {},
    )


def _changes(pair: StackPair, answer: Mapping[str, Any]) -> list[ResourceChange]:
    before, after = (
        stack.template.get("Resources", {}) if stack else {} for stack in (pair.base, pair.head)
    )
    # In the order of the templates: the library answers in one of its own.
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
        if (found := answer["resources"].get(logical_id)) is not None
        and (before.get(logical_id), after.get(logical_id)) != (None, None)
    ]


def _impact(found: Mapping[str, Any]) -> Impact:
    # Of a custom resource the library knows no properties, and so sees none of them change.
    unseen = found["impact"] == "NO_CHANGE" and found["changed"]
    impact: Impact = "WILL_UPDATE" if unseen else found["impact"]
    return impact


def _resource(given: Any) -> Mapping[str, Any] | None:
    """Give a resource; an ``Fn::ForEach``, which is a list, as one of that type."""
    if given is None or isinstance(given, Mapping):
        return given
    kind = "Fn::ForEach" if isinstance(given, list) else "no resource"
    return {"Type": kind, "Value": given}


def _answers(pairs: Sequence[StackPair]) -> dict[str, dict[str, Any]]:
    if not (toolchain.ROOT / "node_modules" / LIBRARY / "package.json").is_file():
        raise UserError(f"{LIBRARY} is not installed here. Run `make`.")
    asked = [
        {
            "name": pair.name,
            "base": str(pair.base.file) if pair.base else None,
            # A nested stack that goes has no template any more.
            "head": str(pair.head.file) if pair.head and pair.head.file.name else None,
        }
        for pair in pairs
    ]
    done = subprocess.run(
        [str(toolchain.node_binary()), str(_SCRIPT), str(toolchain.ROOT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        # What it prints goes into files and comments, where colours are noise.
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0"},
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "Error" in line] or ["nothing"]
        raise UserError(f"{LIBRARY} failed on these templates. It said: {said[0].strip()}")
    answers: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return answers
