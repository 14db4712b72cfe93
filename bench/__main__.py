"""Run the benchmarks and write ``bench/README.md``."""

from __future__ import annotations

from pathlib import Path

from . import copying, first_minute, fleet, promoting, reading, review, synth, verification
from .machine import described

REPORT = Path(__file__).parent / "README.md"


def main() -> None:
    """Run every benchmark and write the results, with the machine and the date."""
    measured = (synth, fleet, review, reading, verification, copying, promoting, first_minute)
    sections = [benchmark.measured() for benchmark in measured]
    head = "# Benchmarks\n\nWritten by `make bench`. Figures are of the machine and the run named"
    REPORT.write_text(
        "\n\n".join([f"{head} here.\n\n{described()}", *sections]) + "\n", encoding="utf-8"
    )
    print(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
