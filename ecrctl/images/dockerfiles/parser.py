"""Dockerfiles as instructions with their lines.

Source: Docker, "Dockerfile reference": parser directives, line continuation, here-documents.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+)")
_DIRECTIVES = ("syntax", "escape", "check")
_ESCAPES = ("\\", "`")
# A word, whose quoted parts can contain white space.
WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+""")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")
_WITH_HEREDOCS = ("run", "copy", "add")
_TRIGGER = "onbuild"


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction of a Dockerfile.

    :param word: the keyword as it is written.
    :param text: what follows the keyword, in one line.
    :param line: the number of its first line.
    """

    word: str
    text: str
    line: int

    @property
    def keyword(self) -> str:
        """The keyword in lower case, such as ``from``."""
        return self.word.lower()


@dataclass(slots=True)
class Dockerfile:
    """A Dockerfile as far as it could be read.

    :param syntax: the image of the syntax directive, and its line.
    :param unterminated: the here-documents that do not end, and their lines.
    """

    instructions: list[Instruction] = field(default_factory=list)
    syntax: tuple[str, int] | None = None
    escape: str = "\\"
    unterminated: list[tuple[str, int]] = field(default_factory=list)


def read_dockerfile(text: str) -> Dockerfile:
    """Return the instructions of a Dockerfile."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    found = Dockerfile()
    _read_directives(lines, found)
    continuation = re.compile(rf"{re.escape(found.escape)}[ \t]*$")
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        if _is_skipped(line):
            continue
        joined = _joined(line.lstrip(), numbered, continuation)
        if not joined.strip():
            continue  # nothing but escapes
        word, *rest = joined.split(maxsplit=1)
        instruction = Instruction(word, rest[0].strip() if rest else "", number)
        found.instructions.append(instruction)
        for name, indented in _heredocs(instruction):
            if not _skip_heredoc(name, numbered, indented=indented):
                found.unterminated.append((name, number))
    return found


def _read_directives(lines: list[str], found: Dockerfile) -> None:
    """Read the directives, which are before everything else; any other line ends them."""
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if number == 1 and line.startswith("#!"):
            continue
        directive = _DIRECTIVE.fullmatch(line.strip())
        name = directive[1].lower() if directive else ""
        if directive is None or name not in _DIRECTIVES or name in seen:
            return
        seen.add(name)
        if name == "syntax":
            # Words after the image are options of the frontend.
            found.syntax = (directive[2].split()[0], number)
        elif name == "escape" and directive[2] in _ESCAPES:
            found.escape = directive[2]


def _is_skipped(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#")


def _joined(line: str, numbered: Iterator[tuple[int, str]], continuation: re.Pattern[str]) -> str:
    """Return a line with those that continue it; comments and empty lines among them are none."""
    parts: list[str] = []
    while mark := continuation.search(line):
        parts.append(line[: mark.start()])
        line = next((one for _, one in numbered if not _is_skipped(one)), "")
    return "".join([*parts, line])


def _heredocs(instruction: Instruction) -> Iterator[tuple[str, bool]]:
    """Yield the name of each here-document that follows, and whether tabs may precede its end."""
    keyword, text = instruction.keyword, instruction.text
    if keyword == _TRIGGER:
        keyword, _, text = text.partition(" ")
    if keyword.lower() not in _WITH_HEREDOCS:
        return
    for word in WORD.findall(text):
        if found := _HEREDOC.fullmatch(word):
            name = re.sub(r"""["'\\]""", "", found[2])
            yield name, bool(found[1])


def _skip_heredoc(name: str, numbered: Iterator[tuple[int, str]], *, indented: bool) -> bool:
    return any((line.lstrip("\t") if indented else line) == name for _, line in numbered)
