"""The examples in the docstrings of public constructs run."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = (
    "constructs_lib.ecs_image_task",
    "constructs_lib.eks_image_job",
    "constructs_lib.image",
    "constructs_lib.named_repository",
    "constructs_lib.private_repository",
    "constructs_lib.repository_key",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name))
    assert tried > 0
    assert failed == 0
