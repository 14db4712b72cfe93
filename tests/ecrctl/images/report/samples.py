"""A report of several repositories, as data, and the picture of its page for the guide."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ecrctl import prices
from ecrctl.images.report.cost import monthly_usd
from ecrctl.images.report.document import (
    ImageDocument,
    LifecycleDocument,
    LifecycleSummaryDocument,
    NewestDocument,
    PinDocument,
    PriceDocument,
    PricesDocument,
    PromotionDocument,
    ReportDocument,
    RepositoryDocument,
    ScanDocument,
    SizeDocument,
    TotalsDocument,
    UnscannedDocument,
    UseDocument,
)
from ecrctl.images.report.output.html import page_of
from ecrctl.images.scanning.findings import Severity
from tests.support import ROOT

PICTURE = ROOT / "docs" / "images" / "report.png"
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
MEGABYTE = 1_000_000


def digest(name: str) -> str:
    """Return a digest."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def scan(unscanned: int = 0, **severities: int) -> ScanDocument:
    """Return the scan of one image."""
    counts = {Severity(name): count for name, count in severities.items()}
    return ScanDocument(
        images=1,
        scanned=1,
        unscanned=[
            UnscannedDocument(
                digest=digest(str(number)), platform="linux/arm64", reason="there is no scan of it"
            )
            for number in range(unscanned)
        ],
        severities={severity: counts.get(severity, 0) for severity in Severity},
    )


def image(name: str, days: int, megabytes: int, **others: Any) -> ImageDocument:
    """Return an image that was pushed some days ago."""
    values: dict[str, Any] = {
        "tags": [],
        "last_pulled_at": None,
        "index": False,
        "status": "active",
        "pinned_by": [],
        "in_use": "no",
        "used_by": [],
        "lifecycle": LifecycleDocument(outcome="kept", rule=3, reason="within the rule's limit"),
        "scan": None,
        "promotions": None,
    }
    return ImageDocument(
        digest=digest(name),
        pushed_at=NOW - timedelta(days=days),
        size_bytes=megabytes * MEGABYTE,
        **(values | others),
    )


def repository(name: str, *images: ImageDocument, **others: Any) -> RepositoryDocument:
    """Return a repository with images."""
    sizes = {"standard": 0, "archive": 0}
    for one in images:
        sizes["archive" if one.status == "archived" else "standard"] += one.size_bytes
    size = SizeDocument(**sizes)
    tagged = [one for one in images if one.tags]
    values: dict[str, Any] = {
        "deployed": True,
        "images": len(images),
        "archived_images": sum(one.status == "archived" for one in images),
        "size_bytes": size,
        "monthly_usd": monthly_usd(size),
        "newest": NewestDocument(
            digest=tagged[0].digest, tag=tagged[0].tags[0], pushed_at=tagged[0].pushed_at
        )
        if tagged
        else None,
        "last_pulled_at": max(
            (one.last_pulled_at for one in images if one.last_pulled_at), default=None
        ),
        "scan": scan(),
        "promotions": [],
        "pinned_by": [],
        "in_use": "no",
        "used_by": [],
        "has_lifecycle_policy": True,
        "lifecycle": LifecycleSummaryDocument(expires=[], archives=[], warnings=[]),
        "unread": [],
        "notes": [],
    }
    return RepositoryDocument(name=name, details=list(images), **(values | others))


def report(*repositories: RepositoryDocument, **others: Any) -> ReportDocument:
    """Return the report of repositories."""
    sizes = [one.size_bytes for one in repositories if one.size_bytes]
    scans = [one.scan for one in repositories if one.scan]
    values: dict[str, Any] = {
        "complete": True,
        "looked_at": ["ECS in account 111111111111, eu-west-1", "Kubernetes (context prod)"],
        "unread": [],
        "totals": TotalsDocument(
            repositories=len(repositories),
            images=sum(one.images or 0 for one in repositories),
            size_bytes=SizeDocument(
                standard=sum(one.standard for one in sizes),
                archive=sum(one.archive for one in sizes),
            ),
            monthly_usd=round(sum(one.monthly_usd or 0 for one in repositories), 4),
            severities={
                severity: sum(one.severities[severity] for one in scans) for severity in Severity
            },
            unscanned=sum(len(one.unscanned) for one in scans),
        ),
        "prices": PricesDocument(
            as_of=prices.AS_OF,
            region=prices.REGION,
            table=[PriceDocument(item=item, price=price) for item, price in prices.PRICE_TABLE],
        ),
    }
    return ReportDocument(
        version=1,
        environment="prod",
        account="111111111111",
        region="eu-west-1",
        generated_at=NOW,
        repositories=list(repositories),
        **(values | others),
    )


def sample_report() -> ReportDocument:
    """Return the report of the guide's picture."""
    pins = [PinDocument(environment="prod", name="api")]
    service = [UseDocument(kind="ECS service", name="main/api", reference=digest("api"))]
    pods = [UseDocument(kind="Kubernetes CronJob", name="jobs/backup", reference="2.1.0")]
    api = [
        image(
            "api",
            2,
            412,
            tags=["4.2.0"],
            last_pulled_at=NOW - timedelta(hours=9),
            pinned_by=pins,
            in_use="yes",
            used_by=service,
            scan=scan(critical=1, high=4, medium=11, low=20),
        ),
        *(
            image(f"api{number}", number * 12, 405, tags=[f"4.1.{9 - number}"])
            for number in range(1, 9)
        ),
    ]
    archived = {"status": "archived", "lifecycle": None}
    return report(
        repository(
            "team/api",
            *api,
            scan=scan(critical=1, high=4, medium=11, low=20),
            promotions=[
                PromotionDocument(
                    source="222222222222.dkr.ecr.eu-west-1.amazonaws.com/team/api",
                    promoted_by="arn:aws:iam::222222222222:role/release",
                    promoted_at=NOW - timedelta(days=2),
                )
            ],
            pinned_by=pins,
            in_use="yes",
            used_by=service,
            lifecycle=LifecycleSummaryDocument(
                expires=[one.digest for one in api[-2:]], archives=[], warnings=[]
            ),
        ),
        repository(
            "team/web",
            *(
                image(f"web{number}", number * 25, 188, tags=[f"1.{20 - number}"])
                for number in range(16)
            ),
            scan=scan(high=2, medium=3, low=9),
            pinned_by=[PinDocument(environment="prod", name="web")],
            in_use="yes",
            used_by=[UseDocument(kind="ECS service", name="main/web", reference="1.20")],
        ),
        repository(
            "tools/backup",
            image("backup", 40, 96, tags=["2.1.0"], used_by=pods, in_use="yes"),
            *(image(f"old{number}", 300 + number * 40, 96, **archived) for number in range(6)),
            scan=scan(unscanned=1),
            in_use="yes",
            used_by=pods,
            has_lifecycle_policy=False,
            lifecycle=None,
        ),
        repository(
            "tools/import",
            image("import", 410, 731, tags=["0.9"], scan=scan(critical=3, high=7)),
            scan=scan(critical=3, high=7),
        ),
    )


def write_picture(picture: Path = PICTURE) -> None:
    """Write the picture of the sample's page with Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        page.write_text(page_of(sample_report()), encoding="utf-8")
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        subprocess.run(
            [
                *("chromium", *options, f"--user-data-dir={folder}/profile"),
                *("--window-size=1360,1400", f"--screenshot={picture}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )


if __name__ == "__main__":
    write_picture(*map(Path, sys.argv[1:]))
