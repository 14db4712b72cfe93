"""The images in findings, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.findings import ImageMove
from ecrctl.review.rules.table import findings_of
from tests.ecrctl.review.pairs import write_assembly

HOST = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def moves_of(folder: Path, *sides: dict[str, str]) -> tuple[list[ImageMove], str]:
    """Return the moves of a task's images, by container, and the finding's message."""
    assemblies = [
        write_assembly(folder / name, {"dev/Web": {"Task": _task(images)}})
        for name, images in zip(("base", "head"), sides, strict=True)
    ]
    findings = findings_of(compare(*map(stacks_of, assemblies)))
    (found,) = (one for one in findings if one.rule == "image-changed")
    return list(found.moves), found.message


def _task(images: dict[str, str]) -> dict[str, Any]:
    containers = [{"Name": name, "Image": image} for name, image in images.items()]
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"Family": "web", "ContainerDefinitions": containers},
    }


def test_a_move_has_the_repository_without_its_registry_and_whole_digests(tmp_path: Path) -> None:
    before, after = f"{HOST}/team/web:v1@{OLD}", f"{HOST}/team/web:v2@{NEW}"
    moves, message = moves_of(tmp_path, {"a": before, "b": before}, {"a": after, "b": after})
    assert moves == [
        ImageMove(registry=HOST, repository="team/web", tags=("v1", "v2"), digests=(OLD, NEW))
    ]
    assert OLD[:19] in message
    assert OLD not in message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Another registry or repository is another image, whatever its tag.
        (f"{HOST}/team/web:v1", "222222222222.dkr.ecr.us-west-2.amazonaws.com/team/web:v2"),
        (f"{HOST}/team/web:v1", f"{HOST}/team/worker:v2"),
        ("", f"{HOST}/team/web:v2"),
    ],
)
def test_another_image_is_no_move(tmp_path: Path, before: str, after: str) -> None:
    moves, _ = moves_of(tmp_path, {"a": before}, {"a": after})
    assert moves == []


def test_an_image_without_a_registry_moves(tmp_path: Path) -> None:
    (found,), _ = moves_of(tmp_path, {"a": "nginx:1"}, {"a": "nginx:2"})
    assert found == ImageMove(
        registry="", repository="nginx", tags=("1", "2"), digests=(None, None)
    )


def test_digests_that_begin_alike_are_shown_in_full(tmp_path: Path) -> None:
    other = f"{OLD[:-1]}0"
    _, message = moves_of(tmp_path, {"a": f"{HOST}/web@{OLD}"}, {"a": f"{HOST}/web@{other}"})
    assert f"`{OLD}` → `{other}`" in message
