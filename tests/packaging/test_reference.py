"""The reference of the constructs, built from their docstrings as `make docs` builds it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import constructs_lib
from tests.support import ROOT


def test_the_reference_is_built_and_has_every_name(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT,
        check=True,
    )
    pages = "".join(page.read_text() for page in (tmp_path / "reference").glob("*.html"))
    anchors = set(re.findall(r'id="constructs_lib\.[\w.]*?(\w+)"', pages))
    assert set(constructs_lib.__all__) - anchors == set()
    # An example is a block of code, not a quotation within a quotation.
    assert "&gt;&gt;&gt;" in pages
    assert "<blockquote>" not in pages
    assert not re.search(r":(?:class|func|param)\b", pages)
    # A picture is one, and not the text that some other site would draw.
    guide = (tmp_path / "guides" / "repositories-and-access.html").read_text()
    (picture,) = re.findall(r'<img[^>]* src="([^"]+)"', guide)
    assert (tmp_path / "guides" / picture).resolve().is_file()
    assert "mermaid" not in guide
