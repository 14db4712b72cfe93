"""Public repositories in an environment file."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Tag

from checked_files.forms import MAPPING, WORD, ReadAs
from checked_files.models import FileModel, checked_by
from constructs_lib.rules.ecr.public_catalog import Architecture, OperatingSystem
from constructs_lib.rules.ecr.public_repository import (
    PRIVATE_ONLY,
    PublicRemoval,
    public_name_faults,
)

from .repository import PushModel


class InlineText(FileModel):
    """A text in the environment file itself.

    :param text: the text, in Markdown.
    """

    text: str


# A path of a file beside the environment file, or the text itself.
Markdown = Annotated[
    str | InlineText,
    ReadAs(
        Annotated[
            Annotated[str, Tag(WORD)] | Annotated[InlineText, Tag(MAPPING)],
            Discriminator(lambda given: WORD if isinstance(given, str) else MAPPING),
        ]
    ),
]


class PublicRepositoryModel(FileModel):
    """A public repository, from which everyone may pull; the region must be us-east-1.

    :param name: 2 to 205 lower-case letters and digits, joined by / - _ and the period.
    :param description: a short description, shown in searches; at most 1,024 characters.
    :param about: the file with a description of the images in Markdown, such as docs/about.md,
        relative to this file's folder; or {text: ...}. At most 10,240 characters.
    :param usage: the same with how to use the images.
    :param logo: a PNG file of at most 512,000 bytes, relative to this file's folder.
    :param architectures: those that the images run on.
    :param operating_systems: those that the images run on.
    :param push: the principals that may push besides the account itself; by default none.
    :param statements: more statements of the repository policy, in IAM's syntax.
    :param removal: the result when the repository leaves the file: retain (the default) or destroy.
    :param tags: the repository's AWS tags, at most 50.
    """

    refused_settings: ClassVar[Mapping[str, str]] = PRIVATE_ONLY

    name: Annotated[str, checked_by(public_name_faults)]
    description: str | None = None
    about: Markdown | None = None
    usage: Markdown | None = None
    logo: str | None = None
    architectures: tuple[Architecture, ...] = ()
    operating_systems: tuple[OperatingSystem, ...] = ()
    push: PushModel = PushModel()
    statements: tuple[dict[str, Any], ...] = ()
    removal: PublicRemoval = "retain"
    tags: dict[str, str] = {}
