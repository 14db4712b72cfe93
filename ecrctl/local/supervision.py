"""The supervision of a local run: its time limit, its failures in other threads, its processes.

A thread cannot raise an error in another one, and the main thread may wait for a socket or a
process. So the error is raised by a signal's handler, which interrupts both. Where the handler
runs within a finalizer or `__del__`, Python reports the error to `sys.unraisablehook` and goes
on; then the signal is sent again.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ecrctl.errors import UserError

from .process_record import ProcessRecord

_SIGNAL = signal.SIGUSR1
_SECONDS_TO_THE_NEXT_SIGNAL = 0.1


class _Interrupted(BaseException):
    """Raised in the main thread; no library catches it, as one would catch an Exception."""


@dataclass(slots=True)
class Supervision:
    """What other parts of a run report: the processes that they start, and why it must end.

    :param message: the reason for which the run is ended; empty while it is not.
    """

    record: ProcessRecord
    message: str = ""
    _thread: int = field(default_factory=threading.get_ident)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_over: bool = False

    def started(self, pid: int) -> None:
        """Record a process, so that the next run stops the process if this run is killed."""
        self.record.add(pid)

    def fail(self, message: str) -> None:
        """End the run with a message; called by another thread than the run's."""
        with self._lock:
            if self._is_over or self.message:
                return
            self.message = message
        self.send_signal()

    def send_signal(self) -> None:
        """Interrupt the run's thread, unless the run is over."""
        with self._lock:
            if not self._is_over:
                signal.pthread_kill(self._thread, _SIGNAL)

    def end(self) -> None:
        """Ignore failures from now on."""
        with self._lock:
            self._is_over = True

    def interrupt(self) -> None:
        """Raise in the main thread, unless the run is over."""
        if not self._is_over:
            raise _Interrupted


@contextmanager
def _sent_again_when_lost(supervision: Supervision) -> Iterator[None]:
    """Send the signal again when a finalizer swallowed the error of the handler."""
    previous = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if unraisable.exc_type is not _Interrupted:
            previous(unraisable)
            return
        # Later and by a thread: an error that is raised within this hook is lost as well.
        again = threading.Timer(_SECONDS_TO_THE_NEXT_SIGNAL, supervision.send_signal)
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = previous


@contextmanager
def supervised(
    output: Path, *, minutes: float, current_step: Callable[[], str]
) -> Iterator[Supervision]:
    """Stop the processes of a killed run, then supervise the run in the block.

    :param output: the folder of the run.
    :param minutes: the time limit.
    :param current_step: returns the step that is carried out, for the message.
    :raises UserError: when the block takes too long or another thread reports a failure.
    """
    record = ProcessRecord(output / "processes.json")
    record.stop_all()
    supervision = Supervision(record)

    def end_of_time() -> None:
        supervision.fail(
            f"`ecrctl local` did not finish within {minutes:g} min, and was in the step "
            f"'{current_step()}'. Read the logs in {output}, or raise --time-limit."
        )

    limit = threading.Timer(minutes * 60, end_of_time)
    limit.daemon = True
    previous = signal.signal(_SIGNAL, lambda *_: supervision.interrupt())
    limit.start()
    try:
        with _sent_again_when_lost(supervision):
            yield supervision
    except BaseException:
        if not supervision.message:
            raise
        # Also in place of an error that follows from the failure, such as a closed connection.
        raise UserError(supervision.message) from None
    finally:
        supervision.end()
        limit.cancel()
        signal.signal(_SIGNAL, previous)
        record.clear()
