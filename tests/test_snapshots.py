"""Every stack of every environment, and every Job, as a reviewer reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollections
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SerializableData, SnapshotIndex

from tests.assemblies import jobs_of, readable, stacks_of

FOLDER = Path(__file__).parent / "snapshots"


class _AtItsPath(SingleFileSnapshotExtension):
    """Keep a snapshot where a reviewer looks for it: ``dev/EcsWorkloads.json``.

    syrupy finds unused snapshots by the test's name in their path, and these paths have none.
    ``test_no_snapshot_is_left_over`` finds them instead.
    """

    _write_mode = WriteMode.TEXT

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: SnapshotIndex) -> str:  # noqa: ARG003
        return str(FOLDER / f"{index}.{cls.file_extension}")

    @classmethod
    def matches_test_location(
        cls,
        *,
        test_location: PyTestLocation,  # noqa: ARG003 - the interface's
        snapshot_location: str,
    ) -> bool:
        return Path(snapshot_location).is_relative_to(FOLDER)

    def discover_snapshots(
        self,
        *,
        test_location: PyTestLocation,  # noqa: ARG002 - the interface's
        ignore_extensions: list[str] | None = None,  # noqa: ARG002
    ) -> SnapshotCollections:
        return SnapshotCollections()


class TemplateExtension(_AtItsPath):
    """Keep a template as indented JSON."""

    file_extension = "json"

    def serialize(self, data: SerializableData, **_: Any) -> str:
        """Return the text of the snapshot."""
        return json.dumps(data, indent=2) + "\n"


class ManifestExtension(_AtItsPath):
    """Keep a manifest as the text that is delivered."""

    file_extension = "yaml"

    def serialize(self, data: SerializableData, **_: Any) -> str:
        """Return the text of the snapshot."""
        return str(data)


def test_every_template_is_as_reviewed(assembly: Path, snapshot: SnapshotAssertion) -> None:
    templates = snapshot.use_extension(TemplateExtension)
    for stack in stacks_of(assembly):
        assert readable(stack.template) == templates(name=f"{stack.environment}/{stack.name}")


def test_every_job_is_as_reviewed(assembly: Path, snapshot: SnapshotAssertion) -> None:
    manifests = snapshot.use_extension(ManifestExtension)
    for environment, name, text in jobs_of(assembly):
        assert text == manifests(name=f"{environment}/{name}")


def test_no_snapshot_is_left_over(assembly: Path) -> None:
    expected = {f"{stack.environment}/{stack.name}.json" for stack in stacks_of(assembly)}
    expected |= {f"{environment}/{name}.yaml" for environment, name, _ in jobs_of(assembly)}
    kept = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert kept == expected, "run `make snapshot`, which begins with an empty folder"
