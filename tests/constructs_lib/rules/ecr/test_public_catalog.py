"""The public page of a public repository, and its logo."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session

from constructs_lib.rules.ecr.public_catalog import (
    LARGEST_LOGO_BYTES,
    LONGEST_DESCRIPTION,
    LONGEST_TEXT,
    CatalogData,
    logo_faults,
)
from constructs_lib.rules.faults import RuleError

PNG = b"\x89PNG\r\n\x1a\n"
GALLERY = "The gallery shows no other."


def refusal(**fields: Any) -> list[str]:
    """Return the faults that catalogue data are refused with."""
    with pytest.raises(RuleError) as refused:
        CatalogData(**fields)
    return [str(fault) for fault in refused.value.faults]


def test_nothing_is_published_by_default() -> None:
    assert CatalogData().properties() == {}


def test_the_data_have_the_names_of_cloudformation() -> None:
    data = CatalogData(
        description="A shell",
        about="# About",
        usage="# Usage",
        architectures=("x86", "x86-64", "ARM", "ARM 64"),
        operating_systems=("Linux", "Windows"),
    )
    assert data.properties() == {
        "RepositoryDescription": "A shell",
        "AboutText": "# About",
        "UsageText": "# Usage",
        "Architectures": ["x86", "x86-64", "ARM", "ARM 64"],
        "OperatingSystems": ["Linux", "Windows"],
    }


@pytest.mark.parametrize(
    ("name", "longest", "shown"),
    [
        ("description", LONGEST_DESCRIPTION, "1,024"),
        ("about", LONGEST_TEXT, "10,240"),
        ("usage", LONGEST_TEXT, "10,240"),
    ],
)
def test_a_text_has_a_limit(name: str, longest: int, shown: str) -> None:
    kept: Any = {name: "x" * longest}
    assert list(CatalogData(**kept).properties().values()) == ["x" * longest]
    assert refusal(**{name: "x" * (longest + 1)}) == [
        f"{name}: {name} must have 1 to {shown} characters in CloudFormation, got "
        f"{longest + 1:,}. Shorten it, and link to the full text."
    ]
    assert refusal(**{name: ""}) == [
        f"{name}: {name} must have 1 to {shown} characters in CloudFormation, got 0. "
        f"Write some, or remove {name}."
    ]


def test_the_limits_are_within_those_of_the_api() -> None:
    model = Session().get_service_model("ecr-public")
    limits = {
        name: model.shape_for(name).metadata["max"]
        for name in ("RepositoryDescription", "AboutText", "UsageText", "LogoImageBlob")
    }
    assert limits == {
        "RepositoryDescription": LONGEST_DESCRIPTION,
        "AboutText": 25_600,
        "UsageText": 25_600,
        "LogoImageBlob": LARGEST_LOGO_BYTES,
    }


def test_the_gallery_shows_named_architectures_and_systems_alone() -> None:
    assert refusal(architectures=("x86", "amd64", "x86"), operating_systems=("linux",)) == [
        "architectures[1]: architectures must be one of ARM, ARM 64, x86, x86-64, got 'amd64'. "
        f"{GALLERY}",
        "architectures[2]: 'x86' is already listed at [0]. Remove one of them.",
        f"operating_systems[0]: operating_systems must be one of Linux, Windows, got 'linux'. "
        f"{GALLERY}",
    ]


def test_a_logo_is_a_png_image_of_limited_size() -> None:
    assert logo_faults(PNG.ljust(LARGEST_LOGO_BYTES, b"x")) == []
    assert [str(fault) for fault in logo_faults(b"<svg>".ljust(LARGEST_LOGO_BYTES + 1))] == [
        "a logo must be a PNG image, got a file that does not begin as one. Convert it to PNG.",
        "a logo can have at most 512,000 bytes, got 512,001. Make the image smaller; the gallery "
        "shows it in a small square.",
    ]
