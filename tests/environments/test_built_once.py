"""From file to construct, a value is made and checked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import build_app
from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.kubernetes.job import JobSpec
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from tests.support import cdk_context

PARTS: list[tuple[type, Callable[[Any], str]]] = [
    (LifecycleRule, lambda rule: rule.description),
    (RepositorySpec, lambda repository: repository.name),
    (TaskSpec, lambda task: task.family),
    (JobSpec, lambda job: job.name),
]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Return how often each rule, repository, task and Job was made."""
    counter: Counter[tuple[str, str]] = Counter()
    for kind, name_of in PARTS:
        monkeypatch.setattr(kind, "__post_init__", _counting(kind, name_of, counter))
    return counter


def _counting(
    kind: type, name_of: Callable[[Any], str], counter: Counter[tuple[str, str]]
) -> Callable[[Any], None]:
    check = kind.__post_init__  # type: ignore[attr-defined]

    def post_init(self: Any) -> None:
        counter[kind.__name__, name_of(self)] += 1
        check(self)

    return post_init


def test_a_value_is_made_once_from_file_to_template(
    environments: Path, made: Counter[tuple[str, str]], tmp_path: Path
) -> None:
    build_app("dev", directory=environments, context=cdk_context(), outdir=str(tmp_path)).synth()
    assert {kind for kind, _ in made} == {kind.__name__ for kind, _ in PARTS}
    assert set(made.values()) == {1}, made
