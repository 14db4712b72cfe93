"""The work for a report grows with the number of faults, and not with its square."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from environments.faults import EnvironmentFault
from environments.loading import load_environment

HEAD = 'account: "111111111111"\nregion: us-west-2\n'
DIGEST = "sha256:" + "a" * 64
JOB = "service_account: s, awaiting_image: true"
TASK = "memory_mib: 64, awaiting_image: true"


def lines(form: str, count: int) -> str:
    """Return a line for each number."""
    return "".join(form.replace("#", str(number)) + "\n" for number in range(count))


# By case, the faults of one entry, and the lists of the environment and of its pins.
CASES: dict[str, tuple[int, dict[str, str]]] = {
    "an unknown setting": (1, {"repositories": "  - {name: team/app-#, regoin: x}"}),
    "a name that is not valid": (1, {"repositories": "  - {name: TEAM-#}"}),
    "a name that is taken": (1, {"repositories": "  - {name: team/app}"}),
    "a missing organization": (
        1,
        {"repositories": "  - {name: app-#, pull: {organization: true}}"},
    ),
    "a missing pin": (1, {"eks_jobs": "  - {name: job-#, image: img-#, service_account: s}"}),
    "an unknown task": (
        2,
        {
            "ecs_tasks": f"  - {{name: task-#, image: a, {TASK}}}",
            "ecs_services": "  - {name: service-#, task: tsk-#}",
        },
    ),
    "an identity that is taken": (
        1,
        {
            "eks_jobs": f"  - {{name: job-#, image: a, {JOB}, "
            "identity: {cluster_name: c, statements: []}}"
        },
    ),
    "a pin of an unknown repository": (
        1,
        {
            "repositories": "  - {name: team/app-#}",
            "pins": f"img-#: {{repository: team/ap-#, digest: '{DIGEST}'}}",
        },
    ),
    "a pin of an unknown environment": (
        1,
        {"pins": f"img-#: {{repository: a, registry: prd, digest: '{DIGEST}'}}"},
    ),
    "a pin of a tag that may not be deployed": (
        1,
        {
            "repositories": "  - {name: team/app-#}",
            "pins": "img-#: {repository: team/app-#, tag: latest}",
        },
    ),
    "a pin with an unknown setting": (2, {"pins": "img-#: {repositry: team/app-#}"}),
}


def write(folder: Path, parts: dict[str, str], count: int) -> None:
    """Write an environment and its pins, each list with as many entries."""
    lists = {part: lines(form, count) for part, form in parts.items()}
    pins = lists.pop("pins", "")
    body = "".join(f"{part}:\n{entries}" for part, entries in lists.items())
    (folder / "dev.yaml").write_text(HEAD + body)
    (folder / "dev.images.yaml").write_text(pins)


def calls_of(action: Callable[[], Any]) -> int:
    """Return the number of function calls, those of C included."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    previous = sys.getprofile()
    sys.setprofile(called)
    try:
        action()
    finally:
        sys.setprofile(previous)
    return count


@pytest.mark.parametrize("case", CASES)
def test_the_work_is_linear(case: str, tmp_path: Path) -> None:
    each, parts = CASES[case]
    reports: list[str] = []

    def load() -> None:
        with pytest.raises(EnvironmentFault) as refusal:
            load_environment("dev", tmp_path)
        reports.append(str(refusal.value))

    work = {}
    # The first run fills the caches of the models.
    for count in (60, 60, 120, 240):
        write(tmp_path, parts, count)
        work[count] = calls_of(load)
        assert reports[-1].count("\n  - ") >= (count - 1) * each
    assert work[240] - work[120] < 2.2 * (work[120] - work[60])
    # A list of all known names in each message would be the square of their number too.
    assert len(reports[3]) - len(reports[2]) < 2.2 * (len(reports[2]) - len(reports[1]))
