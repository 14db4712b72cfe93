"""Clients that return scripted answers and record the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import boto3
import jmespath

from ecrctl.aws.clients import Aws


class StubClient:
    """A client of one service.

    :param answers: by operation, a function that returns the answer to a request; of an operation
        with pages, the pages.
    """

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.answers = answers
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """Return an operation."""

        def call(**request: Any) -> Any:
            self.requests.append((operation, request))
            return self.answers[operation](**request)

        return call

    def get_paginator(self, operation: str) -> StubPaginator:
        """Return a paginator of an operation."""
        return StubPaginator(getattr(self, operation))


class StubPaginator:
    """A paginator whose operation returns all pages at once."""

    def __init__(self, operation: Callable[..., Sequence[Any]]) -> None:
        self._operation = operation

    def paginate(self, **request: Any) -> StubPages:
        """Return the pages of a request."""
        return StubPages(lambda: self._operation(**request))


class StubPages:
    """Pages that are asked for when they are iterated, as those of boto3."""

    def __init__(self, ask: Callable[[], Sequence[Any]]) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[Any]:
        """Yield each page."""
        yield from self._ask()

    def search(self, expression: str) -> Iterator[Any]:
        """Yield the items that a JMESPath expression finds in each page."""
        for page in self:
            found = jmespath.search(expression, page)
            yield from found if isinstance(found, list) else [found]


class StubSession(boto3.Session):
    """A session with one client for each service."""

    def __init__(self, **clients: StubClient) -> None:
        super().__init__(region_name="us-east-1")
        self.clients = clients

    def client(self, service: str, **_: Any) -> Any:  # type: ignore[override]
        """Return the client of a service."""
        return self.clients[service]


def stub_aws(**clients: StubClient) -> Aws:
    """Return an AWS that has these clients."""
    return Aws(StubSession(**clients), "us-east-1", None)
