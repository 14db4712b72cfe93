"""The catalogue data of a public repository, which the Amazon ECR Public Gallery shows.

Sources: Amazon ECR Public API reference, "RepositoryCatalogDataInput"; CloudFormation,
"AWS::ECR::PublicRepository"; CloudFormation coverage roadmap, issue 1778; PNG specification,
"PNG signature".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from constructs_lib.rules.faults import (
    Fault,
    faults_unless,
    raise_if_any,
    repeated,
    under,
    word_faults,
)
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.mappings import without_none
from constructs_lib.rules.types import checked_types

Architecture = Literal["ARM", "ARM 64", "x86", "x86-64"]
OperatingSystem = Literal["Linux", "Windows"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
OPERATING_SYSTEMS: tuple[OperatingSystem, ...] = get_args(OperatingSystem)

LONGEST_DESCRIPTION = 1_024
# CloudFormation's limit. ECR Public itself takes 25,600.
LONGEST_TEXT = 10_240
LARGEST_LOGO_BYTES = 512_000
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogData:
    """The public page of a public repository; everyone can read it.

    ECR Public also stores a logo, which CloudFormation cannot set; see ``logo_faults``.

    :param description: a short description, shown in searches; at most 1,024 characters.
    :param about: a detailed description of the images, in Markdown; at most 10,240 characters,
        which is CloudFormation's limit (ECR Public's own is 25,600).
    :param usage: how to use the images, in Markdown; at most 10,240 characters.
    :param architectures: those that the images run on: ``ARM``, ``ARM 64``, ``x86``, ``x86-64``.
        The gallery ignores any other.
    :param operating_systems: those that the images run on: ``Linux``, ``Windows``. The gallery
        ignores any other.
    :raises RuleError: with every rule that is broken.

    >>> CatalogData(description="A shell", architectures=("x86-64",)).properties()
    {'RepositoryDescription': 'A shell', 'Architectures': ['x86-64']}
    """

    description: str | None = None
    about: str | None = None
    usage: str | None = None
    architectures: ListOf[Architecture] = ()
    operating_systems: ListOf[OperatingSystem] = ()

    def __post_init__(self) -> None:
        raise_if_any("CatalogData", _catalog_faults(self))

    def properties(self) -> dict[str, Any]:
        """Return the data as CloudFormation names it, without what is not set."""
        return without_none(
            RepositoryDescription=self.description,
            AboutText=self.about,
            UsageText=self.usage,
            Architectures=list(self.architectures) or None,
            OperatingSystems=list(self.operating_systems) or None,
        )


def _catalog_faults(data: CatalogData) -> Iterator[Fault]:
    for name, text, longest in (
        ("description", data.description, LONGEST_DESCRIPTION),
        ("about", data.about, LONGEST_TEXT),
        ("usage", data.usage, LONGEST_TEXT),
    ):
        if text is not None:
            yield from under(name, _text_faults(name, text, longest))
    yield from _words_faults("architectures", data.architectures, ARCHITECTURES)
    yield from _words_faults("operating_systems", data.operating_systems, OPERATING_SYSTEMS)


def _text_faults(name: str, text: str, longest: int) -> list[Fault]:
    return faults_unless(
        1 <= len(text) <= longest,
        f"{name} must have 1 to {longest:,} characters in CloudFormation, got {len(text):,}. "
        f"{'Shorten it, and link to the full text.' if text else f'Write some, or remove {name}.'}",
    )


def _words_faults(name: str, given: Sequence[str], known: Sequence[str]) -> Iterator[Fault]:
    cure = "The gallery shows no other."
    for index, word in enumerate(given):
        yield from under(f"{name}[{index}]", word_faults("", word, known, subject=name, cure=cure))
    for index, word, first in repeated(enumerate(given)):
        yield Fault(
            f"{name}[{index}]", f"'{word[:40]}' is already listed at [{first}]. Remove one of them."
        )


def logo_faults(content: bytes) -> list[Fault]:
    """Check the logo of a public repository: a PNG image of at most 512,000 bytes.

    CloudFormation has no property for a logo. The gallery shows one for verified accounts alone.
    """
    return [
        *faults_unless(
            content.startswith(_PNG_SIGNATURE),
            "a logo must be a PNG image, got a file that does not begin as one. Convert it to PNG.",
        ),
        *faults_unless(
            len(content) <= LARGEST_LOGO_BYTES,
            f"a logo can have at most {LARGEST_LOGO_BYTES:,} bytes, got {len(content):,}. Make the "
            "image smaller; the gallery shows it in a small square.",
        ),
    ]
