"""Images that an environment builds: from which Dockerfile, and for which repository."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Tag

from checked_files.forms import MAPPING, WORD, ReadAs
from checked_files.models import CheckedText, FileModel, checked_by
from constructs_lib.rules.ecr.images import reference_faults
from constructs_lib.rules.faults import Fault, faults_unless

from .field_types import RepositoryName

_PLATFORM = re.compile(r"linux/[a-z0-9]+(/v[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A stage of a Dockerfile, by its name or number.
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Words in the name of a value that nobody but the builder may read.
_SECRET = re.compile(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY",
    re.IGNORECASE,
)


def _path_faults(path: str) -> list[Fault]:
    # A path that begins with a dash would be an option of the builder.
    is_inside = not path.startswith(("/", "-")) and ".." not in PurePosixPath(path).parts
    return faults_unless(
        path and is_inside and path.isprintable() and "\\" not in path,
        "a path must be relative and stay inside its folder, with / between its parts, got "
        f"'{path[:120]}'. Write it like 'services/api'.",
    )


def _platform_faults(platform: str) -> list[Fault]:
    return faults_unless(
        _PLATFORM.fullmatch(platform),
        "a platform must be linux and an architecture, got "
        f"'{platform[:60]}'. Write it like 'linux/amd64'.",
    )


def _platforms_faults(platforms: tuple[str, ...]) -> list[Fault]:
    return faults_unless(
        platforms and len(set(platforms)) == len(platforms),
        "platforms must have at least one platform, and each of them once.",
    )


def _target_faults(target: str) -> list[Fault]:
    return faults_unless(
        _TARGET.fullmatch(target),
        f"target must be the name of a stage in the Dockerfile, got '{target[:60]}'.",
    )


def _argument_faults(arguments: Mapping[str, str]) -> list[Fault]:
    faults: list[Fault] = []
    for name in arguments:
        faults += faults_unless(
            _NAME.fullmatch(name),
            "the name of a build argument must have letters, digits and '_', and cannot begin with "
            f"a digit, got '{name[:60]}'.",
        )
        faults += faults_unless(
            not _SECRET.search(name),
            f"the build argument '{name[:60]}' looks like a secret, and everyone who can pull the "
            "image can read it. Mount the secret while the image is built, with "
            "RUN --mount=type=secret.",
        )
    return faults


def _tag_faults(tag: str) -> list[Fault]:
    return [Fault("", fault.message) for fault in reference_faults(tag=tag, digest=None)]


_Path = Annotated[str, checked_by(_path_faults)]


class BuildModel(FileModel):
    """How an image is built.

    :param context: the folder whose files the build can copy, relative to the folder that contains
        the environments' folder.
    :param dockerfile: the Dockerfile, relative to the context.
    :param target: the stage to build; by default the last.
    :param platforms: the platforms to build for; more than one makes an image index.
    :param arguments: build arguments, which everyone who can pull the image can read.
    :param tag: the tag; by default the first 12 digits of git's commit.
    """

    context: _Path
    dockerfile: _Path = "Dockerfile"
    target: Annotated[str, CheckedText(_target_faults, _TARGET, "runtime")] | None = None
    platforms: Annotated[
        tuple[Annotated[str, CheckedText(_platform_faults, _PLATFORM, "linux/arm64")], ...],
        checked_by(_platforms_faults),
    ] = ("linux/amd64",)
    arguments: Annotated[dict[str, str], checked_by(_argument_faults)] = {}
    tag: Annotated[str, checked_by(_tag_faults)] | None = None


def _of_context(context: str) -> BuildModel:
    return BuildModel(context=context)


Build = Annotated[
    BuildModel,
    ReadAs(
        Annotated[
            Annotated[_Path, AfterValidator(_of_context), Tag(WORD)]
            | Annotated[BuildModel, Tag(MAPPING)],
            Discriminator(
                lambda given: MAPPING if isinstance(given, Mapping | BuildModel) else WORD
            ),
        ]
    ),
]


class ImageModel(FileModel):
    """An image that `ecrctl push` builds, pushes and pins.

    :param repository: the repository of this environment that it is pushed to.
    :param build: the folder with the Dockerfile, or a mapping.
    """

    repository: RepositoryName
    build: Build


Images = dict[str, ImageModel]
