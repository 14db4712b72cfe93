"""A room's files and tests, and which test executes which line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tests.mutation.mutants import Mutant

# The rooms, with the tests that do not stand in the folder of the same name.
_CLI = "tests/ecrctl/test_*.py"
ROOMS = {
    "constructs_lib": ("tests/test_snapshots.py", "tests/stacks"),
    "constructs_lib/rules": (),
    "ecrctl": (),
    "environments": ("tests/checked_files",),
    "ecrctl/review": (
        *(_CLI, "tests/workflows", "tests/ecrctl/deployed"),
        "tests/packaging/test_review_distribution.py",
    ),
} | {
    f"ecrctl/{room}": (_CLI,)
    for room in (
        *("access", "aws", "cdk", "deployed", "file_writing", "images", "importing", "local"),
        *("policies", "verify"),
    )
}
_SETTINGS = """[run]
core = ctrace
include = {include}
data_file = {folder}/data/lines
parallel = true
context = ${{MUTATION_CONTEXT-}}
disable_warnings = no-data-collected, module-not-imported, module-not-measured
"""


def sources(root: Path, room: str) -> list[str]:
    """Return a room's Python files, without those of a room inside it."""
    inner = tuple(f"{other}/" for other in ROOMS if other.startswith(f"{room}/"))
    folders = (room, "checked_files") if room == "environments" else (room,)
    files = [path for folder in folders for path in (root / folder).rglob("*.py")]
    names = sorted(path.relative_to(root).as_posix() for path in files)
    return [name for name in names if not name.startswith(inner)]


class Baseline:
    """The tests of a room, run once without any mutant."""

    def __init__(self, copy: Path, room: str) -> None:
        """Run the tests in a copy of the project; records are written beside it."""
        folder = copy.parent
        (folder / "data").mkdir()
        settings = folder / "coverage.ini"
        include = ", ".join(str(copy / file) for file in sources(copy, room))
        settings.write_text(_SETTINGS.format(include=include, folder=folder))
        places = [path for place in (f"tests/{room}", *ROOMS[room]) for path in copy.glob(place)]
        inner = [f"--ignore=tests/{other}" for other in ROOMS if other.startswith(f"{room}/")]
        record = folder / "record.json"
        measured = {"COVERAGE_PROCESS_START": str(settings), "MUTATION_RECORD": str(record)}
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutation.recording"]
        subprocess.run(
            [*pytest, *map(str, places), *inner],
            cwd=copy,
            env=os.environ | measured,
            check=False,
        )
        recorded = json.loads(record.read_text())
        self.modules: list[str] = recorded["modules"]
        self._fixtures: dict[str, list[str]] = recorded["fixtures"]
        self.seconds = dict.fromkeys(self._fixtures, 0.0)
        self.fixture_seconds: dict[str, float] = {}
        self._folder, self._copy = f"tests/{room}/", copy
        self._lines = _lines(copy, folder / "data")

    def tests_for(self, mutant: Mutant) -> list[str]:
        """Return the tests that execute a mutant's statement, the fastest first."""
        lines = self._lines[mutant.file]
        contexts = {context for line in mutant.statement for context in lines[line]}
        if "" not in contexts:
            chosen = [test for test in self.seconds if self._in(test, contexts)]
            return sorted(chosen, key=self._alone)
        # What runs when a module is imported can matter to any test of the room: first to those
        # that import it themselves, then to the module's users. A test elsewhere is one of the room
        # if it executes the room's code.
        users, importers = _contexts(lines), self._importers(mutant.file)
        of_room = set().union(*map(_contexts, self._lines.values()))
        chosen = [
            test
            for test in self.seconds
            if test.startswith(self._folder) or self._in(test, of_room)
        ]
        return sorted(
            chosen,
            key=lambda test: (
                test.partition("::")[0] not in importers,
                not self._in(test, users),
                self._alone(test),
            ),
        )

    def _importers(self, file: str) -> set[str]:
        """Return the files of tests that name a module, or a helper of tests that names it."""
        module = file.removesuffix(".py").replace("/", ".")
        helpers = {
            path.relative_to(self._copy).with_suffix("").as_posix().replace("/", ".")
            for path in (self._copy / "tests").rglob("*.py")
            if f"{module} import" in path.read_text()
        }
        return {
            name
            for name in {test.partition("::")[0] for test in self.seconds}
            if (text := (self._copy / name).read_text())
            and any(f"{one} import" in text for one in (module, *helpers))
        }

    def seconds_of(self, tests: list[str]) -> float:
        """Return how long some tests take, with the shared fixtures that they use."""
        fixtures = {fixture for test in tests for fixture in self._fixtures[test]}
        return sum(self.seconds[test] for test in tests) + sum(
            self.fixture_seconds.get(fixture, 0) for fixture in fixtures
        )

    def _alone(self, test: str) -> tuple[float, str]:
        # The tests of a slow fixture stay together, after every test that is fast without it:
        # each of them would start it, and pytest ends a module's when another module follows.
        return self.seconds_of([test]), test

    def _in(self, test: str, contexts: set[str]) -> bool:
        return not contexts.isdisjoint({test, *self._fixtures[test]})


def _contexts(lines: dict[int, set[str]]) -> set[str]:
    return {context for found in lines.values() for context in found}


def _lines(copy: Path, folder: Path) -> dict[str, dict[int, set[str]]]:
    import coverage  # noqa: PLC0415 - the worker does without it

    lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in folder.iterdir():
        data = coverage.CoverageData(str(path))
        data.read()
        for file in data.measured_files():
            name = Path(file).relative_to(copy).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                lines[name][line] |= set(contexts)
    return lines
