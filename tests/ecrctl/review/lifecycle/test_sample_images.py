"""The sample images of a preview."""

from __future__ import annotations

from ecrctl.review.lifecycle.sample_images import NOW, sample_images


def test_without_policies_there_are_images_of_the_usual_kinds_and_ages() -> None:
    found = sample_images([])
    assert list(dict.fromkeys(kind for kind, _ in found)) == [
        *("untagged", "`v1.*`", "`main-*`", "`live-*`")
    ]
    untagged = [image for kind, image in found if kind == "untagged"]
    ages = [(NOW - image.pushed_at).days for image in untagged]
    assert ages == [0, 2, 6, 10, 20, 45, 75, 120, 200, 400, 800]
