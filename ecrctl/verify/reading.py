"""Answers of AWS, each asked for once, however many checks use it."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any

import jmespath
from botocore.exceptions import ClientError

from ecrctl.aws.answers import has_json_protocol
from ecrctl.aws.clients import Aws, is_unknown_call, or_none


class UnansweredError(Exception):
    """Raised when an emulator has no such service; the message says so."""


class Reading:
    """A reader of one account and region. Threads may share it.

    An answer is that of the first time, so that all checks of one run see the same state.

    :param aws: the clients.
    """

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._answers: dict[str, Future[Any]] = {}
        self._lock = Lock()

    @property
    def is_emulated(self) -> bool:
        """Whether the endpoint is an emulator's, which does not return every property."""
        return self.aws.endpoint_url is not None

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Return the answer of an operation, or ``None`` where its resource does not exist.

        :param operation: the operation as boto3 spells it, such as ``describe_key``.
        """
        client = self.aws.client(service)
        return self._once(
            (service, operation, None, arguments),
            lambda: or_none(lambda: getattr(client, operation)(**arguments)),
        )

    def asked(self, lack: str, service: str, operation: str, **arguments: Any) -> Any:
        """Return the answer of an operation that an emulator may not have.

        :param lack: what the emulator lacks, for the error.
        :raises UnansweredError: where the endpoint is an emulator's without the operation.
        """
        try:
            return self.call(service, operation, **arguments)
        except ClientError as error:
            if self.is_emulated and is_unknown_call(error):
                raise UnansweredError(lack) from None
            raise

    def listed(self, service: str, operation: str, path: str, **arguments: Any) -> list[Any]:
        """Return what all pages of an operation list; nothing where its resource does not exist.

        :param path: the JMESPath of the items in a page, such as ``Targets[]``.
        """
        client = self.aws.client(service)
        is_json = has_json_protocol(client)

        def ask() -> Any:
            pages = client.get_paginator(operation).paginate(**arguments)
            return or_none(
                lambda: [one for page in pages for one in _items(page, path, is_json=is_json)]
            )

        found: list[Any] | None = self._once((service, operation, path, arguments), ask)
        return found or []

    def _once(self, question: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        key = json.dumps(question, sort_keys=True)
        with self._lock:
            is_first = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if is_first:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - raised in each thread that waits
                answer.set_exception(error)
        return answer.result()


def _items(page: Any, path: str, *, is_json: bool) -> list[Any]:
    """Return what a page lists. In the protocols in JSON, AWS never leaves out an empty list."""
    if is_json:
        # Raises an error of the answer where it has no such list.
        page[path.partition("[")[0]]
    return [one for one in jmespath.search(path, page) or () if one is not None]
