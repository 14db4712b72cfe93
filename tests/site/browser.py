"""Headless Chromium, driven through a pair of pipes by the Chrome DevTools Protocol."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.installed_tools import require_tool

# Chromium reads commands from this descriptor and writes answers to the next one.
_COMMANDS = 3
_FIRST_FREE = 10


class Browser:
    """A browser with one tab.

    ``errors`` has what the page opened last wrote to the console as an error or a warning, and
    ``requests`` the address of everything that it loaded.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = os.fdopen(answers, "rb", closefd=False)
        self._count = 0
        self._rest = b""
        self._events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self.errors: list[str] = []
        self.requests: list[str] = []

    def open(self, address: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._events.clear()
        self._call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._next())
        # What the scripts of a page start when it is loaded has its turn.
        self.evaluate("new Promise(done => requestIdleCallback(done, {timeout: 500}))")
        self.errors = [text for event in self._events if (text := _error(event))]
        self.requests = [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression in the page, after its promise if it is one.

        :raises ValueError: if the expression raises an error.
        """
        done = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise ValueError(done["exceptionDetails"])
        return done["result"].get("value")

    def screenshot(self, file: Path, *, width: int, height: int) -> None:
        """Save the visible part of the page as a PNG picture of a size."""
        import base64  # noqa: PLC0415 - a person alone takes pictures

        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        command = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") != self._count:
                self._events.append(found)
            elif "error" in found:
                raise ValueError(found["error"])
            else:
                answer: dict[str, Any] = found["result"]
                return answer

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = self._answers.read1()
            if not read:
                message = "Chromium has ended"
                raise EOFError(message)
            self._rest += read
        event, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(event)
        return found


def _error(event: dict[str, Any]) -> str | None:
    """Return the text of an event that the console shows as an error or a warning."""
    given = event.get("params", {})
    if event["method"] == "Runtime.exceptionThrown":
        return json.dumps(given["exceptionDetails"])
    if event["method"] == "Runtime.consoleAPICalled" and given["type"] in ("error", "warning"):
        return json.dumps(given["args"])
    if event["method"] == "Log.entryAdded" and given["entry"]["level"] in ("error", "warning"):
        return json.dumps(given["entry"])
    return None


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Yield a browser, and end it.

    :param profile: a folder for its profile.
    """
    program = require_tool("chromium")
    ours_out, theirs_in = (_moved(end) for end in reversed(os.pipe()))
    theirs_out, ours_in = (_moved(end) for end in reversed(os.pipe()))
    # A shell moves the ends to the descriptors that Chromium expects.
    moved = f'exec "$@" {_COMMANDS}<&{theirs_in} {_COMMANDS + 1}>&{theirs_out}'
    arguments = (
        *(program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
        f"--user-data-dir={profile}",
    )
    with (profile.parent / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", moved, "bash", *arguments],
            pass_fds=(theirs_in, theirs_out),
            stdout=log,
            stderr=log,
        )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        process.terminate()
        process.wait()
        os.close(ours_out)
        os.close(ours_in)


def _moved(descriptor: int) -> int:
    """Return a copy of a descriptor that the shell can move to any that Chromium expects."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    os.close(descriptor)
    return copy
