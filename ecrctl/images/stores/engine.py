"""Local engines: images are exchanged with them as archives, which each of them reads and writes.

Docker and podman have ``save`` and ``load``; buildah has ``push`` and ``pull``.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecrctl.errors import UserError

DOCKER, PODMAN, BUILDAH = "docker", "podman", "buildah"
ENGINES = (DOCKER, PODMAN, BUILDAH)
ANY = "engine"
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Engine:
    """A local engine.

    :param kind: one of ``ENGINES``.
    """

    kind: str
    program: str

    def save(self, image: str, file: Path) -> None:
        """Write an image to an archive."""
        written = {
            DOCKER: ("save", "--output", str(file), image),
            PODMAN: ("save", "--format", "oci-archive", "--output", str(file), image),
            BUILDAH: ("push", "--quiet", image, f"oci-archive:{file}"),
        }
        self._run(written[self.kind], f"{self.kind} cannot save the image '{image}'")

    def load(self, file: Path, image: str) -> None:
        """Read an image from an archive, and give it a name."""
        problem = f"{self.kind} cannot load the image '{image}'"
        if self.kind != BUILDAH:
            self._run(("load", "--input", str(file)), problem)
            return
        loaded = self._run(("pull", "--quiet", f"oci-archive:{file}"), problem)
        self._run(("tag", loaded.split()[-1], image), problem)

    def _run(self, arguments: Sequence[str], problem: str) -> str:
        done = subprocess.run(
            [self.program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            reason = lines[-1][:_LONGEST_LINE].rstrip(".")
            raise UserError(f"{problem}: {reason}. Check the name, and that {self.kind} runs.")
        return done.stdout


def engine_of(kind: str) -> Engine:
    """Return an engine of this machine.

    :param kind: one of ``ENGINES``, or ``ANY`` for the first of them that works.
    """
    if kind != ANY:
        program = shutil.which(kind)
        if program is None:
            raise UserError(
                f"{kind} is not installed on this machine. Install it, or name another engine or "
                "an archive."
            )
        return Engine(kind, program)
    for one in ENGINES:
        program = shutil.which(one)
        if program and (one != DOCKER or _has_daemon(program)):
            return Engine(one, program)
    raise UserError(
        "This machine has no running Docker, and neither podman nor buildah. Start Docker, or "
        "name an OCI layout or archive."
    )


def _has_daemon(program: str) -> bool:
    command = [program, "version", "--format", "{{.Server.Version}}"]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0
