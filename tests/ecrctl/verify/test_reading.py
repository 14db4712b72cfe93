"""Answers of AWS, each asked for once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.verify.reading import Reading
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import EMULATOR, missing

THREADS = 8
DENIED = missing("DescribeKey", "AccessDeniedException", "no")


class Slow:
    """An operation that returns only after all threads have asked."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer
        self.is_asked, self.may_return = Event(), Event()

    def __call__(self, **_: Any) -> Any:
        """Return the answer."""
        self.is_asked.set()
        assert self.may_return.wait(10)
        return self._answer()


def in_parallel(slow: Slow, ask: Callable[[], Any]) -> list[Any]:
    """Return what each of several threads gets or raises; the answer comes last."""
    barrier = Barrier(THREADS + 1)

    def one() -> Any:
        barrier.wait(10)
        try:
            return ask()
        except (ClientError, KeyboardInterrupt) as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(one) for _ in range(THREADS)]
        barrier.wait(10)
        assert slow.is_asked.wait(10)
        slow.may_return.set()
        return [future.result(10) for future in asked]


def test_one_question_is_one_call_in_parallel_too() -> None:
    slow = Slow(lambda: {"KeyMetadata": {}})
    kms = StubClient(describe_key=slow)
    reading = Reading(stub_aws(kms=kms))
    answers = in_parallel(slow, lambda: reading.call("kms", "describe_key", KeyId="a"))
    assert answers == [{"KeyMetadata": {}}] * THREADS
    assert reading.call("kms", "describe_key", KeyId="a") is answers[0]
    assert kms.requests == [("describe_key", {"KeyId": "a"})]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_an_error_is_raised_to_every_thread_that_waits(error: type[BaseException] | None) -> None:
    def fail() -> Any:
        if error:
            raise error
        return DENIED()

    slow = Slow(fail)
    kms = StubClient(describe_key=slow)
    reading = Reading(stub_aws(kms=kms))
    errors = in_parallel(slow, lambda: reading.call("kms", "describe_key", KeyId="a"))
    assert {type(one) for one in errors} == {error or ClientError}
    assert len(kms.requests) == 1


def test_another_question_is_another_call() -> None:
    kms = StubClient(describe_key=lambda KeyId: KeyId, list_grants=lambda KeyId: [{"a": [KeyId]}])  # noqa: N803
    other = StubClient(describe_key=lambda **_: "other", list_grants=lambda **_: [{"a": ["other"]}])
    reading = Reading(stub_aws(kms=kms, other=other))
    assert reading.call("kms", "describe_key", KeyId="a") == "a"
    assert reading.call("kms", "describe_key", KeyId="b") == "b"
    assert reading.call("other", "describe_key", KeyId="a") == "other"
    assert reading.listed("kms", "list_grants", "a[]", KeyId="a") == ["a"]
    assert reading.listed("other", "list_grants", "a[]", KeyId="a") == ["other"]
    assert [name for name, _ in kms.requests] == ["describe_key", "describe_key", "list_grants"]


def test_the_order_of_the_arguments_makes_no_other_question() -> None:
    iam = StubClient(get_role_policy=lambda **request: request)
    reading = Reading(stub_aws(iam=iam))
    first = reading.call("iam", "get_role_policy", RoleName="a", PolicyName="b")
    assert reading.call("iam", "get_role_policy", PolicyName="b", RoleName="a") is first
    assert len(iam.requests) == 1


def test_a_list_has_the_items_of_all_pages_without_gaps() -> None:
    pages = [{"Items": [1, None]}, {}, {"Items": []}, {"Items": [2]}]
    client = StubClient(list_items=lambda **_: pages)
    reading = Reading(stub_aws(x=client))
    assert reading.listed("x", "list_items", "Items[]", Name="a") == [1, 2]
    assert reading.listed("x", "list_items", "Items[]", Name="a") == [1, 2]
    assert client.requests == [("list_items", {"Name": "a"})]


def test_a_call_and_lists_of_one_operation_have_their_own_answers() -> None:
    page = {"Stacks": [1], "Exports": [2]}

    client = StubClient(describe=lambda **_: next(answers))
    answers = iter([page, [page], [page]])
    reading = Reading(stub_aws(x=client))
    assert reading.call("x", "describe") == page
    assert reading.listed("x", "describe", "Stacks[]") == [1]
    assert reading.listed("x", "describe", "Exports[]") == [2]


def test_what_does_not_exist_is_none_and_lists_nothing() -> None:
    kms = StubClient(
        describe_key=missing("DescribeKey", "NotFoundException"),
        list_grants=missing("ListGrants", "NotFoundException"),
    )
    reading = Reading(stub_aws(kms=kms))
    assert reading.call("kms", "describe_key", KeyId="a") is None
    assert reading.call("kms", "describe_key", KeyId="a") is None
    assert reading.listed("kms", "list_grants", "Grants[]", KeyId="a") == []
    assert len(kms.requests) == 2


def test_another_error_is_raised() -> None:
    reading = Reading(stub_aws(kms=StubClient(describe_key=DENIED, list_grants=DENIED)))
    for _ in range(2):
        with pytest.raises(ClientError, match="AccessDenied"):
            reading.call("kms", "describe_key", KeyId="a")
        with pytest.raises(ClientError, match="AccessDenied"):
            reading.listed("kms", "list_grants", "Grants[]", KeyId="a")


def test_an_endpoint_of_its_own_is_an_emulators() -> None:
    aws = stub_aws()
    assert not Reading(aws).is_emulated
    assert Reading(replace(aws, endpoint_url=EMULATOR)).is_emulated
