"""The forms in which a file can write one value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema

# A step in angle brackets names a form of a value; no file has it, and no path shows it.
WORD, MAPPING = "<word>", "<mapping>"


@dataclass(frozen=True, slots=True)
class ReadAs:
    """An annotation that makes pydantic read a value as another annotation describes it."""

    annotation: Any

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler.generate_schema(self.annotation)


def word_or_mapping(kind: Any, **words: Callable[[], Any]) -> ReadAs:
    """Return an annotation for a value that a mapping describes or a word names.

    :param kind: the type that the mapping describes.
    :param words: by word, the function that makes the value.
    """
    made = AfterValidator(lambda given: words[given]())
    return ReadAs(
        Annotated[
            Annotated[Literal[tuple(words)], made, Tag(WORD)] | Annotated[kind, Tag(MAPPING)],
            # A word that YAML reads as another value, such as `off`, is a wrong word.
            Discriminator(lambda given: WORD if isinstance(given, str | int | float) else MAPPING),
        ]
    )
