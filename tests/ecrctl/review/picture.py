"""The pictures of comments in the guide: one example of each category, and five pull requests.

``python -m tests.ecrctl.review.picture`` writes the comments, and their pictures if Chromium is
installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown

from ecrctl.cdk.toolchain import ROOT
from tests.ecrctl.review.pairs import Pair, read_pair

EXAMPLE = Path(__file__).with_name("example.yaml")
PULL_REQUESTS = sorted(Path(__file__).with_name("pull_requests").glob("*.yaml"))
IMAGES = ROOT / "docs" / "images"
COMMENT = IMAGES / "review-comment.md"
# Of a comment's picture: wide enough for the table of every category.
_WIDTH = 1010
# Chromium takes a picture of its window, which must be as high as the page.
_MEASURE = "<script>document.body.dataset.height = document.body.scrollHeight + 48</script>"
_STYLE = """
body {font: 14px/1.5 sans-serif; width: 960px; margin: 24px; color: #1f2328}
table {border-collapse: collapse} th, td {border: 1px solid #d1d9e0; padding: 5px 11px}
code {background: #eff1f3; padding: 2px 5px; border-radius: 5px; font-size: 12px}
sub {color: #6e7781; font-size: 11px; vertical-align: baseline} h3 {margin-bottom: 4px}
ul {margin: 4px 0} details {margin: 4px 0} pre {background: #f6f8fa; padding: 12px}
"""


def places() -> dict[Path, Path]:
    """Return the file of each comment, by the file of its example."""
    reviews = IMAGES / "reviews"
    return {EXAMPLE: COMMENT} | {one: reviews / f"{one.stem}.md" for one in PULL_REQUESTS}


def comment(example: Path = EXAMPLE) -> str:
    """Return the comment that the command writes for an example."""
    with tempfile.TemporaryDirectory() as name:
        base, head = read_pair(example).write(Path(name))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ecrctl", "review", "--format", "markdown"),
                *("--base", str(base), "--head", str(head)),
                *("--rules", str(Pair.review_file(Path(name)))),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode in {0, 3}, done.stderr
    return done.stdout


def main() -> None:
    """Write the comments, and their pictures if Chromium is installed."""
    browser = shutil.which("chromium")
    for example, file in places().items():
        text = comment(example)
        file.write_text(text, encoding="utf-8")
        if browser is None:
            print(f"{file.stem}.png is unchanged: Chromium is not installed.")
        else:
            _take_picture(browser, text, file.with_suffix(".png"))


def _take_picture(browser: str, text: str, picture: Path) -> None:
    shown, _, _ = text.partition("\n### Output of `cdk diff`")
    body = markdown.markdown(
        shown.replace("<details>", '<details open markdown="1">'),
        extensions=["tables", "md_in_html", "sane_lists"],
    )
    with tempfile.TemporaryDirectory() as name:
        page = Path(name, "comment.html")
        head = f"<!doctype html><meta charset='utf-8'><style>{_STYLE}</style>"
        page.write_text(f"{head}{body}{_MEASURE}", encoding="utf-8")

        def run(*options: str) -> str:
            command = [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--disable-background-networking", "--no-first-run"),
                *(f"--user-data-dir={name}/profile", *options, page.as_uri()),
            ]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        found = re.search(r'data-height="(\d+)"', run(f"--window-size={_WIDTH},600", "--dump-dom"))
        assert found, "Chromium must run the script that measures the page."
        run(f"--window-size={_WIDTH},{found[1]}", f"--screenshot={picture}")


if __name__ == "__main__":
    main()
