"""Names, labels and quantities of Kubernetes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from constructs_lib.rules.kubernetes.names import (
    dns_label_faults,
    dns_subdomain_faults,
    is_label_value,
    label_faults,
    quantity_of,
    resource_faults,
)


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_a_name_of_a_label_is_taken(name: str) -> None:
    assert dns_label_faults(name) == []


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a.b", "a" * 64])
def test_a_name_that_is_no_label_is_refused(name: str) -> None:
    assert len(dns_label_faults(name)) == 1


@pytest.mark.parametrize(("name", "count"), [("a.b", 0), ("a" * 253, 0), ("a" * 254, 1), ("a.", 1)])
def test_a_subdomain_has_dots_and_up_to_253_characters(name: str, count: int) -> None:
    assert len(dns_subdomain_faults("a name", name)) == count


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [
        ("app", "", 0),
        ("app.kubernetes.io/name", "A_b.c-1", 0),
        ("x/" + "k" * 63, "v" * 63, 0),
        ("x/" + "k" * 64, "v", 1),
        ("k" * 64, "v", 1),
        ("app", "v" * 64, 1),
        ("app", "-v", 1),
        ("/app", "v", 1),
        ("-", "-", 2),
    ],
)
def test_a_label_has_a_key_and_a_value_of_their_forms(key: str, value: str, count: int) -> None:
    assert len(list(label_faults(key, value))) == count


def test_a_version_is_a_label_as_far_as_its_form_allows() -> None:
    assert is_label_value("v" * 63)
    assert not is_label_value("v" * 64)
    assert not is_label_value("1.0+build")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("1m", Decimal("0.001")),
        ("1k", 10**3),
        ("1M", 10**6),
        ("1G", 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1E", 10**18),
        ("1Ki", 2**10),
        ("1Mi", 2**20),
        ("1Gi", 2**30),
        ("1Ti", 2**40),
        ("1Pi", 2**50),
        ("1Ei", 2**60),
        ("1.5e3", 1500),
        ("5E-1", Decimal("0.5")),
        (".5", Decimal("0.5")),
        ("K", None),
        ("1K", None),
        ("1mi", None),
        ("-1", None),
        ("", None),
    ],
)
def test_a_quantity_is_the_number_that_it_stands_for(
    text: str, number: Decimal | int | None
) -> None:
    assert quantity_of(text) == number


@pytest.mark.parametrize(
    ("resource", "text", "count"),
    [
        ("cpu", "250m", 0),
        ("memory", "64Mi", 0),
        ("ephemeral-storage", "1Gi", 0),
        ("hugepages-2Mi", "4Mi", 0),
        ("nvidia.com/gpu", "1", 0),
        ("gpu", "1", 1),
        ("a b/c", "1", 1),
        ("nvidia.com/gpu", "1.5", 1),
        ("nvidia.com/gpu", "0", 1),
        ("cpu", "0", 1),
        ("cpu", "lots", 1),
        ("memory", "64m", 1),
        ("memory", "1", 0),
    ],
)
def test_an_amount_is_of_a_resource_that_a_container_asks_for(
    resource: str, text: str, count: int
) -> None:
    assert len(resource_faults(resource, text)) == count
