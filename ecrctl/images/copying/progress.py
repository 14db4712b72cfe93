"""The progress of a copy: a bar for each blob on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TextIO

from ecrctl.images.oci import Descriptor, short
from ecrctl.output.messages import is_quiet

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_STEP = 1000.0


class Progress(Protocol):
    """What a copy reports, from any thread."""

    def started(self, blob: Descriptor) -> None:
        """Report that a blob is sent from its beginning."""

    def advanced(self, blob: Descriptor, count: int) -> None:
        """Report that some bytes of a blob were sent."""

    def ended(self, blob: Descriptor, action: str) -> None:
        """Report that a blob is there."""


class Silent:
    """No progress."""

    def started(self, blob: Descriptor) -> None:
        """Report nothing."""

    def advanced(self, blob: Descriptor, count: int) -> None:
        """Report nothing."""

    def ended(self, blob: Descriptor, action: str) -> None:
        """Report nothing."""


class Lines(Silent):
    """A line for each blob that is there."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = Lock()

    def ended(self, blob: Descriptor, action: str) -> None:
        """Print a line."""
        with self._lock:
            print(f"{short(blob.digest)}  {size_text(blob.size):>9}  {action}", file=self._output)


class BarsOfBlobs:
    """A bar for each blob."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def started(self, blob: Descriptor) -> None:
        """Show a bar, or start it again."""
        with self._lock:
            known = self._tasks.get(blob.digest)
            if known is None:
                self._tasks[blob.digest] = self._bars.add_task(
                    short(blob.digest), total=blob.size, action=""
                )
            else:
                self._bars.reset(known)

    def advanced(self, blob: Descriptor, count: int) -> None:
        """Move a bar on."""
        self._bars.advance(self._tasks[blob.digest], count)

    def ended(self, blob: Descriptor, action: str) -> None:
        """Show a whole bar."""
        self.started(blob) if blob.digest not in self._tasks else None
        self._bars.update(self._tasks[blob.digest], completed=blob.size, action=action)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Yield the progress of a copy, which is written beside the output of the command."""
    output = sys.stderr
    if is_quiet():
        yield Silent()
        return
    if not output.isatty():
        yield Lines(output)
        return
    from rich import progress as rich  # noqa: PLC0415 - a pipe needs none of it
    from rich.console import Console  # noqa: PLC0415

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TextColumn("{task.fields[action]}"),
    )
    with rich.Progress(*columns, console=Console(file=output)) as bars:
        yield BarsOfBlobs(bars)


def size_text(size: float) -> str:
    """Return a size for a person."""
    for unit in ("B", "kB", "MB"):
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} GB"
