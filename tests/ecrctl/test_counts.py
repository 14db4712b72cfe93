"""Counts in sentences."""

from __future__ import annotations

from ecrctl.counts import counted


def test_a_count_has_its_word_in_the_plural() -> None:
    assert [counted(1, word) for word in ("image", "repository")] == ["1 image", "1 repository"]
    assert [counted(2, word) for word in ("image", "repository", "policy", "key")] == [
        *("2 images", "2 repositories", "2 policies", "2 keys")
    ]
    assert counted(2, "AWS::ECR::Repository") == "2 AWS::ECR::Repository"
    assert counted(0, "image") == "0 images"
