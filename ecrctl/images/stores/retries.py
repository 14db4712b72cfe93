"""Attempts of a request: which faults pass, how long to wait, and how many requests a second."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from ecrctl.errors import UserError

Result = TypeVar("Result")
_LONGEST_PAUSE = 30.0


class Transient(Exception):
    """Raised when a request failed by a fault that may pass: 429, 5xx or a closed connection.

    :param error: the error of the command, where every attempt fails.
    :param after: the seconds after which the registry wants the next attempt, if it states them.
    :param is_reset: whether the connection was closed.
    """

    def __init__(
        self, error: UserError, *, after: float | None = None, is_reset: bool = False
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after
        self.is_reset = is_reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client waits, and how often it tries.

    :param pause: the longest pause before the second attempt; each later one is twice as long.
    :param seconds: the time in which a server must respond.
    :param upload_seconds: the time to check the digest of what was uploaded.
    """

    attempts: int
    pause: float
    seconds: float
    upload_seconds: float


FOR_AWS = Patience(attempts=6, pause=0.5, seconds=20, upload_seconds=300)
# An emulator runs nearby and responds at once, unless it has ended or stalled.
FOR_EMULATOR = Patience(attempts=4, pause=0.05, seconds=5, upload_seconds=60)


def retrying(patience: Patience, attempt: Callable[[], Result]) -> Result:
    """Return the result of the first attempt that succeeds.

    :raises UserError: the error of the last attempt.
    """
    for number in range(patience.attempts - 1):
        try:
            return attempt()
        except Transient as fault:
            longest = patience.pause * 2**number
            # Clients that were refused together must not come back together.
            jitter = random.uniform(longest / 2, longest)  # noqa: S311
            time.sleep(min(max(jitter, fault.after or 0), _LONGEST_PAUSE))
    try:
        return attempt()
    except Transient as fault:
        raise fault.error from None


@dataclass(slots=True)
class TokenBucket:
    """A number of requests a second, for all threads together."""

    rate: float
    _next: float = field(default=0.0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def take(self) -> None:
        """Wait until another request may be sent."""
        with self._lock:
            now = time.monotonic()
            # A pause saves up nothing: other clients of the account share the quota.
            wait = max(self._next - now, 0)
            self._next = now + wait + 1 / self.rate
        if wait > 0:
            time.sleep(wait)
