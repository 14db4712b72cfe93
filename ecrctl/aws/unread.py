"""What a command could not read, as sentences, so that nothing unread looks like nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from ecrctl.errors import DeniedError


class Unread:
    """The sentences about what could not be read, each once, in their order."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    @property
    def sentences(self) -> list[str]:
        """The sentences."""
        return list(self._sentences)

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def add(self, *sentences: str) -> None:
        """Add sentences."""
        self._sentences.update(dict.fromkeys(sentences))

    @contextmanager
    def denied(self) -> Iterator[None]:
        """Add a sentence where the block lacks a permission, and continue after the block.

        Any other error ends the command: a later attempt can succeed without a change.
        """
        try:
            yield
        except DeniedError as error:
            self.add(str(error))
