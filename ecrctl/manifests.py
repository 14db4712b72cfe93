"""``ecrctl manifests``: the manifests of an environment's Jobs as files."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from .cdk import assemblies
from .files import file_errors

FOLDER = "manifests"


def write_manifests(
    environment: str,
    environments: Path,
    out: Path,
    *,
    meanwhile: Callable[[], object] | None = None,
) -> list[Path]:
    """Synthesise an environment and write each of its manifests, byte for byte, into a folder.

    :param meanwhile: is called during the synth; its error ends the synth.
    :returns: the files, in order.
    """
    with tempfile.TemporaryDirectory() as folder:
        assembly = assemblies.synthesise(
            environment, environments, Path(folder), meanwhile=meanwhile
        )
        stacks = sorted((assembly / f"assembly-{environment}" / FOLDER).glob("*"))
        found = {
            # A Job's name is unique in its stack alone.
            out / file.relative_to(stack if len(stacks) == 1 else stack.parent): file.read_bytes()
            for stack in stacks
            for file in sorted(stack.rglob("*.yaml"))
        }
    for file, text in found.items():
        with file_errors(f"{file} cannot be written", "Choose another --out."):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
    return list(found)


def other_manifests(out: Path, written: list[Path]) -> list[Path]:
    """Return the manifests in the folder that were not written now, such as a removed Job's."""
    return sorted(set(out.rglob("*.yaml")) - set(written))
