"""The programs that build an image: docker with buildx, podman, or buildah.

Each writes the image into an OCI archive, so that it is pushed in the same way whoever built it.
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


def chosen_builder(name: str | None = None) -> str:
    """Return the builder to use: the named one, or the first that is installed.

    :raises UserError: where it is not installed.
    """
    names = [name] if name else BUILDERS
    found = next((one for one in names if shutil.which(one)), None)
    if found is None:
        given = f"{name} must" if name else f"one of {', '.join(BUILDERS)} must"
        raise UserError(
            f"{given} be on the path to build an image, and is not. Install it, or push an image "
            "that was built elsewhere with --from."
        )
    return found


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
