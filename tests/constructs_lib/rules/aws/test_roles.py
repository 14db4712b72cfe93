"""The names of roles."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.roles import role_name_faults


@pytest.mark.parametrize("name", [None, "a", "a" * 64, "dev.us-west-2.push.acme.api@main=1_+,"])
def test_a_name_that_iam_accepts_has_no_fault(name: str | None) -> None:
    assert list(role_name_faults(name)) == []


@pytest.mark.parametrize(
    "name", ["", "a" * 65, "a/b", "a b", "\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_a_name_that_iam_refuses_is_a_fault(name: str) -> None:
    (fault,) = role_name_faults(name)
    assert str(fault) == (
        "role_name: a role's name must have 1 to 64 letters, digits and '+=,.@_-', got "
        f"'{name}'. Choose another name."
    )
