"""Pairs of assemblies, a base and a head side, from short YAML files.

A file contains stacks by their path, such as ``dev/Repositories``, and their resources by logical
ID. Another account or region of a stack, its termination protection, the texts of its assets and
other properties of its artifact are under ``stacks``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff import template_diff
from ecrctl.review.diff.comparison import StackPair, pairs_of
from ecrctl.review.resolution.templates import resolved

CORPUS = Path(__file__).parent / "corpus"
ACCOUNT, REGION = "111111111111", "us-west-2"
SCHEMA = "55.0.0"
_MANY = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One change, and the expected findings.

    :param expect: the rules that must find something, apart from routine ones.
    :param worse: whether the change destroys, fails or grants access, and so must be blocked.
    :param cdk_diff_is_wrong: why ``cdk diff --fail-on`` fails for a change without any danger.
    :param messages: texts that the findings must contain.
    :param review: the content of ``review.yaml``.
    :param reports: the validation report of a side.
    :param changed_files: files of the repository that differ.
    """

    name: str
    title: str
    base: Mapping[str, Any]
    head: Mapping[str, Any]
    expect: tuple[str, ...] = ()
    worse: bool = False
    cdk_diff_is_wrong: str = ""
    messages: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()
    stacks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    review: Mapping[str, Any] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both sides as cloud assemblies."""
        sides = []
        for name, stacks in (("base", self.base), ("head", self.head)):
            facts = {
                stack: {**given, **given.get(name, {})} for stack, given in self.stacks.items()
            }
            sides.append(write_assembly(folder / name, stacks, facts))
            if name in self.reports:
                report = sides[-1] / "validation-report.json"
                document = {"version": SCHEMA, "pluginReports": self.reports[name]}
                report.write_text(json.dumps(document))
        self.review_file(folder).write_text(json.dumps(self.review))
        return sides[0], sides[1]

    @staticmethod
    def review_file(folder: Path) -> Path:
        """Return the file with the team's rules, beside the sides of a pair."""
        return folder / "review.yaml"


def read_pair(file: Path) -> Pair:
    """Return the pair in a file."""
    given = yaml.safe_load(file.read_text())
    given.pop("x", None)  # anchors for both sides
    for name in ("expect", "messages", "changed_files"):
        given[name] = tuple(given.get(name, ()))
    return Pair(name=file.stem, **given)


def pairs() -> list[Pair]:
    """Return the whole corpus, in order."""
    return [read_pair(file) for file in sorted(CORPUS.glob("*.yaml"))]


@contextmanager
def compared_at_once(sides: Iterable[tuple[Path, Path]]) -> Iterator[None]:
    """Have one process of Node compare all assemblies, as it takes 0.6 s to start.

    :param sides: the base and the head of every comparison made while the block lasts.
    """
    stack_pairs = [
        pair
        for base, head in sides
        for pair in pairs_of(resolved(stacks_of(base)), resolved(stacks_of(head)))
    ]
    answers = template_diff._library_diffs([*map(_numbered, stack_pairs, itertools.count())])
    by_files = {_files(pair): answers[str(number)] for number, pair in enumerate(stack_pairs)}

    def known_answers(asked: Sequence[StackPair], _: object = None) -> dict[str, dict[str, Any]]:
        return {pair.id: by_files[_files(pair)] for pair in asked}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template_diff, "_library_diffs", known_answers)
        yield


def _numbered(pair: StackPair, number: int) -> StackPair:
    base, head = (side and replace(side, artifact=str(number)) for side in (pair.base, pair.head))
    return replace(pair, base=base, head=head)


def _files(pair: StackPair) -> tuple[Path | None, ...]:
    return tuple(side.file if side else None for side in (pair.base, pair.head))


def write_assembly(
    folder: Path,
    stacks: Mapping[str, Mapping[str, Any]],
    facts: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write a cloud assembly as the CDK does: each stage in a separate folder."""
    folder.mkdir(parents=True)
    stages: dict[str, dict[str, Any]] = {}
    for path, given in stacks.items():
        stage, _, name = path.rpartition("/")
        stages.setdefault(stage, {})[name] = _stack(path, (facts or {}).get(path, {}))
        file = _folder(folder, stage) / f"{path.replace('/', '')}.template.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(_template(given)))
        assets = (facts or {}).get(path, {}).get("assets", {})
        if assets:
            stages[stage][f"{name}.assets"] = _assets(file, path, assets)
            stages[stage][name]["dependencies"] = [f"{name}.assets"]
    top = stages.pop("", {})
    for stage, artifacts in stages.items():
        _manifest(_folder(folder, stage), artifacts)
        top[f"assembly-{stage}"] = {
            "type": "cdk:cloud-assembly",
            "properties": {"directoryName": f"assembly-{stage}", "displayName": stage},
        }
    _manifest(folder, top)
    return folder


def _folder(folder: Path, stage: str) -> Path:
    return folder / f"assembly-{stage}" if stage else folder


def _assets(template: Path, path: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Write assets and their manifest beside a template, and return the manifest's artifact."""
    files = {}
    for asset, text in texts.items():
        (template.parent / f"asset.{asset}.txt").write_text(text)
        files[asset] = {"source": {"path": f"asset.{asset}.txt", "packaging": "file"}}
    manifest = template.parent / f"{path.replace('/', '')}.assets.json"
    manifest.write_text(json.dumps({"version": SCHEMA, "files": files}))
    return {"type": "cdk:asset-manifest", "properties": {"file": manifest.name}}


def _template(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a template: a short one has only resources; ``Topic[500]`` is 500 of one kind."""
    if "Resources" in given:
        return given
    resources: dict[str, Any] = {}
    for name, resource in given.items():
        found = _MANY.fullmatch(name)
        for index in range(int(found[2]) if found else 1):
            resources[f"{found[1]}{index}" if found else name] = resource
    return {"Resources": resources}


def _stack(path: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    account, region = facts.get("account", ACCOUNT), facts.get("region", REGION)
    return {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{account}/{region}",
        "displayName": path,
        "properties": {
            "templateFile": f"{path.replace('/', '')}.template.json",
            "stackName": path.replace("/", "-"),
            "terminationProtection": facts.get("protected", False),
            **facts.get("properties", {}),
        },
    }


def _manifest(folder: Path, artifacts: Mapping[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps({"version": SCHEMA, "artifacts": artifacts}))
