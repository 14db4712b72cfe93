"""The page of a report, as Chromium and a parser read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.images.report.output.charts import charts_of
from ecrctl.images.report.output.html import page_of
from tests.ecrctl.images.scanning.accounts import (
    REPOSITORY,
    answer,
    basic,
    image,
    put_manifest,
    put_scan,
)

from . import samples
from .conftest import Run
from .pages import Page, in_chromium

HOSTILE = "</td><script>alert(1)</script>\"'&amp;\u202e"


def test_chromium_reads_the_numbers_of_a_report(tmp_path: Path) -> None:
    page = in_chromium(page_of(samples.sample_report()), tmp_path)
    assert page.totals == {
        "repositories": "4",
        "images": "33",
        "size": "8.1 GB",
        "cost": "0.81 USD",
        "critical": "4",
        "high": "13",
        "unscannable": "1",
    }
    assert page.cells["team/api"] == {
        "images": "9",
        "size": "3.7 GB",
        "newest": "4.2.0, 2026-11-24",
        "last-pull": "2026-11-25",
        "scan": "1 critical, 4 high, 11 medium, 20 low",
        "promotions": ("from 222222222222.dkr.ecr.eu-west-1.amazonaws.com/team/api, 2026-11-24"),
        "pins": "prod",
        "uses": "ECS service main/api",
        "lifecycle": "expires 2",
        "cost": "0.37 USD",
    }
    backup = page.cells["tools/backup"]
    assert (backup["images"], backup["lifecycle"]) == ("7 (6 archived)", "no policy")
    assert backup["size"] == "672.0 MB, 576.0 MB of it archived"
    assert backup["scan"] == "no findings, 1 unscannable"
    assert page.cells["tools/import"]["uses"] == "not by ECS or Kubernetes"


def test_chromium_reads_the_numbers_of_the_charts(tmp_path: Path) -> None:
    charts = in_chromium(page_of(samples.sample_report()), tmp_path).charts
    assert charts["cost"][:4] == ["team/api", "0.37 USD", "team/web", "0.30 USD"]
    assert charts["size"][-2:] == ["tools/backup", "672.0 MB"]
    assert charts["severity"][:4] == ["critical", "4", "high", "13"]
    assert charts["severity"][-2:] == ["unscannable images", "1"]
    assert charts["age"] == [
        *("up to 7 days", "2", "8 to 30 days", "3", "31 to 90 days", "8"),
        *("91 to 365 days", "14", "over a year", "6"),
    ]


def test_chromium_reads_the_page_of_the_command(
    run: Run, moto_aws: Aws, folder: Path, tmp_path: Path
) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    put_scan(moto_aws, digest, answer([basic("CVE-2026-1", "HIGH")]))
    end = run("report", "dev", "--in-use", "--format", "html", "--output", "report.html")
    assert end.code == 0, end.err
    page = in_chromium((folder / "report.html").read_text(), tmp_path)
    assert page.cells[REPOSITORY]["scan"] == "1 high"
    assert page.cells[REPOSITORY]["size"] == "52.4 MB"
    assert page.cells[REPOSITORY]["uses"] == "unknown"
    assert page.lists["unread"] == [
        "Kubernetes was not looked at. Add --kubeconfig FILE or --context NAME to look at a "
        "cluster."
    ]


def test_the_page_needs_no_script_and_no_other_file() -> None:
    text = page_of(samples.sample_report())
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name in ("src", "href") or name.startswith("on")}
    assert not re.search(r"https?:|url\(|@import", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


def test_every_value_of_others_is_escaped() -> None:
    found = samples.image("a", 1, 1, tags=[HOSTILE])
    report = samples.report(
        samples.repository(HOSTILE, found, notes=[HOSTILE]), complete=False, unread=[HOSTILE]
    )
    text = page_of(report)
    assert "<script" not in text
    assert "\u202e" not in text
    # The entity in the name is text, and the direction of the text stays.
    shown = HOSTILE.replace("\u202e", "\\u202e")
    page = Page(text)
    assert page.cells[shown]["newest"].startswith(" ".join(shown.split()))
    assert (page.lists["unread"], page.lists["notes"]) == ([shown], [shown])
    assert page.charts["cost"][0] == shown


def test_many_repositories_are_fifteen_bars() -> None:
    repositories = [
        samples.repository(f"team/{number:02}", samples.image(str(number), 1, 100))
        for number in range(40)
    ]
    cost, size, *_ = charts_of(samples.report(*repositories))
    for chart in (cost, size):
        assert len(chart.bars) == 15
        assert chart.bars[-1].label == "26 others"
    assert size.bars[-1].text == "2.6 GB"
    # The sum of the others is the longest bar.
    assert size.bars[-1].parts[0].width == 100
    assert len(Page(page_of(samples.report(*repositories))).cells) == 40


def test_an_environment_without_repositories_has_a_page() -> None:
    page = Page(page_of(samples.report()))
    assert (page.totals["images"], page.cells) == ("0", {})
    assert page.charts.get("cost") is None


@pytest.mark.parametrize("is_dark", [False, True])
def test_every_kind_of_part_has_a_color(*, is_dark: bool) -> None:
    text = page_of(samples.sample_report())
    style = text[text.index("prefers-color-scheme: dark") :] if is_dark else text
    kinds = {
        part.kind
        for chart in charts_of(samples.sample_report())
        for bar in chart.bars
        for part in bar.parts
    }
    # In the dark, gray and what has no color of its own keep the one of the light.
    assert kinds
    for kind in kinds - ({"unscannable"} if is_dark else set()):
        assert f"--{kind}: #" in style, kind


def test_the_picture_of_the_guide_is_there() -> None:
    assert samples.PICTURE.read_bytes().startswith(b"\x89PNG")
