"""The images that a Dockerfile uses, each with its line.

Source: Docker, "Dockerfile reference": FROM, COPY --from, RUN --mount, syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .parser import WORD, Instruction, read_dockerfile
from .variables import UndefinedError, expanded, with_argument

_FROM_LIKE = re.compile(r"from\b", re.IGNORECASE)
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_NAMED_WORDS = 3
_NO_IMAGE = "scratch"
# No name contains it.
_UNKNOWN = "\0"
_USE_OPTION = {"copy": re.compile(r"--from=(\S+)"), "run": re.compile(r"--mount=(\S+)")}


@dataclass(frozen=True, slots=True)
class ImageUse:
    """An image that a Dockerfile uses.

    :param where: the instruction, such as ``FROM`` or ``COPY --from``.
    :param written: the image as the file has it.
    :param image: the image; ``None`` where a build alone determines it, or where there is none.
    :param undecided: why the image is not known; empty where it is.
    :param beginning: the known beginning of an image that is not known as a whole.
    :param malformed: the rule that the instruction breaks; empty where it breaks none.
    """

    line: int
    where: str
    written: str
    image: str | None = None
    undecided: str = ""
    beginning: str = ""
    malformed: str = ""


@dataclass(slots=True)
class _Reader:
    values: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)

    def uses(self, instruction: Instruction) -> Iterator[ImageUse]:
        """Yield the images that an instruction uses."""
        keyword, text, line = instruction.keyword, instruction.text, instruction.line
        if keyword == "onbuild":
            keyword, _, text = text.partition(" ")
            keyword = keyword.lower()
        if keyword == "from":
            yield from self._base(text, line)
        elif _FROM_LIKE.match(keyword):
            written = f"{instruction.word} {instruction.text}".strip()
            rule = f"`FROM` must be followed by a space, got '{keyword[4]}'"
            yield ImageUse(line, "", written, malformed=rule)
            self.stages.append("")
        elif keyword == "arg" and not self.stages:
            for word in WORD.findall(text):
                self.values = with_argument(word, self.values)
        elif keyword in _USE_OPTION:
            for option in self._options(keyword, text):
                yield from self._other(keyword, option, line)

    def _base(self, text: str, line: int) -> Iterator[ImageUse]:
        words = WORD.findall(text)
        while words and words[0].startswith("--"):
            words.pop(0)
        written = words[0] if words else ""
        name = words[2].lower() if len(words) == _NAMED_WORDS else ""
        if problem := _problem_of_from(words):
            yield ImageUse(line, "FROM", " ".join(words), malformed=problem)
        else:
            yield from self._known(line, "FROM", written)
        self.stages.append(name)

    def _known(self, line: int, where: str, written: str) -> Iterator[ImageUse]:
        try:
            image = expanded(written, self.values)
        except UndefinedError as error:
            marked = expanded(written, self.values, unknown=_UNKNOWN)
            beginning = marked.partition(_UNKNOWN)[0]
            yield ImageUse(line, where, written, undecided=str(error), beginning=beginning)
            return
        if not image:
            rule = "the image's name is empty"
            yield ImageUse(line, where, written, malformed=rule)
        elif image.lower() not in (_NO_IMAGE, *self.stages):
            yield ImageUse(line, where, written, image)

    def _options(self, keyword: str, text: str) -> Iterator[str]:
        for word in WORD.findall(text):
            if not word.startswith("--"):
                return
            if found := _USE_OPTION[keyword].fullmatch(word):
                yield found[1]

    def _other(self, keyword: str, option: str, line: int) -> Iterator[ImageUse]:
        where = "COPY --from"
        if keyword == "run":
            where = "RUN --mount"
            parts = (one.partition("=") for one in option.strip("\"'").split(","))
            option = next((value for key, _, value in parts if key.lower() == "from"), "")
        if not option or option in self._numbers():
            return
        if "$" in option:
            reason = f"a variable is not replaced in {where}"
            beginning = option.partition("$")[0]
            yield ImageUse(line, where, option, undecided=reason, beginning=beginning)
            return
        yield from self._known(line, where, option)

    def _numbers(self) -> set[str]:
        """Return the numbers by which an instruction can name the stages before it."""
        return {str(number) for number in range(len(self.stages))}


def images_of(text: str) -> list[ImageUse]:
    """Return the images that a Dockerfile uses, in their order."""
    file = read_dockerfile(text)
    found: list[ImageUse] = []
    if file.syntax:
        image, line = file.syntax
        found.append(ImageUse(line, "# syntax", image, image))
    reader = _Reader()
    for instruction in file.instructions:
        found += reader.uses(instruction)
    for name, line in file.unterminated:
        rule = f"the here-document '{name}' has no end, so what follows was not read"
        found.append(ImageUse(line, "RUN", f"<<{name}", malformed=rule))
    if not any(one.where == "FROM" for one in found) and not reader.stages:
        rule = "a Dockerfile requires an instruction `FROM IMAGE`"
        found.append(ImageUse(1, "FROM", "", malformed=rule))
    return sorted(found, key=lambda one: one.line)


def _problem_of_from(words: list[str]) -> str:
    if not words:
        return "`FROM` requires an image"
    if len(words) == 1:
        return ""
    if len(words) != _NAMED_WORDS or words[1].lower() != "as":
        return "`FROM` takes an image and, after `AS`, a name"
    if not _STAGE_NAME.fullmatch(words[2].lower()):
        return f"a stage cannot be named '{words[2]}'"
    return ""
