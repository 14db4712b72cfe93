"""The command: ``python -m tests.mutation ROOM``."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.mutation.baseline import ROOMS, Baseline, sources
from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).parent.parent.parent
_LINKED = (".venv", "node_modules")
_NOT_COPIED = (*_LINKED, "__pycache__", ".hypothesis", ".mypy_cache", ".ruff_cache", "cdk.out")
_MUTANTS_PER_WORKER = 50
_SURVIVORS = frozenset({"survived", "not covered"})


class Worker:
    """A worker process, started again from time to time."""

    def __init__(self, copy: Path, baseline: Baseline) -> None:
        """Find out how long each test takes, and leave out tests that fail without a mutant."""
        self._copy, self._baseline, self._done = copy, baseline, 0
        self._process: subprocess.Popen[str] | None = None
        plain = self._run(list(baseline.seconds), allowed=3600, most_failures=0)
        if plain["code"] not in {0, 1}:
            sys.exit(f"The tests do not run without a mutant: {plain}")
        print("Left out, as they fail without a mutant:", plain["failed"] or "none", flush=True)
        passed = plain["seconds"].keys() - set(plain["failed"])
        baseline.seconds = {test: plain["seconds"][test] for test in sorted(passed)}
        baseline.fixture_seconds = plain["fixtures"]

    def outcome(self, mutant: Mutant) -> dict[str, str]:
        """Return what becomes of a mutant, and the test that notices it."""
        tests = self._baseline.tests_for(mutant)
        if not tests:
            return {"outcome": "not covered"}
        path = self._copy / mutant.file
        before, times = path.read_bytes(), path.stat()
        path.write_bytes(mutant.source)
        # A time of its own, or else Python may run what it compiled of the file before.
        os.utime(path, (times.st_atime, times.st_mtime + 10))
        allowed = 30 + 5 * self._baseline.seconds_of(tests)
        result = self._run(tests, allowed=allowed, most_failures=1)
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        if result["timed_out"]:
            return {"outcome": "timed out"}
        if result["code"] == 0:
            return {"outcome": "survived"}
        return {"outcome": "killed", "by": next(iter(result["failed"]), "an error outside tests")}

    def _run(self, tests: list[str], **job: float) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        print(json.dumps({"tests": tests, **job}), file=process.stdin, flush=True)
        result: dict[str, Any] = json.loads(process.stdout.readline())
        self._done += 1
        # A child that was stopped may have left half a message to the Node that all of them share.
        if result["timed_out"] or result["code"] < 0 or self._done % _MUTANTS_PER_WORKER == 0:
            self.stop()
        return result

    def _start(self) -> subprocess.Popen[str]:
        folder = self._copy.parent / "worker"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.worker", str(folder)],
            cwd=self._copy,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name[:4] != "AWS_"},
            text=True,
        )
        assert self._process.stdin is not None
        print(json.dumps(self._baseline.modules), file=self._process.stdin, flush=True)
        return self._process

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def chosen_mutants(files: dict[str, list[Mutant]], count: int, seed: int) -> list[Mutant]:
    """Return mutants of every file, in proportion to the number of its mutants."""
    total = sum(map(len, files.values()))
    shares = {file: min(count, total) * len(mutants) / total for file, mutants in files.items()}
    quotas = {file: int(share) for file, share in shares.items()}
    rest = sorted(files, key=lambda file: (quotas[file] - shares[file], file))
    for file in rest[: min(count, total) - sum(quotas.values())]:
        quotas[file] += 1
    chosen = []
    for file, mutants in files.items():
        picked = random.Random(f"{seed} {file}").sample(range(len(mutants)), quotas[file])  # noqa: S311
        chosen += [mutants[index] for index in sorted(picked)]
    return chosen


def _lines(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


def main() -> None:
    """Try the mutants of a room and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--out", type=Path, default=os.devnull)
    parser.add_argument(
        "--survivors", type=Path, help="an earlier report: only its survivors again"
    )
    parser.add_argument(
        "--tried", type=Path, help="an interrupted run's report: only what it lacks"
    )
    options = parser.parse_args()
    names = sources(ROOT, options.room)
    files = {name: mutants_of(name, (ROOT / name).read_bytes()) for name in names}
    mutants = chosen_mutants(files, options.count, options.seed)
    if options.survivors:
        lines = [line for line in _lines(options.survivors) if line["outcome"] in _SURVIVORS]
        again = {(line["place"], line["change"]) for line in lines}
        # Of all, because a change of the code changes which mutants a seed chooses.
        every = itertools.chain.from_iterable(files.values())
        mutants = [mutant for mutant in every if (mutant.place, mutant.change) in again]
    if options.tried:
        tried = {(line["place"], line["line"], line["change"]) for line in _lines(options.tried)}
        mutants = [one for one in mutants if (one.place, one.line, one.change) not in tried]
    equivalent = Path(__file__).with_name("equivalent.md").read_text()
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, options.out.open("w") as report:
        copy = Path(folder).resolve() / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
        for name in _LINKED:
            (copy / name).symlink_to(ROOT / name)
        worker = Worker(copy, Baseline(copy, options.room))
        for mutant in mutants:
            result = worker.outcome(mutant)
            survived = result["outcome"] in _SURVIVORS
            if survived and f"- `{mutant.place}`: `{mutant.change}`" in equivalent:
                result["outcome"] = "equivalent"
            elif survived:
                where = f"{mutant.file}:{mutant.line} {mutant.function}"
                print(f"{result['outcome']}: {where}\n    {mutant.change}", flush=True)
            tally[result["outcome"]] += 1
            line = {"place": mutant.place, "line": mutant.line, "change": mutant.change, **result}
            print(json.dumps(line), file=report, flush=True)
        worker.stop()
    possible = sum(map(len, files.values()))
    print(f"{options.room}: seed {options.seed}, {len(mutants)} of {possible} possible mutants")
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(tally.items())))
    sys.exit(any(tally[outcome] for outcome in _SURVIVORS))


if __name__ == "__main__":
    main()
