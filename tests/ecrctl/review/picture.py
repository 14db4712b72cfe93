"""The picture of a comment in the guide: one example of each category.

``python -m tests.ecrctl.review.picture`` writes the comment, and its picture if Chromium is
installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown

from ecrctl.cdk.toolchain import ROOT
from tests.ecrctl.review.pairs import read_pair

EXAMPLE = Path(__file__).with_name("example.yaml")
COMMENT = ROOT / "docs" / "images" / "review-comment.md"
PICTURE = COMMENT.with_suffix(".png")
_STYLE = """
body {font: 14px/1.5 sans-serif; width: 960px; margin: 24px; color: #1f2328}
table {border-collapse: collapse} th, td {border: 1px solid #d1d9e0; padding: 5px 11px}
code {background: #eff1f3; padding: 2px 5px; border-radius: 5px; font-size: 12px}
sub {color: #6e7781; font-size: 11px; vertical-align: baseline} h3 {margin-bottom: 4px}
ul {margin: 4px 0} details {margin: 4px 0} pre {background: #f6f8fa; padding: 12px}
"""


def comment() -> str:
    """Return the comment that the command writes for the example."""
    with tempfile.TemporaryDirectory() as name:
        base, head = read_pair(EXAMPLE).write(Path(name))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ecrctl", "review", "--format", "markdown"),
                *("--base", str(base), "--head", str(head)),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 3, done.stderr
    return done.stdout


def main() -> None:
    """Write the comment, and its picture if Chromium is installed."""
    text = comment()
    COMMENT.write_text(text)
    browser = shutil.which("chromium")
    if browser is None:
        print(f"{PICTURE.name} is unchanged: Chromium is not installed.")
        return
    shown, _, _ = text.partition("\n### Output of `cdk diff`")
    body = markdown.markdown(
        shown.replace("<details>", '<details open markdown="1">'),
        extensions=["tables", "md_in_html", "sane_lists"],
    )
    with tempfile.TemporaryDirectory() as name:
        page = Path(name, "comment.html")
        page.write_text(f"<meta charset='utf-8'><style>{_STYLE}</style>{body}", encoding="utf-8")
        subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--disable-background-networking", "--no-first-run"),
                *(f"--user-data-dir={name}/profile", "--window-size=1010,970"),
                *(f"--screenshot={PICTURE}", page.as_uri()),
            ],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
