"""The id of a finding about signing: an acknowledgement of a doubt accepts no known gap."""

from __future__ import annotations

from dataclasses import replace

from ecrctl.review.rules.protection.signing import _finding, _Gap


def test_a_gap_that_is_certain_has_another_evidence_than_a_possible_one() -> None:
    gap = _Gap(principal="role a", environment="dev", stack="b", profile="p", is_undecided=True)
    possible, certain = (
        _finding(one, ["team/api"]) for one in (gap, replace(gap, is_undecided=False))
    )
    assert possible.key == certain.key
    assert possible.evidence != certain.evidence
