"""What an image is built from: the folder, the Dockerfile, and the tag that git gives it."""

from dataclasses import dataclass
from pathlib import Path

from ecrctl.errors import ExitCode, UserError
from ecrctl.git import commit_of, has_changes, time_of
from environments.model.images import BuildModel

_DIGITS_IN_TAG = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSource:
    """The files of a build, which are there.

    :param tag: the tag of the image.
    :param seconds: the time that the image states, so that a second build of the same files is the
        same image: that of the commit, in seconds since 1970.
    """

    context: Path
    dockerfile: Path
    tag: str
    seconds: int


def build_source(name: str, build: BuildModel, root: Path) -> BuildSource:
    """Return the files and the tag of an image's build.

    :param root: the folder that the context is relative to.
    :raises UserError: where a file is missing, or where the tag of a commit would name other files.
    """
    context = _inside(name, root, build.context)
    if not context.is_dir():
        raise UserError(
            f"images.{name}.build: there is no folder {context}. Correct its context.",
            ExitCode.FAULT,
        )
    dockerfile = _inside(name, context, build.dockerfile)
    if not dockerfile.is_file():
        raise UserError(
            f"images.{name}.build: there is no file {dockerfile}. Correct its dockerfile.",
            ExitCode.FAULT,
        )
    commit = commit_of(context, "HEAD")
    if build.tag is None:
        _check_committed(name, context, commit)
    return BuildSource(
        context=context,
        dockerfile=dockerfile,
        tag=build.tag or (commit or "")[:_DIGITS_IN_TAG],
        seconds=time_of(context, commit) if commit else 0,
    )


def _inside(name: str, folder: Path, path: str) -> Path:
    """Return a path below a folder, where no link leads out of it."""
    found = folder / path
    if not found.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"images.{name}.build: {found} leads out of {folder}. Name a path inside of it.",
            ExitCode.FAULT,
        )
    return found


def _check_committed(name: str, context: Path, commit: str | None) -> None:
    if commit is None:
        raise UserError(
            f"images.{name}.build: {context} is in no commit of git, which gives the image its "
            "tag. Commit it, or set a tag.",
            ExitCode.FAULT,
        )
    if has_changes(context):
        raise UserError(
            f"images.{name}.build: {context} has files that no commit has, so the tag "
            f"{commit[:_DIGITS_IN_TAG]} would name another image. Commit them, or set a tag.",
            ExitCode.FAULT,
        )
