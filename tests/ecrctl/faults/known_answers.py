"""The answers of a verification without a fault, so that those with one need not ask again."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest
from botocore import xform_name

from ecrctl.aws.clients import Aws
from ecrctl.verify.reading import Reading


class KnownAnswers:
    """The answers of the first run: each later run asks only for the operation with the fault."""

    def __init__(self) -> None:
        self.operation: str | None = None
        self._answers: dict[str, Future[Any]] = {}

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every verification begin with the answers of the first."""
        initialise = Reading.__init__

        def begin(reading: Reading, aws: Aws) -> None:
            initialise(reading, aws)
            if self.operation is None:
                self._answers = reading._answers
            else:
                reading._answers.update(self._without(self.operation))

        monkeypatch.setattr(Reading, "__init__", begin)

    def _without(self, operation: str) -> dict[str, Future[Any]]:
        service, _, name = operation.partition(":")
        faulted = [service, xform_name(name)]
        return {
            key: answer for key, answer in self._answers.items() if json.loads(key)[:2] != faulted
        }
