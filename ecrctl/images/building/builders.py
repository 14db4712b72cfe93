"""The programs that build an image: docker with buildx, podman, or buildah.

Each writes the image into an OCI archive, so that every image is pushed in the same way.
Sources: docker buildx documentation, "docker buildx build" and "OCI and Docker exporters"; manual
pages of podman-build, podman-push and podman-manifest-push.
"""

import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ecrctl.errors import UserError
from environments.model.images import BuildModel

from .sources import BuildSource

BUILDERS = ("docker", "podman", "buildah")
_STANDARD_ERROR = 2
_MISSING = {
    "docker": "docker must be on the path, with buildx and a running daemon",
    "podman": "podman must be on the path",
    "buildah": "buildah must be on the path",
}


def chosen_builder(name: str | None = None) -> str:
    """Return the builder to use: the named one, or the first that works here.

    :raises UserError: where none does.
    """
    if name and name not in BUILDERS:
        raise UserError(f"--builder must be docker, podman or buildah, got '{name[:60]}'.")
    found = next(filter(_works, [name] if name else BUILDERS), None)
    if found is None:
        every = "; or ".join(_MISSING.values())
        reason = _MISSING[name] if name else f"no builder works here. One is required: {every}"
        raise UserError(f"{reason}. Or push an image that was built elsewhere, with --from.")
    return found


def _works(name: str) -> bool:
    if shutil.which(name) is None:
        return False
    if name != "docker":
        return True
    # Docker's own program often comes without the builder, or without a daemon.
    done = subprocess.run([name, "buildx", "inspect"], capture_output=True, check=False)
    return done.returncode == 0


def build_archive(builder: str, build: BuildModel, source: BuildSource, archive: Path) -> None:
    """Build an image into an OCI archive. The builder's output goes to standard error.

    :raises UserError: where the builder fails.
    """
    options = [
        *("--platform", ",".join(build.platforms), "--file", str(source.dockerfile)),
        *(["--target", build.target] if build.target else []),
        *(part for item in build.arguments.items() for part in ("--build-arg", "=".join(item))),
    ]
    if builder == "docker":
        _build_with_docker(options, source, archive)
    else:
        _build_with_podman(builder, options, source, archive, is_index=len(build.platforms) > 1)


def _build_with_docker(options: Sequence[str], source: BuildSource, archive: Path) -> None:
    # Provenance states the time of the build, so a second build would be another image.
    _run(
        [
            *("docker", "buildx", "build", "--provenance=false", *options),
            *("--output", f"type=oci,dest={archive},rewrite-timestamp=true", str(source.context)),
        ],
        seconds=source.seconds,
    )


def _build_with_podman(
    builder: str, options: Sequence[str], source: BuildSource, archive: Path, *, is_index: bool
) -> None:
    name = f"localhost/ecrctl-build:{secrets.token_hex(8)}"
    kind = "--manifest" if is_index else "--tag"
    times = ("--timestamp", str(source.seconds))
    target = f"oci-archive:{archive}"
    try:
        _run([builder, "build", *times, kind, name, *options, str(source.context)])
        push = ("manifest", "push", "--all") if is_index else ("push",)
        _run([builder, *push, name, target])
    finally:
        remove = ("manifest", "rm") if is_index else ("rmi",)
        # What cannot be removed was not built, or is no fault of this build.
        subprocess.run([builder, *remove, name], capture_output=True, check=False)


def _run(command: Sequence[str], *, seconds: int | None = None) -> None:
    epoch = {} if seconds is None else {"SOURCE_DATE_EPOCH": str(seconds)}
    done = subprocess.run(
        command,
        env={**os.environ, **epoch},
        stdin=subprocess.DEVNULL,
        # Standard output is for the digest alone.
        stdout=_STANDARD_ERROR,
        check=False,
    )
    if done.returncode:
        shown = shlex.join([part for part in command[:3] if not part.startswith("-")])
        raise UserError(
            f"`{shown}` failed with exit code {done.returncode}; its output is above. Correct the "
            "Dockerfile, or the builder's settings."
        )
